"""How many public charging stations make 100 kW, and under which assumptions: two sets, both printed with the answer.

The same stations make 100 kW by 40 or by 150, depending on what the bid assumes. Set A measures one hour against
uncontrolled charging and asks for the average day. Set B asks for four hours on nine days out of ten, with cars that
do not sleep below 6 A.

The fleet is drawn, not measured. Its shape follows published aggregates of Dutch public stations: about 31 kWh per
station and day (11,368 kWh a year), an uncontrolled evening peak of about 4 kW per station around 19:00, cars that
mostly stay the night, one and three phases (6 A is 1.38 and 4.14 kW). Arrival times, stays and energies are assumptions
of this project. Seed and numbers are arguments, so every figure can be drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Final

import numpy as np

from optimizer.offers.charger_pool import VolumeBasis, spare_block
from optimizer.offers.offer_window import OfferWindow
from optimizer.problems.fleet import FloatArray, IntArray, Sessions
from optimizer.timegrid import TimeGrid, local_instant

GRID: Final = TimeGrid(start=local_instant(date(2027, 2, 1), time(6)), steps=128)
"""06:00 to 14:00 the next day, on a day without a clock change."""
ONE_PHASE_6A_KW: Final = 1.38
THREE_PHASE_6A_KW: Final = 4.14
CHUNK: Final = 4000
SESSIONS_PER_DAY: Final = 1.76
KIND_SHARES: Final = (0.62, 0.28, 0.10)
OVERNIGHT: Final = 0.85
POWER_SHARES: Final = (0.25, 0.22, 0.53)
MEAN_KWH: Final = 23.0
ENERGY_SHAPE: Final = 1.5
DAY_SPREAD: Final = 0.36
"""Parameters of the drawn fleet: sessions per station and day, shares of evening, daytime and morning arrivals, share
of evening cars that stay the night, shares of 3.7, 7.4 and 11 kW, energy wanted per session with the shape of its gamma
distribution, and how much days differ
(the published 5th-percentile day has 0.62 of the mean flexibility at 16-21 h)."""


REFERENCE_FLEET: Final = {"stations": 200, "days": 365, "seed": 2}
"""The documented fleet. Other seeds move every count by up to a tenth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargerAssumptions:
    """What a number of stations rests on.

    Attributes:
        name: name of the set.
        baseline: what reduction is measured against.
        from_hour: local hour at which the block begins.
        hours: length of the block.
        basis: constant power, or the mean over the block.
        minimum_current_a: 6 where cars may not pause, 0 where they may.
        bidirectional: whether cars feed back what they charged since arrival.
        days: share of days on which the volume must be there; None for the average day.
    """

    name: str
    baseline: str = "uncontrolled charging: full power from arrival"
    from_hour: int = 17
    hours: int = 1
    basis: VolumeBasis = VolumeBasis.CONSTANT
    minimum_current_a: int = 0
    bidirectional: bool = False
    days: Decimal | None = None

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Name and value of every assumption."""
        pausing = "cars may pause" if self.minimum_current_a == 0 else f"at least {self.minimum_current_a} A until full"
        return (
            ("baseline", self.baseline),
            ("block", f"{self.from_hour}:00 to {self.from_hour + self.hours}:00, {self.basis.value} over the block"),
            ("minimum current", pausing),
            ("feeding back", "no more than was charged since arrival" if self.bidirectional else "no"),
            ("reliability", "the average day" if self.days is None else f"{self.days:.0%} of days"),
        )


SET_A: Final = (
    ChargerAssumptions(name="A, cars pause"),
    ChargerAssumptions(name="A, 6 A minimum", minimum_current_a=6),
)
SET_B: Final = (
    ChargerAssumptions(
        name="B, 6 A minimum", hours=4, basis=VolumeBasis.MEAN, minimum_current_a=6, days=Decimal("0.9")
    ),
    ChargerAssumptions(
        name="B, bidirectional", hours=4, basis=VolumeBasis.MEAN, bidirectional=True, days=Decimal("0.9")
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StationDays:
    """Sessions of stations over days, all on one grid; arrays of shape (sessions,).

    Attributes:
        sessions: the sessions; steps count from 06:00 of their day.
        station: station of each.
        day: day of each.
        stations: number of stations.
        days: number of days.
    """

    sessions: Sessions
    station: IntArray
    day: IntArray
    stations: int
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StationCount:
    """How many stations make a volume.

    Attributes:
        assumptions: what it rests on.
        volume_kw: the volume.
        stations: smallest number that makes it; None when the fleet is too small.
        kw_per_station: mean reduction per station over all days of the fleet.
    """

    assumptions: ChargerAssumptions
    volume_kw: float
    stations: int | None
    kw_per_station: float


def draw_station_days(stations: int, days: int, seed: int) -> StationDays:
    """Draw sessions of public charging stations with two sockets.

    Args:
        stations: number of stations.
        days: number of days.
        seed: seed of the generator.
    """
    draw = np.random.default_rng(seed)
    busy = np.clip(draw.normal(1.0, DAY_SPREAD, days), 0.3, 1.8)
    expected = SESSIONS_PER_DAY * busy[:, None] * draw.gamma(20.0, 1.0 / 20.0, stations)[None, :]
    count = np.minimum(draw.poisson(expected), 4)
    day, station = (np.repeat(index.ravel(), count.ravel()) for index in np.indices(count.shape))
    number = len(day)
    kind = draw.choice(3, number, p=KIND_SHARES)
    hour = np.select(
        [kind == 0, kind == 1],
        [draw.normal(17.2, 2.2, number), draw.normal(13.0, 2.8, number)],
        draw.normal(8.8, 1.0, number),
    )
    hour = np.clip(hour, 6.0, 23.5)
    overnight = (kind == 0) & (draw.random(number) < OVERNIGHT)
    leaves = np.where(
        overnight, 24.0 + np.clip(draw.normal(8.3, 1.2, number), 6.0, 13.5), hour + 1.0 + draw.gamma(2.0, 1.6, number)
    )
    phases = draw.choice(3, number, p=POWER_SHARES)
    power = np.array([3.7, 7.4, 11.0])[phases]
    arrival = np.round((hour - 6.0) * 4).astype(int)
    departure = np.clip(np.round((leaves - 6.0) * 4).astype(int), arrival + 2, GRID.steps)
    energy = np.clip(draw.gamma(ENERGY_SHAPE, MEAN_KWH / ENERGY_SHAPE, number), 2.0, 80.0)
    energy = np.minimum(energy, 0.95 * power * (departure - arrival) * GRID.step_h)
    least = np.where(phases == 2, THREE_PHASE_6A_KW, ONE_PHASE_6A_KW)
    return StationDays(
        sessions=Sessions.of(arrival, departure, energy, power, minimum_kw=least),
        station=station.astype(np.int32),
        day=day.astype(np.int32),
        stations=stations,
        days=days,
    )


def station_reductions(fleet: StationDays, assumptions: ChargerAssumptions) -> FloatArray:
    """Reduction per day, station and quarter-hour of the block, shape (days, stations, quarter-hours)."""
    sessions = fleet.sessions
    window = block_window(assumptions)
    if assumptions.minimum_current_a == 0:
        sessions = without_minimum(sessions)
    steps = np.flatnonzero(window.steps)
    total = np.zeros((fleet.days, fleet.stations, len(steps)))
    for rows in np.array_split(np.arange(len(sessions)), 1 + len(sessions) // CHUNK):
        part = sessions.take(rows)
        made = spare_block(part, window, GRID, discharge_kw=part.power_kw if assumptions.bidirectional else None)
        np.add.at(total, (fleet.day[rows], fleet.station[rows]), made.reduction_kw[:, steps])
    return total


def count_stations(fleet: StationDays, assumptions: ChargerAssumptions, volume_kw: float = 100.0) -> StationCount:
    """Find how many stations of a fleet make a volume under stated assumptions."""
    reduction = station_reductions(fleet, assumptions)
    pooled = np.cumsum(reduction, axis=1)
    per_day = pooled.min(axis=2) if assumptions.basis is VolumeBasis.CONSTANT else pooled.mean(axis=2)
    if assumptions.days is None:
        volume = per_day.mean(axis=0)
    else:
        volume = np.quantile(per_day, float(1 - assumptions.days), axis=0, method="lower")
    enough = np.flatnonzero(volume >= volume_kw)
    return StationCount(
        assumptions=assumptions,
        volume_kw=volume_kw,
        stations=int(enough[0]) + 1 if len(enough) else None,
        kw_per_station=float(per_day[:, -1].mean()) / fleet.stations,
    )


def block_window(assumptions: ChargerAssumptions) -> OfferWindow:
    """The block on the grid of the fleet."""
    begin = (assumptions.from_hour - 6) * 4
    steps = np.zeros(GRID.steps, dtype=np.bool_)
    steps[begin : begin + 4 * assumptions.hours] = True
    return OfferWindow(steps=steps)


def without_minimum(sessions: Sessions) -> Sessions:
    """The same sessions with cars that may pause."""
    return Sessions.of(
        sessions.arrival,
        sessions.departure,
        sessions.energy_kwh,
        sessions.power_kw,
        efficiency=sessions.efficiency,
        area=sessions.area,
    )
