"""Choose among equal optima: fewest activations, then the earliest order as much as possible, then the next.

A probe looks for a second optimum first. In the usual case there is none and nothing more is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from optimizer.errors import SolverError
from optimizer.formulations.redispatch import build_redispatch
from optimizer.model.compile import compile_model
from optimizer.model.program import FloatArray, Objective, Program
from optimizer.problems.redispatch import IntArray, RedispatchProblem
from optimizer.results.redispatch import StageResult
from optimizer.solver.lexicographic import keep_objective
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession

CHUNK_RANGE = 1e5
EXACT = SolverOptions(relative_gap=0.0, absolute_gap=0.5)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TieBreak:
    """The chosen optimum.

    Attributes:
        units: units per order, shape (N,).
        unique: whether it was the only optimum.
        stages: the extra stage, if there was a choice.
    """

    units: FloatArray
    unique: bool
    stages: tuple[StageResult, ...]


def unit_matrix(problem: RedispatchProblem, program: Program) -> csr_array[Any, Any]:
    """Matrix that turns column values into units per order, shape (N, columns)."""
    orders = problem.orders
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for position, (block, index) in enumerate(
        zip(program.column_labels.blocks, program.column_labels.indices, strict=True)
    ):
        if block == "take":
            rows.append(index[0])
            columns.append(position)
            values.append(1.0)
        elif block == "used" and orders.indivisible[index[0]]:
            rows.append(index[0])
            columns.append(position)
            values.append(float(orders.units[index[0]]))
    return csr_array((values, (rows, columns)), shape=(len(orders), program.columns), dtype=np.float64)


def break_ties(
    problem: RedispatchProblem,
    program: Program,
    session: HighsSession,
    units: FloatArray,
    stages: tuple[StageResult, ...],
) -> TieBreak:
    """Choose among the optima of all stages.

    Args:
        problem: the problem.
        program: its program.
        session: session in which all stages but the last are kept as rows.
        units: an optimum, shape (N,).
        stages: the proven stages.
    """
    last = stages[-1]
    keep_objective(session, program.objectives[-1], last.objective + last.tolerance - program.objectives[-1].offset)
    if _is_only_optimum(problem, unit_matrix(problem, program), session, units):
        return TieBreak(units=units, unique=True, stages=())
    return _break_open_ties(problem, stages)


def _is_only_optimum(
    problem: RedispatchProblem, to_units: csr_array[Any, Any], session: HighsSession, units: FloatArray
) -> bool:
    """Look for the optimum that differs most from the given one.

    The distance counts units away from zero or from full; an order taken in part can move both ways, which takes a
    pair of columns of which a binary lets one move.
    """
    orders = problem.orders
    away = np.where(units <= 0, 1.0, np.where(units >= orders.units, -1.0, 0.0))
    middle = np.flatnonzero(away == 0)
    count = len(middle)
    costs = -(away @ to_units)
    if count:
        first = session.rows
        none = np.zeros(2 * count)
        session.append_rows(units[middle], units[middle], csr_array(to_units[middle]))
        session.append_rows(np.full(count, -np.inf), np.zeros(count), csr_array((count, session.columns)))
        session.append_rows(np.full(count, -np.inf), orders.units[middle], csr_array((count, session.columns)))
        row = np.arange(count)
        down, up, switch = first + row, first + count + row, first + 2 * count + row
        # units - plus + minus = units now; plus <= Q b; minus <= Q (1 - b)
        plus = csr_array(
            (np.r_[-np.ones(count), np.ones(count)], (np.r_[row, row], np.r_[down, up])), shape=(count, session.rows)
        )
        minus = csr_array((np.ones(2 * count), (np.r_[row, row], np.r_[down, switch])), shape=(count, session.rows))
        side = csr_array(
            (np.r_[-orders.units[middle], orders.units[middle]], (np.r_[row, row], np.r_[up, switch])),
            shape=(count, session.rows),
        )
        session.append_columns(none, none, np.full(2 * count, np.inf), csr_array(vstack([plus, minus])))
        session.append_columns(none[:count], none[:count], np.ones(count), side, integer=np.ones(count, dtype=np.bool_))
        costs = np.r_[costs, np.full(2 * count, -1.0), np.zeros(count)]
    outcome = _minimise(session, "second_optimum", costs)
    now = float(away @ units)
    return outcome.incumbent is not None and -outcome.incumbent.objective - now < 0.5


def _break_open_ties(problem: RedispatchProblem, stages: tuple[StageResult, ...]) -> TieBreak:
    program = compile_model(build_redispatch(problem, count_activations=True))
    session = HighsSession()
    session.load(program)
    for objective, stage in zip(program.objectives, stages, strict=False):
        keep_objective(session, objective, stage.objective + stage.tolerance - objective.offset)
    fewest = program.objectives[-1]
    outcome = _minimise(session, fewest.name, fewest.costs)
    to_units = unit_matrix(problem, program)
    chosen = np.round(to_units @ _values(outcome)) + 0.0
    count = float((chosen > 0).sum())
    stage = StageResult(
        name=fewest.name,
        unit="orders",
        objective=count,
        bound=count if outcome.bound is not None and count - outcome.bound < 1 - 1e-6 else outcome.bound,
        tolerance=0.4,
        proven=outcome.stop.proven,
        seconds=outcome.report.seconds,
        nodes=outcome.report.nodes,
    )
    keep_objective(session, Objective(name=fewest.name, costs=fewest.costs), count + stage.tolerance)
    everyone = np.arange(len(problem.orders))
    chosen = _serve_earliest(problem, session, to_units, chosen, everyone)
    return TieBreak(units=chosen, unique=False, stages=(stage,))


def _serve_earliest(
    problem: RedispatchProblem,
    session: HighsSession,
    to_units: csr_array[Any, Any],
    units: FloatArray,
    free: IntArray,
) -> FloatArray:
    """Serve the free orders in order of precedence as much as the optimum allows.

    Several orders go into one solve with weights that make the earlier one count for more than all later ones
    together, as long as the weights stay small enough to be exact.
    """
    orders = problem.orders
    queue = free[np.argsort(orders.precedence[free], kind="stable")].tolist()
    chosen = units.copy()
    while queue:
        chunk: list[int] = []
        size = 1.0
        while queue and (not chunk or size * (orders.units[queue[0]] + 1) <= CHUNK_RANGE):
            size *= orders.units[queue[0]] + 1
            chunk.append(queue.pop(0))
        if (chosen[chunk] < orders.units[chunk]).any():
            weights = np.zeros(len(orders))
            weight = 1.0
            for o in reversed(chunk):
                weights[o] = weight
                weight *= orders.units[o] + 1
            outcome = _minimise(session, "earliest_first", -(weights @ to_units))
            chosen = np.round(to_units @ _values(outcome)) + 0.0
        _fix(session, to_units, np.array(chunk), chosen)
    return chosen


def _fix(session: HighsSession, to_units: csr_array[Any, Any], positions: IntArray, units: FloatArray) -> None:
    """Keep the units of some orders by rows."""
    if len(positions):
        session.append_rows(units[positions], units[positions], csr_array(to_units[positions]))


def _minimise(session: HighsSession, name: str, costs: FloatArray) -> Outcome:
    session.set_objective(name, np.asarray(costs, dtype=np.float64), 0.0)
    return session.run(EXACT)


def _values(outcome: Outcome) -> FloatArray:
    if outcome.incumbent is None:
        raise SolverError(f"stage {outcome.report.stage} ended with {outcome.stop} on a feasible face")
    return outcome.incumbent.values
