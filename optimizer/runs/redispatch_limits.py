"""Clear with only the limits that matter: rows are added for what a solution overruns, until it overruns nothing.

A network has thousands of lines and quarter-hours of which a handful bind, and every row is dense. Leaving rows out
relaxes the problem, so its bound holds; a solution that overruns nothing left out is feasible, so the last round's
optimum is the optimum. Rounds are first played on the linear relaxation, where they cost little.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.model.program import FloatArray, Objective
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import StageResult
from optimizer.runs.redispatch_columns import unit_matrix
from optimizer.runs.redispatch_stages import (
    Cleared,
    RedispatchRun,
    clear_at_once,
    clear_in_stages,
    shortfall_price_eur,
)
from optimizer.runs.redispatch_ties import break_ties
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession

FEW_ROWS = 1000
OVERRUN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClearedWithTies:
    """Units, proof and whether there was a choice; see `RedispatchResult`."""

    units: FloatArray
    stages: tuple[StageResult, ...]
    unique: bool | None


def clear_with_needed_limits(problem: RedispatchProblem, run: RedispatchRun) -> ClearedWithTies:
    """Clear a problem, adding rows of limits as they are overrun.

    Raises:
        SolverError: a stage ended without any set of orders within its limits.
    """
    rows = first_limit_rows(problem)
    while True:
        cleared = _clear(problem, run, rows)
        overrun = _overrun(problem, cleared.units)
        if rows is None or not (overrun & ~rows).any():
            return cleared
        rows = rows | overrun


def first_limit_rows(problem: RedispatchProblem) -> NDArray[np.bool_] | None:
    """Rows to start with: all where they are few, else those the linear relaxation overruns, shape (L, T)."""
    limits = problem.limits
    if limits.up_lots.size <= FEW_ROWS:
        return None
    rows = np.asarray(np.minimum(limits.up_lots, limits.down_lots) < 0)
    while True:
        program = compile_redispatch(problem, limit_rows=rows)
        objective = program.objectives[-1]
        if len(program.objectives) > 1:
            price = shortfall_price_eur(problem)
            objective = Objective(name="merged", costs=objective.costs + price * program.objectives[0].costs)
        relaxed = replace(program, objectives=(objective,), integer=np.zeros(program.columns, dtype=np.bool_))
        session = HighsSession()
        session.load(relaxed)
        outcome = session.run(SolverOptions(method="simplex"))
        if outcome.incumbent is None:
            return rows
        overrun = _overrun(problem, unit_matrix(problem, program) @ outcome.incumbent.values)
        if not (overrun & ~rows).any():
            return rows
        rows = rows | overrun


def _clear(problem: RedispatchProblem, run: RedispatchRun, rows: NDArray[np.bool_] | None) -> ClearedWithTies:
    program = compile_redispatch(problem, limit_rows=rows)
    cleared: Cleared = clear_at_once(problem, program, run) or clear_in_stages(problem, program, run)
    if not run.ties or problem.divisible or not all(stage.exact for stage in cleared.stages):
        return ClearedWithTies(units=cleared.units, stages=cleared.stages, unique=None)
    broken = break_ties(problem, program, cleared, rows)
    return ClearedWithTies(units=broken.units, stages=(*cleared.stages, *broken.stages), unique=broken.unique)


def _overrun(problem: RedispatchProblem, units: FloatArray) -> NDArray[np.bool_]:
    change, limits = problem.limit_change(units), problem.limits
    return np.asarray((change > limits.up_lots + OVERRUN) | (change < -limits.down_lots - OVERRUN))
