"""How much a pool of chargers can leave out during one block, by an explicit schedule for every session.

Each session does what spares the block most: full power until it begins, as little as its car allows during it, full
power after it, and no less in the block than what would otherwise not be in by departure. That is the least energy in
the block for every session by itself, so the mean over the block is the optimum; the constant volume it makes is what
the schedules really deliver, a proven lower bound on the pool's best.

A session with a minimum may not pause: it starts at arrival (its first step is exempt) and holds the minimum until it
is full. A bidirectional session may give back what it charged since arrival, so it is never emptier than it came.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from optimizer.offers.offer_window import OfferWindow
from optimizer.problems.fleet import FloatArray, Sessions
from optimizer.problems.series import BoolArray
from optimizer.timegrid import TimeGrid

SMALL_KW = 1e-9


class VolumeBasis(StrEnum):
    """What counts as the volume of a block: the least of its quarter-hours, or their mean."""

    CONSTANT = "constant"
    MEAN = "mean"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoolSchedules:
    """Schedules of sessions on one grid.

    Attributes:
        baseline_kw: uncontrolled power per session and step, shape (sessions, steps).
        power_kw: power that spares the block, shape (sessions, steps); negative where a car gives back.
    """

    baseline_kw: FloatArray
    power_kw: FloatArray

    @property
    def reduction_kw(self) -> FloatArray:
        """Power left out against uncontrolled charging, shape (sessions, steps)."""
        return self.baseline_kw - self.power_kw


def charge_at_once(sessions: Sessions, grid: TimeGrid) -> FloatArray:
    """Full power from arrival until the energy is in, shape (sessions, steps)."""
    done = np.arange(grid.steps)[None, :] - sessions.arrival[:, None]
    share = np.clip(sessions.full_steps(grid.step_h)[:, None] - done, 0.0, 1.0)
    inside = (done >= 0) & (np.arange(grid.steps) < sessions.departure[:, None])
    return np.where(inside, share * sessions.power_kw[:, None], 0.0)


def spare_block(
    sessions: Sessions, window: OfferWindow, grid: TimeGrid, *, discharge_kw: FloatArray | None = None
) -> PoolSchedules:
    """Give every session the schedule that spares a block most.

    Args:
        sessions: the sessions; one whose stay is too short charges at full power throughout.
        window: the block, without gaps.
        grid: time steps.
        discharge_kw: most power each session may feed back, shape (sessions,); None where none may. A session that
            feeds back has no minimum.
    """
    steps, step_h = np.arange(grid.steps)[None, :], grid.step_h
    arrival, departure = sessions.arrival[:, None], sessions.departure[:, None]
    present = (steps >= arrival) & (steps < departure)
    full = np.where(present, sessions.power_kw[:, None], 0.0)
    first, after = window.first, window.after
    wanted = np.minimum(sessions.grid_kwh, full.sum(axis=1) * step_h)
    before = _fill(full * (steps < first), wanted, step_h)
    stored = before.sum(axis=1) * step_h
    left = wanted - stored
    room_after = (full * (steps >= after)).sum(axis=1) * step_h
    inside = present & (steps >= first) & (steps < after)
    needed = np.maximum(left - room_after, 0.0)
    held = _fill(_least(sessions, inside), left, step_h)
    lacking = np.maximum(needed - held.sum(axis=1) * step_h, 0.0)
    on_top = held + _fill(np.where(inside, full - held, 0.0), lacking, step_h)
    pausing = sessions.minimum_kw[:, None] <= 0.0
    block = np.where(pausing, np.minimum(_even(inside, needed / step_h), full), on_top)
    back = np.zeros(len(sessions))
    if discharge_kw is not None:
        most = inside.sum(axis=1) * discharge_kw * step_h
        back = np.where(needed > 0.0, 0.0, np.minimum(np.minimum(stored, most), np.maximum(room_after - left, 0.0)))
        block = block - _even(inside, back / step_h)
    rest = wanted - stored - block.sum(axis=1) * step_h
    late = _fill(full * (steps >= after), np.maximum(rest, 0.0), step_h)
    power = _lift_last_step(sessions, before + block + late)
    return PoolSchedules(baseline_kw=charge_at_once(sessions, grid), power_kw=power)


def _least(sessions: Sessions, inside: BoolArray) -> FloatArray:
    """Power per step inside that a session may not go below while it charges; none in its first step."""
    steps = np.arange(inside.shape[1])[None, :]
    least: FloatArray = sessions.minimum_kw[:, None] * (inside & (steps != sessions.arrival[:, None]))
    return least


def _lift_last_step(sessions: Sessions, power_kw: FloatArray) -> FloatArray:
    """Move what is too little for the last step into the first, or take what it lacks from there: it is exempt."""
    rows = np.arange(len(sessions))
    steps = power_kw.shape[1]
    last = steps - 1 - np.argmax(power_kw[:, ::-1] > SMALL_KW, axis=1)
    rest = power_kw[rows, last]
    short = (rest > SMALL_KW) & (rest < sessions.minimum_kw) & (last > sessions.arrival)
    first = power_kw[rows, sessions.arrival]
    fits = first + rest <= sessions.power_kw
    moved = np.where(fits, rest, rest - sessions.minimum_kw) * short
    lifted = power_kw.copy()
    lifted[rows, sessions.arrival] += moved
    lifted[rows, last] -= moved
    return lifted


def _fill(most_kw: FloatArray, energy_kwh: FloatArray, step_h: float) -> FloatArray:
    """Take energy as early as possible under a power per step."""
    until = np.cumsum(most_kw, axis=1) * step_h
    taken = np.minimum(until, energy_kwh[:, None])
    return np.diff(taken, axis=1, prepend=0.0) / step_h


def _even(inside: BoolArray, total_kw: FloatArray) -> FloatArray:
    """Spread a sum of power evenly over the steps inside."""
    count = np.maximum(inside.sum(axis=1), 1)
    spread: FloatArray = inside * (total_kw / count)[:, None]
    return spread
