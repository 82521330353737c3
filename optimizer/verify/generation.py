"""Judges of PV, combined heat and power, bidirectional sessions and continuous production."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.site import SiteProblem
from optimizer.results.site import AssetPlan
from optimizer.verify.assets import verify_asset
from optimizer.verify.judgement import (
    COST_TOLERANCE,
    ENERGY_TOLERANCE_KWH,
    POWER_TOLERANCE_KW,
    judge_limit,
    judge_series,
    judge_true,
    judge_value,
)


@verify_asset.register
def verify_pv(asset: PvPlant, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Judge that no more is fed in than the sun allows, and nothing drawn."""
    del problem
    ids, path = (asset.id,), f"assets[{asset.id}].power_kw"
    yield from judge_limit(path, -plan.power_kw, asset.available_kw, POWER_TOLERANCE_KW, ids)
    yield from judge_limit(path, plan.power_kw, np.zeros(len(plan.power_kw)), POWER_TOLERANCE_KW, ids)


@verify_asset.register
def verify_bidirectional(asset: BidirectionalSession, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute the level and judge stay, limits, exclusion, floor, departure and costs."""
    ids, path, steps = (asset.id,), f"assets[{asset.id}]", problem.grid.steps
    charge, discharge = plan.series["charge_kw"], plan.series["discharge_kw"]
    yield from judge_series(f"{path}.power_kw", plan.power_kw, charge - discharge, POWER_TOLERANCE_KW, ids)
    here = np.zeros(steps)
    here[asset.arrival_step : asset.departure_step] = 1.0
    for name, power, most in (
        ("charge_kw", charge, asset.charge_kw),
        ("discharge_kw", discharge, asset.discharge_kw),
    ):
        yield from judge_limit(f"{path}.{name}", power, most * here, POWER_TOLERANCE_KW, ids)
        yield from judge_limit(f"{path}.{name}", -power, np.zeros(steps), POWER_TOLERANCE_KW, ids)
    both = float(np.minimum(charge, discharge).max())
    yield from judge_true(
        both <= POWER_TOLERANCE_KW, "exclusive", path, f"{asset.id} charges and discharges at once", ids
    )
    change = asset.charge_efficiency * charge - discharge / asset.discharge_efficiency
    level = asset.arrival_kwh + problem.grid.step_h * np.cumsum(change)
    during = level[asset.arrival_step : asset.departure_step]
    floor = np.full(len(during), min(asset.lowest_kwh, asset.arrival_kwh))
    floor[-1] = max(asset.lowest_kwh, asset.departure_kwh)
    yield from judge_limit(
        f"{path}.level_kwh", during, np.full(len(during), asset.capacity_kwh), ENERGY_TOLERANCE_KWH, ids
    )
    yield from judge_limit(f"{path}.level_kwh", -during, -floor, ENERGY_TOLERANCE_KWH, ids)
    delivered = problem.grid.step_h * float(discharge.sum())
    for kind, rate in (("wear", asset.wear_eur_per_kwh), ("double taxation", asset.double_tax_eur_per_kwh)):
        seen = plan.cost_eur.get(kind, 0.0)
        yield from judge_value(f"{path}.cost_eur[{kind}]", seen, rate * delivered, COST_TOLERANCE, ids)


@verify_asset.register
def verify_chp(asset: ChpUnit, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Judge part load, readiness and ramp; recompute starts, lost heat and fuel from the power alone."""
    ids, path, step_h = (asset.id,), f"assets[{asset.id}]", problem.grid.step_h
    power = -plan.power_kw
    running = power > POWER_TOLERANCE_KW if asset.least_kw > 0.0 else plan.series["running"] > 0.5
    yield from judge_limit(f"{path}.power_kw", power, np.full(len(power), asset.most_kw), POWER_TOLERANCE_KW, ids)
    least = np.where(running, asset.least_kw, 0.0)
    yield from judge_limit(f"{path}.power_kw", -power, -least, POWER_TOLERANCE_KW, ids)
    ready = 0 if asset.is_running else max(0, problem.announced_step + asset.start_steps)
    yield from judge_true(
        not running[:ready].any(), "start", path, f"{asset.id} runs before it can have been started", ids
    )
    if asset.ramp_kw is not None:
        change = np.abs(np.diff(power))
        yield from judge_limit(f"{path}.ramp", change, np.full(len(change), asset.ramp_kw), POWER_TOLERANCE_KW, ids)
    starts = int(np.diff(np.concatenate([[asset.is_running], running]).astype(int)).clip(min=0).sum())
    lost = step_h * float(np.maximum(power - asset.heat_limit_kw, 0.0).sum())
    for kind, expected in (
        ("fuel and overhaul", asset.running_eur_per_kwh * step_h * float(power.sum())),
        ("heat loss", asset.heat_loss_eur_per_kwh * lost),
        ("starts", asset.start_eur * starts),
    ):
        seen = plan.cost_eur.get(kind, 0.0)
        yield from judge_value(f"{path}.cost_eur[{kind}]", seen, expected, 10 * COST_TOLERANCE, ids)


@verify_asset.register
def verify_continuous(asset: ContinuousUnit, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Judge depth, length, number and notice of interruptions and recompute what they cost."""
    ids, path, step_h = (asset.id,), f"assets[{asset.id}]", problem.grid.step_h
    left_out = asset.normal_kw - plan.power_kw
    most = np.full(len(left_out), asset.normal_kw - asset.least_kw)
    yield from judge_limit(f"{path}.reduced_kw", left_out, most, POWER_TOLERANCE_KW, ids)
    yield from judge_limit(f"{path}.reduced_kw", -left_out, np.zeros(len(left_out)), POWER_TOLERANCE_KW, ids)
    down = plan.series["down"] > 0.5
    hidden = bool((left_out[~down] > POWER_TOLERANCE_KW).any())
    yield from judge_true(not hidden, "down", path, f"{asset.id} is turned down where its plan says it is not", ids)
    padded = np.concatenate([[False], down, [False]]).astype(int)
    begins, ends = np.flatnonzero(np.diff(padded) == 1), np.flatnonzero(np.diff(padded) == -1)
    short = bool(((ends - begins) < asset.shortest_steps).any())
    yield from judge_true(not short, "shift", path, f"{asset.id} is turned down for less than a shift", ids)
    ready = max(0, problem.announced_step + asset.notice_steps)
    on_time = not down[:ready].any() and len(begins) <= asset.most_interruptions
    yield from judge_true(on_time, "notice", path, f"{asset.id} is turned down too early or too often", ids)
    for kind, expected in (
        ("lost production", asset.loss_eur_per_kwh * step_h * float(left_out.sum())),
        ("interruptions", asset.interruption_eur * len(begins)),
    ):
        seen = plan.cost_eur.get(kind, 0.0)
        yield from judge_value(f"{path}.cost_eur[{kind}]", seen, expected, 10 * COST_TOLERANCE, ids)
