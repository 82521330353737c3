"""PV, combined heat and power, bidirectional sessions and continuous production.

PV                      generation_kw[t] in 0..available_kw[t]; power is -generation_kw
Bidirectional session   as a battery between arrival and departure:
    level_kwh[b]        lowest_kwh..capacity_kwh; at arrival arrival_kwh, at departure at least departure_kwh
    level_balance[t]    level_kwh[t+1] = level_kwh[t] + dt (eta_c charge_kw[t] - discharge_kw[t] / eta_d)
    cost                wear and double taxation per kWh delivered; exclusive charge_kw, discharge_kw
    A level below lowest_kwh at arrival may stay below, but not fall: the band starts once it has been reached.
CHP
    generation_kw[t], running[t], starting[t], unused_kw[t]
    part_load_least, part_load_most     least_kw running <= generation_kw <= most_kw running
    starts[t]           starting[t] >= running[t] - running[t-1]
    heat_lost[t]        unused_kw[t] >= generation_kw[t] - heat_limit_kw[t]
    ramp_up, ramp_down  change of generation_kw within ramp_kw
    cost                running, heat loss, starts
Continuous unit
    reduced_kw[t] in 0..normal_kw-least_kw, down[t], begins[t]
    reduced_when_down[t]    reduced_kw <= (normal_kw - least_kw) down[t]
    begin_marked[t]         begins[t] >= down[t] - down[t-1]
    stays_down[t]           sum of begins in the last shortest_steps <= down[t]
    few_interruptions       sum begins <= most_interruptions
    cost                    lost production per kWh left out, interruption per begin
Sources: flexibility potential study 4734-4852 (continuous), 5006-5140 (CHP), 6269-6287; run-time rows after Rajan and
Takriti, IBM Research Report RC23628 (2005).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_pv(asset: PvPlant, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of solar panels."""
    steps = range(problem.grid.steps)
    block.generation_kw = pyo.Var(steps, bounds=lambda _, t: (0.0, float(asset.available_kw[t])))
    curtailed = float(asset.available_kw.sum()) - pyo.quicksum(block.generation_kw.values())
    return AssetTerms(
        power_kw={t: -block.generation_kw[t] for t in steps},
        given_up={"kWh of sun curtailed": problem.grid.step_h * curtailed},
    )


@add_asset.register
def add_bidirectional(asset: BidirectionalSession, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a bidirectional session."""
    window = range(asset.arrival_step, asset.departure_step)
    floor = min(asset.lowest_kwh, asset.arrival_kwh)

    def level_bounds(_: pyo.Block, b: int) -> tuple[float, float]:
        if b == asset.arrival_step:
            return asset.arrival_kwh, asset.arrival_kwh
        least = max(asset.lowest_kwh, asset.departure_kwh) if b == asset.departure_step else floor
        return least, asset.capacity_kwh

    def level_balance(b: pyo.Block, t: int) -> Any:
        stored, taken = asset.charge_efficiency * b.charge_kw[t], b.discharge_kw[t] / asset.discharge_efficiency
        return b.level_kwh[t + 1] - b.level_kwh[t] - problem.grid.step_h * (stored - taken) == 0.0

    block.charge_kw = pyo.Var(window, bounds=(0.0, asset.charge_kw))
    block.discharge_kw = pyo.Var(window, bounds=(0.0, asset.discharge_kw))
    block.level_kwh = pyo.Var(range(asset.arrival_step, asset.departure_step + 1), bounds=level_bounds)
    block.level_balance = pyo.Constraint(window, rule=level_balance)
    delivered = problem.grid.step_h * pyo.quicksum(block.discharge_kw.values())
    rates = {"wear": asset.wear_eur_per_kwh, "double taxation": asset.double_tax_eur_per_kwh}
    return AssetTerms(
        power_kw={t: block.charge_kw[t] - block.discharge_kw[t] for t in window},
        cost_eur={kind: rate * delivered for kind, rate in rates.items() if rate},
        exclusive=((block.charge_kw, block.discharge_kw),),
    )


@add_asset.register
def add_chp(asset: ChpUnit, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a combined heat and power unit."""
    steps, step_h = range(problem.grid.steps), problem.grid.step_h
    before = 1.0 if asset.is_running else 0.0
    ready = 0 if asset.is_running else problem.announced_step + asset.start_steps
    block.running = pyo.Var(steps, domain=pyo.Binary, bounds=lambda _, t: (0, 1 if t >= ready else 0))
    block.generation_kw = pyo.Var(steps, bounds=(0.0, asset.most_kw))
    block.starting = pyo.Var(steps, bounds=(0.0, 1.0))
    block.unused_kw = pyo.Var(steps, domain=pyo.NonNegativeReals)
    block.part_load_least = pyo.Constraint(steps, rule=lambda b, t: b.generation_kw[t] >= asset.least_kw * b.running[t])
    block.part_load_most = pyo.Constraint(steps, rule=lambda b, t: b.generation_kw[t] <= asset.most_kw * b.running[t])
    block.starts = pyo.Constraint(
        steps, rule=lambda b, t: b.starting[t] >= b.running[t] - (b.running[t - 1] if t else before)
    )
    block.heat_lost = pyo.Constraint(
        steps, rule=lambda b, t: b.unused_kw[t] >= b.generation_kw[t] - float(asset.heat_limit_kw[t])
    )
    if asset.ramp_kw is not None:
        ramp = asset.ramp_kw
        block.ramp_up = pyo.Constraint(steps[1:], rule=lambda b, t: b.generation_kw[t] - b.generation_kw[t - 1] <= ramp)
        block.ramp_down = pyo.Constraint(
            steps[1:], rule=lambda b, t: b.generation_kw[t - 1] - b.generation_kw[t] <= ramp
        )
    generated = step_h * pyo.quicksum(block.generation_kw.values())
    lost = step_h * pyo.quicksum(block.unused_kw.values())
    cost = {"fuel and overhaul": asset.running_eur_per_kwh * generated, "heat loss": asset.heat_loss_eur_per_kwh * lost}
    return AssetTerms(
        power_kw={t: -block.generation_kw[t] for t in steps},
        cost_eur=cost | {"starts": asset.start_eur * pyo.quicksum(block.starting.values())},
    )


@add_asset.register
def add_continuous(asset: ContinuousUnit, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a continuous unit."""
    steps, most = range(problem.grid.steps), asset.normal_kw - asset.least_kw
    ready = problem.announced_step + asset.notice_steps
    block.down = pyo.Var(steps, domain=pyo.Binary, bounds=lambda _, t: (0, 1 if t >= ready else 0))
    block.begins = pyo.Var(steps, bounds=(0.0, 1.0))
    block.reduced_kw = pyo.Var(steps, bounds=(0.0, most))
    block.reduced_when_down = pyo.Constraint(steps, rule=lambda b, t: b.reduced_kw[t] <= most * b.down[t])
    block.begin_marked = pyo.Constraint(
        steps, rule=lambda b, t: b.begins[t] >= b.down[t] - (b.down[t - 1] if t else 0.0)
    )
    block.stays_down = pyo.Constraint(steps, rule=lambda b, t: _begun(b, t, asset.shortest_steps) <= b.down[t])
    block.few_interruptions = pyo.Constraint(expr=pyo.quicksum(block.begins.values()) <= asset.most_interruptions)
    too_late = steps[max(0, len(steps) - asset.shortest_steps + 1) :]
    block.ends_within = pyo.Constraint(too_late, rule=lambda b, t: b.begins[t] == 0.0)
    left_out = problem.grid.step_h * pyo.quicksum(block.reduced_kw.values())
    return AssetTerms(
        power_kw={t: -block.reduced_kw[t] for t in steps},
        fixed_kw=np.full(len(steps), asset.normal_kw),
        cost_eur={
            "lost production": asset.loss_eur_per_kwh * left_out,
            "interruptions": asset.interruption_eur * pyo.quicksum(block.begins.values()),
        },
    )


def _begun(block: pyo.Block, t: int, shortest: int) -> Any:
    return pyo.quicksum(block.begins[u] for u in range(max(0, t - shortest + 1), t + 1))
