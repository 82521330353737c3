"""What every use case works with: a store, a clock, ids and how long a solve may take."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from market.clock import Clock
from market.identity import IdSource
from market.ports import Store
from optimizer.solver.session import Progress, ProgressListener

Watch = Callable[[str, float | None, float | None], bool]
"""Told about a running solve: stage, best objective so far, proven bound; returning False stops it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The market as use cases see it.

    Attributes:
        store: where things are kept.
        clock: what gates are closed by.
        new_id: gives ids to what is created.
        solve_limit_s: wall-clock limit of each stage of a solve; None for none.
    """

    store: Store
    clock: Clock
    new_id: IdSource
    solve_limit_s: float | None = None


def relay(watch: Watch, stage: str) -> ProgressListener:
    """Let a watcher listen to a solve of one stage."""

    def listen(progress: Progress) -> bool:
        return watch(stage, progress.incumbent, progress.bound)

    return listen
