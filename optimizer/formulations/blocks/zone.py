"""Building zone: first-order thermal model with heat pump, chiller and comfort band.

Sets
    t in 0..steps-1     steps
    b in 0..steps       step boundaries; b = 0 is now
Data
    a    = exp(-dt / (R C))              share of the temperature difference left after a step
    R    resistance_k_per_kw, C capacity_kwh_per_k, T_out outdoor_temperature_c, g gains_kw
    COP  heat_pump_cop, chiller_cop      heat and cold per electric energy, per step
Variables
    temperature_c[b]    zone temperature; within the band when that is hard
    heat_pump_kw[t]     electric power for heating, 0..heat_pump_kw
    chiller_kw[t]       electric power for cooling, 0..chiller_kw
    below_k[b], above_k[b]               kelvin outside a priced band, b >= 1
    heat_pump_on[t], chiller_on[t]       1 while running; only with a floor on part load
Constraints
    heat_balance[t]     temperature_c[t+1] = a temperature_c[t]
                          + (1-a) (T_out + R (g + COP_h heat_pump_kw - COP_c chiller_kw))
    band_lower[b]       temperature_c[b] + below_k[b] >= lower edge
    band_upper[b]       temperature_c[b] - above_k[b] <= upper edge
    *_floor[t], *_ceiling[t]             floor_fraction max on <= power <= max on
Exclusive: heat_pump_kw and chiller_kw.
The balance is the closed-form solution of the zone's differential equation with inputs constant inside a step, so it
is exact at any step length and cannot oscillate as an explicit Euler step would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.assets import BuildingZone
from optimizer.problems.profiles import comfort_band
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_zone(asset: BuildingZone, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a building zone."""
    grid = problem.grid
    steps = range(grid.steps)
    lower, upper = comfort_band(asset, grid)
    hard = asset.discomfort_eur_per_kh is None

    def boundary_bounds(_: pyo.Block, b: int) -> tuple[float | None, float | None]:
        if b == 0:
            return asset.initial_temperature_c, asset.initial_temperature_c
        return (_finite(lower[b]), _finite(upper[b])) if hard else (None, None)

    block.temperature_c = pyo.Var(range(grid.steps + 1), bounds=boundary_bounds)
    block.heat_pump_kw = pyo.Var(steps, bounds=(0.0, asset.heat_pump_kw))
    block.chiller_kw = pyo.Var(steps, bounds=(0.0, asset.chiller_kw))
    kept = float(np.exp(-grid.step_h / (asset.resistance_k_per_kw * asset.capacity_kwh_per_k)))
    gain = (1.0 - kept) * asset.resistance_k_per_kw
    free = (1.0 - kept) * asset.outdoor_temperature_c + gain * asset.gains_kw

    def heat_balance(b: pyo.Block, t: int) -> Any:
        heat = gain * float(asset.heat_pump_cop[t]) * b.heat_pump_kw[t]
        cold = gain * float(asset.chiller_cop[t]) * b.chiller_kw[t]
        return b.temperature_c[t + 1] - kept * b.temperature_c[t] - heat + cold == float(free[t])

    block.heat_balance = pyo.Constraint(steps, rule=heat_balance)
    if asset.floor_fraction > 0.0:
        _add_floor(block, "heat_pump", block.heat_pump_kw, asset.heat_pump_kw, asset.floor_fraction)
        _add_floor(block, "chiller", block.chiller_kw, asset.chiller_kw, asset.floor_fraction)
    power = {t: block.heat_pump_kw[t] + block.chiller_kw[t] for t in steps}
    exclusive = ((block.heat_pump_kw, block.chiller_kw),)
    if asset.discomfort_eur_per_kh is None:
        return AssetTerms(power_kw=power, exclusive=exclusive)
    kelvin_hours = _add_priced_band(block, lower, upper, grid.step_h)
    return AssetTerms(
        power_kw=power,
        exclusive=exclusive,
        cost_eur={"discomfort": asset.discomfort_eur_per_kh * kelvin_hours},
        given_up={"kelvin-hours outside the comfort band": kelvin_hours},
    )


def _add_priced_band(block: pyo.Block, lower: Any, upper: Any, step_h: float) -> Any:
    later = range(1, len(lower))
    with_lower = [b for b in later if np.isfinite(lower[b])]
    with_upper = [b for b in later if np.isfinite(upper[b])]
    block.below_k = pyo.Var(with_lower, domain=pyo.NonNegativeReals)
    block.above_k = pyo.Var(with_upper, domain=pyo.NonNegativeReals)

    def band_lower(x: pyo.Block, b: int) -> Any:
        return x.temperature_c[b] + x.below_k[b] >= float(lower[b])

    def band_upper(x: pyo.Block, b: int) -> Any:
        return x.temperature_c[b] - x.above_k[b] <= float(upper[b])

    block.band_lower = pyo.Constraint(with_lower, rule=band_lower)
    block.band_upper = pyo.Constraint(with_upper, rule=band_upper)
    outside = pyo.quicksum(block.below_k.values()) + pyo.quicksum(block.above_k.values())
    return step_h * outside


def _add_floor(block: pyo.Block, machine: str, power: pyo.Var, highest: float, floor: float) -> None:
    steps = list(power.index_set())
    on = pyo.Var(steps, domain=pyo.Binary)
    block.add_component(f"{machine}_on", on)
    above = pyo.Constraint(steps, rule=lambda _, t: power[t] >= floor * highest * on[t])
    below = pyo.Constraint(steps, rule=lambda _, t: power[t] <= highest * on[t])
    block.add_component(f"{machine}_floor", above)
    block.add_component(f"{machine}_ceiling", below)


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
