"""Sites read from published or shared instance files; the files themselves are not part of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.problems.assets import Asset, Batch, ChargingSession
from optimizer.problems.generation import BidirectionalSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid

BIDIRECTIONAL_OPTIMUM_EUR = {10: 8.9732300684, 50: 79.1678996790, 200: 385.9739331114}
START = datetime(2027, 1, 4, 11, tzinfo=UTC)
BATCH_OPTIMUM_EUR = {10: 402.7900625, 50: 1887.2803375, 200: 7640.7439375, 500: 19851.0995}
SESSIONS_OPTIMUM_EUR = {
    1: 1.7758327597,
    10: 14.6908747087,
    50: 118.6606697626,
    200: 494.5362872754,
    1000: 2328.0323060530,
}


def read_jobs(data: Path, jobs: int) -> SiteProblem:
    """Read jobs with a fixed power, a window and a shared cap (``batch_N*.npz``)."""
    with np.load(_find(data, f"batch_N{jobs}.npz")) as file:
        batches = tuple(
            Batch(
                id=f"job-{k:03d}",
                profile_kw=np.full(int(file["dur"][k]), float(file["p"][k])),
                earliest_start_step=int(file["rel"][k]),
                latest_start_step=int(file["dl"][k] - file["dur"][k]),
                planned_start_step=int(file["rel"][k]),
            )
            for k in range(jobs)
        )
        return _one_way_site(f"jobs {jobs}", file["price"], file["cap"], batches)


def read_sessions(data: Path, sessions: int) -> SiteProblem:
    """Read charging sessions under a shared cap (``ev_v1g_N*.npz``)."""
    with np.load(_find(data, f"ev_v1g_N{sessions}.npz")) as file:
        cars = tuple(
            ChargingSession(
                id=f"car-{k:05d}",
                arrival_step=int(file["arrival"][k]),
                departure_step=int(file["departure"][k]),
                energy_kwh=float(file["ereq"][k]),
                power_kw=float(file["pmax"][k]),
                efficiency=float(file["eta"][k] if np.ndim(file["eta"]) else file["eta"]),
            )
            for k in range(sessions)
        )
        return _one_way_site(f"sessions {sessions}", file["price"], file["cap"], cars)


def read_bidirectional(data: Path, sessions: int) -> SiteProblem:
    """Read bidirectional sessions under a cap on both directions (``ev_v2g_N*.npz``)."""
    with np.load(_find(data, f"ev_v2g_N{sessions}.npz")) as file:
        efficiency = np.broadcast_to(file["eta"], sessions)
        cars = tuple(
            BidirectionalSession(
                id=f"car-{k:05d}",
                arrival_step=int(file["arrival"][k]),
                departure_step=int(file["departure"][k]),
                capacity_kwh=float(file["ecap"][k]),
                arrival_kwh=float(file["e0"][k]),
                departure_kwh=float(file["etarget"][k]),
                charge_kw=float(file["pmax"][k]),
                discharge_kw=float(file["pmax"][k]),
                charge_efficiency=float(efficiency[k]),
                discharge_efficiency=float(efficiency[k]),
            )
            for k in range(sessions)
        )
        site = _one_way_site(f"bidirectional {sessions}", file["price"], file["cap"], cars)
    return replace(
        site,
        contracted_feed_in_kw=site.contracted_offtake_kw,
        feed_in_price_eur_per_kwh=site.offtake_price_eur_per_kwh,
    )


def _one_way_site(name: str, price: FloatArray, cap: FloatArray, assets: Sequence[Asset]) -> SiteProblem:
    steps = len(price)
    return SiteProblem(
        id=name,
        grid=TimeGrid(start=START, steps=steps),
        contracted_offtake_kw=np.broadcast_to(cap, steps),
        contracted_feed_in_kw=np.zeros(steps),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=np.zeros(steps),
        assets=tuple(assets),
    )


def _find(data: Path, name: str) -> Path:
    found = sorted(data.rglob(name))
    if not found:
        raise ValueError(f"there is no {name} below {data}")
    return found[0]


@dataclass(frozen=True, kw_only=True, eq=False)
class MeasuredOffice:
    """What is known of the BOPTEST office of 5,000 m2: weather, gains, set points, heat and cold that were delivered.

    Attributes:
        heat_kw: heat delivered per quarter-hour.
        cold_kw: cold delivered per quarter-hour, positive.
        outdoor_c: outdoor temperature.
        internal_kw: sensible gains of people and equipment.
        sun_kw_per_m2: global horizontal irradiation.
        band_c: lower and upper set point, mean of the two zones.
    """

    heat_kw: FloatArray
    cold_kw: FloatArray
    outdoor_c: FloatArray
    internal_kw: FloatArray
    sun_kw_per_m2: FloatArray
    band_c: tuple[FloatArray, FloatArray]


def read_measured_office(data: Path) -> MeasuredOffice:
    """Read the emulated office (``office_15min``, ``weather_uccle_tmyx_hourly``, ``baseline_heat_cool_15min``)."""
    office = pd.read_parquet(_find(data, "office_15min.parquet"))
    weather = pd.read_parquet(_find(data, "weather_uccle_tmyx_hourly.parquet"))
    baseline = pd.read_parquet(_find(data, "baseline_heat_cool_15min.parquet"))
    steps = len(baseline)
    quarters = np.arange(steps) / 4.0
    hours = np.arange(len(weather))
    gains = [name for name in office.columns if name.startswith(("InternalGainsCon", "InternalGainsRad"))]

    def set_point(edge: str) -> FloatArray:
        kelvin = office[[f"{edge}Setp_nz", f"{edge}Setp_sz"]].mean(axis=1).to_numpy()[:steps]
        return np.asarray(kelvin - 273.15, dtype=np.float64)

    return MeasuredOffice(
        heat_kw=np.maximum(baseline["q_heat_production_w"].to_numpy() / 1000.0, 0.0),
        cold_kw=np.maximum(-baseline["q_cool_production_w"].to_numpy() / 1000.0, 0.0),
        outdoor_c=np.interp(quarters, hours, weather["dry_bulb_c"].to_numpy()),
        internal_kw=office[gains].sum(axis=1).to_numpy()[:steps] / 1000.0,
        sun_kw_per_m2=np.interp(quarters, hours, weather["ghi_wm2"].to_numpy()) / 1000.0,
        band_c=(set_point("Lower"), set_point("Upper")),
    )
