"""The oracles of a fleet problem: which sessions each of them speaks for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.fleet.coordinator import Coordination
from optimizer.fleet.oracles.bidirectional import BidirectionalOracle
from optimizer.fleet.oracles.minimum_current import MinimumCurrentOracle
from optimizer.fleet.oracles.oracle import Oracle
from optimizer.fleet.oracles.pausable import Disaggregation, PausableOracle, mixture_of
from optimizer.fleet.virtual_sessions import LongArray, aggregate
from optimizer.problems.fleet import FleetProblem, FloatArray
from optimizer.results.fleet import Schedules


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetOracles:
    """One oracle per kind of session; None where a fleet has none of the kind.

    Attributes:
        pausable: sessions that may pause.
        pausable_rows: their rows.
        minimum: sessions with a minimum current.
        minimum_rows: their rows.
        bidirectional: sessions that may feed back.
    """

    pausable: PausableOracle | None
    pausable_rows: LongArray
    minimum: MinimumCurrentOracle | None
    minimum_rows: LongArray
    bidirectional: BidirectionalOracle | None

    @classmethod
    def of(cls, problem: FleetProblem) -> FleetOracles:
        """Build the oracles of a checked problem."""
        sessions, steps, step_h = problem.sessions, problem.grid.steps, problem.step_h
        least = sessions.minimum_kw > 0
        free, bound = np.flatnonzero(~least), np.flatnonzero(least)
        pausable = sessions if len(free) == len(sessions) else sessions.take(free)
        return cls(
            pausable=PausableOracle(aggregate([pausable], steps, step_h)) if len(free) else None,
            pausable_rows=free,
            minimum=MinimumCurrentOracle(sessions.take(bound), steps, step_h) if len(bound) else None,
            minimum_rows=bound,
            bidirectional=BidirectionalOracle(problem) if len(problem.bidirectional) else None,
        )

    @property
    def listed(self) -> tuple[Oracle, ...]:
        """The oracles in the order of their groups in the master: those that round come last."""
        kinds = (self.pausable, self.bidirectional, self.minimum)
        return tuple(oracle for oracle in kinds if oracle is not None)

    def groups_of(self, oracle: Oracle) -> slice:
        """Groups of one oracle among all groups."""
        first = 0
        for other in self.listed:
            count = len(other.group_area)
            if other is oracle:
                return slice(first, first + count)
            first += count
        raise KeyError("the oracle is not one of this fleet")

    def pausable_schedules(self, problem: FleetProblem, found: Coordination) -> Schedules:
        """Schedules of the pausable sessions, in order of their rows."""
        if self.pausable is None:
            return Schedules.none()
        rows = self.pausable_rows
        sessions = problem.sessions if len(rows) == len(problem.sessions) else problem.sessions.take(rows)
        weights = found.weights[self.groups_of(self.pausable)]
        mixture = mixture_of(self.pausable, found.prices, weights)
        return Disaggregation(self.pausable, problem.step_h, mixture).schedules(sessions)

    def bidirectional_schedules(self, found: Coordination) -> Schedules:
        """Schedules of the bidirectional sessions."""
        if self.bidirectional is None:
            return Schedules.none()
        place = self.listed.index(self.bidirectional)
        details = [detail[place] for detail in found.details]
        return self.bidirectional.schedules(details, found.weights[self.groups_of(self.bidirectional)])


def join_schedules(problem: FleetProblem, parts: list[tuple[LongArray, Schedules]]) -> Schedules:
    """Put schedules of different rows together as schedules of all sessions."""
    if len(parts) == 1 and len(parts[0][0]) == len(problem.sessions):
        return parts[0][1]
    start = np.zeros(len(problem.sessions), dtype=np.int64)
    flat: list[FloatArray] = []
    offset = 0
    for rows, schedules in parts:
        start[rows] = schedules.start + offset
        offset += len(schedules.power_kw)
        flat.append(schedules.power_kw)
    return Schedules(
        start=start,
        arrival=problem.sessions.arrival,
        departure=problem.sessions.departure,
        power_kw=np.concatenate(flat) if flat else np.zeros(0),
    )
