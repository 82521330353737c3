"""Lexicographic optimisation: one objective after the other, each kept within a stated tolerance by a row.

A weighted sum would be one number but several promises; here each stage has its own bound and gap, and what it gives
away to the next stage is written in the result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from optimizer.model.program import FloatArray, Objective, Program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession, ProgressListener


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StageOutcome:
    """One stage of a lexicographic solve.

    Attributes:
        name: name of the objective.
        outcome: what the solver knows about this stage.
        tolerance: what later stages may give away on this objective, in its own unit.
    """

    name: str
    outcome: Outcome
    tolerance: float


def run_stages(
    session: HighsSession,
    program: Program,
    *,
    tolerances: Mapping[str, float],
    options: SolverOptions | None = None,
    start: FloatArray | None = None,
    listener: ProgressListener | None = None,
) -> tuple[StageOutcome, ...]:
    """Minimise the program's objectives in order; the last stage's incumbent is the solution.

    A stage that ends without incumbent ends the sequence. A stage that ends without proof (time limit) hands its
    incumbent on, and its outcome says so.

    Args:
        session: the session; it holds the program with one extra row per stage afterwards.
        program: program whose objectives are the stages.
        tolerances: tolerance per objective name, in that objective's unit; zero where absent.
        options: solver options of every stage.
        start: a feasible solution to start from, shape (columns,).
        listener: progress listener.
    """
    session.load(program)
    stages: list[StageOutcome] = []
    values = start
    for k, objective in enumerate(program.objectives):
        if k:
            session.set_objective(objective.name, objective.costs, objective.offset)
        if values is not None:
            session.warm_start(values)
        outcome = session.run(options, listener)
        tolerance = float(tolerances.get(objective.name, 0.0))
        stages.append(StageOutcome(name=objective.name, outcome=outcome, tolerance=tolerance))
        if outcome.incumbent is None:
            break
        values = outcome.incumbent.values
        if k + 1 < len(program.objectives):
            keep_objective(session, objective, float(objective.costs @ values) + tolerance)
    return tuple(stages)


def keep_objective(session: HighsSession, objective: Objective, limit: float) -> None:
    """Add the row ``costs @ x <= limit``, so that what follows cannot give this objective away."""
    row = csr_array(objective.costs.reshape(1, -1))
    if row.nnz:
        session.append_rows(np.array([-np.inf]), np.array([limit]), row)
