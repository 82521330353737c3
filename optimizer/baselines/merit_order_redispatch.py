"""Cheapest-first redispatch: what a merit-order list would take, as a rival and as a comparison in certificates.

Relieving orders are taken best price first, as much of each as the need still lacks; counter-orders follow, cheapest
first, until buys equal sells. An order whose minimum does not fit is passed over. Nothing is ever taken back, which is
why minimum acceptance, blocks and scarce counter-orders defeat it.
"""

from __future__ import annotations

import numpy as np

from optimizer.problems.redispatch import FloatArray, IntArray, RedispatchProblem


def take_cheapest_first(problem: RedispatchProblem) -> FloatArray | None:
    """Return the units the rule takes per order, shape (N,), or None when it ends out of balance."""
    orders = problem.orders
    units = np.zeros(len(orders))
    missing = problem.needs.required_lots.copy()
    net = np.zeros(problem.steps)
    relieving = _relieving_order(problem)
    price = orders.sign * orders.tier_price_ticks[orders.tier_start[:-1]] if len(orders) else np.zeros(0)
    ranked = np.lexsort((orders.precedence, -price))
    taken_groups: set[int] = set()
    for o in ranked[relieving[ranked]].tolist():
        entries = slice(orders.profile_start[o], orders.profile_start[o + 1])
        step, lots = orders.profile_step[entries], orders.profile_lots[entries]
        gain = problem.needs.relieved_by[:, None] * orders.sign[o] * problem.needs.share[:, orders.place[o], :][:, step]
        with np.errstate(divide="ignore", invalid="ignore"):
            wanted = np.where(gain > 0, np.ceil(missing[:, step] / (gain * lots) - 1e-9), 0.0).max(initial=0.0)
        amount = _allowed(problem, o, float(wanted), units, taken_groups)
        if amount > 0:
            units[o] = amount
            missing[:, step] = np.maximum(missing[:, step] - gain * lots * amount, 0.0)
            net[step] += orders.sign[o] * lots * amount
    for o in ranked[~relieving[ranked]].tolist():
        entries = slice(orders.profile_start[o], orders.profile_start[o + 1])
        step, lots = orders.profile_step[entries], orders.profile_lots[entries]
        room = np.floor(-orders.sign[o] * net[step] / lots + 1e-9)
        amount = _allowed(problem, o, float(room.min(initial=np.inf)), units, taken_groups)
        if amount > 0:
            units[o] = amount
            net[step] += orders.sign[o] * lots * amount
    within_limits = not len(problem.limits) or _within_limits(problem, units)
    return units if not np.abs(net).max(initial=0.0) > problem.balance_tolerance_lots and within_limits else None


def _allowed(problem: RedispatchProblem, order: int, wanted: float, units: FloatArray, taken_groups: set[int]) -> float:
    """Cut a wish to what quantity, minimum, group and parent allow."""
    orders = problem.orders
    amount = min(wanted, float(orders.units[order]))
    if amount <= 0 or amount < orders.minimum_units[order]:
        return 0.0
    parent, group = int(orders.parent[order]), int(orders.group[order])
    if (parent >= 0 and units[parent] <= 0) or group in taken_groups:
        return 0.0
    if group >= 0:
        taken_groups.add(group)
    return amount


def _relieving_order(problem: RedispatchProblem) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    orders, needs = problem.orders, problem.needs
    of: IntArray = orders.entry_order
    found = np.zeros(len(orders), dtype=np.bool_)
    for n in range(len(needs)):
        helps = needs.relieved_by[n] * orders.sign[of] * needs.share[n, orders.place[of], orders.profile_step] > 0
        found[of[helps & (needs.required_lots[n, orders.profile_step] > 0)]] = True
    return found


def _within_limits(problem: RedispatchProblem, units: FloatArray) -> bool:
    change = problem.limit_change(units)
    return bool(((change <= problem.limits.up_lots + 1e-9) & (change >= -problem.limits.down_lots - 1e-9)).all())
