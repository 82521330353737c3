"""Many areas with limits of their own, such as streets under a transformer, as one oracle.

Each area keeps a small master over its own responses and its own limits. Asked for prices, it answers with its cheapest
known mixture within its limits, and proves a bound with its own Lagrangian; asked often, both meet. So the master above
sees plans that already respect every street, has only the rows of transformers and stations, and does not grow with the
number of streets. An area whose free answer keeps its limits answers exactly, without any master.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import numpy as np

from optimizer.fleet.limit_rows import LimitRows, LongArray
from optimizer.fleet.master import Master
from optimizer.fleet.oracles.oracle import Response
from optimizer.fleet.oracles.pausable import Mixture, PausableOracle
from optimizer.problems.fleet import FloatArray, IntArray

FIRST_ROUNDS = 60
LATER_ROUNDS = 1
FIRST_GAP = 1e-2
THREADS = 2
GROUPS_ABOVE = 12
_EMPTY = 1e-7
_PASSED_KW = 1e-6
_SMOOTHING = 0.3
_NEVER = 1000.0


@dataclass(slots=True, eq=False)
class _Area:
    """One area with limits: its windows, its rows, and what it has answered so far."""

    area: int
    groups: list[int]
    rows: LimitRows
    master: Master | None = None
    powers: list[FloatArray] = field(default_factory=list)
    asked: list[int] = field(default_factory=list)
    duals: FloatArray | None = None


class LimitedAreasOracle:
    """Areas at the bottom of the tree with their limits, grouped by the area around them.

    It keeps what it has learnt between rounds, so it stays in one process; its prices of every inner round are recorded
    for the way back to sessions.
    """

    exact = False

    def __init__(self, pausable: PausableOracle, rows: LimitRows, parent: IntArray) -> None:
        """Take over the areas of a pausable oracle.

        Args:
            pausable: the sessions.
            rows: shared rows of areas without areas inside them, and no others.
            parent: area around each area.
        """
        self._pausable = pausable
        areas = np.unique(pausable.group_area)
        group_area = pausable.group_area
        self._areas = [
            _Area(
                area=int(a),
                groups=np.flatnonzero(group_area == a).tolist(),
                rows=rows.of_area(int(a)),
            )
            for a in areas
        ]
        outer = set(parent.tolist())
        around = [each.area if each.area in outer else int(parent[each.area]) for each in self._areas]
        self._group_of, self._group_area = _group_areas(around, [each.area for each in self._areas])
        self._place_of_group = {g: k for k, each in enumerate(self._areas) for g in each.groups}
        self.inner_prices: list[list[FloatArray]] = [[] for _ in self._areas]
        self.unkept: set[int] = set()

    @property
    def group_area(self) -> IntArray:
        """Area around the areas of each group."""
        return self._group_area

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Mix within every area's own limits; the detail is the share of each inner round per area."""
        groups, steps = len(self._group_area), price_eur_per_kw.shape[1]
        power, own, bound = np.zeros((groups, steps)), np.zeros(groups), np.zeros(groups)
        shares: list[tuple[LongArray, FloatArray]] = []
        places = range(len(self._areas))
        with ThreadPoolExecutor(THREADS) as threads:
            answers = threads.map(
                lambda k: self._answer(k, self._areas[k], price_eur_per_kw[self._areas[k].area]), places
            )
            listed = list(answers)
        for k, (mixed, extra, proven, share) in zip(places, listed, strict=True):
            group = self._group_of[k]
            power[group] += mixed
            own[group] += extra
            bound[group] += proven
            shares.append(share)
        return Response(power_kw=power, own_cost_eur=own, bound_eur=bound, detail=tuple(shares))

    def split(self, _parts: int) -> tuple[LimitedAreasOracle, ...]:
        """Stay whole: the memory of the areas is here."""
        return (self,)

    def join(self, details: Sequence[object]) -> object:
        """Hand on the only detail."""
        return details[0]

    def mixture(self, details: Sequence[Sequence[tuple[LongArray, FloatArray]]], weights: FloatArray) -> Mixture:
        """Prices and shares of every window group, for shares of outer rounds per group, shape (groups, rounds)."""
        found = [np.zeros(len(prices)) for prices in self.inner_prices]
        for k in range(len(self._areas)):
            for j in np.flatnonzero(weights[self._group_of[k]]).tolist():
                rounds, share = details[j][k]
                np.add.at(found[k], rounds, weights[self._group_of[k], j] * share)

        def of_group(number: int) -> tuple[list[FloatArray], FloatArray]:
            place = self._place_of_group[number]
            used = np.flatnonzero(found[place])
            return [self.inner_prices[place][j] for j in used], found[place][used]

        return of_group

    def _answer(
        self, place: int, each: _Area, price: FloatArray
    ) -> tuple[FloatArray, float, float, tuple[LongArray, FloatArray]]:
        """Mixture, own cost, bound and shares of one area at prices from above."""
        free = self._ask(place, each, price)
        kept = bool((each.rows.sign * free[each.rows.step] <= each.rows.level_kw + 1e-9).all())
        if kept:
            number = len(self.inner_prices[place]) - 1
            return free, 0.0, float(price @ free), (np.array([number]), np.ones(1))
        return self._mix(place, each, price, free)

    def _ask(self, place: int, each: _Area, price: FloatArray) -> FloatArray:
        power = np.zeros(len(price))
        for g in each.groups:
            group = self._pausable.groups[g]
            power[group.first : group.first + group.span] += group.respond(price)
        self.inner_prices[place].append(price)
        return power

    def _mix(
        self, place: int, each: _Area, price: FloatArray, free: FloatArray
    ) -> tuple[FloatArray, float, float, tuple[LongArray, FloatArray]]:
        rows, first = each.rows, each.master is None
        if each.master is None:
            dear = 6.0 * float(np.abs(price).max()) + 0.05
            each.master = Master(
                rows, np.zeros(1, dtype=np.int32), scale_kw=max(float(free.max()), 1e-3), artificial_eur=dear
            )
        master = each.master
        self._add(place, each, master, free, price)
        bound = float(price @ free)
        master.recost(np.array(each.powers) @ price)
        mixture = master.solve()
        assert mixture is not None
        for _ in range(FIRST_ROUNDS if first else LATER_ROUNDS):
            duals = mixture.duals
            if each.duals is not None:
                duals = _SMOOTHING * each.duals + (1 - _SMOOTHING) * duals
            asked = price - _by_step(rows, duals, len(price))
            power = self._ask(place, each, asked)
            proven = float(asked @ power + duals @ rows.level_kw)
            if proven > bound:
                bound, each.duals = proven, duals
            self._add(place, each, master, power, price)
            mixture = master.solve()
            assert mixture is not None
            near = mixture.objective_eur - bound <= FIRST_GAP * max(abs(bound), 1e-6) * (1.0 if first else 0.02)
            if near and mixture.artificial_kw <= _EMPTY:
                break
        taken = np.flatnonzero(mixture.shares)
        share = mixture.shares[taken] / mixture.shares[taken].sum()
        mixed = share @ np.array(each.powers)[taken]
        own = max(0.0, mixture.objective_eur - float(price @ mixed))
        if mixture.artificial_kw > _PASSED_KW:
            # A mixture that passes a hard limit is no plan: too dear to be taken as long as there is any other.
            self.unkept.add(each.area)
            own += _NEVER * max(abs(mixture.objective_eur), own)
        else:
            self.unkept.discard(each.area)
        return mixed, own, bound, (np.array(each.asked)[taken], share)

    def _add(self, place: int, each: _Area, master: Master, power: FloatArray, price: FloatArray) -> None:
        """Put the last answer into the area's master."""
        each.powers.append(power)
        each.asked.append(len(self.inner_prices[place]) - 1)
        master.add(np.zeros(1, dtype=np.int64), power[None, :], np.array([float(price @ power)]))


def _by_step(rows: LimitRows, duals: FloatArray, steps: int) -> FloatArray:
    return np.asarray(np.bincount(rows.step, rows.sign * duals, steps), dtype=np.float64)


def _group_areas(around: list[int], areas: list[int]) -> tuple[LongArray, IntArray]:
    """A few groups per surrounding area; an area without one is a group under itself."""
    group_of = np.zeros(len(areas), dtype=np.int64)
    group_area: list[int] = []
    for outer in sorted(set(around)):
        members = [k for k, a in enumerate(around) if a == outer]
        for part in np.array_split(np.array(members), min(GROUPS_ABOVE, len(members))):
            group_of[part] = len(group_area)
            group_area.append(outer if outer >= 0 else areas[int(part[0])])
    return group_of, np.array(group_area, dtype=np.int32)
