"""Chargers per 100 kW under two stated sets of assumptions, with every car full at departure."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from market.offers.charger_fleet import (
    GRID,
    REFERENCE_FLEET,
    SET_A,
    SET_B,
    ChargerAssumptions,
    StationDays,
    block_window,
    count_stations,
    draw_station_days,
    without_minimum,
)
from optimizer.offers.charger_pool import charge_at_once, spare_block
from optimizer.offers.fleet_curve import find_largest_volume
from optimizer.offers.offer_window import OfferWindow
from optimizer.problems.fleet import FleetProblem, Sessions
from optimizer.results.fleet import Schedules
from optimizer.verify.fleet import verify_sessions


@pytest.fixture(scope="module")
def fleet() -> StationDays:
    """The documented fleet."""
    return draw_station_days(**REFERENCE_FLEET)


def as_schedules(sessions: Sessions, power: np.ndarray) -> Schedules:
    length = (sessions.departure - sessions.arrival).astype(np.int64)
    inside = (np.arange(GRID.steps) >= sessions.arrival[:, None]) & (
        np.arange(GRID.steps) < sessions.departure[:, None]
    )
    return Schedules(
        start=np.cumsum(length) - length,
        arrival=sessions.arrival,
        departure=sessions.departure,
        power_kw=power[inside],
    )


def bands(assumptions: ChargerAssumptions) -> tuple[int, int]:
    if assumptions in SET_A:
        return 37, 61
    return (50, 100) if assumptions.bidirectional else (120, 200)


@pytest.mark.parametrize("assumptions", [*SET_A, *SET_B], ids=lambda a: a.name)
def test_stations_per_100_kw_lie_where_the_two_sets_of_assumptions_put_them(
    fleet: StationDays, assumptions: ChargerAssumptions
) -> None:
    found = count_stations(fleet, assumptions)
    least, most = bands(assumptions)
    assert found.stations is not None
    assert least <= found.stations <= most, (assumptions.name, found.stations)
    assert len(assumptions.lines()) == 5


def test_the_drawn_fleet_has_the_published_aggregates(fleet: StationDays) -> None:
    """Grid-tariff study: 11,368 kWh per station and year; source data of the pausing study: 2.70 and 1.77 kW."""
    kwh = fleet.sessions.energy_kwh.sum() / (fleet.stations * fleet.days)
    assert kwh == pytest.approx(11_368 / 365, rel=0.05)
    pausing, least = (count_stations(fleet, a).kw_per_station for a in SET_A)
    assert pausing == pytest.approx(2.70, rel=0.15)
    assert least == pytest.approx(1.77, rel=0.15)


@pytest.mark.parametrize("hours", [1, 4])
@pytest.mark.parametrize("minimum", [0, 6])
def test_every_session_is_full_at_departure_and_keeps_its_minimum(hours: int, minimum: int) -> None:
    drawn = draw_station_days(30, 20, seed=5).sessions
    sessions = drawn if minimum else without_minimum(drawn)
    window = block_window(replace(SET_B[0], hours=hours))
    made = spare_block(sessions, window, GRID)
    problem = FleetProblem.of(GRID, sessions, 0.2)
    nothing = np.zeros(len(sessions))
    for power in (made.power_kw, charge_at_once(without_minimum(sessions), GRID)):
        judged = problem if power is made.power_kw else replace(problem, sessions=without_minimum(sessions))
        assert verify_sessions(judged, as_schedules(sessions, power), nothing) == ()
    assert made.power_kw.sum() == pytest.approx(made.baseline_kw.sum(), rel=1e-9)


def test_a_car_that_feeds_back_is_never_emptier_than_it_came_and_full_when_it_leaves() -> None:
    sessions = without_minimum(draw_station_days(40, 20, seed=6).sessions)
    window = block_window(SET_B[1])
    made = spare_block(sessions, window, GRID, discharge_kw=sessions.power_kw)
    stored = np.cumsum(made.power_kw, axis=1) * 0.25
    assert stored.min() >= -1e-9
    assert (stored.max(axis=1) <= sessions.energy_kwh + 1e-9).all()
    assert stored[:, -1] == pytest.approx(sessions.energy_kwh)
    assert (np.abs(made.power_kw) <= sessions.power_kw[:, None] + 1e-9).all()
    assert made.power_kw.min() < -1.0
    before = spare_block(sessions, window, GRID)
    inside = window.steps
    assert made.power_kw[:, inside].sum() < before.power_kw[:, inside].sum() - 10.0


def test_no_schedule_draws_less_in_the_block_than_the_least_energy_allows() -> None:
    """Oracle for pausing sessions: the pool's largest constant volume by linear programming is an upper bound."""
    drawn = draw_station_days(60, 1, seed=8).sessions
    sessions = without_minimum(drawn)
    for hours in (1, 4):
        window = block_window(replace(SET_A[0], hours=hours))
        made = spare_block(sessions, window, GRID)
        constant = made.reduction_kw.sum(axis=0)[window.steps].min()
        baseline = made.baseline_kw.sum(axis=0)
        best = find_largest_volume(FleetProblem.of(GRID, sessions, 0.2), OfferWindow(steps=window.steps), baseline)
        assert constant <= best + 1e-3
        assert constant >= (0.9 if hours == 1 else 0.5) * best
        # Energy in the block by itself: what does not fit outside it must be inside.
        inside = window.steps
        steps = np.arange(GRID.steps)
        present = (steps >= sessions.arrival[:, None]) & (steps < sessions.departure[:, None])
        room = (present & ~inside).sum(axis=1) * sessions.power_kw * 0.25
        least = np.maximum(sessions.energy_kwh - room, 0.0)
        assert made.power_kw[:, inside].sum(axis=1) * 0.25 == pytest.approx(least, abs=1e-9)
