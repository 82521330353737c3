"""Utility: a process that can be cut for a while and may have to make up for it later.

Sets
    t in 0..steps-1     steps
Data
    P_t                 power_kw, what it draws by itself
    L                   longest_cut_steps
    s                   recovery_share
    dt                  length of a step, h
Variables
    cut_kw[t]           power left out, 0..P_t - lowest_kw
    extra_kw[t]         extra power while making up, 0..recovery_kw; only where something must be made up
    owed_kwh[t]         energy still to be made up after step t, 0 after the last; only with extra_kw
    cutting[t]          1 if it may be cut in step t; only with a longest cut
Constraints
    cut_marked[t]       cut_kw[t] <= its bound * cutting[t]
    cut_ends[t]         cutting[t] + ... + cutting[t+L] <= L
    made_up_later[t]    owed_kwh[t] - owed_kwh[t-1] = dt (s cut_kw[t] - extra_kw[t])
Cost
    substitutes         substitute_eur_per_kwh dt sum_t cut_kw[t]
Exclusive: cut_kw and extra_kw.
Power is P_t - cut_kw[t] + extra_kw[t]. Source: a nitrogen generator replaced by liquid nitrogen, and aeration that
pauses one to two hours and then recovers, in the flexibility potential study, 4550-4560 and 4911-4931.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility


@add_asset.register
def add_utility(asset: Utility, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a utility."""
    steps = range(problem.grid.steps)
    block.cut_kw = pyo.Var(steps, bounds=lambda _, t: (0.0, max(0.0, float(asset.power_kw[t]) - asset.lowest_kw)))
    if asset.longest_cut_steps is not None:
        _limit_cuts(block, steps, asset.longest_cut_steps)
    power: dict[int, Any] = {t: -block.cut_kw[t] for t in steps}
    exclusive: tuple[tuple[pyo.Var, pyo.Var], ...] = ()
    if asset.recovery_share > 0.0:
        _make_up(asset, block, problem)
        power = {t: block.extra_kw[t] - block.cut_kw[t] for t in steps}
        exclusive = ((block.cut_kw, block.extra_kw),)
    cost = {}
    if asset.substitute_eur_per_kwh != 0.0:
        left_out_kwh = problem.grid.step_h * pyo.quicksum(block.cut_kw.values())
        cost["substitutes"] = asset.substitute_eur_per_kwh * left_out_kwh
    return AssetTerms(power_kw=power, fixed_kw=asset.power_kw, cost_eur=cost, exclusive=exclusive)


def _limit_cuts(block: pyo.Block, steps: range, longest: int) -> None:
    block.cutting = pyo.Var(steps, domain=pyo.Binary)
    block.cut_marked = pyo.Constraint(steps, rule=lambda b, t: b.cut_kw[t] <= b.cut_kw[t].ub * b.cutting[t])
    block.cut_ends = pyo.Constraint(
        range(len(steps) - longest),
        rule=lambda b, t: pyo.quicksum(b.cutting[u] for u in range(t, t + longest + 1)) <= longest,
    )


def _make_up(asset: Utility, block: pyo.Block, problem: SiteProblem) -> None:
    steps = range(problem.grid.steps)
    block.extra_kw = pyo.Var(steps, bounds=(0.0, asset.recovery_kw))
    last, step_h = steps[-1], problem.grid.step_h
    block.owed_kwh = pyo.Var(steps, bounds=lambda _, t: (0.0, 0.0 if t == last else None))

    def made_up_later(b: pyo.Block, t: int) -> Any:
        before = b.owed_kwh[t - 1] if t else 0.0
        return b.owed_kwh[t] - before == step_h * (asset.recovery_share * b.cut_kw[t] - b.extra_kw[t])

    block.made_up_later = pyo.Constraint(steps, rule=made_up_later)
