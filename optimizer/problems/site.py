"""`SiteProblem`: the assets behind one connection, what the connection may carry and what energy costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from optimizer.problems.assets import Asset
from optimizer.problems.series import FloatArray, freeze_series
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import TimeGrid

if TYPE_CHECKING:
    from optimizer.problems.contracts import Contract


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteProblem:
    """Dispatch of one connection: choose the power of every asset in every step at least cost.

    Attributes:
        id: id of the connection, such as its EAN.
        grid: time grid of every series.
        contracted_offtake_kw: contracted capacity (GTV) for offtake per step, shape (steps,).
        contracted_feed_in_kw: contracted capacity (GTV) for feed-in per step, shape (steps,).
        offtake_price_eur_per_kwh: price of energy taken from the grid per step, shape (steps,).
        feed_in_price_eur_per_kwh: price received for energy fed in per step, shape (steps,).
        assets: the assets, in any order; ids are unique.
        windows: congestion windows on the connection; ids are unique.
        contracts: tariffs and rights beside the windows; ids are unique.
        announced_step: step at which this plan is made known, for notice times; negative when before the grid starts.
    """

    id: str
    grid: TimeGrid
    contracted_offtake_kw: FloatArray
    contracted_feed_in_kw: FloatArray
    offtake_price_eur_per_kwh: FloatArray
    feed_in_price_eur_per_kwh: FloatArray
    assets: tuple[Asset, ...]
    windows: tuple[CongestionWindow, ...] = ()
    contracts: tuple[Contract, ...] = ()
    announced_step: int = 0

    def __post_init__(self) -> None:
        freeze_series(
            self,
            "contracted_offtake_kw",
            "contracted_feed_in_kw",
            "offtake_price_eur_per_kwh",
            "feed_in_price_eur_per_kwh",
        )
