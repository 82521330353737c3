"""Charging session: energy by departure from a charger with a limit.

Sets
    t in window         steps from arrival to departure
Data
    P    power_kw       highest power drawn, kW
    m    minimum_kw     lowest power while charging, kW
    E    energy_kwh     energy received by departure, kWh
    eta  efficiency     energy received per energy drawn
    dt   step_h         length of a step, h
Variables
    power_kw[t]         power drawn, 0..P
    charging[t]         1 while charging; only where a minimum power exists, not in the arrival step
Constraints
    energy_by_departure     eta dt sum_t power_kw[t] = E
    energy_guaranteed       eta dt sum_{t < by} power_kw[t] >= guaranteed_kwh
    above_minimum[t]        power_kw[t] >= m charging[t]
    below_maximum[t]        power_kw[t] <= P charging[t]
    no_restart[t]           charging[t] <= charging[t - 1]
The arrival step is exempt from the minimum because the vehicle arrives inside it.
Source: Brinkel et al., Nature Communications 15 (2024) 5089, for minimum power and restart.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.assets import ChargingSession, Pausing
from optimizer.problems.profiles import full_power_profile
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_session(asset: ChargingSession, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write the block of a charging session; a session that is not flexible has no variables."""
    if not asset.flexible:
        return AssetTerms(fixed_kw=full_power_profile(asset, problem.grid))
    window = range(asset.arrival_step, asset.departure_step)
    block.power_kw = pyo.Var(window, bounds=(0.0, asset.power_kw))
    per_kw = asset.efficiency * problem.grid.step_h
    block.energy_by_departure = pyo.Constraint(expr=per_kw * pyo.quicksum(block.power_kw.values()) == asset.energy_kwh)
    if asset.guaranteed_by_step is not None:
        early = range(asset.arrival_step, asset.guaranteed_by_step)
        block.energy_guaranteed = pyo.Constraint(
            expr=per_kw * pyo.quicksum(block.power_kw[t] for t in early) >= asset.guaranteed_kwh
        )
    if asset.pausing is not Pausing.FREE and asset.minimum_kw > 0.0:
        _add_minimum_power(asset, block)
    return AssetTerms(power_kw=block.power_kw)


def _add_minimum_power(asset: ChargingSession, block: pyo.Block) -> None:
    later = range(asset.arrival_step + 1, asset.departure_step)
    block.charging = pyo.Var(later, domain=pyo.Binary)

    def above_minimum(b: pyo.Block, t: int) -> Any:
        return b.power_kw[t] >= asset.minimum_kw * b.charging[t]

    def below_maximum(b: pyo.Block, t: int) -> Any:
        return b.power_kw[t] <= asset.power_kw * b.charging[t]

    def no_restart(b: pyo.Block, t: int) -> Any:
        return b.charging[t] <= b.charging[t - 1]

    block.above_minimum = pyo.Constraint(later, rule=above_minimum)
    block.below_maximum = pyo.Constraint(later, rule=below_maximum)
    if asset.pausing is Pausing.NO_RESTART:
        block.no_restart = pyo.Constraint(later[1:], rule=no_restart)
