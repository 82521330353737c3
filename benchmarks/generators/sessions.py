"""Fleets for benchmarks: named cities, nested areas, parts of a fleet larger than memory, files of another folder.

Sessions come from `optimizer.fleet.session_generator`. Prices are a winter day with two peaks; the limit lets the fleet
use a bit more than twice its mean power, and a fraction of it during the two windows of scarce grid, so that it binds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from optimizer.fleet.session_generator import draw_sessions
from optimizer.problems.fleet import AreaLimits, BidirectionalSessions, FleetProblem, FloatArray, Sessions
from optimizer.timegrid import TimeGrid

CITIES = {"village": 1_000, "town": 20_000, "city": 100_000, "metropolis": 1_000_000, "country": 10_000_000}
PART = 1_000_000
DAY = 96
WEEK = 672


def noon_grid(steps: int = DAY) -> TimeGrid:
    """A grid from noon local time in winter, so that nights lie in the middle."""
    return TimeGrid(start=datetime(2026, 1, 14, 11, tzinfo=UTC), steps=steps)


def winter_prices(steps: int, seed: int = 0) -> FloatArray:
    """Prices in EUR/kWh with an evening and a morning peak and a little noise."""
    hour = (np.arange(steps) / 4 + 12) % 24
    evening, morning = np.exp(-(((hour - 18.5) / 2.2) ** 2)), np.exp(-(((hour - 8.0) / 1.8) ** 2))
    noise = np.random.default_rng(seed).normal(0, 0.005, steps)
    return np.asarray(np.round(0.09 + 0.19 * evening + 0.13 * morning + noise, 5), dtype=np.float64)


def limit_shape(steps: int) -> FloatArray:
    """Room on the grid as a share of the most there is: half in the evening, a sixth in the morning."""
    hour = (np.arange(steps) / 4 + 12) % 24
    evening, morning = (hour >= 16) & (hour < 20.5), (hour >= 7) & (hour < 9)
    return np.where(evening, 0.55, np.where(morning, 0.17, 1.0))


def generate_city(count: int, seed: int) -> FleetProblem:
    """A day of a city in one area."""
    grid = noon_grid()
    sessions = draw_sessions(grid, count, np.random.default_rng(seed))
    mean_kw = float(sessions.grid_kwh.sum()) / (DAY * grid.step_h)
    return FleetProblem.of(
        grid, sessions, winter_prices(DAY), limits=AreaLimits.of(2.2 * mean_kw * limit_shape(DAY), DAY)
    )


def empty_country(count: int) -> FleetProblem:
    """The same day without its sessions, which come in parts."""
    small = generate_city(20_000, 1)
    limits = AreaLimits.of(small.limits.power_kw * count / len(small.sessions), DAY)
    return FleetProblem.of(
        small.grid, small.sessions.take(np.zeros(0, dtype=np.int64)), small.price_eur_per_kwh, limits=limits
    )


def country_parts(count: int, seed: int, part: int = PART) -> Iterator[Sessions]:
    """Sessions of a country part by part, the same every time."""
    grid = noon_grid()
    for number, at in enumerate(range(0, count, part)):
        yield draw_sessions(grid, min(part, count - at), np.random.default_rng([seed, number]))


def generate_nested(count: int, seed: int, streets: int) -> FleetProblem:
    """A day of a city whose streets hang under ten transformers under one station, limits on every level."""
    grid, generator = noon_grid(), np.random.default_rng(seed)
    above = 10
    parent = np.concatenate([[-1], np.zeros(above), 1 + np.arange(streets) * above // streets]).astype(np.int32)
    sessions = draw_sessions(grid, count, generator, areas=streets, first_area=1 + above)
    mean_kw = np.bincount(sessions.area, sessions.grid_kwh, len(parent)) / (DAY * grid.step_h)
    for area in range(len(parent) - 1, 0, -1):
        mean_kw[parent[area]] += mean_kw[area]
    factor = np.concatenate([[2.2], np.full(above, 2.3), generator.uniform(2.1, 4.2, streets)])
    shape = np.ones((len(parent), DAY))
    shape[0] = limit_shape(DAY)
    return FleetProblem.of(
        grid,
        sessions,
        winter_prices(DAY),
        limits=AreaLimits(
            area=np.arange(len(parent), dtype=np.int32),
            direction=np.ones(len(parent), dtype=np.int32),
            power_kw=(factor * mean_kw)[:, None] * shape,
            price_eur_per_kwh=np.full((len(parent), DAY), np.inf),
        ),
        parent=parent,
    )


def generate_district_week(count: int, seed: int) -> FleetProblem:
    """A week of a district whose cars keep a minimum current of 6 A."""
    grid = noon_grid(WEEK)
    sessions = draw_sessions(grid, count, np.random.default_rng(seed), pausable=False)
    mean_kw = float(sessions.grid_kwh.sum()) / (WEEK * grid.step_h)
    # Few cars even each other out less, so a small district needs more room for its stays at minimum current.
    room = 1.6 + 8.0 / np.sqrt(count)
    return FleetProblem.of(grid, sessions, winter_prices(WEEK), limits=AreaLimits.of(room * mean_kw, WEEK))


def read_reference(data: Path, name: str) -> FleetProblem:
    """Read a fleet from arrays ``price, cap, arrival, departure, pmax, eta`` and ``ereq`` or ``ecap, e0, etarget``."""
    arrays = np.load(data / "ev" / f"{name}.npz")
    grid, price, cap = noon_grid(len(arrays["price"])), arrays["price"], arrays["cap"]
    upper = AreaLimits.of(cap, grid.steps)
    if "ereq" in arrays:
        sessions = Sessions.of(
            arrays["arrival"], arrays["departure"], arrays["ereq"], arrays["pmax"], efficiency=arrays["eta"]
        )
        return FleetProblem.of(grid, sessions, price, limits=upper)
    power = arrays["pmax"].astype(np.float64)
    cars = BidirectionalSessions(
        arrival=arrays["arrival"].astype(np.int32),
        departure=arrays["departure"].astype(np.int32),
        charge_kw=power,
        discharge_kw=power,
        efficiency=arrays["eta"].astype(np.float64),
        capacity_kwh=arrays["ecap"].astype(np.float64),
        arrival_kwh=arrays["e0"].astype(np.float64),
        target_kwh=arrays["etarget"].astype(np.float64),
        area=np.zeros(len(power), dtype=np.int32),
    )
    none: list[float] = []
    return FleetProblem.of(
        grid,
        Sessions.of(none, none, none, none),
        price,
        limits=[upper, AreaLimits.of(-cap, grid.steps, direction=-1)],
        bidirectional=cars,
    )
