"""An office with charge points and a battery: the site someone waits for.

The office is that of the flexibility study (10,000 m2, chiller 144 kW, heat pump 150 kW, band 2.5 K, 17 points of
11 kW, 9.9 kWh per car); resistance, capacity, gains, weather, prices and the battery are assumptions of a round size.
"""

from __future__ import annotations

from datetime import date, time

import numpy as np

from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import TimeGrid


def generate_office(points: int, seed: int, day: date = date(2027, 7, 6)) -> SiteProblem:
    """Generate an office day with a number of charge points and a battery of 200 kWh."""
    rng = np.random.default_rng(seed)
    grid = TimeGrid.of_local_day(day)
    flat = np.ones(grid.steps)
    clock = np.array([start.hour + start.minute / 60 for start in grid.local_starts()])
    is_open = grid.inside([(time(8), time(18))])
    zone = BuildingZone(
        id="zone",
        resistance_k_per_kw=0.1,
        capacity_kwh_per_k=850.0,
        initial_temperature_c=23.5,
        outdoor_temperature_c=23.5 + 6.5 * np.cos((clock - 16.0) / 24.0 * 2.0 * np.pi),
        gains_kw=np.where(is_open, 450.0, 40.0),
        lower_c=22.0 * flat,
        upper_c=24.5 * flat,
        heat_pump_kw=150.0,
        heat_pump_cop=2.6 * flat,
        chiller_kw=144.0,
        chiller_cop=4.3 * flat,
    )
    cars: list[Asset] = [
        ChargingSession(
            id=f"car-{k:04d}",
            arrival_step=int(rng.integers(30, 40)),
            departure_step=int(rng.integers(66, 74)),
            energy_kwh=float(np.round(rng.uniform(6.0, 20.0), 2)),
            power_kw=11.0,
        )
        for k in range(points)
    ]
    battery = Battery(
        id="battery", capacity_kwh=200.0, charge_kw=100.0, discharge_kw=100.0, initial_kwh=100.0, final_kwh=100.0
    )
    price = 0.2 + 0.08 * np.sin((clock - 13.0) / 24.0 * 4.0 * np.pi) + 0.01 * rng.standard_normal(grid.steps)
    return SiteProblem(
        id=f"office {points} seed {seed}",
        grid=grid,
        contracted_offtake_kw=(330.0 + 5.0 * points) * flat,
        contracted_feed_in_kw=100.0 * flat,
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=price - 0.05,
        assets=(zone, *cars, battery, BaseLoad(id="building", power_kw=np.where(is_open, 48.0, 18.0))),
        windows=(CongestionWindow(id="evening", steps=grid.inside([(time(16), time(21))]), limit_kw=30.0 * flat),),
    )


def generate_plant(days: int, seed: int, first: date = date(2027, 3, 1)) -> SiteProblem:
    """Generate the study's chemical plant of 10 MW: base load, two batches a day in sequence, battery, utility.

    Study: 10 MW contracted, capacity factor 0.53, batches of 1 MW, notice 24 h, battery 4 MW x 4 h at 85 %. Batch
    length of 5 h, free windows of two days around the plan and the move cost of 300 EUR are assumptions.
    """
    rng = np.random.default_rng(seed)
    grid = TimeGrid(start=TimeGrid.of_local_day(first).start, steps=96 * days)
    flat = np.ones(grid.steps)
    batches: list[Asset] = []
    for number in range(2 * days):
        planned = 96 * (number // 2) + (32, 64)[number % 2]
        profile = np.concatenate([np.full(4, 1200.0), np.full(16, float(rng.integers(8, 12)) * 100.0)])
        batches.append(
            _batch(f"batch-{number:02d}", profile, planned, grid.steps, f"batch-{number - 1:02d}" if number else None)
        )
    price = np.tile(0.1 + 0.06 * np.sin(np.arange(96) / 96.0 * 4.0 * np.pi - 2.0), days)
    price = price + 0.01 * rng.standard_normal(grid.steps)
    half_way = float(np.sqrt(0.85))
    return SiteProblem(
        id=f"plant {days} days seed {seed}",
        grid=grid,
        contracted_offtake_kw=10_000.0 * flat,
        contracted_feed_in_kw=np.zeros(grid.steps),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=np.zeros(grid.steps),
        assets=(
            BaseLoad(id="plant", power_kw=4_300.0 * flat),
            *batches,
            Battery(
                id="battery",
                capacity_kwh=16_000.0,
                charge_kw=4_000.0,
                discharge_kw=4_000.0,
                initial_kwh=8_000.0,
                final_kwh=8_000.0,
                charge_efficiency=half_way,
                discharge_efficiency=half_way,
                wear_eur_per_kwh=0.02,
            ),
        ),
        windows=(
            CongestionWindow(
                id="evening",
                steps=grid.inside([(time(16), time(21))]),
                limit_kw=3_000.0 * flat,
                excess_price_eur_per_kwh=0.5,
            ),
        ),
        announced_step=-96,
    )


def _batch(name: str, profile: np.typing.NDArray[np.float64], planned: int, steps: int, before: str | None) -> Asset:
    return Batch(
        id=name,
        profile_kw=profile,
        earliest_start_step=max(0, planned - 96),
        latest_start_step=min(steps - len(profile), planned + 96),
        planned_start_step=planned,
        notice_steps=96,
        after=() if before is None else (before,),
        move_cost_eur=300.0,
    )
