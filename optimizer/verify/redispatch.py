"""Judge a redispatch result from the problem and the units alone, order by order and step by step.

Nothing of the formulation, the compiler or the solver is used, nor the matrices of the problem: whoever made the
result cannot also have made the judge.
"""

from __future__ import annotations

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.redispatch import FloatArray, RedispatchProblem
from optimizer.results.redispatch import RedispatchResult

TOLERANCE = 1e-6


def verify_redispatch(problem: RedispatchProblem, result: RedispatchResult) -> tuple[Finding, ...]:
    """Return every fault of a result; empty when it holds."""
    if result.units.shape != (len(problem.orders),) or not np.isfinite(result.units).all():
        return (_finding("result.units", "units", "the result does not have one finite number of units per order"),)
    lots = _lots_per_step(problem, result.units)
    return (
        *_order_faults(problem, result.units),
        *_balance_faults(problem, lots),
        *_relief_faults(problem, lots, result),
        *_limit_faults(problem, lots, result),
        *_cost_faults(problem, result),
    )


def _lots_per_step(problem: RedispatchProblem, units: FloatArray) -> FloatArray:
    """Signed lots of every order in every step, shape (N, T)."""
    orders = problem.orders
    lots = np.zeros((len(orders), problem.steps))
    for o in np.flatnonzero(units):
        entries = slice(orders.profile_start[o], orders.profile_start[o + 1])
        lots[o, orders.profile_step[entries]] = orders.sign[o] * orders.profile_lots[entries] * units[o]
    return lots


def _order_faults(problem: RedispatchProblem, units: FloatArray) -> list[Finding]:
    orders = problem.orders
    slack = TOLERANCE if problem.divisible else 0.0
    found = []
    for o, taken in enumerate(units):
        name, path = orders.ids[o], f"units[{o}]"
        if not problem.divisible and taken != round(taken):
            found.append(_finding("result.lots", path, f"order {name} is given {taken} units, not whole ones", name))
        if taken < -slack or taken > orders.units[o] + slack:
            found.append(
                _finding("result.quantity", path, f"order {name} is given {taken} of {orders.units[o]} units", name)
            )
        if slack < taken < orders.minimum_units[o] - slack:
            least = orders.minimum_units[o]
            found.append(_finding("result.minimum", path, f"order {name} is given {taken}, below {least} units", name))
        parent = int(orders.parent[o])
        if parent >= 0 and taken > slack and units[parent] <= (0.0 if not problem.divisible else -1.0):
            found.append(_finding("result.parent", path, f"order {name} is taken without its parent", name))
    taken_of_group: dict[int, list[int]] = {}
    for o in np.flatnonzero((orders.group >= 0) & (units > slack)).tolist():
        taken_of_group.setdefault(int(orders.group[o]), []).append(o)
    for members in taken_of_group.values():
        if sum(_group_share(problem, o, float(units[o])) for o in members) > 1 + slack:
            names = tuple(orders.ids[o] for o in members)
            text = f"orders {', '.join(names)} exclude each other and are all taken"
            found.append(Finding(rule="result.group", path="units", message=text, ids=names))
    return found


def _group_share(problem: RedispatchProblem, order: int, taken: float) -> float:
    """How much of its exclusive group an order fills: all of it, or its part where orders may share."""
    orders = problem.orders
    if problem.divisible and orders.minimum_units[order] <= 0:
        return taken / float(orders.units[order])
    return 1.0


def _balance_faults(problem: RedispatchProblem, lots: FloatArray) -> list[Finding]:
    net = lots.sum(axis=0)
    allowed = problem.balance_tolerance_lots + (TOLERANCE * 100 if problem.divisible else 1e-9)
    found = [
        _finding("result.balance", f"steps[{t}]", f"step {t}: bought minus sold is {net[t]} lots")
        for t in np.flatnonzero(np.abs(net) > allowed).tolist()
    ]
    if len(problem.needs):
        relieves = _relieving(problem)
        bought = np.where(relieves & (lots > 0), lots, 0.0).sum(axis=0)
        sold = np.where(~relieves & (lots < 0), -lots, 0.0).sum(axis=0)
        bought_outside = np.where(~relieves & (lots > 0), lots, 0.0).sum(axis=0)
        found += [
            _finding("result.pairing", f"steps[{t}]", f"step {t}: a pair of orders is taken that relieves nothing")
            for t in np.flatnonzero((sold > bought + allowed) & (bought_outside > allowed)).tolist()
        ]
    return found


def _relieving(problem: RedispatchProblem) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Whether an order relieves some need in a step, shape (N, T)."""
    orders, needs = problem.orders, problem.needs
    relieves = np.zeros((len(orders), problem.steps), dtype=np.bool_)
    for n in range(len(needs)):
        helps = needs.relieved_by[n] * orders.sign[:, None] * needs.share[n][orders.place]
        relieves |= helps > 0
    return relieves


def _relief_faults(problem: RedispatchProblem, lots: FloatArray, result: RedispatchResult) -> list[Finding]:
    needs, place = problem.needs, problem.orders.place
    found = []
    for n, name in enumerate(needs.ids):
        relief = needs.relieved_by[n] * (needs.share[n][place] * lots).sum(axis=0)
        missing = np.maximum(needs.required_lots[n] - relief, 0.0)
        if not problem.allows_excess and (relief > needs.required_lots[n] + TOLERANCE * 100).any():
            found.append(
                _finding("result.excess", f"needs[{n}]", f"need {name} is relieved above what it requires", name)
            )
        above = np.maximum(relief - needs.required_lots[n], 0.0)
        for what, seen, stated in (
            ("relief", relief, result.relief_lots[n]),
            ("shortfall", missing, result.shortfall_lots[n]),
            ("excess", above, result.excess_lots[n]),
        ):
            found += [
                _finding(
                    f"result.{what}",
                    f"needs[{n}]",
                    f"need {name}, step {t}: {what} is {seen[t]}, not {stated[t]}",
                    name,
                )
                for t in np.flatnonzero(~(np.abs(seen - stated) <= TOLERANCE * 100)).tolist()
            ]
    return found


def _limit_faults(problem: RedispatchProblem, lots: FloatArray, result: RedispatchResult) -> list[Finding]:
    limits, place = problem.limits, problem.orders.place
    soft = problem.shortfall_price_eur_per_mwh is not None
    found = []
    for k, name in enumerate(limits.ids):
        change = (limits.share[k][place][:, None] * lots).sum(axis=0)
        beyond = np.maximum(change - limits.up_lots[k], 0.0) + np.maximum(-limits.down_lots[k] - change, 0.0)
        allowed = result.overload_lots[k] if soft else np.zeros(problem.steps)
        found += [
            _finding("result.limit", f"limits[{k}]", f"limit {name}, step {t}: overrun by {beyond[t]} lots", name)
            for t in np.flatnonzero(~(beyond <= allowed + TOLERANCE * 100)).tolist()
        ]
    return found


def _cost_faults(problem: RedispatchProblem, result: RedispatchResult) -> list[Finding]:
    orders = problem.orders
    granules = 0.0
    for o in np.flatnonzero(result.units):
        left = float(result.units[o])
        size = float(orders.profile_lots[orders.profile_start[o] : orders.profile_start[o + 1]].sum())
        for k in range(orders.tier_start[o], orders.tier_start[o + 1]):
            part = min(left, float(orders.tier_units[k]))
            granules -= float(orders.sign[o]) * float(orders.tier_price_ticks[k]) * size * part
            left -= part
    cost = granules * problem.price_tick_eur_per_mwh * problem.lot_mw * problem.step_h
    if abs(cost - result.spread_cost_eur) <= TOLERANCE * max(1.0, abs(cost)):
        return []
    return [_finding("result.cost", "spread_cost_eur", f"the spread costs {cost}, not {result.spread_cost_eur} EUR")]


def _finding(rule: str, path: str, message: str, *ids: str) -> Finding:
    return Finding(rule=rule, path=path, message=message, ids=ids)
