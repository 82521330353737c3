"""Checks of a batch plant: names that exist, numbers that are numbers."""

from __future__ import annotations

from collections.abc import Iterator
from math import isfinite, isnan

from optimizer.findings import Finding
from optimizer.problems.checks_assets import check_asset
from optimizer.problems.process import ProcessPlant
from optimizer.problems.site import SiteProblem


@check_asset.register
def check_plant(asset: ProcessPlant, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a batch plant."""
    ids, rule = (asset.id,), "site.plant"
    materials = {material.id for material in asset.materials}
    recipes = {recipe.id for recipe in asset.recipes}
    for k, recipe in enumerate(asset.recipes):
        where = f"{path}.recipes[{k}]"
        for name in sorted({*recipe.inputs, *recipe.outputs} - materials):
            message = f"{recipe.id} uses {name}, which is no material of {asset.id}"
            yield Finding(rule=f"{rule}.material", path=where, message=message, ids=(*ids, name))
        shares = [*recipe.inputs.values(), *(share for share, _ in recipe.outputs.values())]
        steps = [after for _, after in recipe.outputs.values()]
        if not steps or min(steps) < 1 or not all(isfinite(share) and share >= 0.0 for share in shares):
            message = f"{recipe.id} needs outputs after at least one step and shares of at least 0"
            yield Finding(rule=f"{rule}.recipe", path=where, message=message, ids=ids)
    for k, running in enumerate(asset.running):
        where = f"{path}.running[{k}]"
        if running.task not in recipes:
            message = f"{running.unit} runs {running.task}, which is no recipe of {asset.id}"
            yield Finding(rule=f"{rule}.task", path=where, message=message, ids=(*ids, running.task))
        if running.may_start is not None and running.may_start.shape != (problem.grid.steps,):
            message = f"{running.name} has {running.may_start.size} marks for {problem.grid.steps} steps"
            yield Finding(rule=f"{rule}.series", path=f"{where}.may_start", message=message, ids=ids)
        numbers = (running.start_cost_eur, running.power_kw, running.power_kw_per_amount, running.cleaning_steps)
        sizes = 0.0 <= running.least <= running.most and isfinite(running.most)
        if not sizes or not all(isfinite(number) and number >= 0.0 for number in numbers):
            message = f"{running.name} needs 0 <= least <= most and costs, powers and cleaning of at least 0"
            yield Finding(rule=f"{rule}.running", path=where, message=message, ids=ids)
    for k, material in enumerate(asset.materials):
        if isnan(material.capacity) or not 0.0 <= material.initial <= material.capacity:
            message = f"{material.id} starts with {material.initial} in a tank of {material.capacity}"
            yield Finding(rule=f"{rule}.stock", path=f"{path}.materials[{k}]", message=message, ids=ids)
