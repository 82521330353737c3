"""The 100 public charging sessions of the ROBUST project as sites; the files are not part of the project.

Source: Brinkel et al., Nature Communications 15 (2024) 5089, repository ROBUST-NL/paused_ev_charging (MIT). Published
on this sample: cost 0.213 / 0.242 / 0.276 EUR/kWh and peak 135.53 / 143.81 / 157.0 kW with pauses / 6 A minimum without
restart / uncontrolled. The minimum of 6 A is 1.38 kW on one phase and 4.14 kW on three.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.problems.assets import Asset, BaseLoad, ChargingSession, Pausing
from optimizer.problems.contracts import PeakTariff
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid

SIX_AMPERE_KW = {1: 1.38, 3: 4.14}
UNBOUNDED_KW = 10_000.0
PUBLISHED_EUR_PER_KWH = {"pauses": 0.213, "six ampere": 0.242, "uncontrolled": 0.276}
PUBLISHED_PEAK_KW = {"pauses": 135.53, "six ampere": 143.81, "uncontrolled": 157.0}


@dataclass(frozen=True, kw_only=True, eq=False)
class RobustSample:
    """The sample: one site per session for the cost, a site per group of sessions that meet for the peak.

    Attributes:
        sessions: a site per session with the day-ahead prices of its own hours.
        groups: a site per group of sessions that overlap in time, with the load of the households and a price on the
            peak only; sessions of different groups do not meet, so the peak of the year is the highest of theirs.
        quiet_peak_kw: highest load of the households while no session is plugged in.
        energy_kwh: energy of all sessions.
    """

    sessions: tuple[SiteProblem, ...]
    groups: tuple[SiteProblem, ...]
    quiet_peak_kw: float
    energy_kwh: float


def read_robust(data: Path, pausing: Pausing) -> RobustSample:
    """Read the sample with vehicles that pause freely, or keep 6 A and never restart."""
    folder = next(iter(sorted(path.parent for path in data.rglob("ev_sample_data.csv"))), None)
    if folder is None:
        raise ValueError(f"there is no ev_sample_data.csv below {data}")
    table = pd.read_csv(folder / "ev_sample_data.csv", index_col=0)
    begin = pd.to_datetime(table["START_rounded_CET"], utc=True)
    end = pd.to_datetime(table["STOP_rounded_CET_lim"], utc=True)
    steps = ((end - begin).dt.total_seconds() / 900).round().astype(int)
    prices = pd.read_csv(folder / "DA_prices_NL.csv", index_col=0)
    hourly = pd.Series(prices.iloc[:, 0].to_numpy() / 1000.0, pd.to_datetime(prices["datetime"], utc=True))
    load = pd.read_parquet(folder / "non_ev_load_example.parquet")["Non-EV load"]
    load.index = pd.to_datetime(load.index, utc=True)
    grid = TimeGrid(start=load.index[0].to_pydatetime(), steps=len(load))
    sites, stays = [], []
    rows = dict(table.iterrows())
    for k in table.index:
        first = begin[k].to_pydatetime()
        own = TimeGrid(start=first, steps=int(steps[k]))
        hours = begin[k] + pd.to_timedelta(np.arange(own.steps) * 15, unit="min")
        price = hourly[hours.floor("h")].to_numpy()
        sites.append(_site(f"session {k}", own, price, [_session(rows[k], pausing, 0, own.steps)]))
        arrival = grid.index_of(first)
        stays.append((arrival, arrival + own.steps, k))
    groups, quiet = [], np.ones(grid.steps, dtype=np.bool_)
    for group in _overlapping(sorted(stays)):
        begins, ends = group[0][0], max(stay[1] for stay in group)
        quiet[begins:ends] = False
        cars = [_session(rows[k], pausing, arrival - begins, departure - begins) for arrival, departure, k in group]
        homes = BaseLoad(id="households", power_kw=load.to_numpy()[begins:ends])
        own = TimeGrid(start=grid.at(begins), steps=ends - begins)
        peak = (PeakTariff(id="peak", price_eur_per_kw=1.0),)
        groups.append(_site(f"group from {own.start}", own, np.zeros(own.steps), [*cars, homes], peak))
    return RobustSample(
        sessions=tuple(sites),
        groups=tuple(groups),
        quiet_peak_kw=float(load.to_numpy()[quiet].max()),
        energy_kwh=float(table["VOL"].sum()),
    )


def _overlapping(stays: list[tuple[int, int, int]]) -> list[list[tuple[int, int, int]]]:
    groups: list[list[tuple[int, int, int]]] = []
    until = -1
    for stay in stays:
        if stay[0] >= until:
            groups.append([])
        groups[-1].append(stay)
        until = max(until, stay[1])
    return groups


def _session(row: pd.Series, pausing: Pausing, arrival: int, departure: int) -> ChargingSession:
    return ChargingSession(
        id=f"session-{row.name}",
        arrival_step=arrival,
        departure_step=departure,
        energy_kwh=float(row["VOL"]),
        power_kw=float(row["P_MAX"]),
        pausing=pausing,
        minimum_kw=0.0 if pausing is Pausing.FREE else SIX_AMPERE_KW[int(row["PHASE"])],
    )


def _site(
    name: str,
    grid: TimeGrid,
    price: np.typing.NDArray[np.float64],
    assets: Sequence[Asset],
    contracts: tuple[PeakTariff, ...] = (),
) -> SiteProblem:
    return SiteProblem(
        id=name,
        grid=grid,
        contracted_offtake_kw=np.full(grid.steps, UNBOUNDED_KW),
        contracted_feed_in_kw=np.zeros(grid.steps),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=np.minimum(price, 0.0),
        assets=tuple(assets),
        contracts=contracts,
    )
