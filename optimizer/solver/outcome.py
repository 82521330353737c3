"""Outcome: what the solver knows, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


class Stop(StrEnum):
    """Why the solver stopped. `UNKNOWN` is never success."""

    OPTIMAL = "optimal"
    GAP_REACHED = "gap_reached"
    TIME_LIMIT = "time_limit"
    NODE_LIMIT = "node_limit"
    INFEASIBLE = "infeasible"
    UNBOUNDED = "unbounded"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    UNKNOWN = "unknown"

    @property
    def proven(self) -> bool:
        """Whether the incumbent is proven within the gap that was asked for."""
        return self in (Stop.OPTIMAL, Stop.GAP_REACHED)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Incumbent:
    """The best solution found.

    Attributes:
        values: value per column, shape (columns,).
        objective: objective value, offset included.
        row_duals: dual per row for linear programs, else None; the change of the objective per unit of row bound.
        reduced_costs: reduced cost per column for linear programs, else None.
    """

    values: FloatArray
    objective: float
    row_duals: FloatArray | None = None
    reduced_costs: FloatArray | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveReport:
    """How the run went.

    Attributes:
        solver: name and version of the solver.
        seconds: wall-clock time of the run.
        nodes: branch-and-bound nodes.
        iterations: simplex and interior-point iterations.
        stage: name of the objective that was minimised.
    """

    solver: str
    seconds: float
    nodes: int
    iterations: int
    stage: str


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Outcome:
    """Termination and solution as two separate facts.

    Attributes:
        stop: why the solver stopped.
        incumbent: best solution, or None; a time limit without one is not a schedule of zeros.
        bound: proven lower bound on the objective, or None.
        report: how the run went.
    """

    stop: Stop
    incumbent: Incumbent | None
    bound: float | None
    report: SolveReport

    @property
    def gap(self) -> float | None:
        """Proven absolute gap in the unit of the objective; None without incumbent or bound."""
        if self.incumbent is None or self.bound is None:
            return None
        return max(0.0, self.incumbent.objective - self.bound)

    @property
    def relative_gap(self) -> float | None:
        """Proven gap as a share of the incumbent's objective."""
        gap = self.gap
        if gap is None or self.incumbent is None:
            return None
        return 0.0 if gap == 0.0 else gap / max(abs(self.incumbent.objective), 1e-10)
