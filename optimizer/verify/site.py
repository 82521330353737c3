"""The independent judge of a site plan: physics and money recomputed from problem and plan alone.

Nothing here knows the model. A plan that fails is not shown to anyone.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems.assets import Batch
from optimizer.problems.contracts import contract_cost_eur, offtake_capacity_kw
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import Direction
from optimizer.results.site import SitePlan
from optimizer.verify import generation, massive_zone, process
from optimizer.verify.assets import planned_start, verify_asset
from optimizer.verify.judgement import (
    COST_TOLERANCE,
    POWER_TOLERANCE_KW,
    judge_limit,
    judge_series,
    judge_true,
    judge_value,
)

__all__ = ["JUDGES", "verify_asset", "verify_site"]

JUDGES = (generation, massive_zone, process)


def verify_site(problem: SiteProblem, plan: SitePlan) -> tuple[Finding, ...]:
    """Find everything in a plan that the assets, the connection or the prices contradict; empty when it holds."""
    findings: list[Finding] = []
    ids = [asset.id for asset in problem.assets]
    if [a.asset_id for a in plan.assets] != ids or [w.window_id for w in plan.windows] != [
        w.id for w in problem.windows
    ]:
        return (
            Finding(
                rule="verify.site.members", path="assets", message="the plan is not of this site's assets and windows"
            ),
        )
    for asset, asset_plan in zip(problem.assets, plan.assets, strict=True):
        findings += verify_asset(asset, asset_plan, problem)
    findings += _verify_sequences(problem, plan)
    findings += _verify_connection(problem, plan)
    findings += _verify_windows(problem, plan)
    findings += _verify_costs(problem, plan)
    return sort_findings(findings)


def _verify_sequences(problem: SiteProblem, plan: SitePlan) -> Iterator[Finding]:
    batches = {asset.id: asset for asset in problem.assets if isinstance(asset, Batch)}
    starts = {name: planned_start(plan.asset(name)) for name in batches}
    for name, batch in batches.items():
        for before in batch.after:
            start, first = starts[name], starts[before]
            if start is None or first is None:
                continue
            ready = first + batches[before].duration_steps + batch.gap_steps
            yield from judge_true(
                start >= ready,
                "sequence",
                f"assets[{name}]",
                f"{name} starts at step {start}, before {before} has ended and its gap has passed at step {ready}",
                (name, before),
            )


def _verify_connection(problem: SiteProblem, plan: SitePlan) -> Iterator[Finding]:
    net = _net_power(problem, plan)
    yield from judge_series("offtake_kw", plan.offtake_kw, np.maximum(net, 0.0), POWER_TOLERANCE_KW, (problem.id,))
    yield from judge_series("feed_in_kw", plan.feed_in_kw, np.maximum(-net, 0.0), POWER_TOLERANCE_KW, (problem.id,))
    for name, power, most in (
        ("offtake_kw", plan.offtake_kw, offtake_capacity_kw(problem)),
        ("feed_in_kw", plan.feed_in_kw, problem.contracted_feed_in_kw),
    ):
        yield from judge_limit(name, power, most, POWER_TOLERANCE_KW, (problem.id,))


def _verify_windows(problem: SiteProblem, plan: SitePlan) -> Iterator[Finding]:
    for window, seen in zip(problem.windows, plan.windows, strict=True):
        net = _net_power(problem, plan, window.asset_ids)
        power = net if window.direction is Direction.OFFTAKE else -net
        above = np.where(window.steps, np.maximum(power - window.limit_kw, 0.0), 0.0)
        price = window.excess_price_eur_per_kwh
        path = f"windows[{window.id}]"
        if price is None:
            yield from judge_limit(path, above, np.zeros_like(above), POWER_TOLERANCE_KW, (window.id,))
        yield from judge_series(f"{path}.excess_kw", seen.excess_kw, above, POWER_TOLERANCE_KW, (window.id,))
        cost = problem.grid.step_h * float(above.sum()) * (price or 0.0)
        yield from judge_value(f"{path}.excess_cost_eur", seen.excess_cost_eur, cost, COST_TOLERANCE, (window.id,))


def _verify_costs(problem: SiteProblem, plan: SitePlan) -> Iterator[Finding]:
    net = _net_power(problem, plan)
    pay = problem.offtake_price_eur_per_kwh @ np.maximum(net, 0.0)
    earn = problem.feed_in_price_eur_per_kwh @ np.maximum(-net, 0.0)
    expected = {"energy": problem.grid.step_h * float(pay - earn)}
    for window in plan.windows:
        if window.excess_cost_eur:
            expected["window excess"] = expected.get("window excess", 0.0) + window.excess_cost_eur
    for contract in problem.contracts:
        expected[contract.id] = contract_cost_eur(contract, np.maximum(net, 0.0), problem.grid.step_h)
    for asset in plan.assets:
        for kind, cost in asset.cost_eur.items():
            expected[kind] = expected.get(kind, 0.0) + cost
    for kind in sorted({*expected, *plan.cost_eur}):
        seen = plan.cost_eur.get(kind, 0.0)
        yield from judge_value(f"cost_eur[{kind}]", seen, expected.get(kind, 0.0), COST_TOLERANCE, (problem.id,))


def _net_power(problem: SiteProblem, plan: SitePlan, members: tuple[str, ...] = ()) -> FloatArray:
    counted = (asset for asset in plan.assets if not members or asset.asset_id in members)
    return sum((asset.power_kw for asset in counted), np.zeros(problem.grid.steps))
