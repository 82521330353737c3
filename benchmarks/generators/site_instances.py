"""Sites read from published or shared instance files; the files themselves are not part of the project."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

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
