"""Explain infeasibility: the solver's irreducible conflict, mapped back to the labels of the formulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.model.labels import Label
from optimizer.model.program import Program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession, Patch


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Constraints and bounds that contradict each other; leaving any one out resolves this contradiction.

    Attributes:
        constraints: labels of the rows.
        bounds: labels of the columns whose bounds take part.
        integrality: True when the linear relaxation is feasible and only whole numbers contradict.
    """

    constraints: tuple[Label, ...]
    bounds: tuple[Label, ...]
    integrality: bool = False


def find_conflict(program: Program, *, seconds_per_test: float = 5.0) -> Conflict:
    """Find an irreducible conflict of an infeasible program.

    The solver names one from the linear relaxation. Where only integrality contradicts, rows are left out one by one
    and stay out while the rest remains infeasible, which leaves an irreducible set.
    """
    session = HighsSession(SolverOptions(time_limit_s=seconds_per_test))
    session.load(program)
    session.run()
    rows, columns = session.conflict()
    if rows or columns:
        return Conflict(
            constraints=tuple(program.row_labels[k] for k in rows),
            bounds=tuple(program.column_labels[k] for k in columns),
        )
    kept = _deletion_filter(session, program)
    return Conflict(constraints=tuple(program.row_labels[k] for k in kept), bounds=(), integrality=True)


def _deletion_filter(session: HighsSession, program: Program) -> tuple[int, ...]:
    kept: list[int] = []
    free = np.array([np.inf])
    for row in range(program.row_count):
        position = np.array([row], dtype=np.int32)
        session.patch(Patch(row_bounds=(position, -free, free)))
        if session.run().stop is not Stop.INFEASIBLE:
            bounds = (program.row_lower[[row]], program.row_upper[[row]])
            session.patch(Patch(row_bounds=(position, *bounds)))
            kept.append(row)
    return tuple(kept)
