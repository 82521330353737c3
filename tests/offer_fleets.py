"""Small fleets that tests of offers share, as a fleet and as a site."""

from __future__ import annotations

from datetime import date, time

import numpy as np

from optimizer.problems.assets import ChargingSession
from optimizer.problems.fleet import FleetProblem, FloatArray, Sessions
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid, local_instant

DAY = date(2027, 2, 2)


def draw_fleet(count: int, seed: int) -> FleetProblem:
    """Cars that arrive through the evening of a winter day, on a grid from noon to noon."""
    draw = np.random.default_rng(seed)
    grid = TimeGrid(start=local_instant(DAY, time(12)), steps=96)
    arrival = np.clip(draw.normal(22, 8, count), 0, 60).astype(int)
    departure = np.minimum(arrival + np.clip(draw.normal(40, 16, count), 8, 90).astype(int), 96)
    power = draw.choice([3.7, 7.4, 11.0], count)
    energy = np.minimum(draw.gamma(2.0, 8.0, count) + 0.5, 0.9 * power * (departure - arrival) * 0.25)
    price = 0.15 + 0.08 * np.sin(np.arange(96) / 96 * 4 * np.pi) + 0.02 * draw.random(96)
    return FleetProblem.of(grid, Sessions.of(arrival, departure, energy, power), price)


def uncontrolled_kw(problem: FleetProblem) -> FloatArray:
    """Every car at full power from arrival, added up."""
    sessions, total = problem.sessions, np.zeros(problem.grid.steps)
    for step in range(problem.grid.steps):
        done = step - sessions.arrival
        share = np.clip(sessions.full_steps(problem.step_h) - done, 0.0, 1.0)
        total[step] = (share * (done >= 0) * (step < sessions.departure) * sessions.power_kw).sum()
    return total


def as_site(problem: FleetProblem) -> SiteProblem:
    """The same cars as one site with room for all."""
    sessions, steps = problem.sessions, problem.grid.steps
    return SiteProblem(
        id="fleet",
        grid=problem.grid,
        contracted_offtake_kw=np.full(steps, 1e5),
        contracted_feed_in_kw=np.zeros(steps),
        offtake_price_eur_per_kwh=problem.price_eur_per_kwh,
        feed_in_price_eur_per_kwh=np.zeros(steps),
        assets=tuple(
            ChargingSession(
                id=f"car-{k:04d}",
                arrival_step=int(sessions.arrival[k]),
                departure_step=int(sessions.departure[k]),
                energy_kwh=float(sessions.energy_kwh[k]),
                power_kw=float(sessions.power_kw[k]),
            )
            for k in range(len(sessions))
        ),
    )
