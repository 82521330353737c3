"""Contracts that change the bill of a connection.

Sets
    t in steps; c in contracts
Variables
    peak_kw                 of a peak tariff: highest offtake, at least the peak already reached
Constraints
    peak_reached[t]         offtake_kw[t] <= peak_kw
Cost, under the id of the contract
    peak tariff             price_eur_per_kw (peak_kw - reached_kw)
    energy tariff           dt sum_t price_eur_per_kwh[t] offtake_kw[t]
    capacity right          its fee
Rights on capacity have no block: they lift the bound of offtake_kw.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from optimizer.problems.contracts import CapacityRight, EnergyTariff, PeakTariff
from optimizer.problems.site import SiteProblem


def add_bill(model: pyo.ConcreteModel, problem: SiteProblem) -> dict[str, Any]:
    """Write the contracts of a site and return the cost of each by its id.

    Args:
        model: the site with ``offtake_kw``; receives one block per contract.
        problem: the site.
    """
    contracts = sorted(problem.contracts, key=lambda contract: contract.id)
    model.contract = pyo.Block([contract.id for contract in contracts])
    cost: dict[str, Any] = {}
    for contract in contracts:
        if isinstance(contract, PeakTariff):
            cost[contract.id] = _add_peak(contract, model.contract[contract.id], model.offtake_kw)
        elif isinstance(contract, EnergyTariff):
            prices = [float(price) for price in contract.price_eur_per_kwh]
            taken = pyo.quicksum(prices[t] * model.offtake_kw[t] for t in model.offtake_kw)
            cost[contract.id] = problem.grid.step_h * taken
        elif isinstance(contract, CapacityRight):
            cost[contract.id] = contract.fee_eur
    return cost


def _add_peak(contract: PeakTariff, block: pyo.Block, offtake: pyo.Var) -> Any:
    block.peak_kw = pyo.Var(bounds=(contract.reached_kw, None))
    block.peak_reached = pyo.Constraint(list(offtake), rule=lambda b, t: offtake[t] <= b.peak_kw)
    return contract.price_eur_per_kw * (block.peak_kw - contract.reached_kw)
