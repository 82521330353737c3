"""How much of the energy that sessions need fits through the connection, exactly.

Sessions are sources, steps are sinks, and a session may send at most its power into each step of its stay: a maximum
flow. What does not fit is a proven shortfall, because everything else on the site is given its most favourable power.
The minimum cut names the steps that are full and the sessions that depend on them.
"""

from __future__ import annotations

from functools import singledispatch
from typing import Any

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array, vstack

from optimizer.findings import Finding
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.clock import say_hours
from optimizer.problems.contracts import offtake_capacity_kw
from optimizer.problems.generation import ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.massive_zone import MassiveZone
from optimizer.problems.profiles import full_power_profile
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.problems.windows import Direction

NOTICEABLE_KWH = 1e-6
NAMED_SESSIONS = 6


@singledispatch
def lowest_power_kw(asset: Any, problem: SiteProblem) -> FloatArray:
    """Lower bound on an asset's power per step, shape (steps,); unbounded for an unregistered type."""
    del asset
    return np.full(problem.grid.steps, -np.inf)


@lowest_power_kw.register
def lowest_session_power(asset: ChargingSession, problem: SiteProblem) -> FloatArray:
    """A flexible session's own power is what the flow decides; an inflexible one is a given load."""
    return np.zeros(problem.grid.steps) if asset.flexible else full_power_profile(asset, problem.grid)


@lowest_power_kw.register
def lowest_zone_power(asset: BuildingZone, problem: SiteProblem) -> FloatArray:
    """A zone draws nothing at best."""
    del asset
    return np.zeros(problem.grid.steps)


@lowest_power_kw.register
def lowest_batch_power(asset: Batch, problem: SiteProblem) -> FloatArray:
    """A batch draws nothing at best, or the least of its profile where that feeds in."""
    return np.full(problem.grid.steps, min(0.0, float(asset.profile_kw.min())))


@lowest_power_kw.register
def lowest_battery_power(asset: Battery, problem: SiteProblem) -> FloatArray:
    """A battery delivers its full power at best."""
    return np.full(problem.grid.steps, -asset.discharge_kw)


@lowest_power_kw.register
def lowest_utility_power(asset: Utility, problem: SiteProblem) -> FloatArray:
    """A utility is cut to its lowest power at best."""
    del problem
    return np.minimum(asset.power_kw, asset.lowest_kw)


@lowest_power_kw.register
def lowest_pv_power(asset: PvPlant, problem: SiteProblem) -> FloatArray:
    """Solar panels deliver all the sun gives at best."""
    del problem
    return -asset.available_kw


@lowest_power_kw.register
def lowest_chp_power(asset: ChpUnit, problem: SiteProblem) -> FloatArray:
    """A combined heat and power unit runs at full load at best."""
    return np.full(problem.grid.steps, -asset.most_kw)


@lowest_power_kw.register
def lowest_continuous_power(asset: ContinuousUnit, problem: SiteProblem) -> FloatArray:
    """A continuous unit is turned down at best."""
    return np.full(problem.grid.steps, asset.least_kw)


@lowest_power_kw.register
def lowest_massive_zone_power(asset: MassiveZone, problem: SiteProblem) -> FloatArray:
    """A zone draws nothing at best."""
    del asset
    return np.zeros(problem.grid.steps)


@lowest_power_kw.register
def lowest_base_load(asset: BaseLoad, problem: SiteProblem) -> FloatArray:
    """A base load is what it is."""
    del problem
    return asset.power_kw


def charging_room_kw(problem: SiteProblem) -> FloatArray:
    """Most power left for flexible sessions per step, shape (steps,): hard limits minus everything else at its best."""
    room = offtake_capacity_kw(problem)
    for window in problem.windows:
        if window.direction is Direction.OFFTAKE and window.excess_price_eur_per_kwh is None and not window.asset_ids:
            room = np.where(window.steps, np.minimum(room, window.limit_kw), room)
    for asset in problem.assets:
        room = room - lowest_power_kw(asset, problem)
    return np.maximum(room, 0.0)


def find_charging_shortfall(problem: SiteProblem) -> tuple[Finding, ...]:
    """Say by how many kWh the flexible sessions together exceed the room on the connection, and when.

    Returns:
        One finding with the exact shortfall, or none if every session can be filled.
    """
    sessions = [asset for asset in problem.assets if isinstance(asset, ChargingSession) and asset.flexible]
    room = charging_room_kw(problem)
    if not sessions or not np.isfinite(room).any():
        return ()
    step_h = problem.grid.step_h
    who = np.repeat(np.arange(len(sessions)), [s.departure_step - s.arrival_step for s in sessions])
    when = np.concatenate([np.arange(s.arrival_step, s.departure_step) for s in sessions])
    into = step_h * np.array([s.efficiency for s in sessions])[who]
    columns = np.arange(len(who))
    needs = np.array([s.energy_kwh for s in sessions])
    bounded = np.flatnonzero(np.isfinite(room))
    energy = coo_array((into, (who, columns)), shape=(len(sessions), len(who))).tocsr()
    power = coo_array((np.ones(len(who)), (when, columns)), shape=(len(room), len(who))).tocsr()[bounded]
    answer = linprog(  # type: ignore[call-overload]  # the stubs do not know sparse matrices
        -into,
        A_ub=vstack([energy, power]).tocsr(),
        b_ub=np.concatenate([needs, room[bounded]]),
        bounds=[(0.0, sessions[k].power_kw) for k in who],
        method="highs",
    )
    shortfall = float(needs.sum() + answer.fun)
    if answer.status != 0 or shortfall <= NOTICEABLE_KWH:
        return ()
    marginals = -answer.ineqlin.marginals
    starved = [s.id for s, value in zip(sessions, marginals[: len(sessions)], strict=True) if value < 1.0 - 1e-6]
    full = bounded[marginals[len(sessions) :] > 1e-9]
    return (_shortfall_finding(problem, starved, full, room, shortfall),)


def _shortfall_finding(
    problem: SiteProblem, starved: list[str], full: Any, room: FloatArray, shortfall: float
) -> Finding:
    named = sorted(starved)
    who = ", ".join(named[:NAMED_SESSIONS]) + (
        f" and {len(named) - NAMED_SESSIONS} more" if named[NAMED_SESSIONS:] else ""
    )
    fits = float(room[full].sum()) * problem.grid.step_h
    steps = [int(t) for t in full]
    return Finding(
        rule="site.sessions.shortfall",
        path="contracted_offtake_kw",
        message=f"{who} cannot all be charged: {shortfall:.1f} kWh short, because from "
        f"{say_hours(problem.grid, steps)} the connection leaves at most {fits:.1f} kWh for charging",
        ids=tuple(named),
        value=f"{shortfall:.3f} kWh",
        limit=f"{fits:.3f} kWh",
    )
