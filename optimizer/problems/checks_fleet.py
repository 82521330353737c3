"""Checks of a fleet: every fault of every session, with its row, found by array operations.

Two kinds of fault are kept apart. A *corrupt* session cannot be read as a session at all; it is only planned around
when the caller says so. An *unreachable* session is real but stays too short for its energy; it is planned at full
power for its whole stay and its missing kWh are reported.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding
from optimizer.problems.fleet import BidirectionalSessions, FleetProblem, FloatArray, Sessions

ENERGY_TOLERANCE_KWH = 1e-9

_Masks = dict[str, tuple[NDArray[np.bool_], str, NDArray[np.generic]]]


def check_fleet(problem: FleetProblem) -> tuple[Finding, ...]:
    """Find everything that keeps a fleet from being planned as a whole, corrupt sessions included."""
    found = [*_check_areas(problem), *_check_limits(problem)]
    found += corrupt_findings(problem.sessions, problem.grid.steps, problem.areas)
    found += bidirectional_findings(problem.bidirectional, problem.grid.steps, problem.areas, problem.step_h)
    return tuple(found)


def missing_kwh(sessions: Sessions, step_h: float) -> FloatArray:
    """Energy each session cannot receive even at full power during its whole stay, shape (sessions,)."""
    stay_h = (sessions.departure - sessions.arrival) * step_h
    missing = sessions.energy_kwh - stay_h * sessions.power_kw * sessions.efficiency
    return np.where(missing > ENERGY_TOLERANCE_KWH * np.maximum(1.0, sessions.energy_kwh), missing, 0.0)


def unreachable_findings(sessions: Sessions, step_h: float, *, first_row: int = 0) -> tuple[Finding, ...]:
    """Name every session that stays too short for its energy, with the kWh it will miss."""
    missing = missing_kwh(sessions, step_h)
    reachable = sessions.energy_kwh - missing
    return tuple(
        Finding(
            rule="session.energy.reachable",
            path=f"sessions[{first_row + row}].energy_kwh",
            message=f"session {first_row + row} needs {sessions.energy_kwh[row]:.3f} kWh but can receive "
            f"{reachable[row]:.3f} kWh before it leaves: {missing[row]:.3f} kWh are missing",
            ids=(str(first_row + row),),
            value=f"{sessions.energy_kwh[row]:.6g}",
            limit=f"{reachable[row]:.6g}",
        )
        for row in np.flatnonzero(missing > 0)
    )


def corrupt_rows(sessions: Sessions, steps: int, areas: int) -> NDArray[np.bool_]:
    """Mark the sessions that cannot be read as sessions, shape (sessions,)."""
    marks = np.zeros(len(sessions), dtype=np.bool_)
    for mask, _, _ in _session_masks(sessions, steps, areas).values():
        marks |= mask
    return marks


def corrupt_findings(sessions: Sessions, steps: int, areas: int, *, first_row: int = 0) -> tuple[Finding, ...]:
    """Name every fault of every session; ``first_row`` is the number of the first row when a file comes in parts."""
    return _row_findings("session", "sessions", _session_masks(sessions, steps, areas), first_row)


def bidirectional_findings(
    sessions: BidirectionalSessions, steps: int, areas: int, step_h: float
) -> tuple[Finding, ...]:
    """Name every fault of every bidirectional session."""
    stay_h = (sessions.departure - sessions.arrival) * step_h
    with np.errstate(invalid="ignore"):
        reachable = sessions.arrival_kwh + stay_h * sessions.charge_kw * sessions.efficiency
        short = np.minimum(reachable, sessions.capacity_kwh) < sessions.target_kwh * (1 - 1e-9) - ENERGY_TOLERANCE_KWH
    masks: _Masks = {
        **_window_masks(sessions, steps, areas),
        "charge_kw": (_below(sessions.charge_kw, 0.0), "is a charging power of 0 or more", sessions.charge_kw),
        "discharge_kw": (_below(sessions.discharge_kw, 0.0), "is a power of 0 or more", sessions.discharge_kw),
        "capacity_kwh": (~(sessions.capacity_kwh > 0), "is a positive size", sessions.capacity_kwh),
        "arrival_kwh": (
            _below(sessions.arrival_kwh, 0.0) | (sessions.arrival_kwh > sessions.capacity_kwh),
            "lies between 0 and the size of the battery",
            sessions.arrival_kwh,
        ),
        "target_kwh": (
            ~np.isfinite(sessions.target_kwh) | short,
            "can be reached before departure within the battery",
            sessions.target_kwh,
        ),
    }
    return _row_findings("bidirectional", "bidirectional", masks, 0)


def _session_masks(sessions: Sessions, steps: int, areas: int) -> _Masks:
    return {
        **_window_masks(sessions, steps, areas),
        "energy_kwh": (_below(sessions.energy_kwh, 0.0), "is an energy of 0 kWh or more", sessions.energy_kwh),
        "power_kw": (~((sessions.power_kw > 0) & np.isfinite(sessions.power_kw)), "is positive", sessions.power_kw),
        "minimum_kw": (
            _below(sessions.minimum_kw, 0.0) | (sessions.minimum_kw > sessions.power_kw),
            "lies between 0 and the power of the session",
            sessions.minimum_kw,
        ),
    }


def _window_masks(sessions: Sessions | BidirectionalSessions, steps: int, areas: int) -> _Masks:
    return {
        "arrival": ((sessions.arrival < 0) | (sessions.arrival >= steps), "lies on the time grid", sessions.arrival),
        "departure": (
            (sessions.departure <= sessions.arrival) | (sessions.departure > steps),
            "lies after the arrival and on the time grid",
            sessions.departure,
        ),
        "efficiency": (
            ~((sessions.efficiency > 0) & (sessions.efficiency <= 1)),
            "lies above 0 and at most at 1",
            sessions.efficiency,
        ),
        "area": ((sessions.area < 0) | (sessions.area >= areas), f"is one of {areas} areas", sessions.area),
    }


def _below(values: FloatArray, least: float) -> NDArray[np.bool_]:
    return ~((values >= least) & np.isfinite(values))


def _row_findings(kind: str, table: str, masks: _Masks, first_row: int) -> tuple[Finding, ...]:
    found = [
        (int(row), name, rule, values[row])
        for name, (mask, rule, values) in masks.items()
        for row in np.flatnonzero(mask)
    ]
    return tuple(
        Finding(
            rule=f"{kind}.{name}",
            path=f"{table}[{first_row + row}].{name}",
            message=f"{kind} {first_row + row}: {name} {rule}, not {value}",
            ids=(str(first_row + row),),
            value=str(value),
        )
        for row, name, rule, value in sorted(found, key=lambda f: (f[0], f[1]))
    )


def _check_areas(problem: FleetProblem) -> list[Finding]:
    order = np.arange(problem.areas)
    wrong = (problem.parent >= order) | (problem.parent < -1)
    found = [
        Finding(
            rule="area.parent",
            path=f"parent[{area}]",
            message=f"area {area}: its parent comes before it, not {problem.parent[area]}",
            ids=(str(area),),
            value=str(problem.parent[area]),
        )
        for area in np.flatnonzero(wrong)
    ]
    for name, values in (
        ("price_eur_per_kwh", problem.price_eur_per_kwh),
        ("base_load_kw", problem.base_load_kw),
        ("peak_price_eur_per_kw", problem.peak_price_eur_per_kw),
    ):
        found += [
            Finding(rule=f"fleet.{name}.finite", path=f"{name}{list(map(int, at))}", message=f"{name} is not a number")
            for at in np.argwhere(~np.isfinite(values))
        ]
    if (problem.peak_price_eur_per_kw < 0).any():
        found.append(
            Finding(
                rule="fleet.peak_price_eur_per_kw.sign",
                path="peak_price_eur_per_kw",
                message="a peak price below 0 would reward an endless peak",
            )
        )
    return found


def _check_limits(problem: FleetProblem) -> list[Finding]:
    limits = problem.limits
    found: list[Finding] = []
    for row in range(len(limits)):
        faults = {
            "area": not 0 <= limits.area[row] < problem.areas,
            "direction": limits.direction[row] not in (-1, 1),
            "power_kw": bool(np.isnan(limits.power_kw[row]).any()),
            "price_eur_per_kwh": not bool((limits.price_eur_per_kwh[row] >= 0).all()),
        }
        found += [
            Finding(
                rule=f"limit.{name}",
                path=f"limits[{row}].{name}",
                message=f"limit {row}: {name} is not usable",
                ids=(str(row),),
            )
            for name, bad in faults.items()
            if bad
        ]
    return found
