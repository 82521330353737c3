"""Pausable sessions: every virtual session takes the cheapest steps of its window.

For one window with virtual powers ``w[k]``, the step that is r-th cheapest in the window gets the power of every
virtual session that takes more than r steps: ``suffix[r] = sum of w[k] over k > r``. So one sort of the prices answers
for the whole fleet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.oracles.oracle import Response
from optimizer.fleet.virtual_sessions import LongArray, VirtualSessions, split_energy
from optimizer.problems.fleet import FloatArray, IntArray, Sessions
from optimizer.results.fleet import Schedules

GROUPS_PER_DAY = 5
"""Few groups keep the master small; more would save rounds and lose it again in the master (measured)."""

MOST_GROUPS = 40

SESSIONS_PER_WINDOW = 6
"""Below this a table of shares per window costs more than asking every session's own answers again."""

_FILL_ROWS = 8192


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class WindowGroup:
    """Windows of one area that the master mixes as one; steps are relative to ``first``.

    Attributes:
        area: area of every window.
        windows: position of each window in the virtual sessions, shape (windows,).
        first: first step of any window.
        span: number of steps from ``first`` to the end of the last window.
        arrival: first step per window, relative.
        departure: first step after each window, relative.
        suffix_kw: power of the r-th cheapest step of each window, shape (windows, longest window + 1); the last is 0.
        inside: 1 where a step of the span lies in a window, shape (windows, span).
        ranked_kw: `suffix_kw` row by row, each behind a zero that stands for the steps outside.
        row_begin: where each row of `ranked_kw` begins.
    """

    area: int
    windows: LongArray
    first: int
    span: int
    arrival: LongArray
    departure: LongArray
    suffix_kw: FloatArray
    inside: NDArray[np.int16]
    ranked_kw: FloatArray
    row_begin: NDArray[np.int32]

    @classmethod
    def of(cls, virtual: VirtualSessions, windows: LongArray, suffix_kw: FloatArray) -> WindowGroup:
        """Put windows of one area together; ``suffix_kw`` has a row for every window of the fleet."""
        first = int(virtual.arrival[windows].min())
        span = int(virtual.departure[windows].max()) - first
        arrival, departure = virtual.arrival[windows] - first, virtual.departure[windows] - first
        longest = int(virtual.length[windows].max())
        suffix = np.ascontiguousarray(suffix_kw[windows, : longest + 1])
        step = np.arange(span)
        return cls(
            area=int(virtual.area[windows[0]]),
            windows=windows,
            first=first,
            span=span,
            arrival=arrival,
            departure=departure,
            suffix_kw=suffix,
            inside=((step >= arrival[:, None]) & (step < departure[:, None])).astype(np.int16),
            ranked_kw=np.hstack([np.zeros((len(windows), 1)), suffix]).ravel(),
            row_begin=np.arange(len(windows), dtype=np.int32) * np.int32(longest + 2),
        )

    def ranks(self, price: FloatArray) -> tuple[LongArray, NDArray[np.intp]]:
        """Rank of every step among the steps of each window, in order of price; ties go to the earlier step.

        Args:
            price: price per step of the whole grid, shape (steps,).

        Returns:
            The order of the steps of the span by price, and for each window and place in that order its rank in the
            window, or the longest window's length outside the window, shape (windows, span).
        """
        order = np.argsort(price[self.first : self.first + self.span], kind="stable")
        inside = (order >= self.arrival[:, None]) & (order < self.departure[:, None])
        rank = np.cumsum(inside, axis=1, dtype=np.intp)
        rank -= 1
        rank[~inside] = self.suffix_kw.shape[1] - 1
        return order, rank

    def respond(self, price: FloatArray) -> FloatArray:
        """Power of the group per step of its span at these prices."""
        order = np.argsort(price[self.first : self.first + self.span], kind="stable")
        inside = self.inside[:, order]
        place = np.cumsum(inside, axis=1, dtype=np.int32)
        place *= inside
        place += self.row_begin[:, None]
        power = np.zeros(self.span)
        power[order] = self.ranked_kw.take(place).sum(axis=0)
        return power


class PausableOracle:
    """Every pausable session of a fleet; one master group per few hundred windows."""

    exact = True

    def __init__(self, virtual: VirtualSessions) -> None:
        self.virtual = virtual
        areas = max(1, len(np.unique(virtual.area)))
        self.groups = tuple(_group_windows(virtual, max(1, min(GROUPS_PER_DAY, MOST_GROUPS // areas))))
        self.group_of = np.zeros(len(virtual), dtype=np.int64)
        self.place_of = np.zeros(len(virtual), dtype=np.int64)
        for number, group in enumerate(self.groups):
            self.group_of[group.windows] = number
            self.place_of[group.windows] = np.arange(len(group.windows))

    @property
    def group_area(self) -> IntArray:
        """Area of each group."""
        return np.array([group.area for group in self.groups], dtype=np.int32)

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Let every virtual session take the cheapest steps of its window; exact."""
        power = np.zeros((len(self.groups), price_eur_per_kw.shape[1]))
        bound = np.zeros(len(self.groups))
        for k, group in enumerate(self.groups):
            steps = slice(group.first, group.first + group.span)
            power[k, steps] = group.respond(price_eur_per_kw[group.area])
            bound[k] = power[k, steps] @ price_eur_per_kw[group.area, steps]
        return Response(power_kw=power, own_cost_eur=np.zeros(len(self.groups)), bound_eur=bound)

    def split(self, _parts: int) -> tuple[PausableOracle, ...]:
        """Stay whole: one sort answers for all sessions, in milliseconds, and sending it out would cost more."""
        return (self,)

    def join(self, details: Sequence[object]) -> object:
        """Nothing beside the prices is needed."""
        return details[0]


Mixture = Callable[[int], tuple[Sequence[FloatArray], FloatArray]]
"""Prices (steps,) that take part in the mixture of a group, and their shares, which add up to 1."""


def mixture_of(oracle: PausableOracle, prices: Sequence[FloatArray], weights: FloatArray) -> Mixture:
    """Mixture of rounds that asked every group: prices of shape (areas, steps), weights (groups, rounds)."""

    def of_group(number: int) -> tuple[list[FloatArray], FloatArray]:
        used = np.flatnonzero(weights[number]).tolist()
        return [prices[j][oracle.groups[number].area] for j in used], weights[number, used]

    return of_group


class Disaggregation:
    """Gives every session the same mixture of its own answers, which adds up to the mixture of the groups."""

    def __init__(
        self,
        oracle: PausableOracle,
        step_h: float,
        mixture: Mixture,
        *,
        keep_tables: bool = False,
    ) -> None:
        """Prepare the way back.

        Args:
            oracle: the oracle that answered.
            step_h: length of a step in hours.
            mixture: prices and shares of each group.
            keep_tables: keep the tables of shares between calls, for sessions that come in parts.
        """
        self._oracle = oracle
        self._step_h = step_h
        self._mixture = mixture
        self._tables: dict[int, FloatArray] | None = {} if keep_tables else None

    def schedules(self, sessions: Sessions) -> Schedules:
        """Schedules of sessions whose windows were aggregated, all of them or any part."""
        window = self._oracle.virtual.locate(sessions)
        whole, share = split_energy(sessions, self._step_h)
        order = self._in_order(window)
        length = (sessions.departure - sessions.arrival).astype(np.int64)
        ends = np.cumsum(length[order])
        start = np.empty(len(sessions), dtype=np.int64)
        start[order] = ends - length[order]
        flat = np.empty(int(ends[-1]) if len(ends) else 0)
        low, high = (1 - share) * sessions.power_kw, share * sessions.power_kw
        numbers = self._oracle.group_of[window[order]]
        cuts = np.searchsorted(numbers, np.arange(len(self._oracle.groups) + 1))
        for number in range(len(self._oracle.groups)):
            rows = order[cuts[number] : cuts[number + 1]]
            if len(rows):
                place = self._oracle.place_of[window[rows]]
                group = self._oracle.groups[number]
                if self._tables is None and len(rows) < SESSIONS_PER_WINDOW * len(group.windows):
                    part = sessions.take(rows)
                    need = (whole + share)[rows]
                    here = slice(int(start[rows[0]]), int(start[rows[0]] + length[rows].sum()))
                    flat[here] = _fill_by_round(group, part, need, place, *self._mixture(number))
                else:
                    _fill(flat, self._table(number), rows, place, whole, low, high, start, length)
        return Schedules(start=start, arrival=sessions.arrival, departure=sessions.departure, power_kw=flat)

    def _in_order(self, window: LongArray) -> LongArray:
        """Rows of the sessions by group and window, in order of the file inside a window."""
        oracle = self._oracle
        rank = np.empty(len(oracle.virtual), dtype=np.int32)
        rank[np.lexsort((oracle.place_of, oracle.group_of))] = np.arange(len(oracle.virtual), dtype=np.int32)
        return np.argsort(rank[window], kind="stable")

    def _table(self, number: int) -> FloatArray:
        if self._tables is not None and number in self._tables:
            return self._tables[number]
        table = _share_table(self._oracle.groups[number], *self._mixture(number))
        if self._tables is not None:
            self._tables[number] = table
        return table


def _group_windows(virtual: VirtualSessions, groups_per_day: int) -> Iterator[WindowGroup]:
    """Cut the windows of each area and arrival day into groups of equal energy, in order of departure."""
    day = virtual.arrival // 96 if virtual.steps > 150 else np.zeros_like(virtual.arrival)
    suffix = np.cumsum(virtual.power_kw[:, ::-1], axis=1)[:, ::-1][:, 1:]
    energy = suffix.sum(axis=1)
    order = np.lexsort((virtual.arrival, virtual.departure, day, virtual.area))
    block = virtual.area[order] * (int(day.max(initial=0)) + 1) + day[order]
    for rows in np.split(order, np.flatnonzero(np.diff(block)) + 1):
        if not len(rows):
            continue
        middle = np.cumsum(energy[rows]) - energy[rows] / 2
        total = float(energy[rows].sum())
        number = np.minimum((middle / total * groups_per_day).astype(int), groups_per_day - 1) if total > 0 else None
        cuts = np.flatnonzero(np.diff(number)) + 1 if number is not None else np.zeros(0, dtype=np.int64)
        for part in np.split(rows, cuts):
            yield WindowGroup.of(virtual, part, suffix)


def _share_table(group: WindowGroup, prices: Sequence[FloatArray], weights: FloatArray) -> FloatArray:
    """Share of virtual session (window, k) that runs in each step of its window: (windows, longest + 2, longest)."""
    longest = group.suffix_kw.shape[1] - 1
    table = np.zeros((len(group.windows), longest + 2, longest + 1))
    rows = np.arange(len(group.windows))[:, None]
    for price, weight in zip(prices, weights, strict=True):
        order, rank = group.ranks(price)
        # Outside its window a step lands on the spare column, which nobody reads.
        local = np.where(rank < longest, order - group.arrival[:, None], longest)
        table[rows, rank + 1, local] += weight
    np.cumsum(table, axis=1, out=table)
    return np.minimum(table, 1.0, out=table)


def _fill(
    flat: FloatArray,
    table: FloatArray,
    rows: LongArray,
    place: LongArray,
    whole: LongArray,
    low: FloatArray,
    high: FloatArray,
    start: LongArray,
    length: LongArray,
) -> None:
    """Write the schedules of sessions that come sorted by window; each window is one block of the flat array."""
    cuts = np.concatenate([[0], np.flatnonzero(np.diff(place)) + 1, [len(place)]])
    for begin, end in pairwise(cuts):
        steps = int(length[rows[begin]])
        shares = table[place[begin], :, :steps]
        for at in range(int(begin), int(end), _FILL_ROWS):
            these = rows[at : min(at + _FILL_ROWS, int(end))]
            block = flat[start[these[0]] : start[these[0]] + len(these) * steps].reshape(len(these), steps)
            np.multiply(shares[whole[these]], low[these, None], out=block)
            block += shares[np.minimum(whole[these] + 1, len(shares) - 1)] * high[these, None]


def _fill_by_round(
    group: WindowGroup,
    sessions: Sessions,
    need: FloatArray,
    place: LongArray,
    prices: Sequence[FloatArray],
    shares: FloatArray,
) -> FloatArray:
    """Flat schedules of sessions in their order: each takes its cheapest steps at every price, mixed by the shares."""
    parts: list[FloatArray] = []
    for at in range(0, len(sessions), _FILL_ROWS):
        rows = slice(at, at + _FILL_ROWS)
        windows, power = place[rows], np.zeros((len(place[rows]), group.span))
        for price, share in zip(prices, shares, strict=True):
            order = np.argsort(price[group.first : group.first + group.span], kind="stable")
            inside = group.inside[:, order]
            rank = (np.cumsum(inside, axis=1, dtype=np.int16) - inside)[windows]
            taken = np.clip(need[rows, None] - rank, 0.0, 1.0)
            taken *= inside[windows]
            power[:, order] += share * taken
        power *= sessions.power_kw[rows, None]
        parts.append(power[group.inside[windows] > 0])
    return np.concatenate(parts)
