"""Hosting capacity, flexibility, evening load and rebound peaks of a generated Dutch fleet.

Targets: ROBUST white paper and Brinkel et al., Nature Communications 2024: 15 / 40 / 100 stations under a 400 kW
transformer with a 314.5 kW household peak; evening load to near zero; a tariff's secondary peak around one at night.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from optimizer.fleet.baseline import plug_in_power
from optimizer.fleet.session_generator import HOUSEHOLD_DAY, PUBLIC_NL, arrival_weights, draw_sessions
from optimizer.problems.fleet import AreaLimits, FleetProblem, FloatArray
from optimizer.runs.fleet import plan_fleet
from optimizer.runs.fleet_queries import (
    Baseline,
    Steering,
    find_bid_size,
    find_hosting_capacity,
    find_reduction,
    lowest_peak,
    stations_in_order,
)
from optimizer.timegrid import TimeGrid

STATIONS = 200


def _grid(days: int, day: int = 12) -> TimeGrid:
    return TimeGrid(start=datetime(2026, 1, day, 11, tzinfo=UTC), steps=96 * days)


def _hours(grid: TimeGrid) -> FloatArray:
    return np.array([s.hour + s.minute / 60 for s in grid.local_starts()])


def _households(grid: TimeGrid) -> FloatArray:
    return 314.5 * np.array([HOUSEHOLD_DAY[s.hour] for s in grid.local_starts()])


def test_generated_sessions_have_the_published_statistics() -> None:
    grid = _grid(7)
    sessions = draw_sessions(grid, 40_000, np.random.default_rng(1))
    assert sessions.energy_kwh.mean() == pytest.approx(25.6, rel=0.15)
    assert (sessions.power_kw < 8).mean() == pytest.approx(0.42, abs=0.02)
    hours = _hours(grid)[sessions.arrival]
    assert 0.4 < ((hours >= 15) & (hours < 20)).mean() < 0.6
    weekend = [s.weekday() >= 5 and 10 <= s.hour < 15 for s in grid.local_starts()]
    weekday = [s.weekday() < 5 and 10 <= s.hour < 15 for s in grid.local_starts()]
    weights = arrival_weights(grid, PUBLIC_NL)
    assert weights[weekend].mean() > 1.5 * weights[weekday].mean()
    again = draw_sessions(grid, 40_000, np.random.default_rng(1))
    assert np.array_equal(again.energy_kwh, sessions.energy_kwh)


def test_uncontrolled_stations_under_a_transformer() -> None:
    grid = _grid(21)
    found = find_hosting_capacity(grid, _households(grid), 400.0, Steering.UNCONTROLLED, draws=6)
    assert 12.0 <= found.stations <= 20.0
    assert len(found.draws) == 6


def test_pauses_host_the_most_and_minimum_current_lies_between() -> None:
    grid = _grid(3)
    base = _households(grid)
    peaks = {
        steering: lowest_peak(
            grid,
            stations_in_order(grid, 40, 1, pausable=steering is not Steering.MINIMUM_CURRENT),
            base,
            steering,
            relative_gap=3e-3,
        )
        for steering in Steering
    }
    assert peaks[Steering.PAUSABLE] < peaks[Steering.MINIMUM_CURRENT] < peaks[Steering.UNCONTROLLED]
    assert peaks[Steering.MINIMUM_CURRENT] < 405.0 < peaks[Steering.UNCONTROLLED]


def test_evening_load_goes_to_nearly_nothing() -> None:
    grid = _grid(1)
    sessions = stations_in_order(grid, STATIONS, 3)
    evening = (_hours(grid) >= 17) & (_hours(grid) < 21)
    plan = plan_fleet(FleetProblem.of(grid, sessions, np.where(evening, 1.0, 0.0))).plan
    assert plan is not None
    left = plan.power_kw[0][evening].sum() / plug_in_power(sessions, grid.steps, grid.step_h)[0][evening].sum()
    assert left <= 0.2


def test_a_tariff_makes_a_night_peak_and_a_limit_takes_it_away() -> None:
    grid = _grid(1)
    sessions, hour = stations_in_order(grid, STATIONS, 3), _hours(grid)
    low, high = (hour >= 1) & (hour < 16), (hour >= 18) & (hour < 22)
    tariff = np.where(low, 0.03, np.where(high, 0.09, 0.06))
    uncontrolled = plug_in_power(sessions, grid.steps, grid.step_h)[0]
    free = plan_fleet(FleetProblem.of(grid, sessions, tariff)).plan
    assert free is not None
    power = free.power_kw[0]
    assert power[high].sum() <= 0.2 * uncontrolled[high].sum()
    assert power.max() >= 1.25 * uncontrolled.max()
    assert 1.0 <= hour[int(np.argmax(power))] < 2.0
    limit = AreaLimits.of(float(uncontrolled.max()), grid.steps)
    held = plan_fleet(FleetProblem.of(grid, sessions, tariff, limits=limit)).plan
    assert held is not None
    assert held.power_kw[0].max() <= uncontrolled.max() * (1 + 1e-9)
    assert held.power_kw[0][high].sum() <= 0.2 * uncontrolled[high].sum()
    assert held.cost_eur >= free.cost_eur


def test_a_reduction_is_what_the_fleet_can_leave_out() -> None:
    grid = _grid(1)
    sessions = stations_in_order(grid, 60, 5)
    baseline = plug_in_power(sessions, grid.steps, grid.step_h)[0]
    block = slice(24, 28)
    reduction = find_reduction(grid, sessions, baseline, block)
    assert reduction > 0
    levels = np.full(grid.steps, np.inf)
    levels[block] = baseline[block] - 0.999 * reduction
    assert plan_fleet(FleetProblem.of(grid, sessions, 0.1, limits=AreaLimits.of(levels, grid.steps))).plan is not None
    levels[block] = baseline[block] - 1.01 * reduction
    assert plan_fleet(FleetProblem.of(grid, sessions, 0.1, limits=AreaLimits.of(levels, grid.steps))).plan is None


def test_a_bid_takes_more_stations_when_it_must_be_sure() -> None:
    days = [_grid(1, day) for day in range(12, 17)]
    block = slice(20, 24)
    usual = find_bid_size(100.0, days, block, stations=100)
    sure = find_bid_size(100.0, days, block, stations=100, reliability=0.95)
    assert 30 <= usual.stations <= 65
    assert sure.stations > usual.stations
    price = np.where((_hours(days[0]) >= 16) & (_hours(days[0]) < 21), 0.4, 0.1)
    cheap = find_bid_size(100.0, days, block, stations=100, baseline=Baseline.CHEAPEST, price_eur_per_kwh=price)
    assert cheap.stations > 2 * usual.stations
