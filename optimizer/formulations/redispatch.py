"""Redispatch clearing as a mixed-integer linear program.

Sets
    o       orders; k price tiers of an order that is not all-or-none
    t       steps (quarter-hours)
    n       needs;  l limits (areas, lines)
Data
    Q_o, m_o        units offered and least units taken if any is [units]
    w_ot            lots per unit of order o in step t [lots]
    s_o             +1 buy, -1 sell
    c_ok            cost of a unit in tier k, negative for a buy at a positive price [EUR]
    r_nto           relief per unit on need n in step t [lots]
    required_nt     relief required [lots]
    f_lto           change per unit on limit l in step t [lots]
    e_n             price of relief above need n [EUR/MWh]
Variables
    take[o,k]       units taken from tier k, whole numbers (real ones if the problem is divisible) [units]
    used[o]       1 when the order is activated; only where something depends on it. An all-or-none order has no
                    take: its units are Q_o used[o]
    shortfall[n,t], excess[n,t]    relief missing and relief above the need [lots]
    overload_up[l,t], overload_down[l,t]    only when shortfall is priced [lots]
Constraints
    at_most[o]      sum_k take <= Q_o used
    at_least[o]     sum_k take >= max(m_o, one unit where others depend on it) used
    child[o]        used[o] (or units / Q_o) <= used[parent]
    one_of[g]       sum of used over an exclusive group <= 1; in a divisible problem orders without a minimum share it
    balance[t]      sum_o s_o w_ot units_o = 0, within the tolerance
    pairing[t]      sells outside every need <= buys that relieve one: a pair that relieves nothing is no redispatch
    relief[n,t]     sum_o r_nto units_o + shortfall - excess = required
    limit[l,t]      -down <= sum_o f_lto units_o <= up
Objectives, in lexicographic order, all minimised
    least_shortfall     sum shortfall [lots x steps]
    least_excess        sum excess [lots x steps], only under the strict policy
    least_cost          sum c_ok take + sum e_n excess [EUR]
  or, when shortfall has a price, one objective ``least_cost`` that adds price x (shortfall + overload).
Source
    GOPACS public rules on redispatch (balance, spread, selection); rules R1-R9 of the project's market description.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from scipy.sparse import csr_array

from optimizer.problems.redispatch import RedispatchProblem


def build_redispatch(problem: RedispatchProblem, *, count_activations: bool = False) -> pyo.ConcreteModel:
    """Build the clearing model.

    Args:
        problem: a problem whose checks found nothing.
        count_activations: give every order its ``used`` and add the objective ``fewest_activations``.
    """
    model = pyo.ConcreteModel(name="redispatch")
    units = _add_orders(model, problem, needs_used(problem, count_activations=count_activations))
    _add_groups(model, problem, units)
    _add_balance(model, problem, units)
    _add_relief(model, problem, units)
    _add_limits(model, problem, units)
    _add_objectives(model, problem)
    if count_activations:
        model.fewest_activations = pyo.Objective(expr=pyo.quicksum(model.used.values()))
    return model


def needs_used(problem: RedispatchProblem, *, count_activations: bool = False) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Tell for which orders a yes or no decision is needed, shape (N,)."""
    orders = problem.orders
    if count_activations:
        return np.ones(len(orders), dtype=np.bool_)
    one_unit = 0.0 if problem.divisible else 1.0
    asked = (orders.minimum_units > one_unit) | orders.indivisible
    if not problem.divisible:
        asked |= orders.group >= 0
    asked[orders.parent[orders.parent >= 0]] = True
    return asked


def _add_orders(model: pyo.ConcreteModel, problem: RedispatchProblem, asked: np.ndarray[Any, Any]) -> list[Any]:
    """Add take, used and their links; return the units of every order as an expression."""
    orders = problem.orders
    whole = orders.indivisible
    has_child = np.zeros(len(orders), dtype=np.bool_)
    has_child[orders.parent[orders.parent >= 0]] = True
    tiers = [
        (o, k - int(orders.tier_start[o]))
        for o in np.flatnonzero(~whole).tolist()
        for k in range(int(orders.tier_start[o]), int(orders.tier_start[o + 1]))
    ]
    domain = pyo.NonNegativeReals if problem.divisible else pyo.NonNegativeIntegers
    model.take = pyo.Var(
        tiers, domain=domain, bounds=lambda _, o, k: (0, float(orders.tier_units[orders.tier_start[o] + k]))
    )
    model.used = pyo.Var(np.flatnonzero(asked).tolist(), domain=pyo.Binary)
    model.at_most = pyo.Constraint(pyo.Any)
    model.at_least = pyo.Constraint(pyo.Any)
    units: list[Any] = []
    for o in range(len(orders)):
        if whole[o]:
            units.append(float(orders.units[o]) * model.used[o])
            continue
        count = int(orders.tier_start[o + 1] - orders.tier_start[o])
        total = pyo.quicksum(model.take[o, k] for k in range(count))
        units.append(total)
        if asked[o]:
            model.at_most[o] = total <= float(orders.units[o]) * model.used[o]
            least = float(orders.minimum_units[o])
            least = max(least, 1.0) if has_child[o] and not problem.divisible else least
            if least > 0:
                model.at_least[o] = total >= least * model.used[o]
    return units


def _add_groups(model: pyo.ConcreteModel, problem: RedispatchProblem, units: list[Any]) -> None:
    orders = problem.orders
    members: dict[int, list[int]] = {}
    for o in np.flatnonzero(orders.group >= 0).tolist():
        members.setdefault(int(orders.group[o]), []).append(o)
    model.one_of = pyo.Constraint(
        [g for g in members if len(members[g]) > 1],
        rule=lambda m, g: (
            pyo.quicksum(m.used[o] if o in m.used else units[o] / float(orders.units[o]) for o in members[g]) <= 1
        ),
    )
    model.child = pyo.Constraint(pyo.Any)
    for o in np.flatnonzero(orders.parent >= 0).tolist():
        parent = model.used[int(orders.parent[o])]
        if o in model.used:
            model.child[o] = model.used[o] <= parent
        else:
            model.child[o] = units[o] <= float(orders.units[o]) * parent


def _add_balance(model: pyo.ConcreteModel, problem: RedispatchProblem, units: list[Any]) -> None:
    slack = problem.balance_tolerance_lots
    model.balance = pyo.Constraint(pyo.Any)
    for t, expression in _rows(problem.net_purchase(), units):
        model.balance[t] = expression == 0 if slack == 0 else pyo.inequality(-slack, expression, slack)
    model.pairing = pyo.Constraint(pyo.Any)
    for t, expression in _rows(problem.counter_sales(), units):
        model.pairing[t] = expression <= 0


def _add_relief(model: pyo.ConcreteModel, problem: RedispatchProblem, units: list[Any]) -> None:
    relief = dict(_rows(problem.relief(), units))
    required = problem.needs.required_lots
    cells = [
        (n, t)
        for n in range(len(problem.needs))
        for t in range(problem.steps)
        if n * problem.steps + t in relief or required[n, t] > 0
    ]
    model.shortfall = pyo.Var(cells, domain=pyo.NonNegativeReals)
    model.excess = pyo.Var(
        [c for c in cells if c[0] * problem.steps + c[1] in relief and problem.allows_excess],
        domain=pyo.NonNegativeReals,
    )
    model.relief = pyo.Constraint(pyo.Any)
    for n, t in cells:
        given = relief.get(n * problem.steps + t, 0.0) + model.shortfall[n, t]
        if (n, t) in model.excess:
            given -= model.excess[n, t]
        model.relief[n, t] = given == float(required[n, t])


def _add_limits(model: pyo.ConcreteModel, problem: RedispatchProblem, units: list[Any]) -> None:
    rows = dict(_rows(problem.change(), units))
    limits = problem.limits
    soft = problem.shortfall_price_eur_per_mwh is not None
    finite = np.isfinite(limits.up_lots) | np.isfinite(limits.down_lots)
    overrun = np.minimum(limits.up_lots, limits.down_lots) < 0
    cells = [
        (k, t)
        for k in range(len(limits))
        for t in range(problem.steps)
        if (k * problem.steps + t in rows and finite[k, t]) or (soft and overrun[k, t])
    ]
    model.overload_up = pyo.Var(cells if soft else [], domain=pyo.NonNegativeReals)
    model.overload_down = pyo.Var(cells if soft else [], domain=pyo.NonNegativeReals)
    model.limit = pyo.Constraint(pyo.Any)
    for k, t in cells:
        change = rows.get(k * problem.steps + t, 0.0)
        if soft:
            change = change - model.overload_up[k, t] + model.overload_down[k, t]
        model.limit[k, t] = pyo.inequality(-float(limits.down_lots[k, t]), change, float(limits.up_lots[k, t]))


def _add_objectives(model: pyo.ConcreteModel, problem: RedispatchProblem) -> None:
    orders, price = problem.orders, problem.excess_price_eur_per_mwh
    cost = problem.tier_cost_eur
    spent: list[Any] = [float(cost[orders.tier_start[o] + k]) * take for (o, k), take in model.take.items()]
    for o in np.flatnonzero(orders.indivisible).tolist():
        tiers = slice(int(orders.tier_start[o]), int(orders.tier_start[o + 1]))
        spent.append(float(cost[tiers] @ orders.tier_units[tiers]) * model.used[o])
    if price is not None:
        spent += [float(price[n]) * problem.lot_step_mwh * excess for (n, _), excess in model.excess.items()]
    unmet = pyo.quicksum(model.shortfall.values())
    if problem.shortfall_price_eur_per_mwh is not None:
        overload = pyo.quicksum(model.overload_up.values()) + pyo.quicksum(model.overload_down.values())
        missing = problem.shortfall_price_eur_per_mwh * problem.lot_step_mwh * (unmet + overload)
        model.least_cost = pyo.Objective(expr=pyo.quicksum(spent) + missing)
        return
    model.least_shortfall = pyo.Objective(expr=unmet)
    if price is None:
        model.least_excess = pyo.Objective(expr=pyo.quicksum(model.excess.values()))
    model.least_cost = pyo.Objective(expr=pyo.quicksum(spent))


def _rows(matrix: csr_array[Any, Any], units: list[Any]) -> list[tuple[int, Any]]:
    """Turn every row of a matrix over orders into an expression; empty rows are left out."""
    found = []
    for row in np.flatnonzero(np.diff(matrix.indptr)).tolist():
        entries = range(matrix.indptr[row], matrix.indptr[row + 1])
        found.append((row, pyo.quicksum(float(matrix.data[e]) * units[int(matrix.indices[e])] for e in entries)))
    return found
