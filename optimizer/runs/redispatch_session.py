"""Clear again after an order was withdrawn between snapshot and execution.

A withdrawn order voids the whole set, because what balanced it is no longer balanced. Two facts make the next clearing
quick. If the order was not taken, the set stands: it was the best of more choices. If it was, the former optimum still
bounds the new one from below, so a set found by moving only the orders around the gap is proven as far as it lies
above the former. Where that is not close enough, the smaller book is cleared from scratch. The price of relief above
the need stays that of the snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import VerificationError
from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.model.restrict import restrict_program
from optimizer.problems.redispatch import FloatArray, RedispatchProblem, drop_orders
from optimizer.results.redispatch import RedispatchResult, StageResult
from optimizer.runs.redispatch import conclude, solve_redispatch
from optimizer.runs.redispatch_columns import column_orders, column_values, unit_matrix
from optimizer.runs.redispatch_stages import RedispatchRun, stage_options, stage_value, whole_units
from optimizer.solver.lexicographic import keep_objective
from optimizer.solver.session import HighsSession
from optimizer.verify.redispatch import verify_redispatch


class RedispatchSession:
    """A book that is cleared, and cleared again whenever orders leave it.

    Attributes:
        problem: the book as it is now.
        result: its clearing.
    """

    def __init__(self, problem: RedispatchProblem, run: RedispatchRun | None = None) -> None:
        """Clear the book for the first time; raises as `solve_redispatch` does."""
        self._run = run or RedispatchRun()
        self.problem = problem
        self.result = solve_redispatch(problem, self._run)

    def withdraw(self, ids: Sequence[str], *, within: float | None = None) -> RedispatchResult:
        """Take orders out of the book, and with them those that depend on them, and clear again.

        Args:
            ids: the orders.
            within: relative gap within which a repaired set is good enough when time presses; its bound is proven
                as ever and its stage says whether the gap of the run is. None for the gap of the run.

        Raises:
            KeyError: an id is not in the book.
            SolverError: as `solve_redispatch`.
            VerificationError: as `solve_redispatch`.
        """
        position = {name: k for k, name in enumerate(self.problem.orders.ids)}
        gone = np.zeros(len(self.problem.orders), dtype=np.bool_)
        gone[[position[name] for name in ids]] = True
        smaller, kept = drop_orders(self.problem, gone)
        left = self.result.units[kept]
        if left.sum() == self.result.units.sum():
            result = replace(self.result, units=left, unique=self.result.unique or None)
            self._accept(smaller, result)
            return result
        lost = np.setdiff1d(np.flatnonzero(self.result.units > 0), kept)
        gap = self._run.relative_gap if within is None else within
        repaired = self._repair(smaller, left, _steps_of(self.problem, lost), gap)
        result = repaired or solve_redispatch(smaller, self._run)
        self._accept(smaller, result)
        return result

    def _accept(self, problem: RedispatchProblem, result: RedispatchResult) -> None:
        faults = verify_redispatch(problem, result)
        if faults:
            raise VerificationError(faults)
        self.problem, self.result = problem, result

    def _repair(
        self, problem: RedispatchProblem, left: FloatArray, steps: NDArray[np.bool_], gap: float
    ) -> RedispatchResult | None:
        """Move only orders that have power in the given steps; None where that proves too little."""
        former = self.result.stages[-1]
        names = [stage.name for stage in self.result.stages]
        if names != ["least_shortfall", "least_cost"] or not self.result.stages[0].exact or former.bound is None:
            return None
        program = compile_redispatch(problem)
        order = column_orders(program)
        near = np.zeros(len(problem.orders), dtype=np.bool_)
        near[problem.orders.entry_order[steps[problem.orders.profile_step]]] = True
        free = (order < 0) | near[order]
        core = restrict_program(program, free, column_values(problem, program, left))
        session = HighsSession()
        session.load(core)
        unmet, cost = core.objectives[0], core.objectives[-1]
        shortfall = self.result.stages[0]
        keep_objective(session, unmet, shortfall.objective + shortfall.tolerance - unmet.offset)
        session.set_objective(cost.name, cost.costs, cost.offset)
        options = replace(stage_options(self._run, problem, cost.name), relative_gap=gap / 2)
        outcome = session.run(options)
        if outcome.incumbent is None:
            return None
        to_units = csr_array(unit_matrix(problem, program)[:, np.flatnonzero(free)])
        units = np.where(near, whole_units(problem, to_units @ outcome.incumbent.values), left)
        value = stage_value(problem, cost.name, units)
        above = value - former.bound
        if above > max(gap * abs(value), options.absolute_gap):
            return None
        stage = StageResult(
            name=former.name,
            unit=former.unit,
            objective=value,
            bound=former.bound,
            tolerance=former.tolerance,
            proven=above <= max(self._run.relative_gap * abs(value), options.absolute_gap),
            seconds=outcome.report.seconds,
            nodes=outcome.report.nodes,
        )
        return conclude(problem, units, (shortfall, stage), None)


def _steps_of(problem: RedispatchProblem, lost: NDArray[np.int64]) -> NDArray[np.bool_]:
    steps = np.zeros(problem.steps, dtype=np.bool_)
    for o in lost.tolist():
        entries = slice(problem.orders.profile_start[o], problem.orders.profile_start[o + 1])
        steps[problem.orders.profile_step[entries]] = True
    return steps
