"""Batch plant as a state-task network in discrete time.

Sets
    r in running            a unit with a task it can run, named "unit/task"
    t in steps              steps in which r may start
    m in materials, b in 0..steps   step boundaries
Data
    a_in, a_out, d_out      share of each input and output, steps until each output
    d_r, c_r                steps the unit is occupied, cleaning steps after it
    least_r, most_r         batch size
Variables
    start[r,t]              1 if r starts in step t
    size[r,t]               batch size
    stock[m,b]              amount in store at boundary b, after what arrives and what is taken there
Constraints
    one_at_a_time[u,t]      a unit runs or cleans at most one batch in step t
    size_least[r,t], size_most[r,t]     least start <= size <= most start
    material_balance[m,b]   stock[m,b] = stock[m,b-1] + what arrives at b - what starts take at b
Power
    in each step of a running batch: power_kw start + power_kw_per_amount size
Cost
    starts                  start_cost_eur per start
    stock value             minus the value of what is in store at the end
Source: Kondili, Pantelides and Sargent, Computers & Chemical Engineering 17 (1993) 211-227; allocation in the
aggregated form of Shah, Pantelides and Sargent, same volume, 229-244.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.process import ProcessPlant
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_plant(asset: ProcessPlant, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a batch plant."""
    steps = problem.grid.steps
    runs = {running.name: running for running in asset.running}
    begins = [(name, t) for name, running in runs.items() for t in asset.start_steps(running, steps)]
    block.start = pyo.Var(begins, domain=pyo.Binary)
    block.size = pyo.Var(begins, bounds=lambda _, *at: (0.0, runs[at[0]].most))
    block.size_least = pyo.Constraint(begins, rule=lambda b, r, t: b.size[r, t] >= runs[r].least * b.start[r, t])
    block.size_most = pyo.Constraint(begins, rule=lambda b, r, t: b.size[r, t] <= runs[r].most * b.start[r, t])
    _add_allocation(asset, block, begins)
    _add_stock(asset, block, begins, steps)
    power: dict[int, list[Any]] = defaultdict(list)
    for name, t in begins:
        running = runs[name]
        drawn = running.power_kw * block.start[name, t] + running.power_kw_per_amount * block.size[name, t]
        if running.power_kw or running.power_kw_per_amount:
            for k in range(asset.recipe(running.task).duration_steps):
                power[t + k].append(drawn)
    value = pyo.quicksum(m.value_eur * block.stock[m.id, steps] for m in asset.materials if m.value_eur)
    starts = pyo.quicksum(runs[name].start_cost_eur * block.start[name, t] for name, t in begins)
    return AssetTerms(
        power_kw={t: pyo.quicksum(parts) for t, parts in power.items()},
        cost_eur={"starts": starts, "stock value": -value},
    )


def _add_allocation(asset: ProcessPlant, block: pyo.Block, begins: list[tuple[str, int]]) -> None:
    busy: dict[tuple[str, int], list[Any]] = defaultdict(list)
    runs = {running.name: running for running in asset.running}
    for name, t in begins:
        running = runs[name]
        for k in range(asset.recipe(running.task).duration_steps + running.cleaning_steps):
            busy[running.unit, t + k].append(block.start[name, t])
    block.one_at_a_time = pyo.Constraint(list(busy), rule=lambda _, unit, t: pyo.quicksum(busy[unit, t]) <= 1)


def _add_stock(asset: ProcessPlant, block: pyo.Block, begins: list[tuple[str, int]], steps: int) -> None:
    materials = {material.id: material for material in asset.materials}
    boundaries = [(m, b) for m in materials for b in range(steps + 1)]
    change: dict[tuple[str, int], list[Any]] = defaultdict(list)
    runs = {running.name: running for running in asset.running}
    for name, t in begins:
        recipe = asset.recipe(runs[name].task)
        for material, share in recipe.inputs.items():
            change[material, t].append(-share * block.size[name, t])
        for material, (share, after) in recipe.outputs.items():
            change[material, t + after].append(share * block.size[name, t])

    def bounds(_: pyo.Block, m: str, b: int) -> tuple[float, float | None]:
        most = materials[m].capacity
        return (asset.final_least.get(m, 0.0) if b == steps else 0.0), None if most == float("inf") else most

    def material_balance(x: pyo.Block, m: str, b: int) -> Any:
        before = x.stock[m, b - 1] if b else materials[m].initial
        return x.stock[m, b] == before + pyo.quicksum(change[m, b])

    block.stock = pyo.Var(boundaries, bounds=bounds)
    block.material_balance = pyo.Constraint(boundaries, rule=material_balance)
