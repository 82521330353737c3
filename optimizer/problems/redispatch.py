"""`RedispatchProblem`: an order book, the congestion it must relieve and the room that must not be overrun.

Volumes are counted in whole units of an order: one unit is the smallest scaling of its profile that keeps every
quarter-hour on whole lots, so a constant order of 0.6 MW in lots of 0.1 MW has six units of one lot. Prices are whole
ticks. Volumes and money are therefore whole numbers and an optimum can be exact.

Sign: consumption is positive power. A buy raises consumption (+1), a sell lowers it (-1).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchOrders:
    """The orders of a book, N of them.

    Attributes:
        ids: id per order.
        sign: +1 buy, -1 sell, shape (N,).
        place: row of the shares of needs and limits that describes where the order's connection lies, shape (N,).
        units: units offered, shape (N,); whole unless the problem is divisible.
        minimum_units: least units taken if any is, zero for none, shape (N,).
        profile_start: first profile entry per order, shape (N + 1,).
        profile_step: step of each profile entry, rising within an order.
        profile_lots: lots per unit in that step.
        tier_start: first price tier per order, shape (N + 1,).
        tier_units: units of each tier; the tiers of an order add up to ``units``.
        tier_price_ticks: limit price of each tier in ticks; rising for a sell, falling for a buy.
        group: exclusive group per order, -1 for none, shape (N,).
        parent: position of the order it depends on, -1 for none, shape (N,).
        precedence: rank by time stamp and id, 0 the earliest, shape (N,).
    """

    ids: tuple[str, ...]
    sign: IntArray
    place: IntArray
    units: FloatArray
    minimum_units: FloatArray
    profile_start: IntArray
    profile_step: IntArray
    profile_lots: FloatArray
    tier_start: IntArray
    tier_units: FloatArray
    tier_price_ticks: IntArray
    group: IntArray
    parent: IntArray
    precedence: IntArray

    def __post_init__(self) -> None:
        for name in self.__slots__[1:]:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def entry_order(self) -> IntArray:
        """Order of each profile entry."""
        return np.repeat(np.arange(len(self)), np.diff(self.profile_start))

    @property
    def tier_order(self) -> IntArray:
        """Order of each price tier."""
        return np.repeat(np.arange(len(self)), np.diff(self.tier_start))

    @property
    def unit_lot_steps(self) -> FloatArray:
        """Lots times steps that one unit stands for, shape (N,)."""
        lots = np.bincount(self.entry_order, weights=self.profile_lots, minlength=len(self))
        return lots.astype(np.float64)

    @property
    def indivisible(self) -> NDArray[np.bool_]:
        """Whether an order is all-or-none, shape (N,)."""
        return (self.minimum_units >= self.units) & (self.units > 0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchNeeds:
    """What must be relieved, M needs over T steps.

    Attributes:
        ids: id per need.
        relieved_by: +1 where buys relieve (generation congestion), -1 where sells do, shape (M,).
        required_lots: relief required, shape (M, T).
        share: share of a power change at a place that reaches the bottleneck, 0 to 1, shape (M, places, T).
    """

    ids: tuple[str, ...]
    relieved_by: IntArray
    required_lots: FloatArray
    share: FloatArray

    def __post_init__(self) -> None:
        for name in self.__slots__[1:]:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchLimits:
    """Areas and lines that may not be overrun, L limits over T steps.

    Attributes:
        ids: id per limit.
        share: change per MW of consumption at a place, shape (L, places).
        up_lots: how far the change may go up, shape (L, T).
        down_lots: how far it may go down, as a positive number, shape (L, T); negative where the change must go up.
    """

    ids: tuple[str, ...]
    share: FloatArray
    up_lots: FloatArray
    down_lots: FloatArray

    def __post_init__(self) -> None:
        for name in self.__slots__[1:]:
            getattr(self, name).setflags(write=False)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchProblem:
    """Choose units of every order: least shortfall, then least cost, in balance in every step.

    Attributes:
        steps: number of steps T.
        step_h: length of a step in hours.
        lot_mw: MW of a lot.
        price_tick_eur_per_mwh: EUR/MWh of a price tick.
        orders: the book.
        needs: what must be relieved.
        limits: what may not be overrun.
        excess_price_eur_per_mwh: price of relief above each need, shape (M,); None for the strict policy, which
            minimises excess before cost, and allows none where shortfall is priced.
        balance_tolerance_lots: how far buys and sells may differ in a step; zero but for research.
        divisible: units need not be whole; off but for published instances and research.
        shortfall_price_eur_per_mwh: None for the lexicographic order; else shortfall and overload are priced in one
            objective, as some published instances do, and limits become soft.
    """

    steps: int
    step_h: float
    lot_mw: float
    price_tick_eur_per_mwh: float
    orders: RedispatchOrders
    needs: RedispatchNeeds
    limits: RedispatchLimits
    excess_price_eur_per_mwh: FloatArray | None
    balance_tolerance_lots: float = 0.0
    divisible: bool = False
    shortfall_price_eur_per_mwh: float | None = None

    @property
    def allows_excess(self) -> bool:
        """Whether relief above a need is possible at all."""
        return self.excess_price_eur_per_mwh is not None or self.shortfall_price_eur_per_mwh is None

    @property
    def granule_eur(self) -> float:
        """Money of one tick on one lot for one step: the smallest difference two costs can have."""
        return self.price_tick_eur_per_mwh * self.lot_step_mwh

    @property
    def lot_step_mwh(self) -> float:
        """Energy of one lot for one step."""
        return self.lot_mw * self.step_h

    @property
    def tier_cost_eur(self) -> FloatArray:
        """Cost of one unit in each price tier: paid for a sell, received for a buy."""
        orders = self.orders
        of = orders.tier_order
        granules = -orders.sign[of] * orders.tier_price_ticks * orders.unit_lot_steps[of]
        return np.asarray(granules * self.granule_eur, dtype=np.float64)

    def relief(self) -> csr_array[Any, Any]:
        """Relief in lots per unit of each order: rows need * T + step, columns orders."""
        orders, needs, steps = self.orders, self.needs, self.steps
        of, step = orders.entry_order, orders.profile_step
        rows, columns, values = [], [], []
        for n in range(len(needs)):
            lots = needs.relieved_by[n] * orders.sign[of] * needs.share[n, orders.place[of], step] * orders.profile_lots
            seen = np.flatnonzero(lots)
            rows.append(n * steps + step[seen])
            columns.append(of[seen])
            values.append(lots[seen])
        return _stack(rows, columns, values, (len(needs) * steps, len(orders)))

    def change(self, rows: NDArray[np.bool_] | None = None) -> csr_array[Any, Any]:
        """Change in lots per unit of each order on each limit: rows limit * T + step, columns orders.

        Args:
            rows: limits and steps that are asked for, shape (L, T); the others stay empty. None for all.
        """
        orders, limits, steps = self.orders, self.limits, self.steps
        of, step = orders.entry_order, orders.profile_step
        asked = np.ones((len(limits), steps), dtype=np.bool_) if rows is None else rows
        signed = orders.sign[of] * orders.profile_lots
        found, columns, values = [], [], []
        for k in np.flatnonzero(asked.any(axis=1)).tolist():
            lots = limits.share[k, orders.place[of]] * signed
            seen = np.flatnonzero((lots != 0) & asked[k, step])
            found.append(k * steps + step[seen])
            columns.append(of[seen])
            values.append(lots[seen])
        return _stack(found, columns, values, (len(limits) * steps, len(orders)))

    def limit_change(self, units: FloatArray) -> FloatArray:
        """Change in lots on every limit at a choice of units, shape (L, T)."""
        orders = self.orders
        of = orders.entry_order
        places = self.limits.share.shape[1]
        flat = orders.place[of] * self.steps + orders.profile_step
        lots = orders.sign[of] * orders.profile_lots * units[of]
        placed = np.bincount(flat, weights=lots, minlength=places * self.steps).reshape(places, self.steps)
        return np.asarray(self.limits.share @ placed)

    def net_purchase(self) -> csr_array[Any, Any]:
        """Bought minus sold lots per unit of each order: rows steps, columns orders."""
        orders = self.orders
        of = orders.entry_order
        return _stack([orders.profile_step], [of], [orders.sign[of] * orders.profile_lots], (self.steps, len(orders)))

    def counter_sales(self) -> csr_array[Any, Any]:
        """Counter-sells minus relieving buys in lots per unit of each order: rows steps, columns orders.

        An order relieves in a step where it helps a need, and is a counter-order elsewhere. Rows are empty where a
        step has no counter-order on both sides: balance says it all there.
        """
        orders = self.orders
        of, step = orders.entry_order, orders.profile_step
        sign = orders.sign[of]
        relieves = np.zeros(len(of), dtype=np.bool_)
        for n in range(len(self.needs)):
            relieves |= self.needs.relieved_by[n] * sign * self.needs.share[n, orders.place[of], step] > 0
        both = np.ones(self.steps, dtype=np.bool_)
        for side in (1, -1):
            seen = np.zeros(self.steps, dtype=np.bool_)
            seen[step[(sign == side) & ~relieves]] = True
            both &= seen
        weight = np.where(relieves & (sign > 0), -1.0, np.where(~relieves & (sign < 0), 1.0, 0.0))
        keep = np.flatnonzero((weight != 0.0) & both[step] & (len(self.needs) > 0))
        return _stack([step[keep]], [of[keep]], [weight[keep] * orders.profile_lots[keep]], (self.steps, len(orders)))


def drop_orders(problem: RedispatchProblem, gone: NDArray[np.bool_]) -> tuple[RedispatchProblem, IntArray]:
    """Leave orders out, and with each the orders that depend on it.

    Args:
        problem: the problem.
        gone: orders that are no longer there, shape (N,).

    Returns:
        The smaller problem and the former position of each of its orders.
    """
    orders = problem.orders
    out = gone.copy()
    has_parent = orders.parent >= 0
    while True:
        orphans = has_parent & ~out & out[orders.parent]
        if not orphans.any():
            break
        out |= orphans
    kept = np.flatnonzero(~out)
    position = np.full(len(orders), -1, dtype=np.int64)
    position[kept] = np.arange(len(kept))
    entry, tier = ~out[orders.entry_order], ~out[orders.tier_order]
    smaller = replace(
        orders,
        ids=tuple(orders.ids[o] for o in kept.tolist()),
        sign=orders.sign[kept],
        place=orders.place[kept],
        units=orders.units[kept],
        minimum_units=orders.minimum_units[kept],
        profile_start=np.append(0, np.cumsum(np.diff(orders.profile_start)[kept])),
        profile_step=orders.profile_step[entry],
        profile_lots=orders.profile_lots[entry],
        tier_start=np.append(0, np.cumsum(np.diff(orders.tier_start)[kept])),
        tier_units=orders.tier_units[tier],
        tier_price_ticks=orders.tier_price_ticks[tier],
        group=orders.group[kept],
        parent=np.where(orders.parent[kept] >= 0, position[orders.parent[kept]], -1),
        precedence=orders.precedence[kept],
    )
    return replace(problem, orders=smaller), kept


def no_gain_prices(problem: RedispatchProblem) -> FloatArray:
    """Price of relief above each need at which every pair of orders loses by it, in EUR/MWh, shape (M,).

    The best buy price minus the best sell price, divided by the share of the order that relieves, plus one tick so
    that a pair that would break even is not taken either; zero where every pair loses anyway.
    """
    orders, needs = problem.orders, problem.needs
    of = orders.tier_order
    prices = np.zeros(len(needs))
    if not len(of):
        return prices
    ticks = orders.tier_price_ticks * problem.price_tick_eur_per_mwh
    best = {side: ticks[orders.sign[of] == side] for side in (1, -1)}
    if not len(best[1]) or not len(best[-1]):
        return prices
    dearest_buy, cheapest_sell = best[1].max(), best[-1].min()
    for n in range(len(needs)):
        share = _least_positive_share(problem, n)[of]
        relieving = (orders.sign[of] == needs.relieved_by[n]) & (share > 0)
        gain = np.where(orders.sign[of] > 0, ticks - cheapest_sell, dearest_buy - ticks)
        most = float((gain[relieving] / share[relieving]).max(initial=-np.inf))
        if most > -problem.price_tick_eur_per_mwh / 2:
            prices[n] = (np.ceil(most / problem.price_tick_eur_per_mwh - 1e-6) + 1) * problem.price_tick_eur_per_mwh
    return prices


def _least_positive_share(problem: RedispatchProblem, need: int) -> FloatArray:
    """Smallest positive share of each order at a need over its steps, zero where it never reaches it."""
    orders = problem.orders
    of = orders.entry_order
    share = problem.needs.share[need, orders.place[of], orders.profile_step]
    least = np.full(len(orders), np.inf)
    np.minimum.at(least, of[share > 0], share[share > 0])
    return np.where(np.isfinite(least), least, 0.0)


def _stack(
    rows: list[IntArray], columns: list[IntArray], values: list[FloatArray], shape: tuple[int, int]
) -> csr_array[Any, Any]:
    if not rows:
        return csr_array(shape, dtype=np.float64)
    entries = (np.concatenate(values).astype(np.float64), (np.concatenate(rows), np.concatenate(columns)))
    matrix = csr_array(entries, shape=shape)
    matrix.sum_duplicates()
    return matrix
