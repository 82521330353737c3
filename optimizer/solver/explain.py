"""Explain infeasibility: the solver's irreducible conflict, mapped back to the labels of the formulation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.errors import SolverError
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
        irreducible: False when a test ran out of time, so that a constraint may be named without need.
    """

    constraints: tuple[Label, ...]
    bounds: tuple[Label, ...]
    integrality: bool = False
    irreducible: bool = True


def find_conflict(program: Program, *, seconds_per_test: float = 5.0) -> Conflict:
    """Find an irreducible conflict of an infeasible program.

    The solver names one from the linear relaxation. Where only integrality contradicts, rows are left out, half of
    the remaining ones at a time, and stay out while the rest remains infeasible, which leaves an irreducible set.

    Args:
        program: a program that was found to be infeasible.
        seconds_per_test: time limit of each feasibility test of the second kind.

    Raises:
        SolverError: the program is feasible.
    """
    session = HighsSession(SolverOptions(time_limit_s=seconds_per_test))
    session.load(program)
    session.set_objective("any feasible point", np.zeros(program.columns), 0.0)
    rows, columns = session.conflict()
    if rows or columns:
        return Conflict(
            constraints=tuple(program.row_labels[k] for k in rows),
            bounds=tuple(program.column_labels[k] for k in columns),
        )
    search = _DeletionFilter(session, program)
    if search.is_infeasible():
        search.shrink(0, program.row_count)
    elif search.decided:
        raise SolverError(f"{program.name} is feasible, there is no conflict to find")
    else:
        search.kept = list(range(program.row_count))
    return Conflict(
        constraints=tuple(program.row_labels[k] for k in search.kept),
        bounds=(),
        integrality=bool(program.integer.any()),
        irreducible=search.decided,
    )


class _DeletionFilter:
    """Leaves rows out of a live infeasible model while it stays infeasible.

    Attributes:
        kept: rows that had to stay, in order.
        decided: whether every test so far had an answer within its time limit.
    """

    def __init__(self, session: HighsSession, program: Program) -> None:
        self._session, self._program = session, program
        self.kept: list[int] = []
        self.decided = True

    def is_infeasible(self) -> bool:
        outcome = self._session.run()
        infeasible = outcome.stop is Stop.INFEASIBLE
        self.decided = self.decided and (infeasible or outcome.incumbent is not None)
        return infeasible

    def shrink(self, first: int, last: int) -> None:
        """Leave out what can be left out of the rows first..last-1; the live model is infeasible before and after."""
        if first == last:
            return
        rows = np.arange(first, last, dtype=np.int32)
        free = np.full(len(rows), np.inf)
        self._session.patch(Patch(row_bounds=(rows, -free, free)))
        if self.is_infeasible():
            return
        self._session.patch(
            Patch(row_bounds=(rows, self._program.row_lower[first:last], self._program.row_upper[first:last]))
        )
        if last - first == 1:
            self.kept.append(first)
            return
        middle = (first + last) // 2
        self.shrink(first, middle)
        self.shrink(middle, last)
