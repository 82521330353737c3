"""Redispatch by enumeration: every combination of units of a small book, judged by the rules in their order.

The oracle of the clearing. It shares nothing with the formulation: dense arrays, every rule spelled out, and the
lexicographic order taken literally.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.redispatch import FloatArray, RedispatchProblem

DECIMALS = 6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Enumeration:
    """The best combination.

    Attributes:
        units: units per order, shape (N,).
        shortfall: missing relief in lots times steps.
        excess: relief above the needs in lots times steps.
        cost_eur: value of the cost stage, the price of excess included.
        activations: number of orders taken.
        optima: combinations that are equal up to and including cost.
    """

    units: FloatArray
    shortfall: float
    excess: float
    cost_eur: float
    activations: int
    optima: int


def count_combinations(problem: RedispatchProblem) -> int:
    """Number of combinations an enumeration would look at."""
    return int(np.prod([len(levels) for levels in _levels(problem)], dtype=np.float64))


def enumerate_redispatch(problem: RedispatchProblem) -> Enumeration:
    """Find the lexicographic optimum of a small book with whole units by looking at every combination."""
    combos = _combinations(problem)
    combos = combos[_obeys_links(problem, combos)]
    lots = _lots(problem)
    net = combos @ lots
    combos = combos[(np.abs(net) <= problem.balance_tolerance_lots + 1e-9).all(axis=1)]
    combos = combos[_obeys_pairing(problem, combos, lots) & _obeys_limits(problem, combos, lots)]
    shortfall, excess = _coverage(problem, combos, lots)
    cost = _cost(problem, combos)
    price = problem.excess_price_eur_per_mwh
    if price is not None:
        cost = cost + excess @ price * problem.lot_step_mwh
    total_short, total_excess = shortfall.sum(axis=1), excess.sum(axis=1)
    stages = [total_short] + ([total_excess] if price is None else []) + [cost]
    keep = np.arange(len(combos))
    for values in stages:
        keep = keep[np.round(values[keep] - values[keep].min(), DECIMALS) <= 0]
    optima = len(keep)
    active = (combos > 0).sum(axis=1)
    keep = keep[active[keep] == active[keep].min()]
    for o in np.argsort(problem.orders.precedence):
        keep = keep[combos[keep, o] == combos[keep, o].max()]
    best = int(keep[0])
    return Enumeration(
        units=combos[best],
        shortfall=float(total_short[best]),
        excess=float(total_excess[best]),
        cost_eur=float(cost[best]),
        activations=int(active[best]),
        optima=optima,
    )


def _levels(problem: RedispatchProblem) -> list[FloatArray]:
    orders = problem.orders
    return [
        np.concatenate([[0.0], np.arange(max(least, 1.0), most + 0.5)])
        for least, most in zip(orders.minimum_units, orders.units, strict=True)
    ]


def _combinations(problem: RedispatchProblem) -> FloatArray:
    levels = _levels(problem)
    if not levels:
        return np.zeros((1, 0))
    return np.stack([axis.ravel() for axis in np.meshgrid(*levels, indexing="ij")], axis=1)


def _lots(problem: RedispatchProblem) -> FloatArray:
    """Signed lots per unit, shape (N, T)."""
    orders = problem.orders
    lots = np.zeros((len(orders), problem.steps))
    for o in range(len(orders)):
        for e in range(orders.profile_start[o], orders.profile_start[o + 1]):
            lots[o, orders.profile_step[e]] = orders.sign[o] * orders.profile_lots[e]
    return lots


def _obeys_links(problem: RedispatchProblem, combos: FloatArray) -> NDArray[np.bool_]:
    orders = problem.orders
    good = np.ones(len(combos), dtype=np.bool_)
    for group in sorted(set(orders.group.tolist()) - {-1}):
        good &= (combos[:, orders.group == group] > 0).sum(axis=1) <= 1
    for o, parent in enumerate(orders.parent.tolist()):
        if parent >= 0:
            good &= (combos[:, o] == 0) | (combos[:, parent] > 0)
    return good


def _obeys_pairing(problem: RedispatchProblem, combos: FloatArray, lots: FloatArray) -> NDArray[np.bool_]:
    """In every step with counter-orders on both sides, counter-sells are at most the relieving buys."""
    orders, needs = problem.orders, problem.needs
    good = np.ones(len(combos), dtype=np.bool_)
    for t in range(problem.steps if len(needs) else 0):
        relieves = np.array(
            [
                any(
                    needs.relieved_by[n] * orders.sign[o] * needs.share[n, orders.place[o], t] > 0
                    for n in range(len(needs))
                )
                for o in range(len(orders))
            ],
            dtype=np.bool_,
        )
        counter = ~relieves & (lots[:, t] != 0)
        if (counter & (lots[:, t] > 0)).any() and (counter & (lots[:, t] < 0)).any():
            sold = combos @ np.where(counter & (lots[:, t] < 0), -lots[:, t], 0.0)
            bought = combos @ np.where(relieves & (lots[:, t] > 0), lots[:, t], 0.0)
            good &= sold <= bought + 1e-9
    return good


def _obeys_limits(problem: RedispatchProblem, combos: FloatArray, lots: FloatArray) -> NDArray[np.bool_]:
    limits, place = problem.limits, problem.orders.place
    good = np.ones(len(combos), dtype=np.bool_)
    for k in range(len(limits)):
        change = combos @ (limits.share[k][place][:, None] * lots)
        good &= ((change <= limits.up_lots[k] + 1e-9) & (change >= -limits.down_lots[k] - 1e-9)).all(axis=1)
    return good


def _coverage(problem: RedispatchProblem, combos: FloatArray, lots: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shortfall and excess per need, summed over steps, shapes (combinations, M)."""
    needs, place = problem.needs, problem.orders.place
    shortfall, excess = np.zeros((2, len(combos), len(needs)))
    for n in range(len(needs)):
        relief = needs.relieved_by[n] * (combos @ (needs.share[n][place] * lots))
        shortfall[:, n] = np.maximum(needs.required_lots[n] - relief, 0.0).sum(axis=1)
        excess[:, n] = np.maximum(relief - needs.required_lots[n], 0.0).sum(axis=1)
    return shortfall, excess


def _cost(problem: RedispatchProblem, combos: FloatArray) -> FloatArray:
    orders = problem.orders
    cost = np.zeros(len(combos))
    for o in range(len(orders)):
        size = orders.profile_lots[orders.profile_start[o] : orders.profile_start[o + 1]].sum()
        left = combos[:, o].copy()
        for k in range(orders.tier_start[o], orders.tier_start[o + 1]):
            part = np.minimum(left, orders.tier_units[k])
            cost -= orders.sign[o] * orders.tier_price_ticks[k] * size * part
            left -= part
    return cost * problem.granule_eur
