"""From needs and orders of the market to a redispatch problem of numbers.

Everything is sorted by id first, so the problem, and with it the clearing, does not depend on the order of input.
Orders that may not take part are refused here, each with its reason; the others keep their place in the problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from math import gcd

import numpy as np
from numpy.typing import NDArray

from market.domain.award import OrderReason
from market.domain.connection import Connection
from market.domain.need import Congestion, Headroom, Need
from market.domain.order import Order, Side
from market.rules.order_rules import PRICE_TICK
from optimizer.problems.redispatch import (
    FloatArray,
    IntArray,
    RedispatchLimits,
    RedispatchNeeds,
    RedispatchOrders,
    RedispatchProblem,
)
from optimizer.timegrid import TimeGrid
from optimizer.units import QUARTER_HOUR_S

NO_ROOM_LIMIT = np.inf


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Book:
    """A translated order book.

    Attributes:
        grid: quarter-hours of the problem.
        needs: the needs by id, as in the problem.
        headroom: the headroom by id, as in the problem.
        orders: all orders by id.
        eligible: the orders of the problem, by position in it.
        refused: reason and sentence of every order that does not take part.
        problem: the problem; its excess price is not chosen yet.
    """

    grid: TimeGrid
    needs: tuple[Need, ...]
    headroom: tuple[Headroom, ...]
    orders: tuple[Order, ...]
    eligible: tuple[Order, ...]
    refused: Mapping[str, tuple[OrderReason, str]]
    problem: RedispatchProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """When an order must have come in.

    Attributes:
        cleared_at: time of the clearing; None accepts any validity and start.
        lead_time: an order must start at least this long after ``cleared_at``.
        resting_time: an order must have been in the book at least this long before ``cleared_at``.
    """

    cleared_at: datetime | None = None
    lead_time: timedelta = timedelta(0)
    resting_time: timedelta = timedelta(0)


def translate_book(
    needs: Sequence[Need],
    orders: Sequence[Order],
    connections: Sequence[Connection],
    headroom: Sequence[Headroom],
    *,
    grid: TimeGrid,
    lot_mw: Decimal,
    gate: Gate,
) -> Book:
    """Translate a book without faults into a problem."""
    needs = tuple(sorted(needs, key=lambda n: n.id))
    headroom = tuple(sorted(headroom, key=lambda h: h.id))
    ordered = tuple(sorted(orders, key=lambda o: o.id))
    by_ean = {connection.ean: connection for connection in sorted(connections, key=lambda c: c.ean)}
    refused: dict[str, tuple[OrderReason, str]] = {}
    for order in ordered:
        verdict = _refuse_by_time(order, needs, gate) or _refuse_by_location(order, by_ean)
        if verdict is not None:
            refused[order.id] = verdict
    admitted = tuple(order for order in ordered if order.id not in refused)
    places = _Places(needs, headroom, by_ean, grid)
    draft = _problem(admitted, places, lot_mw)
    refused |= _refuse_by_effect(admitted, draft)
    _refuse_orphans(ordered, refused)
    eligible = tuple(order for order in admitted if order.id not in refused)
    problem = draft if len(eligible) == len(admitted) else _problem(eligible, places, lot_mw)
    return Book(
        grid=grid,
        needs=needs,
        headroom=headroom,
        orders=ordered,
        eligible=eligible,
        refused=refused,
        problem=problem,
    )


def _refuse_by_time(order: Order, needs: Sequence[Need], gate: Gate) -> tuple[OrderReason, str] | None:
    in_time = [
        need
        for need in needs
        if (need.bids_from is None or need.bids_from <= order.submitted_at)
        and (need.bids_until is None or order.submitted_at <= need.bids_until)
    ]
    if needs and not in_time:
        return OrderReason.LATE, f"submitted at {order.submitted_at.isoformat()}, outside the period for bids"
    if gate.cleared_at is None:
        return None
    if order.valid_until is not None and order.valid_until < gate.cleared_at:
        return OrderReason.EXPIRED, f"valid until {order.valid_until.isoformat()}, before the clearing"
    if order.submitted_at > gate.cleared_at - gate.resting_time:
        return OrderReason.LATE, f"submitted at {order.submitted_at.isoformat()}, too shortly before the clearing"
    if order.start < gate.cleared_at + gate.lead_time:
        return OrderReason.LATE, f"starts at {order.start.isoformat()}, too soon after the clearing"
    return None


def _refuse_by_location(order: Order, by_ean: Mapping[str, Connection]) -> tuple[OrderReason, str] | None:
    if order.ean in by_ean:
        return None
    return OrderReason.UNKNOWN_CONNECTION, f"connection {order.ean} is not registered"


def _refuse_by_effect(orders: Sequence[Order], problem: RedispatchProblem) -> dict[str, tuple[OrderReason, str]]:
    """Refuse orders that are on the side of no need, or whose quarter-hours no need reaches (R1).

    An order counts by side where it relieves a need, or balances one from a place the need does not feel. A need
    reaches the quarter-hours in which it requires relief, those of every order in them, and so on: a block that
    reaches beyond the need must be balanced there too.
    """
    book, needs = problem.orders, problem.needs
    of, step = book.entry_order, book.profile_step
    sign = book.sign[of]
    relieves, hurts, counters = (np.zeros(len(book), dtype=np.bool_) for _ in range(3))
    for n in np.flatnonzero((needs.required_lots > 0).any(axis=1)).tolist():
        share = needs.share[n, book.place[of], step]
        helps = needs.relieved_by[n] * sign > 0
        relieves[of[helps & (share > 0)]] = True
        hurts[of[~helps & (share > 0)]] = True
        counters[of[~helps & (share == 0)]] = True
    on_side = relieves | (counters & ~hurts)
    needed = np.asarray((needs.required_lots > 0).any(axis=0))
    reached = _reach(on_side[of], of, step, needed)
    refused = {}
    for o in np.flatnonzero(~(on_side & reached)).tolist():
        if on_side[o]:
            text = "no need reaches its quarter-hours"
            refused[orders[o].id] = (OrderReason.OUTSIDE_NEED, text)
        else:
            place = "inside the congested area" if hurts[o] else "outside the congested area"
            refused[orders[o].id] = (OrderReason.WRONG_SIDE, f"a {orders[o].side} {place} does not relieve it")
    return refused


def _reach(
    entry_counts: NDArray[np.bool_], of: IntArray, step: IntArray, needed: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Orders that share a quarter-hour with the needs, directly or through other orders, shape (N,)."""
    reached = np.zeros(int(of[-1]) + 1 if len(of) else 0, dtype=np.bool_)
    covered = needed.copy()
    while True:
        reached[of[covered[step] & entry_counts]] = True
        wider = covered.copy()
        wider[step[reached[of]]] = True
        if (wider == covered).all():
            return reached
        covered = wider


def _refuse_orphans(orders: Sequence[Order], refused: dict[str, tuple[OrderReason, str]]) -> None:
    """Refuse orders whose parent was refused, down the chain."""
    waiting = [order for order in orders if order.parent_order is not None and order.id not in refused]
    while True:
        orphans = [order for order in waiting if order.parent_order in refused and order.id not in refused]
        if not orphans:
            return
        for order in orphans:
            text = f"depends on order {order.parent_order}, which does not take part"
            refused[order.id] = (OrderReason.PARENT_NOT_ACCEPTED, text)


class _Places:
    """Groups connections that have the same effect on every need and every limit."""

    def __init__(
        self,
        needs: Sequence[Need],
        headroom: Sequence[Headroom],
        by_ean: Mapping[str, Connection],
        grid: TimeGrid,
    ) -> None:
        self.needs, self.headroom, self._by_ean, self.grid = needs, headroom, by_ean, grid
        self._line_shares = [None if room.shares is None else dict(room.shares) for room in headroom]
        self._listed = {entry.ean for need in needs for entry in need.effectivities}
        self._listed |= {ean for shares in self._line_shares if shares is not None for ean in shares}

    def assign(self, orders: Sequence[Order]) -> tuple[list[int], list[str]]:
        """Return the place of every order and one connection that stands for each place."""
        seen: dict[tuple[str, ...], int] = {}
        examples: list[str] = []
        place_of: dict[str, int] = {}
        asked = {n.area_id for n in self.needs} | {h.id for h in self.headroom}
        for ean in sorted({order.ean for order in orders}):
            areas = tuple(sorted(asked.intersection(self._by_ean[ean].area_ids)))
            key = (*areas, f"ean {ean}") if ean in self._listed else areas
            if key not in seen:
                seen[key] = len(examples)
                examples.append(ean)
            place_of[ean] = seen[key]
        return [place_of[order.ean] for order in orders], examples

    def need_shares(self, eans: Sequence[str]) -> FloatArray:
        """Share of every need at every place and step, shape (M, places, T)."""
        shares = np.zeros((len(self.needs), len(eans), self.grid.steps))
        for n, need in enumerate(self.needs):
            entries: dict[str, list[tuple[int, int, float]]] = {}
            for entry in need.effectivities:
                start = entry.start if entry.start is not None else need.start
                first = _steps_between(self.grid.start, start)
                last = _steps_between(self.grid.start, need.end)
                if entry.quarter_hours is not None:
                    last = first + entry.quarter_hours
                entries.setdefault(entry.ean, []).append((max(first, 0), max(last, 0), float(entry.share)))
            for c, ean in enumerate(eans):
                if need.area_id in self._by_ean[ean].area_ids:
                    shares[n, c] = 1.0
                for first, last, share in entries.get(ean, ()):
                    shares[n, c, first:last] = share
        return shares

    def limit_shares(self, eans: Sequence[str]) -> FloatArray:
        """Share of every limit at every place, shape (L, places)."""
        shares = np.zeros((len(self.headroom), len(eans)))
        for k, (room, line) in enumerate(zip(self.headroom, self._line_shares, strict=True)):
            for c, ean in enumerate(eans):
                if line is None:
                    shares[k, c] = 1.0 if room.id in self._by_ean[ean].area_ids else 0.0
                else:
                    shares[k, c] = float(line.get(ean, 0))
        return shares


def _problem(orders: Sequence[Order], places: _Places, lot_mw: Decimal) -> RedispatchProblem:
    needs, headroom, grid = places.needs, places.headroom, places.grid
    place, eans = places.assign(orders)
    required = np.zeros((len(needs), grid.steps))
    for n, need in enumerate(needs):
        first = grid.index_of(need.start)
        required[n, first : first + len(need.required_mw)] = [float(mw / lot_mw) for mw in need.required_mw]
    direction = [1 if need.congestion is Congestion.GENERATION else -1 for need in needs]
    return RedispatchProblem(
        steps=grid.steps,
        step_h=grid.step_h,
        lot_mw=float(lot_mw),
        price_tick_eur_per_mwh=float(PRICE_TICK),
        orders=_order_arrays(orders, place, grid, lot_mw),
        needs=RedispatchNeeds(
            ids=tuple(need.id for need in needs),
            relieved_by=np.array(direction, dtype=np.int64),
            required_lots=required,
            share=places.need_shares(eans),
        ),
        limits=RedispatchLimits(
            ids=tuple(room.id for room in headroom),
            share=places.limit_shares(eans),
            up_lots=_room(headroom, "up_mw", grid, lot_mw),
            down_lots=_room(headroom, "down_mw", grid, lot_mw),
        ),
        excess_price_eur_per_mwh=None,
    )


def _order_arrays(orders: Sequence[Order], place: list[int], grid: TimeGrid, lot_mw: Decimal) -> RedispatchOrders:
    position = {order.id: k for k, order in enumerate(orders)}
    groups: dict[str, int] = {}
    units: list[int] = []
    least: list[int] = []
    profile_start, profile_step, profile_lots = [0], list[int](), list[int]()
    tier_start, tier_units, tier_ticks = [0], list[int](), list[int]()
    for order in orders:
        first = grid.index_of(order.start)
        quantity = int(order.quantity_mw / lot_mw)
        if order.profile_mw is None:
            scale = quantity
            profile_step += range(first, first + order.quarter_hours)
            profile_lots += [1] * order.quarter_hours
        else:
            lots = [int(mw / lot_mw) for mw in order.profile_mw]
            scale = gcd(*lots)
            seen = [k for k, value in enumerate(lots) if value]
            profile_step += [first + k for k in seen]
            profile_lots += [lots[k] // scale for k in seen]
        peak = quantity // scale
        units.append(scale)
        least.append(-(-int(order.minimum_acceptance_mw / lot_mw) // peak))
        profile_start.append(len(profile_step))
        for size, price in _tiers(order):
            tier_units.append(int(size / lot_mw) // peak)
            tier_ticks.append(int(price / PRICE_TICK))
        tier_start.append(len(tier_units))
        if order.exclusive_group is not None:
            groups.setdefault(order.exclusive_group, len(groups))
    by_time = sorted(range(len(orders)), key=lambda k: (orders[k].submitted_at, orders[k].id))
    precedence = np.empty(len(orders), dtype=np.int64)
    precedence[by_time] = np.arange(len(orders))
    return RedispatchOrders(
        ids=tuple(order.id for order in orders),
        sign=np.array([1 if order.side is Side.BUY else -1 for order in orders], dtype=np.int64),
        place=np.array(place, dtype=np.int64),
        units=np.array(units, dtype=np.float64),
        minimum_units=np.array(least, dtype=np.float64),
        profile_start=np.array(profile_start, dtype=np.int64),
        profile_step=np.array(profile_step, dtype=np.int64),
        profile_lots=np.array(profile_lots, dtype=np.float64),
        tier_start=np.array(tier_start, dtype=np.int64),
        tier_units=np.array(tier_units, dtype=np.float64),
        tier_price_ticks=np.array(tier_ticks, dtype=np.int64),
        group=np.array([groups.get(o.exclusive_group or "", -1) for o in orders], dtype=np.int64),
        parent=np.array([position.get(o.parent_order or "", -1) for o in orders], dtype=np.int64),
        precedence=precedence,
    )


def _tiers(order: Order) -> list[tuple[Decimal, Decimal]]:
    """Price steps with equal prices merged, so that filling them has one answer."""
    if not order.price_steps:
        return [(order.quantity_mw, order.limit_price_eur_per_mwh)]
    merged: list[tuple[Decimal, Decimal]] = []
    for step in order.price_steps:
        if merged and merged[-1][1] == step.price_eur_per_mwh:
            merged[-1] = (merged[-1][0] + step.quantity_mw, step.price_eur_per_mwh)
        else:
            merged.append((step.quantity_mw, step.price_eur_per_mwh))
    return merged


def _room(headroom: Sequence[Headroom], field: str, grid: TimeGrid, lot_mw: Decimal) -> FloatArray:
    """Room per headroom and step, unlimited outside its quarter-hours, shape (L, T)."""
    room = np.full((len(headroom), grid.steps), NO_ROOM_LIMIT)
    for k, entry in enumerate(headroom):
        first = _steps_between(grid.start, entry.start)
        for t, mw in enumerate(getattr(entry, field), start=first):
            if 0 <= t < grid.steps:
                room[k, t] = float(mw / lot_mw)
    return room


def _steps_between(start: datetime, end: datetime) -> int:
    return int((end.timestamp() - start.timestamp()) // QUARTER_HOUR_S)
