"""Instances of the offers suite: a plant over a week, fleets of cars under an award, sessions drawn from real ones."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

import numpy as np

from market.offers.charger_fleet import GRID, ONE_PHASE_6A_KW, THREE_PHASE_6A_KW, StationDays
from optimizer.offers.offer_window import Delivery, OfferWindow
from optimizer.problems.assets import Asset, BaseLoad, Batch
from optimizer.problems.fleet import FleetProblem, FloatArray, Sessions
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.timegrid import TimeGrid, local_instant

DAYS = 7
KWH_PER_STATION_YEAR = 11_368.0
"""Energy per public station and year in the second ROBUST repository, Grid-tariffs-vs-EV-charging."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteOffer:
    """A site, the window of an offer and the baseline.

    Attributes:
        site: the site.
        window: the offer.
        baseline_kw: its baseline, shape (steps,).
        points: points of the curve that are asked for.
    """

    site: SiteProblem
    window: OfferWindow
    baseline_kw: FloatArray
    points: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetOffer:
    """A fleet, the window of an offer and the baseline.

    Attributes:
        fleet: the fleet.
        window: the offer.
        baseline_kw: its baseline, shape (steps,).
    """

    fleet: FleetProblem
    window: OfferWindow
    baseline_kw: FloatArray


def generate_plant_week(points: int, seed: int) -> SiteOffer:
    """Draw the reference plant over one week: 10 MW connection, two batches a day, nitrogen, aeration, base load.

    Sizes are the study's (0.5 MW nitrogen, 0.2 MW aeration, 1 MW batch of 4 h, capacity factor 53 %); prices and the
    spread of the planned starts are drawn. The offer is Wednesday evening, two hours, at least.
    """
    draw = np.random.default_rng(seed)
    grid = TimeGrid(start=local_instant(date(2027, 2, 1), time(0)), steps=96 * DAYS)
    clock = np.arange(grid.steps) % 96 / 4
    price = 0.185 * (1 + 0.3 * np.cos((clock - 19) / 24 * 2 * np.pi) + 0.1 * draw.standard_normal(grid.steps))
    price = np.maximum(price, 0.01)
    assets: list[Asset] = [
        BaseLoad(id="base", power_kw=np.full(grid.steps, 4267.0)),
        Utility(id="nitrogen", power_kw=np.full(grid.steps, 500.0), substitute_eur_per_kwh=0.3 + float(price.max())),
        Utility(
            id="aeration",
            power_kw=np.full(grid.steps, 200.0),
            longest_cut_steps=8,
            recovery_share=1.0,
            recovery_kw=40.0,
        ),
    ]
    before: tuple[str, ...] = ()
    for day in range(DAYS):
        for turn, hour in enumerate((6, 16)):
            start = 96 * day + 4 * hour + int(draw.integers(-2, 3))
            name = f"batch-{day}-{turn}"
            assets.append(
                Batch(
                    id=name,
                    profile_kw=np.full(16, 1000.0),
                    earliest_start_step=max(0, start - 24),
                    latest_start_step=min(grid.steps - 16, start + 24),
                    planned_start_step=start,
                    after=before,
                    move_cost_eur=200.0,
                )
            )
            before = (name,)
    site = SiteProblem(
        id="plant",
        grid=grid,
        contracted_offtake_kw=np.full(grid.steps, 10_000.0),
        contracted_feed_in_kw=np.zeros(grid.steps),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=np.zeros(grid.steps),
        assets=tuple(assets),
    )
    planned = np.full(grid.steps, 4267.0 + 500.0 + 200.0)
    for asset in assets:
        if isinstance(asset, Batch):
            planned[asset.planned_start_step : asset.planned_start_step + 16] += 1000.0
    steps = np.zeros(grid.steps, dtype=np.bool_)
    steps[96 * 2 + 4 * 17 : 96 * 2 + 4 * 19] = True
    window = OfferWindow(steps=steps, delivery=Delivery.AT_LEAST)
    return SiteOffer(site=site, window=window, baseline_kw=planned, points=points)


def generate_evening_fleet(cars: int, seed: int) -> FleetOffer:
    """Draw cars that arrive through the evening and may pause; the baseline is uncontrolled charging.

    Arrivals around 17:30, stays around 12 hours, 3.7 to 11 kW, gamma energies; the offer is 17:00 to 19:00, exact.
    """
    draw = np.random.default_rng(seed)
    grid = TimeGrid(start=local_instant(date(2027, 2, 2), time(12)), steps=96)
    arrival = np.clip(draw.normal(22, 8, cars), 0, 60).astype(int)
    departure = np.minimum(arrival + np.clip(draw.normal(48, 16, cars), 8, 90).astype(int), 96)
    power = draw.choice([3.7, 7.4, 11.0], cars)
    energy = np.minimum(draw.gamma(2.0, 8.0, cars) + 0.5, 0.9 * power * (departure - arrival) * 0.25)
    price = 0.15 + 0.08 * np.sin(np.arange(96) / 96 * 4 * np.pi) + 0.02 * draw.random(96)
    fleet = FleetProblem.of(grid, Sessions.of(arrival, departure, energy, power), price)
    full, baseline = fleet.sessions.full_steps(0.25), np.zeros(96)
    for step in range(96):
        done = step - arrival
        share = np.clip(full - done, 0.0, 1.0) * (done >= 0) * (step < departure)
        baseline[step] = float((share * power).sum())
    window = OfferWindow(steps=grid.inside([(time(17), time(19))]))
    return FleetOffer(fleet=fleet, window=window, baseline_kw=baseline)


def read_real_sessions(data: Path, *, stations: int, days: int, seed: int) -> StationDays:
    """Draw station days from the hundred published sessions of 2022, with replacement, at the published yearly energy.

    Args:
        data: folder with ``ev_sample_data.csv`` of ROBUST-NL/paused_ev_charging (MIT), or its parent.
        stations: number of stations.
        days: number of days.
        seed: seed of the draw.
    """
    name = "ev_sample_data.csv"
    file = next(path for path in (data / name, data / "robust_sessions" / name) if path.exists())
    with file.open(newline="", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    begin = [datetime.fromisoformat(row["START_rounded_CET"]) for row in rows]
    end = [datetime.fromisoformat(row["STOP_rounded_CET_lim"]) for row in rows]
    hour = np.array([t.hour + t.minute / 60 for t in begin])
    stay = np.array([(b - a).total_seconds() / 3600 for a, b in zip(begin, end, strict=True)])
    energy = np.array([float(row["VOL"]) for row in rows])
    power = np.array([float(row["P_MAX"]) for row in rows])
    phases = np.array([int(float(row["PHASE"])) for row in rows])
    draw = np.random.default_rng(seed)
    count = draw.poisson(KWH_PER_STATION_YEAR / 365 / energy.mean(), (days, stations))
    day, station = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
    pick = draw.integers(0, len(rows), len(day))
    late = np.where(hour < 6.0, hour + 24.0, hour)[pick]  # after midnight is the night of the day before
    arrival = np.round((late - 6.0) * 4).astype(int)
    departure = np.minimum(arrival + np.maximum(np.round(stay[pick] * 4).astype(int), 1), GRID.steps)
    arrival = np.minimum(arrival, departure - 1)
    most = power[pick] * (departure - arrival) * GRID.step_h
    least = np.where(phases[pick] >= 3, THREE_PHASE_6A_KW, ONE_PHASE_6A_KW)
    sessions = Sessions.of(
        arrival,
        departure,
        np.minimum(energy[pick], most),
        power[pick],
        minimum_kw=np.minimum(least, power[pick]),
    )
    return StationDays(
        sessions=sessions,
        station=station.astype(np.int32),
        day=day.astype(np.int32),
        stations=stations,
        days=days,
    )
