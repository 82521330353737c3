"""The plan of a site as arrays: who draws how much when, what it costs, what was given up and what room is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optimizer.problems.series import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssetPlan:
    """Plan of one asset.

    Attributes:
        asset_id: id of the asset.
        kind: kind of asset in words, such as "charging session".
        power_kw: net power per step, consumption positive, shape (steps,).
        series: what else the asset does, by name with unit, such as ``temperature_c`` (shape (steps + 1,): at the
            step boundaries), ``heat_pump_kw``, ``stored_kwh`` or ``start``.
        cost_eur: costs of the asset beyond its energy, by kind, such as ``wear`` or ``discomfort``.
    """

    asset_id: str
    kind: str
    power_kw: FloatArray
    series: Mapping[str, FloatArray]
    cost_eur: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowPlan:
    """What a window did to the plan.

    Attributes:
        window_id: id of the window.
        excess_kw: power above its limit per step, shape (steps,); zero for a hard window.
        excess_cost_eur: what the excess costs.
        value_eur_per_kwh: shadow value per step, shape (steps,): what one kWh more room in that step would save, with
            every on/off decision kept.
    """

    window_id: str
    excess_kw: FloatArray
    excess_cost_eur: float
    value_eur_per_kwh: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SitePlan:
    """Plan of one connection.

    Attributes:
        site_id: id of the connection.
        assets: plan per asset, in the order of the problem.
        offtake_kw: power taken from the grid per step, shape (steps,).
        feed_in_kw: power fed into the grid per step, shape (steps,).
        windows: effect of each window, in the order of the problem.
        capacity_value_eur_per_kwh: shadow value of contracted offtake capacity per step, shape (steps,).
        cost_eur: cost by kind: ``energy``, ``window excess`` and the kinds of the assets; the sum is the total.
        slack: every preference that was given up, one sentence each.
    """

    site_id: str
    assets: tuple[AssetPlan, ...]
    offtake_kw: FloatArray
    feed_in_kw: FloatArray
    windows: tuple[WindowPlan, ...]
    capacity_value_eur_per_kwh: FloatArray
    cost_eur: Mapping[str, float]
    slack: tuple[str, ...] = ()

    @property
    def total_cost_eur(self) -> float:
        """Sum of all costs."""
        return sum(self.cost_eur.values())

    def asset(self, asset_id: str) -> AssetPlan:
        """Find the plan of one asset.

        Raises:
            KeyError: there is no asset of that id.
        """
        for plan in self.assets:
            if plan.asset_id == asset_id:
                return plan
        raise KeyError(asset_id)
