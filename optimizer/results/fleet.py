"""The plan of a fleet: power per area, schedule per session, cost, and the rounds in which it was found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.fleet import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Schedules:
    """Power of every session in the steps of its own window, in one flat array.

    Attributes:
        start: where the schedule of each session begins in ``power_kw``, shape (sessions,); sessions of one window lie
            together, so this is not rising.
        arrival: first step per session.
        departure: first step after each session.
        power_kw: power at the grid side, consumption positive, shape (sum of window lengths,).
    """

    start: NDArray[np.int64]
    arrival: IntArray
    departure: IntArray
    power_kw: FloatArray

    @classmethod
    def none(cls) -> Schedules:
        """No schedules."""
        nothing = np.zeros(0, dtype=np.int32)
        return cls(start=np.zeros(0, dtype=np.int64), arrival=nothing, departure=nothing, power_kw=np.zeros(0))

    def __len__(self) -> int:
        return len(self.start)

    def of(self, session: int) -> FloatArray:
        """Power of one session in the steps of its window."""
        begin = self.start[session]
        return self.power_kw[begin : begin + self.departure[session] - self.arrival[session]]

    def area_sums(self, area: IntArray, areas: int, steps: int) -> FloatArray:
        """Power added up per area and step, shape (areas, steps), for the area of each session."""
        total = np.zeros(areas * steps)
        order = np.argsort(self.start, kind="stable")
        for rows in np.array_split(order, max(1, len(order) // 50_000)):
            length = (self.departure[rows] - self.arrival[rows]).astype(np.int64)
            count, ends = int(length.sum()), np.cumsum(length)
            if count:
                first = area[rows].astype(np.int64) * steps + self.arrival[rows] - (ends - length)
                cell = np.arange(count) + np.repeat(first, length)
                begin = int(self.start[rows[0]])
                total += np.bincount(cell, self.power_kw[begin : begin + count], areas * steps)
        return total.reshape(areas, steps)

    def dense(self, steps: int) -> FloatArray:
        """Power of every session on every step, shape (sessions, steps); for small fleets and tests."""
        full = np.zeros((len(self), steps))
        for session in range(len(self)):
            full[session, self.arrival[session] : self.departure[session]] = self.of(session)
        return full


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Round:
    """One round of the coordinator.

    Attributes:
        number: number of the round, from 0.
        seconds: wall-clock time since the start.
        cost_eur: cost of the best feasible plan so far, or None.
        bound_eur: best proven lower bound so far.
        columns: responses in the master so far.
    """

    number: int
    seconds: float
    cost_eur: float | None
    bound_eur: float
    columns: int

    @property
    def relative_gap(self) -> float | None:
        """Proven gap as a share of the cost; None without a feasible plan."""
        if self.cost_eur is None:
            return None
        return max(0.0, self.cost_eur - self.bound_eur) / max(abs(self.cost_eur), 1e-10)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetPlan:
    """What to do and what it costs.

    Attributes:
        cost_eur: cost of energy, priced limits and peaks.
        power_kw: power of the fleet of each area, areas inside it included, base load not, shape (areas, steps).
        excess_kw: power beyond each limit row that has a price, shape (rows, steps); every used slack is here.
        schedules: schedule per session; empty when they are streamed elsewhere.
        bidirectional: schedule per bidirectional session, feeding back negative.
        missing_kwh: energy that each session cannot receive because it stays too short, shape (sessions,).
    """

    cost_eur: float
    power_kw: FloatArray
    excess_kw: FloatArray
    schedules: Schedules
    bidirectional: Schedules
    missing_kwh: FloatArray
