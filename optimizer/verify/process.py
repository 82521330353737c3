"""Judge of a batch plant: units, sizes, materials, power and money recomputed from starts and sizes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.process import ProcessPlant
from optimizer.problems.site import SiteProblem
from optimizer.results.site import AssetPlan
from optimizer.verify.assets import verify_asset
from optimizer.verify.judgement import (
    COST_TOLERANCE,
    POWER_TOLERANCE_KW,
    judge_limit,
    judge_series,
    judge_true,
    judge_value,
)

AMOUNT_TOLERANCE = 1e-4


@verify_asset.register
def verify_plant(asset: ProcessPlant, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Run the plant as planned and judge what happens in its units and tanks."""
    ids, path, steps = (asset.id,), f"assets[{asset.id}]", problem.grid.steps
    flow = {material.id: np.zeros(steps + 1) for material in asset.materials}
    busy = {
        running.unit: np.zeros(steps + 1 + max(r.cleaning_steps for r in asset.running)) for running in asset.running
    }
    power, starts_eur = np.zeros(steps), 0.0
    for running in asset.running:
        recipe, allowed = asset.recipe(running.task), set(asset.start_steps(running, steps))
        starts = plan.series.get(f"start[{running.name}]", np.zeros(steps)) > 0.5
        sizes = plan.series.get(f"size[{running.name}]", np.zeros(steps))
        yield from judge_limit(
            f"{path}.size[{running.name}]", sizes, np.where(starts, running.most, 0.0), AMOUNT_TOLERANCE, ids
        )
        yield from judge_limit(
            f"{path}.size[{running.name}]", -sizes, np.where(starts, -running.least, 0.0), AMOUNT_TOLERANCE, ids
        )
        for t in (int(step) for step in np.flatnonzero(starts)):
            yield from judge_true(
                t in allowed, "start", path, f"{running.name} starts in step {t}, where it may not", ids
            )
            busy[running.unit][t : t + recipe.duration_steps + running.cleaning_steps] += 1.0
            power[t : t + recipe.duration_steps] += running.power_kw + running.power_kw_per_amount * sizes[t]
            starts_eur += running.start_cost_eur
            for name, share in recipe.inputs.items():
                flow[name][t] -= share * sizes[t]
            for name, (share, after) in recipe.outputs.items():
                flow[name][min(t + after, steps)] += share * sizes[t]
    for unit, load in busy.items():
        yield from judge_true(
            bool(load.max() <= 1.0), "unit", path, f"{unit} runs {load.max():.0f} batches at once", ids
        )
    value = 0.0
    for material in asset.materials:
        stock = material.initial + np.cumsum(flow[material.id])
        name = f"{path}.stock[{material.id}]"
        least = np.zeros(steps + 1)
        least[-1] = asset.final_least.get(material.id, 0.0)
        yield from judge_limit(name, stock, np.full(steps + 1, material.capacity), AMOUNT_TOLERANCE, ids)
        yield from judge_limit(name, -stock, -least, AMOUNT_TOLERANCE, ids)
        yield from judge_series(name, plan.series[f"stock[{material.id}]"], stock, AMOUNT_TOLERANCE, ids)
        value += material.value_eur * float(stock[-1])
    yield from judge_series(f"{path}.power_kw", plan.power_kw, power, POWER_TOLERANCE_KW, ids)
    for kind, expected in (("starts", starts_eur), ("stock value", -value)):
        seen = plan.cost_eur.get(kind, 0.0)
        yield from judge_value(f"{path}.cost_eur[{kind}]", seen, expected, 10 * COST_TOLERANCE, ids)
