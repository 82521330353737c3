"""The uncontrolled plan: what a site does when nobody looks at prices, windows or the contracted capacity.

Vehicles charge at full power from arrival, thermostats hold the zone just inside its band, batches start as planned,
batteries rest. The plan is the yardstick for what control is worth, not a feasible answer: it may exceed limits, and
then says by how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import numpy as np

from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.contracts import contract_cost_eur, offtake_capacity_kw
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.profiles import comfort_band, full_power_profile
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.problems.windows import Direction
from optimizer.results.names import kind_of
from optimizer.results.site import AssetPlan, SitePlan, WindowPlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Habit:
    """What an asset does by itself.

    Attributes:
        power_kw: power per step, shape (steps,).
        series: what else it does, named as in a plan.
        cost_eur: costs beyond energy, by kind.
    """

    power_kw: FloatArray
    series: Mapping[str, FloatArray] = field(default_factory=dict)
    cost_eur: Mapping[str, float] = field(default_factory=dict)


def plan_uncontrolled(problem: SiteProblem) -> SitePlan:
    """Plan a site without control; shadow values are zero and hard windows may show excess."""
    habits = [(asset, follow_habit(asset, problem)) for asset in problem.assets]
    net = sum((habit.power_kw for _, habit in habits), np.zeros(problem.grid.steps))
    offtake, feed_in = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    windows = tuple(_window_plans(problem, {asset.id: habit.power_kw for asset, habit in habits}))
    energy = problem.offtake_price_eur_per_kwh @ offtake - problem.feed_in_price_eur_per_kwh @ feed_in
    cost = {"energy": problem.grid.step_h * float(energy)}
    if any(window.excess_price_eur_per_kwh is not None for window in problem.windows):
        cost["window excess"] = sum(window.excess_cost_eur for window in windows)
    for _, habit in habits:
        for kind, amount in habit.cost_eur.items():
            cost[kind] = cost.get(kind, 0.0) + amount
    for contract in problem.contracts:
        cost[contract.id] = contract_cost_eur(contract, offtake, problem.grid.step_h)
    over = np.maximum(offtake - offtake_capacity_kw(problem), 0.0)
    return SitePlan(
        site_id=problem.id,
        assets=tuple(
            AssetPlan(
                asset_id=asset.id,
                kind=kind_of(asset),
                power_kw=habit.power_kw,
                series=habit.series,
                cost_eur=habit.cost_eur,
            )
            for asset, habit in habits
        ),
        offtake_kw=offtake,
        feed_in_kw=feed_in,
        windows=windows,
        capacity_value_eur_per_kwh=np.zeros(problem.grid.steps),
        cost_eur=cost,
        slack=(f"contracted capacity exceeded by up to {over.max():.1f} kW",) if over.max() > 0.0 else (),
    )


@singledispatch
def follow_habit(asset: Any, problem: SiteProblem) -> Habit:
    """What an asset does by itself; the type decides which registered function answers.

    Raises:
        TypeError: no habit is registered for this type of asset.
    """
    del problem
    raise TypeError(f"no habit is registered for assets of type {type(asset).__name__}")


@follow_habit.register
def charge_at_once(asset: ChargingSession, problem: SiteProblem) -> Habit:
    """Charge at full power from arrival."""
    return Habit(power_kw=full_power_profile(asset, problem.grid))


@follow_habit.register
def hold_temperature(asset: BuildingZone, problem: SiteProblem) -> Habit:
    """Let a thermostat heat or cool just enough to end every step inside the band."""
    grid = problem.grid
    lower, upper = comfort_band(asset, grid)
    kept = float(np.exp(-grid.step_h / (asset.resistance_k_per_kw * asset.capacity_kwh_per_k)))
    gain = (1.0 - kept) * asset.resistance_k_per_kw
    temperature = np.empty(grid.steps + 1)
    temperature[0] = asset.initial_temperature_c
    heating, cooling = np.zeros(grid.steps), np.zeros(grid.steps)
    for t in range(grid.steps):
        adrift = kept * temperature[t] + (1.0 - kept) * asset.outdoor_temperature_c[t] + gain * asset.gains_kw[t]
        if adrift > upper[t + 1] and asset.chiller_cop[t] > 0.0:
            cooling[t] = min(asset.chiller_kw, (adrift - upper[t + 1]) / (gain * asset.chiller_cop[t]))
        elif adrift < lower[t + 1] and asset.heat_pump_cop[t] > 0.0:
            heating[t] = min(asset.heat_pump_kw, (lower[t + 1] - adrift) / (gain * asset.heat_pump_cop[t]))
        temperature[t + 1] = adrift + gain * (asset.heat_pump_cop[t] * heating[t] - asset.chiller_cop[t] * cooling[t])
    outside = np.maximum(lower - temperature, 0.0) + np.maximum(temperature - upper, 0.0)
    price = asset.discomfort_eur_per_kh
    return Habit(
        power_kw=heating + cooling,
        series={"temperature_c": temperature, "heat_pump_kw": heating, "chiller_kw": cooling},
        cost_eur={} if price is None else {"discomfort": price * grid.step_h * float(outside.sum())},
    )


@follow_habit.register
def start_as_planned(asset: Batch, problem: SiteProblem) -> Habit:
    """Start the batch where it is planned."""
    power, start = np.zeros(problem.grid.steps), np.zeros(problem.grid.steps)
    power[asset.planned_start_step : asset.planned_start_step + asset.duration_steps] = asset.profile_kw
    start[asset.planned_start_step] = 1.0
    return Habit(power_kw=power, series={"start": start})


@follow_habit.register
def rest(asset: Battery, problem: SiteProblem) -> Habit:
    """Leave the battery as it is."""
    nothing = np.zeros(problem.grid.steps)
    stored = np.full(problem.grid.steps + 1, asset.initial_kwh)
    return Habit(power_kw=nothing, series={"charge_kw": nothing, "discharge_kw": nothing, "stored_kwh": stored})


@follow_habit.register
def run_on(asset: Utility, problem: SiteProblem) -> Habit:
    """Run at its own power."""
    return Habit(power_kw=asset.power_kw, series={"cut_kw": np.zeros(problem.grid.steps)})


@follow_habit.register
def draw_base_load(asset: BaseLoad, problem: SiteProblem) -> Habit:
    """Draw the load that nobody controls."""
    del problem
    return Habit(power_kw=asset.power_kw)


@follow_habit.register
def feed_all_sun(asset: PvPlant, problem: SiteProblem) -> Habit:
    """Feed in whatever the sun gives."""
    del problem
    return Habit(power_kw=-asset.available_kw, series={"generation_kw": asset.available_kw})


@follow_habit.register
def fill_at_once(asset: BidirectionalSession, problem: SiteProblem) -> Habit:
    """Charge at full power from arrival up to the level wanted at departure."""
    session = ChargingSession(
        id=asset.id,
        arrival_step=asset.arrival_step,
        departure_step=asset.departure_step,
        energy_kwh=max(0.0, max(asset.departure_kwh, asset.lowest_kwh) - asset.arrival_kwh),
        power_kw=asset.charge_kw,
        efficiency=asset.charge_efficiency,
    )
    return Habit(power_kw=full_power_profile(session, problem.grid))


@follow_habit.register
def stand_still(asset: ChpUnit, problem: SiteProblem) -> Habit:
    """Leave the unit out: running for the heat alone is part of the base load."""
    del asset
    return Habit(power_kw=np.zeros(problem.grid.steps))


@follow_habit.register
def produce(asset: ContinuousUnit, problem: SiteProblem) -> Habit:
    """Produce as always."""
    return Habit(power_kw=np.full(problem.grid.steps, asset.normal_kw))


def _window_plans(problem: SiteProblem, power_kw: Mapping[str, FloatArray]) -> list[WindowPlan]:
    plans = []
    for window in problem.windows:
        members = (power for name, power in power_kw.items() if not window.asset_ids or name in window.asset_ids)
        net = sum(members, np.zeros(problem.grid.steps))
        power = net if window.direction is Direction.OFFTAKE else -net
        excess = np.where(window.steps, np.maximum(power - window.limit_kw, 0.0), 0.0)
        cost = problem.grid.step_h * float(excess.sum()) * (window.excess_price_eur_per_kwh or 0.0)
        plans.append(
            WindowPlan(
                window_id=window.id,
                excess_kw=excess,
                excess_cost_eur=cost,
                value_eur_per_kwh=np.zeros(problem.grid.steps),
            )
        )
    return plans
