"""From a mixture to one answer per session, for sessions whose schedules cannot be mixed.

At most about as many sessions as there are shared rows are truly mixed in an optimum (Shapley-Folkman); all others only
choose among equal answers. So sessions pick, one after the other, the answer that keeps the sum closest to the mixture,
and then those that stand in a step whose limit is passed choose again at what the limit leaves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.fleet.limit_rows import LimitRows
from optimizer.fleet.oracles.minimum_current import MinimumCurrentOracle
from optimizer.fleet.virtual_sessions import LongArray
from optimizer.problems.fleet import FloatArray

SWEEPS = 12
_CLOSE_KW = 1e-7


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RoundedSessions:
    """One answer per session.

    Attributes:
        power_kw: power per session and step from its arrival on, shape (sessions, longest stay).
        area_power_kw: sum per area, areas inside it not included, shape (areas, steps).
        passed_kw: greatest power by which a hard limit is still passed.
    """

    power_kw: FloatArray
    area_power_kw: FloatArray
    passed_kw: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RoundingTask:
    """What is to be rounded.

    Attributes:
        oracle: the sessions.
        prices: prices of the rounds in the mixture, each of shape (areas, steps).
        counts: step counts that each session answered, per round.
        weights: share of each round per group of the oracle, shape (groups, rounds).
        rows: shared rows.
        others_kw: power of everything else per area, areas inside not included, shape (areas, steps).
        energy_eur_per_kw: price of a kW held for one step, shape (steps,).
        area_prices: prices with every limit in them, shape (areas, steps).
    """

    oracle: MinimumCurrentOracle
    prices: Sequence[FloatArray]
    counts: Sequence[LongArray]
    weights: FloatArray
    rows: LimitRows
    others_kw: FloatArray
    energy_eur_per_kw: FloatArray
    area_prices: FloatArray


def round_sessions(task: RoundingTask) -> RoundedSessions:
    """Choose one answer per session, close to the mixture, then repair the limits that are passed."""
    power, mixed = _follow_mixture(task)
    top, floor = _bands(task, mixed)
    state = _State(task, power, top, floor)
    area_prices = task.area_prices
    for _ in range(SWEEPS):
        passed = state.passed()
        if passed.max(initial=0.0) <= _CLOSE_KW:
            break
        area_prices = area_prices + np.where(passed > _CLOSE_KW, 0.3 * np.abs(task.energy_eur_per_kw).max(), 0.0)
        state.choose_again(passed, area_prices)
    return RoundedSessions(
        power_kw=state.power, area_power_kw=state.own_sum(), passed_kw=_passed(task, state.own_sum())
    )


def _passed(task: RoundingTask, own_kw: FloatArray) -> float:
    """Greatest power by which a hard limit is passed; a peak that rises only costs."""
    rows = task.rows
    total = rows.covers.astype(np.float64).T @ (own_kw + task.others_kw)
    beyond = (rows.use(total) - rows.level_kw)[~rows.priced & (rows.source >= 0)]
    return max(0.0, float(beyond.max(initial=0.0)))


def _follow_mixture(task: RoundingTask) -> tuple[FloatArray, FloatArray]:
    """Power per session that follows the mixture, and the mixture's own power per area."""
    oracle, sessions = task.oracle, task.oracle.sessions
    width = int((sessions.departure - sessions.arrival).max(initial=1))
    power = np.zeros((len(sessions), width))
    mixed = np.zeros_like(task.others_kw)
    for group in range(len(oracle.group_area)):
        rows = np.flatnonzero(oracle.group_of == group)
        rows = rows[np.lexsort((rows, -sessions.power_kw[rows], sessions.arrival[rows]))]
        used = np.flatnonzero(task.weights[group]).tolist()
        shares = task.weights[group, used]
        answers = np.stack([oracle.fill(task.prices[j], task.counts[j][rows], rows) for j in used], axis=1)
        means = np.einsum("j,njt->nt", shares, answers)
        away = np.zeros(task.others_kw.shape[1] + width)
        for k, row in enumerate(rows):
            here = slice(sessions.arrival[row], sessions.arrival[row] + width)
            trial = away[here] + answers[k] - means[k]
            best = int(np.argmin((trial * trial).sum(axis=1)))
            away[here] = trial[best]
            power[row] = answers[k, best]
            mixed[oracle.group_area[group]] += _placed(means[k], int(sessions.arrival[row]), mixed.shape[1])
    return power, mixed


def _placed(window: FloatArray, arrival: int, steps: int) -> FloatArray:
    full = np.zeros(steps)
    count = min(len(window), steps - arrival)
    full[arrival : arrival + count] = window[:count]
    return full


def _bands(task: RoundingTask, mixed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Highest and lowest power per area and step; a priced peak may not rise above that of the mixture."""
    rows = task.rows
    top, floor = np.full(task.others_kw.shape, np.inf), np.full(task.others_kw.shape, -np.inf)
    hard = ~rows.priced & (rows.source >= 0)
    upper, lower = hard & (rows.sign > 0), hard & (rows.sign < 0)
    np.minimum.at(top, (rows.area[upper], rows.step[upper]), rows.level_kw[upper])
    np.maximum.at(floor, (rows.area[lower], rows.step[lower]), -rows.level_kw[lower])
    peaks = np.flatnonzero(rows.source < 0)
    if len(peaks):
        total = rows.covers.astype(np.float64).T @ (mixed + task.others_kw)
        use = rows.use(total)[peaks] - rows.level_kw[peaks]
        highest = np.full(len(rows.peak_area), -np.inf)
        np.maximum.at(highest, rows.peak_of_row[peaks], use)
        level = rows.level_kw[peaks] + highest[rows.peak_of_row[peaks]]
        np.minimum.at(top, (rows.area[peaks], rows.step[peaks]), level)
    return top, floor


class _State:
    """The sum of all answers, kept up to date while single sessions choose again."""

    def __init__(self, task: RoundingTask, power: FloatArray, top: FloatArray, floor: FloatArray) -> None:
        self._task = task
        self.power = power
        width = power.shape[1]
        # Steps behind the grid are padding: windows of the longest stay may reach into it.
        self._top = np.pad(top, ((0, 0), (0, width)), constant_values=np.inf)
        self._floor = np.pad(floor, ((0, 0), (0, width)), constant_values=-np.inf)
        self._chain = [np.flatnonzero(around) for around in task.rows.covers]
        others = task.rows.covers.astype(np.float64).T @ task.others_kw
        self._steps = others.shape[1]
        self._total = np.pad(others, ((0, 0), (0, width)))
        sessions = task.oracle.sessions
        for row in range(len(sessions)):
            here = slice(sessions.arrival[row], sessions.arrival[row] + width)
            self._total[self._chain[sessions.area[row]], here] += power[row]

    def own_sum(self) -> FloatArray:
        """Power of the rounded sessions per area, areas inside not included."""
        sessions, width = self._task.oracle.sessions, self.power.shape[1]
        total = np.zeros_like(self._total)
        np.add.at(total, (sessions.area[:, None], sessions.arrival[:, None] + np.arange(width)[None, :]), self.power)
        return total[:, : self._steps]

    def passed(self) -> FloatArray:
        """Power beyond the band per area and step, shape (areas, steps)."""
        beyond = np.maximum(self._total - self._top, self._floor - self._total)
        return np.maximum(beyond, 0.0)[:, : self._steps]

    def choose_again(self, passed: FloatArray, area_prices: FloatArray) -> None:
        """Let sessions in steps that are passed choose among every answer known, plus one at dearer prices."""
        task, sessions = self._task, self._task.oracle.sessions
        counts = task.oracle.respond(area_prices).detail
        concerned = self._concerned(passed)
        options = [(task.prices[j], task.counts[j]) for j in range(len(task.prices))] + [(area_prices, counts)]
        answers = np.stack([task.oracle.fill(price, c[concerned], concerned) for price, c in options], axis=1)
        width = self.power.shape[1]
        energy = np.pad(task.energy_eur_per_kw, (0, width))
        dear = 50.0 * float(np.abs(energy).max()) + 1.0
        for k, row in enumerate(concerned):
            here = slice(sessions.arrival[row], sessions.arrival[row] + width)
            trials = np.vstack([self.power[row][None, :], answers[k]])
            cost = trials @ energy[here]
            for area in self._chain[sessions.area[row]]:
                total = self._total[area, here] - self.power[row] + trials
                cost += dear * np.maximum(total - self._top[area, here], 0.0).sum(axis=1)
                cost += dear * np.maximum(self._floor[area, here] - total, 0.0).sum(axis=1)
            best = int(np.argmin(cost))
            if best and cost[best] < cost[0] - 1e-12:
                self._total[self._chain[sessions.area[row]], here] += trials[best] - self.power[row]
                self.power[row] = trials[best]

    def _concerned(self, passed: FloatArray) -> LongArray:
        """Sessions plugged in while a limit around them is passed."""
        sessions = self._task.oracle.sessions
        hit = (passed > _CLOSE_KW).astype(np.int64)
        around = np.stack([hit[chain].max(axis=0) for chain in self._chain])
        before = np.concatenate([np.zeros((len(around), 1), dtype=np.int64), np.cumsum(around, axis=1)], axis=1)
        inside = before[sessions.area, sessions.departure] - before[sessions.area, sessions.arrival]
        return np.flatnonzero(inside > 0)
