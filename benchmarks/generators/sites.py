"""Sites with a car park: charging sessions from noon to noon behind one connection, by size and seed.

All figures are assumptions of a round size, chosen so that the connection and its window bind:

- kinds of session: 50 % overnight (arrival about 18:00 with 1.5 h deviation, departure about 07:30 with 1 h), 30 %
  visitors (arrival 12:00-20:00, stay 1-4 h), 20 % commuters (arrival about 08:00 with 0.75 h, until noon);
- charger: 3.7 kW 20 %, 7.4 kW 20 %, 11 kW 50 %, 22 kW 10 %; charging may pause; efficiency 0.9-1;
- energy: gamma distributed with mean 18 kWh (shape 3), at most 85 % of what the stay allows, at least 0.5 kWh;
- price: day-ahead like, 0.02-0.30 EUR/kWh, dear at 08:00 and 19:00, cheap at night and around noon, with noise;
- base load: a building of 0.4 kW per session, half of it by day only.

The contracted capacity and the limit in the window 16:00-21:00 are taken from the plan in which every session charges
evenly over its stay, with 5 % room, so every site is feasible and charging at the cheapest time alone is not.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Final

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.assets import BaseLoad, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import AMSTERDAM, TimeGrid

STEPS: Final = 96
STEP_H: Final = 0.25
CHARGERS_KW: Final = (3.7, 7.4, 11.0, 22.0)
CHARGER_SHARES: Final = (0.2, 0.2, 0.5, 0.1)
KIND_SHARES: Final = (0.5, 0.3, 0.2)
ROOM: Final = 1.05


def generate_site(sessions: int, seed: int, day: date = date(2026, 3, 10)) -> SiteProblem:
    """Generate a site with a number of charging sessions from noon of a day to noon of the next."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid(start=datetime.combine(day, time(12), tzinfo=AMSTERDAM), steps=STEPS)
    arrival, departure = _stays(rng, sessions)
    power = rng.choice(CHARGERS_KW, sessions, p=CHARGER_SHARES)
    efficiency = rng.uniform(0.9, 1.0, sessions)
    most = 0.85 * efficiency * power * STEP_H * (departure - arrival)
    energy = np.clip(rng.gamma(3.0, 6.0, sessions), 0.5, np.maximum(most, 0.5))
    assets = [
        ChargingSession(
            id=f"session-{k:05d}",
            arrival_step=int(arrival[k]),
            departure_step=int(departure[k]),
            energy_kwh=float(energy[k]),
            power_kw=float(power[k]),
            efficiency=float(efficiency[k]),
        )
        for k in range(sessions)
    ]
    base = _base_load(grid, sessions)
    even = base + _even_charging(arrival, departure, energy / efficiency)
    peak = grid.inside([(time(16), time(21))])
    price = _price(grid, rng)
    return SiteProblem(
        id=f"car park {sessions} seed {seed}",
        grid=grid,
        contracted_offtake_kw=np.full(STEPS, ROOM * float(even.max())),
        contracted_feed_in_kw=np.zeros(STEPS),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=np.zeros(STEPS),
        assets=(*assets, BaseLoad(id="building", power_kw=base)),
        windows=(CongestionWindow(id="evening", steps=peak, limit_kw=np.full(STEPS, float(even[peak].max()))),),
    )


def _stays(rng: np.random.Generator, sessions: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First step and step of departure per session; hours count from noon."""
    kind = rng.choice(3, sessions, p=KIND_SHARES)
    start_h = np.choose(
        kind, (rng.normal(6.0, 1.5, sessions), rng.uniform(0.0, 8.0, sessions), rng.normal(20.0, 0.75, sessions))
    )
    end_h = np.choose(
        kind, (rng.normal(19.5, 1.0, sessions), start_h + rng.uniform(1.0, 4.0, sessions), np.full(sessions, 24.0))
    )
    arrival = np.clip(np.round(start_h / STEP_H).astype(np.int64), 0, STEPS - 4)
    departure = np.clip(np.round(end_h / STEP_H).astype(np.int64), arrival + 4, STEPS)
    return arrival, departure


def _even_charging(arrival: NDArray[np.int64], departure: NDArray[np.int64], drawn_kwh: FloatArray) -> FloatArray:
    """Power per step when every session draws its energy evenly over its stay."""
    power = drawn_kwh / (STEP_H * (departure - arrival))
    change = np.zeros(STEPS + 1)
    np.add.at(change, arrival, power)
    np.add.at(change, departure, -power)
    return np.maximum(np.cumsum(change)[:STEPS], 0.0)


def _base_load(grid: TimeGrid, sessions: int) -> FloatArray:
    by_day = grid.inside([(time(7), time(19))])
    return sessions * np.where(by_day, 0.4, 0.2)


def _price(grid: TimeGrid, rng: np.random.Generator) -> FloatArray:
    clock = np.array([start.hour + start.minute / 60 for start in grid.local_starts()])
    peaks = np.exp(-(((clock - 8.0) / 2.0) ** 2)) + 1.2 * np.exp(-(((clock - 19.0) / 2.0) ** 2))
    return np.clip(0.10 + 0.15 * peaks + rng.normal(0.0, 0.01, STEPS), 0.02, 0.30)
