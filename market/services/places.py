"""Places of findings: rules name them from where they stand, people read them in what they sent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from optimizer.findings import Finding


def without_prefix(findings: Iterable[Finding], prefix: str) -> tuple[Finding, ...]:
    """Drop a prefix from the places that start with it."""
    return tuple(replace(f, path=f.path.removeprefix(prefix)) for f in findings)


def moved(findings: Iterable[Finding], prefix: str, new_prefix: str) -> tuple[Finding, ...]:
    """Put another prefix in front of the places that start with one."""
    return tuple(
        replace(f, path=new_prefix + f.path.removeprefix(prefix)) if f.path.startswith(prefix) else f for f in findings
    )


def merged(known: Sequence[Finding], rules: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put what the rules find beside what is known already, unless it is about something that could not be read."""
    said = {finding.path for finding in known}
    return (*known, *(finding for finding in rules if not about(finding.path, said)))


def about(path: str, said: Iterable[str]) -> bool:
    """Whether a place is one of those named already, or contains one."""
    inside = (f"{path}.", f"{path}[")
    return any(place == path or place.startswith(inside) for place in said)
