"""Charging sessions drawn from published statistics, for studies, hosting capacity and benchmarks.

The default describes public charging stations in the Netherlands. Its figures are rounded from published samples:

- energy, power mix and evening arrivals: 100 real sessions of 2022 published with Brinkel et al., Nature
  Communications 2024 (doi 10.5281/zenodo.10932796): mean 25.6 kWh, quantiles 5/25/50/75/95 % of 3.4/9.4/24.7/36.6/56.1
  kWh, 42 % on one phase (mean 4.6 kW) and 58 % on three (mean 11.3 kW);
- weekday against weekend arrivals and the spread of stays: 6,878 residential sessions of Sorensen et al., Data in
  Brief 36 (2021) 107105;
- 11,368 kWh per station and year, hence 1.22 sessions a day: Brinkel et al., Energy Economics 2026.

A station may have two sockets: sessions of one station may overlap. Energy is metered at the socket, so its efficiency
is 1 unless stated.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from optimizer.problems.fleet import FloatArray, Sessions
from optimizer.timegrid import TimeGrid

_WEEKDAY = (
    *(1.2, 0.6, 0.4, 0.3, 0.3, 0.3, 0.6, 1.6, 2.4, 2.2, 2.2, 2.4),
    *(3.0, 3.8, 5.2, 8.0, 10.8, 11.6, 11.4, 9.6, 7.6, 6.2, 5.4, 2.9),
)
_WEEKEND = (
    *(2.4, 1.2, 0.7, 0.5, 0.3, 0.3, 0.3, 0.7, 1.2, 1.8, 3.0, 4.0),
    *(5.2, 6.6, 7.8, 9.0, 9.0, 9.8, 9.6, 8.2, 6.2, 5.4, 4.4, 2.4),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStatistics:
    """What is drawn from.

    Attributes:
        sessions_per_day: mean number of sessions per station and day.
        weekday_arrivals: weight of each local hour, Monday to Friday.
        weekend_arrivals: weight of each local hour, Saturday and Sunday.
        quantiles: probabilities of the quantiles below.
        energy_kwh: quantiles of energy.
        stay_h: for local hours from ``stay_from_hour[k]`` on, quantiles of the stay in hours.
        stay_from_hour: first hour of each row of ``stay_h``.
        power_kw: powers that occur.
        power_share: their shares.
        minimum_kw: least power of each while charging, 6 A on its phases.
        fullest: greatest share of its stay for which a session needs full power.
    """

    sessions_per_day: float = 1.22
    weekday_arrivals: tuple[float, ...] = _WEEKDAY
    weekend_arrivals: tuple[float, ...] = _WEEKEND
    quantiles: tuple[float, ...] = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)
    energy_kwh: tuple[float, ...] = (0.3, 3.4, 9.4, 24.7, 36.6, 56.1, 86.0)
    stay_from_hour: tuple[int, ...] = (0, 6, 10, 15, 19)
    stay_h: tuple[tuple[float, ...], ...] = (
        (0.5, 4.0, 7.0, 8.5, 10.5, 14.0, 20.0),
        (0.5, 1.5, 3.0, 4.3, 8.0, 10.5, 23.0),
        (0.5, 1.5, 3.0, 5.0, 10.0, 20.0, 23.0),
        (0.5, 2.0, 7.0, 13.0, 15.5, 19.0, 23.0),
        (0.5, 2.5, 9.0, 11.5, 13.0, 18.0, 23.0),
    )
    power_kw: tuple[float, ...] = (3.7, 7.4, 11.0, 17.3)
    power_share: tuple[float, ...] = (0.29, 0.13, 0.54, 0.04)
    minimum_kw: tuple[float, ...] = (1.38, 1.38, 4.14, 4.14)
    fullest: float = 0.95


PUBLIC_NL: Final = SessionStatistics()

PUBLIC_NL_TEN_HOURS: Final = SessionStatistics(
    stay_h=(
        (0.5, 6.0, 8.5, 9.0, 9.5, 10.0, 10.0),
        (0.5, 3.8, 4.1, 4.3, 8.1, 9.6, 10.0),
        (0.5, 3.3, 5.0, 10.0, 10.0, 10.0, 10.0),
        (0.5, 5.4, 10.0, 10.0, 10.0, 10.0, 10.0),
        (0.5, 9.0, 10.0, 10.0, 10.0, 10.0, 10.0),
    ),
)
"""The same stations with stays counted up to ten hours, as the published sample of 2022 has them."""

HOUSEHOLD_DAY: Final = (
    *(0.55, 0.46, 0.40, 0.36, 0.36, 0.37, 0.42, 0.51, 0.62, 0.69, 0.71, 0.72),
    *(0.74, 0.71, 0.69, 0.68, 0.73, 0.97, 1.00, 0.94, 0.89, 0.83, 0.77, 0.68),
)
"""Load of households per local hour, as a share of its peak: standard profile as published with the same sample."""


def draw_sessions(
    grid: TimeGrid,
    count: int,
    generator: np.random.Generator,
    *,
    statistics: SessionStatistics = PUBLIC_NL,
    areas: int = 1,
    first_area: int = 0,
    pausable: bool = True,
) -> Sessions:
    """Draw a number of sessions that arrive within a grid; a stay beyond its end ends there.

    Args:
        grid: time steps.
        count: number of sessions.
        generator: source of randomness; equal generators give equal sessions.
        statistics: what to draw from.
        areas: sessions are spread evenly over this many areas,
        first_area: from this one on.
        pausable: False keeps the minimum power of each session.
    """
    weights = arrival_weights(grid, statistics)
    arrival = np.searchsorted(np.cumsum(weights), generator.random(count), side="right").astype(np.int32)
    arrival = np.minimum(arrival, grid.steps - 1)
    stay = _draw_stays(grid, arrival, generator.random(count), statistics)
    departure = np.minimum(arrival + np.maximum(1, np.round(stay / grid.step_h)), grid.steps).astype(np.int32)
    kind = np.searchsorted(np.cumsum(statistics.power_share), generator.random(count), side="right")
    kind = np.minimum(kind, len(statistics.power_kw) - 1)
    power = np.array(statistics.power_kw)[kind]
    energy = np.interp(generator.random(count), statistics.quantiles, statistics.energy_kwh)
    most = statistics.fullest * (departure - arrival) * grid.step_h * power
    return Sessions.of(
        arrival,
        departure,
        np.round(np.minimum(energy, most), 3),
        power,
        area=first_area + generator.integers(0, areas, count),
        minimum_kw=0.0 if pausable else np.array(statistics.minimum_kw)[kind],
    )


def draw_station_sessions(
    grid: TimeGrid,
    stations: int,
    generator: np.random.Generator,
    *,
    statistics: SessionStatistics = PUBLIC_NL,
    pausable: bool = True,
) -> Sessions:
    """Draw the sessions of a number of stations over a grid: their number varies from draw to draw."""
    days = grid.steps * grid.step_h / 24.0
    count = int(generator.poisson(stations * statistics.sessions_per_day * days))
    return draw_sessions(grid, count, generator, statistics=statistics, pausable=pausable)


def arrival_weights(grid: TimeGrid, statistics: SessionStatistics = PUBLIC_NL) -> FloatArray:
    """Probability that a session arrives in each step of the grid, shape (steps,)."""
    starts = grid.local_starts()
    weekday = np.array(statistics.weekday_arrivals) / sum(statistics.weekday_arrivals)
    weekend = np.array(statistics.weekend_arrivals) / sum(statistics.weekend_arrivals)
    weights = np.array([(weekend if s.weekday() >= 5 else weekday)[s.hour] for s in starts])
    return np.asarray(weights / weights.sum(), dtype=np.float64)


def _draw_stays(
    grid: TimeGrid,
    arrival: np.ndarray[tuple[int], np.dtype[np.int32]],
    uniform: FloatArray,
    statistics: SessionStatistics,
) -> FloatArray:
    hour = np.array([s.hour for s in grid.local_starts()])[arrival]
    part = np.searchsorted(np.array(statistics.stay_from_hour), hour, side="right") - 1
    stay = np.empty(len(arrival))
    for k, quantiles in enumerate(statistics.stay_h):
        chosen = np.flatnonzero(part == k)
        stay[chosen] = np.interp(uniform[chosen], statistics.quantiles, quantiles)
    return stay
