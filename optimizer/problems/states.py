"""Measured states, and the site that is left to plan once some steps have passed.

A site that has run for a while is again a site: shorter grid, cars that need less, a battery and a zone that start
where they were measured. What a plan from now on must satisfy is exactly that remaining site.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import singledispatch
from typing import Any, TypeAlias

import numpy as np

from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.contracts import remaining_contract
from optimizer.problems.profiles import full_power_profile
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionState:
    """A vehicle now.

    Attributes:
        received_kwh: energy it has received.
        stopped: whether it has stopped charging; matters only for one that does not restart.
    """

    received_kwh: float
    stopped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneState:
    """A zone now.

    Attributes:
        temperature_c: measured temperature.
    """

    temperature_c: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatteryState:
    """A battery now.

    Attributes:
        stored_kwh: energy it holds.
    """

    stored_kwh: float


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """A batch now.

    Attributes:
        start_step: step of the original grid in which it has started, or is announced to start.
    """

    start_step: int


State: TypeAlias = SessionState | ZoneState | BatteryState | BatchState
States: TypeAlias = Mapping[str, State]


def remaining_site(problem: SiteProblem, now: int, states: States) -> SiteProblem:
    """Build the site that is left from step ``now`` on, in the order of the problem.

    Args:
        problem: the site as planned first.
        now: step of its grid that starts now; announcements count from here.
        states: measured state per asset id; an asset without one is as it was at the start.
    """
    windows = tuple(replace(w, steps=w.steps[now:], limit_kw=w.limit_kw[now:]) for w in problem.windows)
    return replace(
        problem,
        grid=TimeGrid(start=problem.grid.at(now), steps=problem.grid.steps - now, step_s=problem.grid.step_s),
        contracted_offtake_kw=problem.contracted_offtake_kw[now:],
        contracted_feed_in_kw=problem.contracted_feed_in_kw[now:],
        offtake_price_eur_per_kwh=problem.offtake_price_eur_per_kwh[now:],
        feed_in_price_eur_per_kwh=problem.feed_in_price_eur_per_kwh[now:],
        windows=windows,
        contracts=tuple(remaining_contract(c, now, problem.grid.step_h) for c in problem.contracts),
        assets=tuple(remaining_asset(asset, problem, now, states) for asset in problem.assets),
        announced_step=0 if now else problem.announced_step,
    )


@singledispatch
def remaining_asset(asset: Any, problem: SiteProblem, now: int, states: States) -> Asset:
    """What is left of an asset; the type decides which registered function answers.

    Raises:
        TypeError: no such function is registered for this type of asset.
    """
    del problem, now, states
    raise TypeError(f"assets of type {type(asset).__name__} cannot be re-planned on the way")


def energy_left_kwh(asset: ChargingSession, state: SessionState) -> float:
    """Energy a session still needs; nothing more can be had from one that has stopped and does not restart."""
    if state.stopped and asset.pausing is Pausing.NO_RESTART:
        return 0.0
    return max(0.0, asset.energy_kwh - state.received_kwh)


@remaining_asset.register
def remaining_session(asset: ChargingSession, problem: SiteProblem, now: int, states: States) -> Asset:
    """A session that has left or is not flexible is a given load; any other needs what it has not received."""
    if asset.departure_step <= now or not asset.flexible:
        gone = full_power_profile(asset, problem.grid) if not asset.flexible else np.zeros(problem.grid.steps)
        return BaseLoad(id=asset.id, power_kw=gone[now:])
    measured = session_state(asset, states)
    by = asset.guaranteed_by_step
    promised = by is not None and by > now
    return replace(
        asset,
        arrival_step=max(0, asset.arrival_step - now),
        departure_step=asset.departure_step - now,
        energy_kwh=energy_left_kwh(asset, measured),
        guaranteed_kwh=max(0.0, asset.guaranteed_kwh - measured.received_kwh) if promised else 0.0,
        guaranteed_by_step=by - now if promised and by is not None else None,
    )


@remaining_asset.register
def remaining_zone(asset: BuildingZone, problem: SiteProblem, now: int, states: States) -> Asset:
    """The zone starts at its measured temperature."""
    del problem
    state = states.get(asset.id)
    return replace(
        asset,
        initial_temperature_c=state.temperature_c if isinstance(state, ZoneState) else asset.initial_temperature_c,
        outdoor_temperature_c=asset.outdoor_temperature_c[now:],
        gains_kw=asset.gains_kw[now:],
        lower_c=asset.lower_c[now:],
        upper_c=asset.upper_c[now:],
        heat_pump_cop=asset.heat_pump_cop[now:],
        chiller_cop=asset.chiller_cop[now:],
    )


@remaining_asset.register
def remaining_battery(asset: Battery, problem: SiteProblem, now: int, states: States) -> Asset:
    """The battery starts with the energy it holds."""
    del now, problem
    state = states.get(asset.id)
    return replace(asset, initial_kwh=state.stored_kwh) if isinstance(state, BatteryState) else asset


@remaining_asset.register
def remaining_batch(asset: Batch, problem: SiteProblem, now: int, states: States) -> Asset:
    """A batch that has started is a given load; any other is planned where it was announced last."""
    planned = announced_start(asset, states)
    if planned < now:
        power = np.zeros(problem.grid.steps + asset.duration_steps)
        power[planned : planned + asset.duration_steps] = asset.profile_kw
        return BaseLoad(id=asset.id, power_kw=power[now : problem.grid.steps])
    earliest, waiting = asset.earliest_start_step, []
    for before in (other for other in problem.assets if isinstance(other, Batch) and other.id in asset.after):
        start = announced_start(before, states)
        if start < now:
            earliest = max(earliest, start + before.duration_steps + asset.gap_steps)
        else:
            waiting.append(before.id)
    return replace(
        asset,
        earliest_start_step=max(0, earliest - now),
        latest_start_step=asset.latest_start_step - now,
        planned_start_step=planned - now,
        after=tuple(waiting),
    )


def announced_start(asset: Batch, states: States) -> int:
    """Step of the original grid in which a batch has started or is announced to start."""
    state = states.get(asset.id)
    return state.start_step if isinstance(state, BatchState) else asset.planned_start_step


def session_state(asset: ChargingSession, states: States) -> SessionState:
    """Measured state of a session; nothing received if nothing was measured."""
    state = states.get(asset.id)
    return state if isinstance(state, SessionState) else SessionState(received_kwh=0.0)


@remaining_asset.register
def remaining_base_load(asset: BaseLoad, problem: SiteProblem, now: int, states: States) -> Asset:
    """The rest of the load."""
    del problem, states
    return replace(asset, power_kw=asset.power_kw[now:])
