"""Sessions with a minimum current: enumerate the stop, fill the cheapest steps above the minimum.

Such a session charges from arrival without a break until it stops for good; from its second step on it takes at least
its minimum. For a given number of steps s the minimum is a constant, and what is left of the energy goes to the
cheapest of the first s steps. Sorting the first s prices of every arrival once answers for every session that arrives
then; the cheapest s wins. The set of schedules is not convex, so a mixture must be rounded to one answer per session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.fleet.oracles.oracle import Response
from optimizer.fleet.virtual_sessions import LongArray
from optimizer.problems.fleet import FloatArray, IntArray, Sessions

_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class _Candidates:
    """Every session with every number of steps it can charge for."""

    session: LongArray
    count: LongArray
    row: LongArray
    begins: LongArray


class MinimumCurrentOracle:
    """Sessions with a minimum current, in groups of one area and neighbouring arrivals."""

    exact = True

    def __init__(
        self, sessions: Sessions, steps: int, step_h: float, *, groups: int = 24, group_of: LongArray | None = None
    ) -> None:
        """Enumerate the stops of every session; sessions that stay too short take full power for their whole stay.

        Args:
            sessions: sessions with a minimum.
            steps: steps of the grid.
            step_h: length of a step in hours.
            groups: number of groups to aim for.
            group_of: group per session, every number from 0 on taken and one area per group; chosen unless given.
        """
        self.sessions = sessions
        self.steps = steps
        length = (sessions.departure - sessions.arrival).astype(np.int64)
        self._need = np.minimum(sessions.grid_kwh / step_h, length * sessions.power_kw)
        self._candidates, self._arrivals, self._counts, self._areas = self._enumerate(length)
        self._step_h = step_h
        if group_of is None:
            group_of = _group_sessions(sessions, groups)
        self.group_of = group_of
        _, first = np.unique(group_of, return_index=True)
        self._group_area = sessions.area[first]

    @property
    def group_area(self) -> IntArray:
        """Area of each group."""
        return self._group_area

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Let every session choose its stop and fill its cheapest steps; the detail is the step count of each."""
        counts, cost = self._best_counts(price_eur_per_kw)
        power = self.fill(price_eur_per_kw, counts)
        cell = self.group_of[:, None] * self.steps + np.minimum(self._window(power.shape[1]), self.steps - 1)
        groups = len(self._group_area)
        total = np.asarray(np.bincount(cell.ravel(), power.ravel(), groups * self.steps), dtype=np.float64)
        bound = np.asarray(np.bincount(self.group_of, cost, groups), dtype=np.float64)
        return Response(
            power_kw=total.reshape(groups, self.steps), own_cost_eur=np.zeros(groups), bound_eur=bound, detail=counts
        )

    def fill(self, price_eur_per_kw: FloatArray, counts: LongArray, rows: LongArray | None = None) -> FloatArray:
        """Cheapest power of sessions that charge for the given numbers of steps, shape (sessions, most steps).

        Args:
            price_eur_per_kw: price per area and step.
            counts: steps each of the sessions charges for.
            rows: sessions concerned; all of them unless given.
        """
        chosen = np.arange(len(self.sessions)) if rows is None else rows
        part = self.sessions.take(chosen)
        width = int((self.sessions.departure - self.sessions.arrival).max(initial=1))
        local = self._prices(price_eur_per_kw, part.area, part.arrival, counts, width)
        order = np.argsort(local, axis=1, kind="stable")
        first_rank = np.argmin(order, axis=1)
        band = part.power_kw - part.minimum_kw
        left = self._need[chosen] - (counts - 1) * part.minimum_kw
        rank = np.arange(width)
        before = rank * band[:, None] + np.where(first_rank[:, None] < rank, part.minimum_kw[:, None], 0.0)
        room = np.where(rank == first_rank[:, None], part.power_kw[:, None], band[:, None])
        above = np.clip(left[:, None] - before, 0.0, room)
        power = np.zeros((len(chosen), width))
        np.put_along_axis(power, order, above, axis=1)
        step = np.arange(width)
        power[:, 1:] += part.minimum_kw[:, None]
        return np.asarray(np.where(step < counts[:, None], power, 0.0))

    def split(self, parts: int) -> tuple[MinimumCurrentOracle, ...]:
        """Cut by groups."""
        cuts = np.array_split(np.arange(len(self._group_area)), min(parts, len(self._group_area)))
        return tuple(
            MinimumCurrentOracle(
                self.sessions.take(rows), self.steps, self._step_h, group_of=self.group_of[rows] - int(groups[0])
            )
            for groups in cuts
            for rows in (np.flatnonzero((self.group_of >= groups[0]) & (self.group_of <= groups[-1])),)
        )

    def join(self, details: Sequence[LongArray]) -> LongArray:
        """Step counts of the parts, back in the order of the sessions."""
        cuts = np.array_split(np.arange(len(self._group_area)), len(details))
        counts = np.zeros(len(self.sessions), dtype=np.int64)
        for groups, part in zip(cuts, details, strict=True):
            counts[(self.group_of >= groups[0]) & (self.group_of <= groups[-1])] = part
        return counts

    def _enumerate(self, length: LongArray) -> tuple[_Candidates, LongArray, LongArray, LongArray]:
        """List the feasible step counts of every session and the distinct (area, arrival, count) they need."""
        sessions, need = self.sessions, self._need
        least = np.maximum(1, np.ceil(need / sessions.power_kw - _ROUNDING)).astype(np.int64)
        with np.errstate(divide="ignore"):
            most = np.minimum(length, np.floor(need / sessions.minimum_kw + _ROUNDING).astype(np.int64) + 1)
        number = np.maximum(1, most - least + 1)
        session = np.repeat(np.arange(len(sessions)), number)
        begins = np.cumsum(number) - number
        count = least[session] + np.arange(len(session)) - begins[session]
        width = self.steps + 1
        key = (sessions.area[session].astype(np.int64) * self.steps + sessions.arrival[session]) * width + count
        found, row = np.unique(key, return_inverse=True)
        rest, counts = np.divmod(found, width)
        areas, arrivals = np.divmod(rest, self.steps)
        return _Candidates(session, count, row, begins), arrivals, counts, areas

    def _best_counts(self, price: FloatArray) -> tuple[LongArray, FloatArray]:
        """Cheapest step count of every session and its cost; ties go to the shorter."""
        width = int(self._counts.max(initial=1))
        local = self._prices(price, self._areas, self._arrivals, self._counts, width)
        first = local[:, 0].copy()
        total = np.where(np.isfinite(local), local, 0.0).sum(axis=1) - first
        local.sort(axis=1)
        first_rank = (local < first[:, None]).sum(axis=1)
        np.copyto(local, 0.0, where=~np.isfinite(local))
        spent = np.zeros((len(local), width + 1))
        np.cumsum(local, axis=1, out=spent[:, 1:])
        found = self._candidates
        part = self.sessions
        least, most = part.minimum_kw[found.session], part.power_kw[found.session]
        band = np.maximum(most - least, 1e-12)
        left = np.maximum(self._need[found.session] - (found.count - 1) * least, 0.0)
        rank, own = first_rank[found.row], first[found.row]
        early = rank * band
        inside = np.clip(left - early, 0.0, most)
        others = np.where(left > early + most, left - most, np.minimum(left, early))
        cost = least * total[found.row] + inside * own
        cost += band * _sum_of_cheapest(spent, found.row, others / band, rank)
        best = np.minimum.reduceat(cost, found.begins)
        winner = np.flatnonzero(cost <= best[found.session])
        _, place = np.unique(found.session[winner], return_index=True)
        return found.count[winner[place]], best

    def _prices(
        self,
        price: FloatArray,
        area: LongArray | IntArray,
        arrival: LongArray | IntArray,
        counts: LongArray,
        width: int,
    ) -> FloatArray:
        """Prices of the first ``counts`` steps from each arrival, infinite behind them, shape (rows, width)."""
        step = np.arange(width)
        at = np.minimum(arrival[:, None] + step, self.steps - 1)
        return np.asarray(np.where(step < counts[:, None], price[area[:, None], at], np.inf))

    def _window(self, width: int) -> LongArray:
        return np.asarray(self.sessions.arrival[:, None] + np.arange(width), dtype=np.int64)


def _group_sessions(sessions: Sessions, groups: int) -> LongArray:
    """Groups of one area and neighbouring arrivals, of about equal size."""
    order = np.lexsort((sessions.arrival, sessions.area))
    per_area = max(1, groups // max(1, len(np.unique(sessions.area))))
    group_of = np.zeros(len(sessions), dtype=np.int64)
    number = 0
    for rows in np.split(order, np.flatnonzero(np.diff(sessions.area[order])) + 1):
        for part in np.array_split(rows, min(per_area, len(rows))):
            group_of[part] = number
            number += 1
    return group_of


def _sum_of_cheapest(spent: FloatArray, row: LongArray, amount: FloatArray, skipped: LongArray) -> FloatArray:
    """Price of the cheapest ``amount`` steps of sorted rows, leaving out the step of rank ``skipped``.

    ``amount`` counts whole and part steps; ``spent[row, k]`` is the price of the k cheapest steps.
    """
    whole = np.minimum(amount.astype(np.int64), spent.shape[1] - 2)
    share = amount - whole
    past = whole >= skipped
    last = spent.shape[1] - 1
    low = np.where(past, np.minimum(whole + 1, last), whole)
    own = spent[row, np.minimum(skipped + 1, last)] - spent[row, skipped]
    base = spent[row, low] - np.where(past, own, 0.0)
    following = spent[row, np.minimum(low + 1, last)] - spent[row, low]
    return np.asarray(base + share * following)
