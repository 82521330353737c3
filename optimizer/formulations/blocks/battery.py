"""Stationary battery.

Sets
    t in 0..steps-1     steps
    b in 0..steps       step boundaries; b = 0 is now
Data
    eta_c, eta_d        charge_efficiency, discharge_efficiency
    dt                  length of a step, h
Variables
    charge_kw[t]        power drawn, 0..charge_kw
    discharge_kw[t]     power delivered, 0..discharge_kw
    stored_kwh[b]       energy held, reserved_kwh..capacity_kwh; at the end at least final_kwh
Constraints
    storage_balance[t]  stored_kwh[t+1] = stored_kwh[t] + dt (eta_c charge_kw[t] - discharge_kw[t] / eta_d)
Cost
    wear                wear_eur_per_kwh dt sum_t discharge_kw[t]
Exclusive: charge_kw and discharge_kw.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.assets import Battery
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_battery(asset: Battery, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a battery."""
    grid = problem.grid
    steps = range(grid.steps)

    def stored_bounds(_: pyo.Block, b: int) -> tuple[float, float]:
        if b == 0:
            return asset.initial_kwh, asset.initial_kwh
        least = max(asset.reserved_kwh, asset.final_kwh) if b == grid.steps else asset.reserved_kwh
        return least, asset.capacity_kwh

    block.charge_kw = pyo.Var(steps, bounds=(0.0, asset.charge_kw))
    block.discharge_kw = pyo.Var(steps, bounds=(0.0, asset.discharge_kw))
    block.stored_kwh = pyo.Var(range(grid.steps + 1), bounds=stored_bounds)
    stored_per_kw = grid.step_h * asset.charge_efficiency
    taken_per_kw = grid.step_h / asset.discharge_efficiency

    def storage_balance(b: pyo.Block, t: int) -> Any:
        change = stored_per_kw * b.charge_kw[t] - taken_per_kw * b.discharge_kw[t]
        return b.stored_kwh[t + 1] - b.stored_kwh[t] - change == 0.0

    block.storage_balance = pyo.Constraint(steps, rule=storage_balance)
    power = {t: block.charge_kw[t] - block.discharge_kw[t] for t in steps}
    exclusive = ((block.charge_kw, block.discharge_kw),)
    if asset.wear_eur_per_kwh == 0.0:
        return AssetTerms(power_kw=power, exclusive=exclusive)
    delivered = grid.step_h * pyo.quicksum(block.discharge_kw.values())
    return AssetTerms(power_kw=power, exclusive=exclusive, cost_eur={"wear": asset.wear_eur_per_kwh * delivered})
