"""What a use case refuses, as exceptions that carry data. Input faults are findings inside one of them."""

from __future__ import annotations

from collections.abc import Iterable

from optimizer.findings import Finding, sort_findings


class MarketError(Exception):
    """Base of every exception the market raises on purpose."""


class RefusedInputError(MarketError):
    """An input was refused as a whole and nothing of it was stored.

    Attributes:
        findings: everything that is wrong with it, in order of place.
    """

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = sort_findings(findings)
        super().__init__("; ".join(f.message for f in self.findings) or "input refused")


class NotFoundError(MarketError):
    """Something that was named does not exist.

    Attributes:
        kind: noun of the thing, such as ``tender``.
        id: the id that was asked for.
    """

    def __init__(self, kind: str, id: str) -> None:
        self.kind = kind
        self.id = id
        super().__init__(f"there is no {kind} {id}")


class ConflictError(MarketError):
    """The request is sound but does not fit what is already there.

    Attributes:
        kind: noun of the thing, such as ``tender``.
        id: its id.
        state: the state it is in.
        needed: what the request needs instead.
    """

    def __init__(self, kind: str, id: str, *, state: str, needed: str) -> None:
        self.kind = kind
        self.id = id
        self.state = state
        self.needed = needed
        super().__init__(f"{kind} {id} is {state}; {needed}")


class UnprovenError(MarketError):
    """A clearing ended before its optimum was proven; it decides nothing and is not stored.

    Attributes:
        seconds: how long the search took.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"the optimum was not proven within {seconds:.0f} s; nothing was decided")


class StoreError(MarketError):
    """The database is not in a shape that can be worked with; the message says what to do."""
