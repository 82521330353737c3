"""Small sites that several tests share. Figures of the study carry their lines; the others are assumptions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta
from typing import Any

import numpy as np

from optimizer.problems.assets import Asset, BuildingZone, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import TimeGrid, local_instant

WINTER_DAY = date(2027, 2, 2)
SUMMER_DAY = date(2027, 7, 6)


def grid_from(day: date, clock: time = time(0), steps: int = 96) -> TimeGrid:
    """Quarter-hours from a local time on."""
    return TimeGrid(start=local_instant(day, clock), steps=steps)


def site_of(assets: Sequence[Asset], grid: TimeGrid, **changes: Any) -> SiteProblem:
    """A site with 1 MW both ways and a flat price, changed where the test says so."""
    flat = np.ones(grid.steps)
    fields: dict[str, Any] = {
        "id": "site",
        "grid": grid,
        "contracted_offtake_kw": 1000.0 * flat,
        "contracted_feed_in_kw": 1000.0 * flat,
        "offtake_price_eur_per_kwh": 0.2 * flat,
        "feed_in_price_eur_per_kwh": 0.1 * flat,
        "assets": tuple(assets),
    }
    return SiteProblem(**(fields | changes))


def depot(night_kw: float) -> SiteProblem:
    """Three trucks of 290 kWh on 50 kW chargers, 21:00 to 07:00 (study 5936-5938, 6062-6072)."""
    day = WINTER_DAY
    grid = grid_from(day, time(12))
    arrival = grid.index_of(local_instant(day, time(21)))
    departure = grid.index_of(local_instant(day + timedelta(days=1), time(7)))
    trucks = [
        ChargingSession(
            id=f"truck-{k}", arrival_step=arrival, departure_step=departure, energy_kwh=290.0, power_kw=50.0
        )
        for k in (1, 2, 3)
    ]
    return site_of(trucks, grid, contracted_offtake_kw=np.full(grid.steps, night_kw))


def office_zone(grid: TimeGrid, **changes: Any) -> BuildingZone:
    """An office of 10,000 m2 with a chiller of 144 kW, COP 4.3, in a band of 2.5 K (study 4067, 2978, 2553).

    Resistance, capacity, gains and weather are assumptions: 10 kW/K of loss, 85 Wh/m2K, 45 W/m2 while open; without
    cooling it drifts by 0.6 K/h in the warmest hour, below the study's bound of 0.75 K/h (2802-2811).
    """
    clock = np.array([start.hour + start.minute / 60 for start in grid.local_starts()])
    is_open = grid.inside([(time(8), time(18))])
    flat = np.ones(grid.steps)
    fields: dict[str, Any] = {
        "id": "office",
        "resistance_k_per_kw": 0.1,
        "capacity_kwh_per_k": 850.0,
        "initial_temperature_c": 23.5,
        "outdoor_temperature_c": 23.5 + 6.5 * np.cos((clock - 16.0) / 24.0 * 2.0 * np.pi),
        "gains_kw": np.where(is_open, 450.0, 40.0),
        "lower_c": 22.0 * flat,
        "upper_c": 24.5 * flat,
        "heat_pump_kw": 150.0,
        "heat_pump_cop": 2.6 * flat,
        "chiller_kw": 144.0,
        "chiller_cop": 4.3 * flat,
    }
    return BuildingZone(**(fields | changes))


def evening_window(grid: TimeGrid, limit_kw: float | FloatArray, **changes: Any) -> CongestionWindow:
    """The evening peak from 16:00 to 21:00 (study 830, 1351)."""
    fields: dict[str, Any] = {
        "id": "evening",
        "steps": grid.inside([(time(16), time(21))]),
        "limit_kw": np.broadcast_to(limit_kw, grid.steps),
    }
    return CongestionWindow(**(fields | changes))
