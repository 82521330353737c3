"""Utilities: supporting processes that can be turned down for a while, such as nitrogen generation or aeration."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.problems.series import FloatArray, freeze_series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Utility:
    """A process with a given power that can be cut, at the price of a substitute or of working harder later.

    Attributes:
        id: id of the utility.
        power_kw: power it draws by itself, per step, shape (steps,).
        lowest_kw: power below which it is never cut.
        substitute_eur_per_kwh: cost of what replaces the energy left out, such as liquid nitrogen.
        longest_cut_steps: most steps in a row in which it may be cut; None for no limit.
        recovery_share: part of the energy left out that must be made up later, before the end of the grid.
        recovery_kw: highest extra power while making up.
    """

    id: str
    power_kw: FloatArray
    lowest_kw: float = 0.0
    substitute_eur_per_kwh: float = 0.0
    longest_cut_steps: int | None = None
    recovery_share: float = 0.0
    recovery_kw: float = 0.0

    def __post_init__(self) -> None:
        freeze_series(self, "power_kw")
