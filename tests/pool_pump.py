"""A pool pump: an asset type written outside the package."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyomo.environ as pyo

from optimizer.baselines.uncontrolled import Habit, follow_habit
from optimizer.findings import Finding
from optimizer.formulations.site import AssetTerms, add_asset
from optimizer.problems.checks_assets import check_asset, numbers_within
from optimizer.problems.site import SiteProblem
from optimizer.results.site import AssetPlan
from optimizer.verify.judgement import judge_limit, judge_value
from optimizer.verify.site import verify_asset


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPump:
    """A pump that must filter so many hours a day, at any speed; chlorine makes up for hours left out."""

    id: str
    power_kw: float
    hours: float
    chlorine_eur_per_h: float


@check_asset.register
def check_pump(asset: PoolPump, problem: SiteProblem, path: str) -> Iterator[Finding]:
    hours = problem.grid.steps * problem.grid.step_h
    limits = {"power_kw": (0.1, None), "hours": (0.0, hours), "chlorine_eur_per_h": (0.0, None)}
    yield from numbers_within(asset, path, "site.pump", limits)


@add_asset.register
def add_pump(asset: PoolPump, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    steps = range(problem.grid.steps)
    block.power_kw = pyo.Var(steps, bounds=(0.0, asset.power_kw))
    block.missing_h = pyo.Var(domain=pyo.NonNegativeReals)
    run_h = problem.grid.step_h / asset.power_kw * pyo.quicksum(block.power_kw.values())
    block.enough_filtering = pyo.Constraint(expr=run_h + block.missing_h == asset.hours)
    return AssetTerms(
        power_kw=block.power_kw,
        cost_eur={"chlorine": asset.chlorine_eur_per_h * block.missing_h},
        given_up={"hours of filtering": 1.0 * block.missing_h},
    )


@verify_asset.register
def verify_pump(asset: PoolPump, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    ids, path, power = (asset.id,), f"assets[{asset.id}]", plan.power_kw
    yield from judge_limit(path, power, np.full(len(power), asset.power_kw), 1e-4, ids)
    yield from judge_limit(path, -power, np.zeros(len(power)), 1e-4, ids)
    missing = asset.hours - problem.grid.step_h * float(power.sum()) / asset.power_kw
    yield from judge_value(path, plan.cost_eur["chlorine"], asset.chlorine_eur_per_h * missing, 1e-4, ids)


@follow_habit.register
def pump_from_the_start(asset: PoolPump, problem: SiteProblem) -> Habit:
    hours = np.clip(asset.hours - np.arange(problem.grid.steps) * problem.grid.step_h, 0.0, problem.grid.step_h)
    return Habit(power_kw=asset.power_kw * hours / problem.grid.step_h, cost_eur={"chlorine": 0.0})
