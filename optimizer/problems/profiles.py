"""Profiles that follow from an asset's data alone, without any choice."""

from __future__ import annotations

import numpy as np

from optimizer.problems.assets import Batch, BuildingZone, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.timegrid import TimeGrid


def full_power_profile(session: ChargingSession, grid: TimeGrid) -> FloatArray:
    """Charge at full power from arrival until the energy is in, shape (steps,).

    A session that cannot get its energy in time charges at full power until it leaves.
    """
    profile = np.zeros(grid.steps)
    window = slice(session.arrival_step, session.departure_step)
    drawn_before = np.arange(session.departure_step - session.arrival_step) * session.power_kw
    wanted = session.energy_kwh / (session.efficiency * grid.step_h)
    profile[window] = np.clip(wanted - drawn_before, 0.0, session.power_kw)
    return profile


def comfort_band(zone: BuildingZone, grid: TimeGrid) -> tuple[FloatArray, FloatArray]:
    """Lower and upper edge per step boundary, each of shape (steps + 1,): the tighter of the two steps that meet.

    The boundary before step 0 has no band, because its temperature is given.
    """
    lower = np.full(grid.steps + 1, -np.inf)
    upper = np.full(grid.steps + 1, np.inf)
    lower[1:] = zone.lower_c
    upper[1:] = zone.upper_c
    lower[1:-1] = np.maximum(lower[1:-1], zone.lower_c[1:])
    upper[1:-1] = np.minimum(upper[1:-1], zone.upper_c[1:])
    if zone.final_lower_c is not None:
        lower[-1] = max(lower[-1], zone.final_lower_c)
    if zone.final_upper_c is not None:
        upper[-1] = min(upper[-1], zone.final_upper_c)
    return lower, upper


def possible_starts(batch: Batch, grid: TimeGrid, announced_step: int) -> list[int]:
    """Steps a batch may start in: its window, ending within the grid, with notice kept.

    Args:
        batch: the batch.
        grid: time grid of the site.
        announced_step: step at which the plan is made known.
    """
    first_movable = announced_step + batch.notice_steps
    if batch.planned_start_step < first_movable:
        return [batch.planned_start_step]
    last = min(batch.latest_start_step, grid.steps - batch.duration_steps)
    starts = range(max(batch.earliest_start_step, 0, first_movable), last + 1)
    return list(starts)
