"""Virtual sessions: any number of pausable charging sessions as a few thousand, exactly.

Write the steps at full power a session needs as ``k + f`` with whole k and ``0 <= f < 1``. Its feasible schedules are
then exactly the sums of two schedules on the same window: one that takes k whole steps at ``(1 - f)`` times its power
and one that takes k + 1 whole steps at ``f`` times its power. (Both are the base polytopes of the same concave function
of the number of steps; sums of such polytopes add their functions.) All sessions of one window and area therefore add
up to virtual sessions (window, k), at most one more than the window has steps, and a day has at most T (T + 1) / 2
windows: the size of the problem does not depend on the number of cars.

The way back is closed form: if ``z[k, t]`` is the share of virtual session k that runs in step t, then a session
takes ``power * ((1 - f) z[k, t] + f z[k + 1, t])``, which is never above its power and is full at departure.

Sources: Mukhi & Abate on lifted permutohedra (arXiv 2306.16824), generalised polymatroids (arXiv 2503.23458).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.fleet import FloatArray, Sessions

LongArray = NDArray[np.int64]

_DENSE_KEYS = 8_000_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class VirtualSessions:
    """All sessions of a fleet, added up per area, window and number of whole steps.

    Attributes:
        steps: steps of the grid.
        area: area per window, shape (windows,).
        arrival: first step per window.
        departure: first step after the window.
        power_kw: power of virtual session (window, k), shape (windows, longest window + 2).
    """

    steps: int
    area: LongArray
    arrival: LongArray
    departure: LongArray
    power_kw: FloatArray

    def __len__(self) -> int:
        return len(self.area)

    @property
    def keys(self) -> LongArray:
        """Rising key per window, as `window_keys` gives it for sessions."""
        return _key(self.area, self.arrival, self.departure, self.steps)

    @property
    def length(self) -> LongArray:
        """Steps per window."""
        return self.departure - self.arrival

    @property
    def virtual_count(self) -> int:
        """Number of virtual sessions with power."""
        return int(np.count_nonzero(self.power_kw))

    def locate(self, sessions: Sessions) -> LongArray:
        """Window of each session, shape (sessions,).

        Raises:
            KeyError: a session has a window that was not aggregated.
        """
        keys, wanted = self.keys, window_keys(sessions, self.steps)
        if not len(wanted):
            return wanted
        places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        if not np.array_equal(keys[places], wanted):
            raise KeyError("a session has a window that was not aggregated")
        return places


def split_energy(sessions: Sessions, step_h: float) -> tuple[LongArray, FloatArray]:
    """Whole steps k and remaining share f of each session; a session that stays too short takes its whole stay."""
    length = (sessions.departure - sessions.arrival).astype(np.int64)
    full = np.minimum(sessions.full_steps(step_h), length)
    whole = full.astype(np.int64)
    return whole, full - whole


def window_keys(sessions: Sessions, steps: int) -> LongArray:
    """One number per session that says its area and window."""
    return _key(
        sessions.area.astype(np.int64), sessions.arrival.astype(np.int64), sessions.departure.astype(np.int64), steps
    )


def aggregate(parts: Iterable[Sessions], steps: int, step_h: float) -> VirtualSessions:
    """Add up sessions that come in parts; memory holds one part and the virtual sessions, never the fleet.

    Args:
        parts: sessions, part by part; a single table is a list of one.
        steps: steps of the grid.
        step_h: length of a step in hours.
    """
    keys, power = np.zeros(0, np.int64), np.zeros(0)
    for part in parts:
        keys, power = _merge(keys, power, *_virtual_of(part, steps, step_h))
    window, whole = np.divmod(keys, steps + 2)
    found, place = np.unique(window, return_inverse=True)
    rest, departure = np.divmod(found, steps + 1)
    area, arrival = np.divmod(rest, steps)
    longest = int((departure - arrival).max(initial=1))
    table = np.zeros((len(found), longest + 2))
    table[place, whole] = power
    return VirtualSessions(steps=steps, area=area, arrival=arrival, departure=departure, power_kw=table)


def _virtual_of(part: Sessions, steps: int, step_h: float) -> tuple[LongArray, FloatArray]:
    whole, share = split_energy(part, step_h)
    keys = window_keys(part, steps) * (steps + 2) + whole
    # f > 0 implies k < length, so k + 1 never leaves the window.
    extra = np.flatnonzero(share > 0)
    return _sum_by_key(
        np.concatenate([keys, keys[extra] + 1]),
        np.concatenate([(1 - share) * part.power_kw, share[extra] * part.power_kw[extra]]),
    )


def _merge(
    keys: LongArray, power: FloatArray, new_keys: LongArray, new_power: FloatArray
) -> tuple[LongArray, FloatArray]:
    if not len(keys):
        return new_keys, new_power
    return _sum_by_key(np.concatenate([keys, new_keys]), np.concatenate([power, new_power]))


def _sum_by_key(keys: LongArray, values: FloatArray) -> tuple[LongArray, FloatArray]:
    if not len(keys):
        return keys, values
    low = int(keys.min())
    span = int(keys.max()) - low + 1
    if span <= min(_DENSE_KEYS, 50 * len(keys)):
        present = np.flatnonzero(np.bincount(keys - low, minlength=span)).astype(np.int64)
        return present + low, np.asarray(np.bincount(keys - low, values, span)[present], dtype=np.float64)
    found, place = np.unique(keys, return_inverse=True)
    return found, np.asarray(np.bincount(place, values, len(found)), dtype=np.float64)


def _key(area: LongArray, arrival: LongArray, departure: LongArray, steps: int) -> LongArray:
    return (area * steps + arrival) * (steps + 1) + departure
