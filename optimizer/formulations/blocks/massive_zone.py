"""Second-order zone: the 5R1C network of ISO 13790 with Crank-Nicolson steps of the mass.

Sets
    t in 0..steps-1     steps
    b in 0..steps       step boundaries; b = 0 is now
Data
    H_w, H_ve, H_em, H_ms, H_is     conductances, kW/K; C capacity, kWh/K; dt length of a step, h
    g_a, g_s, g_m                   gains of air, surface and mass, kW
Variables
    mass_c[b]           mass temperature at the boundaries; m[t] is the mean of its two ends
    air_c[t], surface_c[t]          mean temperatures in step t; air within the band when that is hard
    heat_pump_kw[t], chiller_kw[t]  electric powers
    below_k[t], above_k[t]          kelvin outside a priced band
Constraints
    air_balance[t]      H_ve (T_out - air) + H_is (surface - air) + g_a + COP_h heat_pump - COP_c chiller = 0
    surface_balance[t]  H_w (T_out - surface) + H_is (air - surface) + H_ms (m - surface) + g_s = 0
    mass_balance[t]     C (mass[t+1] - mass[t]) / dt = H_ms (surface - m) + H_em (T_out - m) + g_m
    band_lower[t], band_upper[t]    air + below >= lower edge, air - above <= upper edge
Exclusive: heat_pump_kw and chiller_kw.
Source: ISO 13790:2008, annex C; machines feed the air node, as with air conditioning.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.massive_zone import MassiveZone
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_massive_zone(asset: MassiveZone, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a second-order zone."""
    steps, step_h = range(problem.grid.steps), problem.grid.step_h
    price = asset.discomfort_eur_per_kh
    hard = price is None
    block.mass_c = pyo.Var(range(len(steps) + 1), bounds=lambda _, b: _mass_bounds(asset, b, len(steps)))
    block.air_c = pyo.Var(steps, bounds=lambda _, t: _band(asset, t) if hard else (None, None))
    block.surface_c = pyo.Var(steps)
    block.heat_pump_kw = pyo.Var(steps, bounds=(0.0, asset.heat_pump_kw))
    block.chiller_kw = pyo.Var(steps, bounds=(0.0, asset.chiller_kw))
    _add_balances(asset, block, steps, step_h)
    power = {t: block.heat_pump_kw[t] + block.chiller_kw[t] for t in steps}
    exclusive = ((block.heat_pump_kw, block.chiller_kw),)
    if price is None:
        return AssetTerms(power_kw=power, exclusive=exclusive)
    kelvin_hours = _add_priced_band(asset, block, steps, step_h)
    return AssetTerms(
        power_kw=power,
        exclusive=exclusive,
        cost_eur={"discomfort": price * kelvin_hours},
        given_up={"kelvin-hours outside the comfort band": kelvin_hours},
    )


def _add_balances(asset: MassiveZone, block: pyo.Block, steps: range, step_h: float) -> None:
    w, ve, em = asset.window_kw_per_k, asset.ventilation_kw_per_k, asset.envelope_kw_per_k
    ms, inside = asset.mass_to_surface_kw_per_k, asset.surface_to_air_kw_per_k
    outdoor = [float(value) for value in asset.outdoor_temperature_c]
    heat = [float(value) for value in asset.heat_pump_cop]
    cold = [float(value) for value in asset.chiller_cop]

    def air_balance(b: pyo.Block, t: int) -> Any:
        machine = heat[t] * b.heat_pump_kw[t] - cold[t] * b.chiller_kw[t]
        given = ve * outdoor[t] + float(asset.air_gains_kw[t])
        return inside * b.surface_c[t] - (ve + inside) * b.air_c[t] + machine == -given

    def surface_balance(b: pyo.Block, t: int) -> Any:
        mean = 0.5 * ms * (b.mass_c[t] + b.mass_c[t + 1])
        given = w * outdoor[t] + float(asset.surface_gains_kw[t])
        return inside * b.air_c[t] + mean - (w + inside + ms) * b.surface_c[t] == -given

    def mass_balance(b: pyo.Block, t: int) -> Any:
        stored = asset.capacity_kwh_per_k / step_h * (b.mass_c[t + 1] - b.mass_c[t])
        lost = 0.5 * (ms + em) * (b.mass_c[t] + b.mass_c[t + 1])
        return stored + lost - ms * b.surface_c[t] == em * outdoor[t] + float(asset.mass_gains_kw[t])

    block.air_balance = pyo.Constraint(steps, rule=air_balance)
    block.surface_balance = pyo.Constraint(steps, rule=surface_balance)
    block.mass_balance = pyo.Constraint(steps, rule=mass_balance)


def _add_priced_band(asset: MassiveZone, block: pyo.Block, steps: range, step_h: float) -> Any:
    with_lower = [t for t in steps if np.isfinite(asset.lower_c[t])]
    with_upper = [t for t in steps if np.isfinite(asset.upper_c[t])]
    block.below_k = pyo.Var(with_lower, domain=pyo.NonNegativeReals)
    block.above_k = pyo.Var(with_upper, domain=pyo.NonNegativeReals)
    block.band_lower = pyo.Constraint(
        with_lower, rule=lambda b, t: b.air_c[t] + b.below_k[t] >= float(asset.lower_c[t])
    )
    block.band_upper = pyo.Constraint(
        with_upper, rule=lambda b, t: b.air_c[t] - b.above_k[t] <= float(asset.upper_c[t])
    )
    return step_h * (pyo.quicksum(block.below_k.values()) + pyo.quicksum(block.above_k.values()))


def _band(asset: MassiveZone, t: int) -> tuple[float | None, float | None]:
    lower, upper = float(asset.lower_c[t]), float(asset.upper_c[t])
    return (lower if np.isfinite(lower) else None), (upper if np.isfinite(upper) else None)


def _mass_bounds(asset: MassiveZone, boundary: int, steps: int) -> tuple[float | None, float | None]:
    if boundary == 0:
        return asset.initial_mass_c, asset.initial_mass_c
    return (asset.final_mass_lower_c, asset.final_mass_upper_c) if boundary == steps else (None, None)
