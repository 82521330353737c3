"""Questions about fleets that are one plan each: hosting capacity, flexibility per station, size of a bid.

Every answer states what it assumes: how the fleet is steered, the baseline, the length of the block, the minimum
current and the reliability. The same 100 kW takes forty charging stations under one set of assumptions and a hundred
and fifty under another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

import numpy as np

from optimizer.fleet.baseline import plug_in_power
from optimizer.fleet.session_generator import PUBLIC_NL_TEN_HOURS, SessionStatistics, draw_station_sessions
from optimizer.problems.fleet import FleetProblem, FloatArray, Sessions
from optimizer.runs.fleet import FleetOptions, FleetOutcome, plan_fleet
from optimizer.timegrid import TimeGrid

MOST_STATIONS = 4096


class Steering(StrEnum):
    """How a fleet is steered."""

    UNCONTROLLED = "uncontrolled"
    MINIMUM_CURRENT = "minimum current"
    PAUSABLE = "pausable"


class Baseline(StrEnum):
    """What a reduction is counted from."""

    UNCONTROLLED = "uncontrolled"
    CHEAPEST = "cheapest"


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingCapacity:
    """How many stations fit under a transformer.

    Attributes:
        steering: how they are steered.
        limit_kw: limit of the transformer.
        stations: stations at which the limit is reached, averaged over the draws and interpolated.
        draws: the same per draw of sessions.
    """

    steering: Steering
    limit_kw: float
    stations: float
    draws: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BidSize:
    """How many stations one bid takes.

    Attributes:
        stations: stations for the volume asked.
        kw_per_station: reduction per station that is there with the reliability asked.
        mean_kw_per_station: mean reduction per station.
    """

    stations: int
    kw_per_station: float
    mean_kw_per_station: float


def find_hosting_capacity(
    grid: TimeGrid,
    base_load_kw: FloatArray,
    limit_kw: float,
    steering: Steering,
    *,
    draws: int = 5,
    seed: int = 1,
    statistics: SessionStatistics = PUBLIC_NL_TEN_HOURS,
    relative_gap: float = 2e-3,
) -> HostingCapacity:
    """Find how many stations fit under a limit on every step of a grid.

    Args:
        grid: time steps; a week of high base load is a good choice.
        base_load_kw: load beside the stations, shape (steps,).
        limit_kw: limit.
        steering: how the stations are steered.
        draws: number of independent draws of sessions to average over.
        seed: seed of the first draw.
        statistics: what sessions are drawn from.
        relative_gap: gap to which a peak is found.
    """

    def peak(stations: int, draw: int) -> float:
        sessions = stations_in_order(
            grid, stations, draw, statistics, pausable=steering is not Steering.MINIMUM_CURRENT
        )
        return lowest_peak(grid, sessions, base_load_kw, steering, relative_gap=relative_gap)

    highest = float(base_load_kw.max())
    found = tuple(_crossing(partial(peak, draw=seed + k), highest, limit_kw) for k in range(draws))
    return HostingCapacity(steering=steering, limit_kw=limit_kw, stations=float(np.mean(found)), draws=found)


def lowest_peak(
    grid: TimeGrid, sessions: Sessions, base_load_kw: FloatArray, steering: Steering, *, relative_gap: float = 1e-6
) -> float:
    """Highest power in kW over the grid, as low as the steering allows."""
    if steering is Steering.UNCONTROLLED or not len(sessions):
        return float((base_load_kw + plug_in_power(sessions, grid.steps, grid.step_h)[0]).max())
    problem = FleetProblem.of(grid, sessions, 0.0, base_load_kw=base_load_kw[None, :], peak_price_eur_per_kw=1.0)
    return _cost_of_plan(plan_fleet(problem, options=FleetOptions(relative_gap=relative_gap)))


def find_reduction(
    grid: TimeGrid, sessions: Sessions, baseline_kw: FloatArray, block: slice, *, relative_gap: float = 1e-4
) -> float:
    """Greatest constant reduction in kW against a baseline during a block, every session still full at departure.

    Args:
        grid: time steps.
        sessions: the fleet; sessions with a minimum keep it.
        baseline_kw: baseline, shape (steps,).
        block: steps of the block.
        relative_gap: gap to which the power left in the block is found.
    """
    if not len(sessions):
        return 0.0
    # Outside the block a load far below zero keeps the steps from being the peak of load minus baseline.
    depth = 2.0 * float(sessions.power_kw.sum()) + float(np.abs(baseline_kw).max())
    shifted = np.full(grid.steps, -depth)
    shifted[block] = -baseline_kw[block]
    lift = float(np.abs(shifted[block]).max())
    problem = FleetProblem.of(grid, sessions, 0.0, base_load_kw=(shifted + lift)[None, :], peak_price_eur_per_kw=1.0)
    highest = _cost_of_plan(plan_fleet(problem, options=FleetOptions(relative_gap=relative_gap)))
    return max(0.0, lift - highest)


def find_bid_size(
    volume_kw: float,
    grids: Sequence[TimeGrid],
    block: slice,
    *,
    stations: int = 200,
    steering: Steering = Steering.PAUSABLE,
    baseline: Baseline = Baseline.UNCONTROLLED,
    price_eur_per_kwh: FloatArray | None = None,
    reliability: float = 0.5,
    seed: int = 1,
    statistics: SessionStatistics = PUBLIC_NL_TEN_HOURS,
) -> BidSize:
    """Find how many stations a bid takes under stated assumptions.

    Args:
        volume_kw: constant reduction to be offered.
        grids: one grid per day to draw, all of equal length.
        block: steps of the block in each grid.
        stations: stations per draw; the reduction per station is taken from them.
        steering: how the stations are steered; uncontrolled stations offer nothing.
        baseline: what the reduction is counted from.
        price_eur_per_kwh: prices for the baseline ``cheapest``, shape (steps,).
        reliability: share of the days on which the reduction must be there.
        seed: seed of the first day.
        statistics: what sessions are drawn from.
    """
    per_station = []
    for day, grid in enumerate(grids):
        sessions = stations_in_order(
            grid, stations, seed + day, statistics, pausable=steering is not Steering.MINIMUM_CURRENT
        )
        reference = baseline_power(grid, sessions, baseline, price_eur_per_kwh)
        reduced = 0.0
        if steering is not Steering.UNCONTROLLED:
            reduced = find_reduction(grid, sessions, reference, block)
        per_station.append(reduced / stations)
    sure = float(np.quantile(per_station, 1.0 - reliability))
    return BidSize(
        stations=math.ceil(volume_kw / sure) if sure > 0 else MOST_STATIONS,
        kw_per_station=sure,
        mean_kw_per_station=float(np.mean(per_station)),
    )


def baseline_power(
    grid: TimeGrid, sessions: Sessions, baseline: Baseline, price_eur_per_kwh: FloatArray | None = None
) -> FloatArray:
    """Power of a fleet under a baseline, shape (steps,)."""
    if baseline is Baseline.UNCONTROLLED or price_eur_per_kwh is None:
        return np.asarray(plug_in_power(sessions, grid.steps, grid.step_h)[0])
    outcome = plan_fleet(FleetProblem.of(grid, sessions, price_eur_per_kwh))
    assert outcome.plan is not None
    return np.asarray(outcome.plan.power_kw[0])


def stations_in_order(
    grid: TimeGrid,
    stations: int,
    draw: int,
    statistics: SessionStatistics = PUBLIC_NL_TEN_HOURS,
    *,
    pausable: bool = True,
) -> Sessions:
    """Sessions of so many stations; more stations of the same draw contain those of fewer."""
    listed = [
        draw_station_sessions(grid, 1, np.random.default_rng([draw, number]), statistics=statistics, pausable=pausable)
        for number in range(stations)
    ]
    nothing: list[float] = []
    empty = Sessions.of(nothing, nothing, nothing, nothing)
    return Sessions.join([*listed, empty])


def _crossing(peak: Callable[[int], float], base_kw: float, limit_kw: float) -> float:
    """Number of stations at which a rising peak reaches the limit, interpolated between two numbers."""
    below, at_below = 0, base_kw
    above = 8
    while (at_above := peak(above)) <= limit_kw:
        below, at_below = above, at_above
        above *= 2
        if above > MOST_STATIONS:
            return float(below)
    while above - below > max(1, below // 32):
        middle = (above + below) // 2
        at_middle = peak(middle)
        if at_middle <= limit_kw:
            below, at_below = middle, at_middle
        else:
            above, at_above = middle, at_middle
    rise = at_above - at_below
    return below + (above - below) * ((limit_kw - at_below) / rise if rise > 0 else 0.0)


def _cost_of_plan(outcome: FleetOutcome) -> float:
    """Cost of a plan without hard limits, which always exists."""
    assert outcome.plan is not None
    return outcome.plan.cost_eur
