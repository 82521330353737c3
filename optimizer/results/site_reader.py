"""Read a plan out of a solved site program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from optimizer.formulations.site_program import SiteProgram
from optimizer.model.program import Objective
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.names import kind_of
from optimizer.results.site import AssetPlan, SitePlan, WindowPlan
from optimizer.solver.outcome import Incumbent

NOTICEABLE = 1e-6


def read_plan(problem: SiteProblem, site: SiteProgram, incumbent: Incumbent) -> SitePlan:
    """Turn the columns of a solved site into a plan.

    Args:
        problem: the site.
        site: its program.
        incumbent: the solution, with the duals of the program whose integers are fixed.
    """
    steps = problem.grid.steps
    values = incumbent.values
    power = (site.power_map @ values).reshape(-1, steps) + site.fixed_kw
    row_of = dict(zip(site.asset_ids, power, strict=True))
    assets = tuple(
        AssetPlan(
            asset_id=asset.id,
            kind=kind_of(asset),
            power_kw=row_of[asset.id],
            series={name: placed.read(values) for name, placed in site.series[asset.id].items()},
            cost_eur={kind: _measure(m, values) for (owner, kind), m in site.asset_costs.items() if owner == asset.id},
        )
        for asset in problem.assets
    )
    net = power.sum(axis=0)
    windows = _read_windows(problem, site, incumbent)
    reduced = np.zeros(len(values)) if incumbent.reduced_costs is None else incumbent.reduced_costs
    return SitePlan(
        site_id=problem.id,
        assets=assets,
        offtake_kw=np.maximum(net, 0.0),
        feed_in_kw=np.maximum(-net, 0.0),
        windows=windows,
        capacity_value_eur_per_kwh=np.maximum(-site.offtake.read(reduced), 0.0) / problem.grid.step_h,
        cost_eur={kind: _measure(m, values) for kind, m in site.costs.items()},
        slack=_slack_sentences(site, windows, values, problem.grid.step_h),
    )


def _read_windows(problem: SiteProblem, site: SiteProgram, incumbent: Incumbent) -> tuple[WindowPlan, ...]:
    steps, step_h = problem.grid.steps, problem.grid.step_h
    duals = np.zeros(site.program.row_count) if incumbent.row_duals is None else incumbent.row_duals
    plans = []
    for window in problem.windows:
        excess = site.excess[window.id].read(incumbent.values) if window.id in site.excess else np.zeros(steps)
        dual = site.windows[window.id].read(duals) if window.id in site.windows else np.zeros(steps)
        plans.append(
            WindowPlan(
                window_id=window.id,
                excess_kw=excess,
                excess_cost_eur=step_h * float(excess.sum()) * (window.excess_price_eur_per_kwh or 0.0),
                value_eur_per_kwh=np.maximum(-dual, 0.0) / step_h,
            )
        )
    return tuple(plans)


def _slack_sentences(
    site: SiteProgram, windows: tuple[WindowPlan, ...], values: FloatArray, step_h: float
) -> tuple[str, ...]:
    said = []
    for window in windows:
        energy = step_h * float(window.excess_kw.sum())
        if energy > NOTICEABLE:
            said.append(
                f"window {window.window_id}: {energy:.3f} kWh above the limit, at most {window.excess_kw.max():.3f} kW"
                f" at once, for {window.excess_cost_eur:.2f} EUR"
            )
    amounts: Mapping[tuple[str, str], Objective] = site.given_up
    for (asset_id, words), measure in amounts.items():
        amount = _measure(measure, values)
        if amount > NOTICEABLE:
            said.append(f"{asset_id}: {amount:.3f} {words}")
    return tuple(said)


def _measure(measure: Objective, values: FloatArray) -> float:
    return float(measure.costs @ values) + measure.offset


def plan_from(plan: SitePlan, now: int) -> SitePlan:
    """Cut the steps before ``now`` off a plan."""
    if not now:
        return plan
    assets = tuple(
        replace(a, power_kw=a.power_kw[now:], series={name: values[now:] for name, values in a.series.items()})
        for a in plan.assets
    )
    windows = tuple(
        replace(w, excess_kw=w.excess_kw[now:], value_eur_per_kwh=w.value_eur_per_kwh[now:]) for w in plan.windows
    )
    return replace(
        plan,
        assets=assets,
        windows=windows,
        offtake_kw=plan.offtake_kw[now:],
        feed_in_kw=plan.feed_in_kw[now:],
        capacity_value_eur_per_kwh=plan.capacity_value_eur_per_kwh[now:],
    )
