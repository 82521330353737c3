"""The oracles of a fleet problem, and the way back from their mixture to a schedule per session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.fleet.coordinator import Coordination
from optimizer.fleet.oracles.oracle import Oracle
from optimizer.fleet.oracles.pausable import Disaggregation, PausableOracle
from optimizer.fleet.virtual_sessions import aggregate
from optimizer.problems.fleet import FleetProblem
from optimizer.results.fleet import Schedules


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetOracles:
    """One oracle per kind of session.

    Attributes:
        pausable: oracle of the sessions that may pause, or None.
        exact_sums: whether schedules add up to the mixture exactly.
    """

    pausable: PausableOracle | None
    exact_sums: bool = True

    @classmethod
    def of(cls, problem: FleetProblem) -> FleetOracles:
        """Build the oracles of a checked problem."""
        pausable = PausableOracle(aggregate([problem.sessions], problem.grid.steps, problem.step_h))
        return cls(pausable=pausable)

    @property
    def listed(self) -> tuple[Oracle, ...]:
        """The oracles in the order of their groups in the master."""
        return (self.pausable,) if self.pausable is not None else ()

    def disaggregate(self, problem: FleetProblem, found: Coordination) -> tuple[Schedules, Schedules]:
        """Schedules of the sessions and of the bidirectional sessions that make up a mixture."""
        if self.pausable is None:
            return Schedules.none(), Schedules.none()
        schedules = Disaggregation(self.pausable, problem.step_h, found.prices, found.weights).schedules(
            problem.sessions
        )
        return schedules, Schedules.none()
