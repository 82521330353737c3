"""Shiftable batch: a fixed profile, started once, never interrupted, in sequence with others.

Sets
    s in starts         steps the batch may start in, after window, notice and length of the grid
Data
    profile_kw[k]       power in running step k, k = 0..duration-1
Variables
    start[s]            1 if the batch starts in step s
    started[t]          1 if it has started by step t; only in a sequence
Constraints
    starts_once         sum_s start[s] = 1
    started_so_far[t]   started[t] = started[t-1] + start[t]
    sequence[b,a,t]     of the site: started_b[t] <= started_a[t - duration_a - gap_b], see `add_sequences`
Power in step t is sum_s profile_kw[t - s] start[s], without a variable of its own.
Cost
    moved batches       move_cost_eur if it starts anywhere but at the planned step
The sequence is written per step (what has started by t had its predecessors ended by t), which is tighter than one row
on the start times: Christofides, Alvarez-Valdes and Tamarit, EJOR 29 (1987) 262-273. It runs through the running sums
``started``, because sums written out fill the matrix: on a week of 14 batches the solver's probing took 20 s on
536,000 coefficients.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo
from pyomo.core.expr import LinearExpression

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.assets import Batch
from optimizer.problems.profiles import possible_starts
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_batch(asset: Batch, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a shiftable batch."""
    starts = possible_starts(asset, problem.grid, problem.announced_step)
    block.start = pyo.Var(starts, domain=pyo.Binary)
    block.starts_once = pyo.Constraint(expr=pyo.quicksum(block.start.values()) == 1)
    profile = [(k, float(power)) for k, power in enumerate(asset.profile_kw) if power != 0.0]
    factors: dict[int, list[float]] = defaultdict(list)
    running: dict[int, list[Any]] = defaultdict(list)
    for s in starts:
        variable = block.start[s]
        for k, kw in profile:
            factors[s + k].append(kw)
            running[s + k].append(variable)
    power = {t: LinearExpression(linear_coefs=factors[t], linear_vars=running[t]) for t in running}
    moved = [block.start[s] for s in starts if s != asset.planned_start_step]
    if asset.move_cost_eur == 0.0 or not moved:
        return AssetTerms(power_kw=power)
    return AssetTerms(power_kw=power, cost_eur={"moved batches": asset.move_cost_eur * pyo.quicksum(moved)})


def add_sequences(model: pyo.ConcreteModel, batches: Mapping[str, tuple[Batch, pyo.Block]]) -> None:
    """Keep the order of batches: by step t a batch has started only if those before it have ended.

    Args:
        model: the site; receives ``sequence[later, earlier, t]``.
        batches: batch and block by id.
    """
    waits = {name: batch.after for name, (batch, _) in batches.items() if batch.after}
    for name in sorted({*waits, *(before for after in waits.values() for before in after)}):
        _add_started(batches[name][1])
    model.sequence = pyo.Constraint(pyo.Any, noruleinit=True)
    for later, after in waits.items():
        batch, block = batches[later]
        for earlier in after:
            before, before_block = batches[earlier]
            lag = before.duration_steps + batch.gap_steps
            for t in block.started:
                model.sequence[later, earlier, t] = block.started[t] <= _started_by(before_block, t - lag)


def _add_started(block: pyo.Block) -> None:
    steps = list(block.start)
    block.started = pyo.Var(range(steps[0], steps[-1] + 1), bounds=(0.0, 1.0))

    def started_so_far(b: pyo.Block, t: int) -> Any:
        before = _started_by(b, t - 1)
        return b.started[t] == (before + b.start[t] if t in b.start else before)

    block.started_so_far = pyo.Constraint(block.started.index_set(), rule=started_so_far)


def _started_by(block: pyo.Block, t: int) -> Any:
    steps = block.started.index_set()
    if t < steps.first():
        return 0.0
    return block.started[min(t, steps.last())]
