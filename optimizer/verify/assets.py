"""Physics of each asset, recomputed from its data and its plan."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.profiles import comfort_band, full_power_profile, possible_starts
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.results.site import AssetPlan
from optimizer.verify.judgement import (
    COST_TOLERANCE,
    ENERGY_TOLERANCE_KWH,
    POWER_TOLERANCE_KW,
    TEMPERATURE_TOLERANCE_K,
    judge_limit,
    judge_series,
    judge_true,
    judge_value,
)


@singledispatch
def verify_asset(asset: Any, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Yield everything in an asset's plan that its physics or its costs contradict.

    An asset type without a registered judge fails: nobody has checked it.
    """
    del plan, problem
    kind = type(asset).__name__
    yield Finding(
        rule="verify.judge",
        path=f"assets[{asset.id}]",
        message=f"nobody can verify assets of type {kind}",
        ids=(asset.id,),
    )


@verify_asset.register
def verify_session(asset: ChargingSession, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute the energy received and judge limits, stay, minimum and restarts."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    power = plan.power_kw
    present = np.zeros(problem.grid.steps)
    present[asset.arrival_step : asset.departure_step] = asset.power_kw
    yield from judge_limit(f"{path}.power_kw", power, present, POWER_TOLERANCE_KW, ids)
    yield from judge_limit(f"{path}.power_kw", -power, np.zeros_like(power), POWER_TOLERANCE_KW, ids)
    received = asset.efficiency * problem.grid.step_h * np.cumsum(power)
    yield from judge_value(f"{path}.energy_kwh", float(received[-1]), asset.energy_kwh, ENERGY_TOLERANCE_KWH, ids)
    if asset.guaranteed_by_step is not None:
        early = float(received[asset.guaranteed_by_step - 1]) if asset.guaranteed_by_step else 0.0
        kept = early >= asset.guaranteed_kwh - ENERGY_TOLERANCE_KWH
        yield from judge_true(
            kept, "guarantee", path, f"{asset.id} has {early:.3f} of {asset.guaranteed_kwh} kWh in time", ids
        )
    if not asset.flexible:
        expected = full_power_profile(asset, problem.grid)
        yield from judge_series(f"{path}.power_kw", power, expected, POWER_TOLERANCE_KW, ids)
    elif asset.pausing is not Pausing.FREE:
        yield from _verify_minimum(asset, power, ids, path)


def _verify_minimum(asset: ChargingSession, power: FloatArray, ids: tuple[str, ...], path: str) -> Iterator[Finding]:
    later = power[asset.arrival_step + 1 : asset.departure_step]
    running = later > POWER_TOLERANCE_KW
    above = bool((later[running] >= asset.minimum_kw - POWER_TOLERANCE_KW).all())
    yield from judge_true(above, "minimum", path, f"{asset.id} charges below {asset.minimum_kw} kW", ids)
    if asset.pausing is Pausing.NO_RESTART and asset.minimum_kw > 0.0:
        restarted = bool((~running[:-1] & running[1:]).any())
        yield from judge_true(not restarted, "restart", path, f"{asset.id} charges again after it has stopped", ids)


@verify_asset.register
def verify_zone(asset: BuildingZone, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute the temperature step by step and judge band, limits, exclusion and discomfort."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    heating, cooling = plan.series["heat_pump_kw"], plan.series["chiller_kw"]
    yield from judge_series(f"{path}.power_kw", plan.power_kw, heating + cooling, POWER_TOLERANCE_KW, ids)
    for name, power, most in (
        ("heat_pump_kw", heating, asset.heat_pump_kw),
        ("chiller_kw", cooling, asset.chiller_kw),
    ):
        yield from judge_limit(f"{path}.{name}", power, np.full(len(power), most), POWER_TOLERANCE_KW, ids)
        yield from judge_limit(f"{path}.{name}", -power, np.zeros(len(power)), POWER_TOLERANCE_KW, ids)
        idle = power <= POWER_TOLERANCE_KW
        above = bool((idle | (power >= asset.floor_fraction * most - POWER_TOLERANCE_KW)).all())
        yield from judge_true(above, "floor", path, f"{asset.id}: {name} runs below its lowest part load", ids)
    both = float(np.minimum(heating, cooling).max())
    yield from judge_true(both <= POWER_TOLERANCE_KW, "exclusive", path, f"{asset.id} heats and cools at once", ids)
    temperature = zone_temperature_c(asset, heating, cooling, problem)
    yield from judge_series(
        f"{path}.temperature_c", plan.series["temperature_c"], temperature, TEMPERATURE_TOLERANCE_K, ids
    )
    lower, upper = comfort_band(asset, problem.grid)
    outside = np.maximum(lower - temperature, 0.0) + np.maximum(temperature - upper, 0.0)
    if asset.discomfort_eur_per_kh is None:
        yield from judge_limit(f"{path}.outside_k", outside, np.zeros_like(outside), TEMPERATURE_TOLERANCE_K, ids)
        return
    cost = asset.discomfort_eur_per_kh * problem.grid.step_h * float(outside.sum())
    seen = plan.cost_eur.get("discomfort", 0.0)
    yield from judge_value(f"{path}.cost_eur[discomfort]", seen, cost, 10 * COST_TOLERANCE, ids)


def zone_temperature_c(
    asset: BuildingZone, heating_kw: FloatArray, cooling_kw: FloatArray, problem: SiteProblem
) -> FloatArray:
    """Temperature at every step boundary that follows from electric powers, shape (steps + 1,).

    Each step decays exponentially towards the temperature at which losses balance gains.
    """
    hours = problem.grid.step_h
    time_constant_h = asset.resistance_k_per_kw * asset.capacity_kwh_per_k
    heat_kw = asset.gains_kw + asset.heat_pump_cop * heating_kw - asset.chiller_cop * cooling_kw
    settled_c = asset.outdoor_temperature_c + asset.resistance_k_per_kw * heat_kw
    temperature = np.empty(problem.grid.steps + 1)
    temperature[0] = asset.initial_temperature_c
    for t in range(problem.grid.steps):
        temperature[t + 1] = settled_c[t] + (temperature[t] - settled_c[t]) * np.exp(-hours / time_constant_h)
    return temperature


@verify_asset.register
def verify_batch(asset: Batch, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Find the one start in the plan and judge profile, notice, sequence and the cost of moving."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    start = planned_start(plan)
    if start is None or start not in possible_starts(asset, problem.grid, problem.announced_step):
        yield from judge_true(False, "start", path, f"{asset.id} does not start exactly once at a step it may", ids)
        return
    expected = np.zeros(problem.grid.steps)
    expected[start : start + asset.duration_steps] = asset.profile_kw
    yield from judge_series(f"{path}.power_kw", plan.power_kw, expected, POWER_TOLERANCE_KW, ids)
    cost = asset.move_cost_eur if start != asset.planned_start_step else 0.0
    seen = plan.cost_eur.get("moved batches", 0.0)
    yield from judge_value(f"{path}.cost_eur[moved batches]", seen, cost, COST_TOLERANCE, ids)


def planned_start(plan: AssetPlan) -> int | None:
    """Step in which a batch starts, or None unless it starts exactly once."""
    starts = np.flatnonzero(plan.series["start"] > 0.5)
    return int(starts[0]) if len(starts) == 1 else None


@verify_asset.register
def verify_battery(asset: Battery, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute the energy held and judge limits, exclusion, the end and the wear."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    charge, discharge = plan.series["charge_kw"], plan.series["discharge_kw"]
    yield from judge_series(f"{path}.power_kw", plan.power_kw, charge - discharge, POWER_TOLERANCE_KW, ids)
    for name, power, most in (
        ("charge_kw", charge, asset.charge_kw),
        ("discharge_kw", discharge, asset.discharge_kw),
    ):
        yield from judge_limit(f"{path}.{name}", power, np.full(len(power), most), POWER_TOLERANCE_KW, ids)
        yield from judge_limit(f"{path}.{name}", -power, np.zeros(len(power)), POWER_TOLERANCE_KW, ids)
    both = float(np.minimum(charge, discharge).max())
    yield from judge_true(
        both <= POWER_TOLERANCE_KW, "exclusive", path, f"{asset.id} charges and discharges at once", ids
    )
    change = problem.grid.step_h * (asset.charge_efficiency * charge - discharge / asset.discharge_efficiency)
    stored = asset.initial_kwh + np.concatenate([[0.0], np.cumsum(change)])
    yield from judge_series(f"{path}.stored_kwh", plan.series["stored_kwh"], stored, ENERGY_TOLERANCE_KWH, ids)
    highest = np.full(len(stored), asset.capacity_kwh)
    lowest = np.full(len(stored), asset.reserved_kwh)
    lowest[-1] = max(asset.reserved_kwh, asset.final_kwh)
    yield from judge_limit(f"{path}.stored_kwh", stored, highest, ENERGY_TOLERANCE_KWH, ids)
    yield from judge_limit(f"{path}.stored_kwh", -stored, -lowest, ENERGY_TOLERANCE_KWH, ids)
    wear = asset.wear_eur_per_kwh * problem.grid.step_h * float(discharge.sum())
    yield from judge_value(f"{path}.cost_eur[wear]", plan.cost_eur.get("wear", 0.0), wear, COST_TOLERANCE, ids)


@verify_asset.register
def verify_utility(asset: Utility, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute cuts from the power and judge their depth, their length, what is made up later and the cost."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    left_out = np.maximum(asset.power_kw - plan.power_kw, 0.0)
    extra = np.maximum(plan.power_kw - asset.power_kw, 0.0)
    lowest = np.minimum(asset.power_kw, asset.lowest_kw)
    yield from judge_limit(f"{path}.power_kw", -plan.power_kw, -lowest, POWER_TOLERANCE_KW, ids)
    recovery = np.full(len(extra), asset.recovery_kw if asset.recovery_share > 0.0 else 0.0)
    yield from judge_limit(f"{path}.extra_kw", extra, recovery, POWER_TOLERANCE_KW, ids)
    if asset.longest_cut_steps is not None:
        longest = _longest_run(left_out > POWER_TOLERANCE_KW)
        short_enough = longest <= asset.longest_cut_steps
        message = f"{asset.id} is cut for {longest} steps in a row, longer than {asset.longest_cut_steps}"
        yield from judge_true(short_enough, "cut", path, message, ids)
    owed = problem.grid.step_h * np.cumsum(asset.recovery_share * left_out - extra)
    yield from judge_limit(f"{path}.made_up_kwh", -owed, np.zeros(len(owed)), ENERGY_TOLERANCE_KWH, ids)
    yield from judge_value(f"{path}.owed_kwh", float(owed[-1]), 0.0, ENERGY_TOLERANCE_KWH, ids)
    cost = asset.substitute_eur_per_kwh * problem.grid.step_h * float(left_out.sum())
    seen = plan.cost_eur.get("substitutes", 0.0)
    yield from judge_value(f"{path}.cost_eur[substitutes]", seen, cost, COST_TOLERANCE, ids)


def _longest_run(marks: NDArray[np.bool_]) -> int:
    longest = run = 0
    for mark in marks:
        run = run + 1 if mark else 0
        longest = max(longest, run)
    return longest


@verify_asset.register
def verify_base_load(asset: BaseLoad, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Judge that the plan leaves the load as it is."""
    del problem
    yield from judge_series(
        f"assets[{asset.id}].power_kw", plan.power_kw, asset.power_kw, POWER_TOLERANCE_KW, (asset.id,)
    )
