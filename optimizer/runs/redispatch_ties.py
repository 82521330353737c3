"""Choose among equal optima: fewest activations, then the earliest order as much as possible, then the next.

Reduced costs first tell which orders can differ between two optima at all; only those are looked at. A probe then
looks for a second optimum. In the usual case there is none and nothing more is solved.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, vstack

from optimizer.errors import SolverError
from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.model.program import FloatArray, Objective, Program
from optimizer.model.restrict import restrict_program
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import StageResult
from optimizer.runs.redispatch_columns import column_orders, column_values, unit_matrix
from optimizer.runs.redispatch_stages import Cleared
from optimizer.solver.lexicographic import keep_objective
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession

CHUNK_RANGE = 1e5
EXACT = SolverOptions(relative_gap=0.0, absolute_gap=0.5, restart=False)


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


def break_ties(
    problem: RedispatchProblem, program: Program, cleared: Cleared, limit_rows: NDArray[np.bool_] | None = None
) -> TieBreak:
    """Choose among the optima of all stages.

    Args:
        problem: the problem.
        program: its program.
        cleared: an optimum with exact stages.
        limit_rows: limits and steps that have a row in the program; None for all.
    """
    free = np.ones(program.columns, dtype=np.bool_)
    rest = np.zeros(program.columns)
    if cleared.relaxation is not None:
        slack = cleared.value - cleared.relaxation.bound + max(1e-6, 2 * cleared.stages[-1].tolerance)
        free = cleared.relaxation.in_doubt(program, slack)
        rest = cleared.relaxation.rest
    face = _Face(problem, program, free, rest, cleared)
    if not face.movable.any() or face.is_single_point():
        return TieBreak(units=cleared.units, unique=True, stages=())
    return _break_open_ties(problem, face, cleared, limit_rows)


class _Face:
    """The optimal face of a program, restricted to the columns that can move on it."""

    def __init__(
        self,
        problem: RedispatchProblem,
        program: Program,
        free: NDArray[np.bool_],
        rest: FloatArray,
        cleared: Cleared,
    ) -> None:
        self.problem, self.units = problem, cleared.units
        self.program = restrict_program(program, free, rest)
        to_units = unit_matrix(problem, program)
        self.to_units = csr_array(to_units[:, np.flatnonzero(free)])
        self.fixed_units = to_units @ np.where(free, 0.0, rest)
        self.movable = np.diff(self.to_units.indptr) > 0
        self.session = HighsSession()
        self.session.load(self.program)
        for objective, stage in zip(self.program.objectives, cleared.stages, strict=False):
            keep_objective(self.session, objective, stage.objective + stage.tolerance - objective.offset)

    def is_single_point(self) -> bool:
        """Look for the optimum that differs most from the given one.

        The distance counts units away from zero or from full; an order taken in part can move both ways, which takes
        a pair of columns of which a binary lets one move. (Asking instead for any optimum at least one unit away, with
        the cost as objective, took up to a hundred times longer.)
        """
        offered = self.problem.orders.units
        away = np.where(self.units <= 0, 1.0, np.where(self.units >= offered, -1.0, 0.0))
        away[~self.movable] = 0.0
        middle = np.flatnonzero(self.movable & (away == 0))
        costs = -(away @ self.to_units)
        if len(middle):
            now = self.units[middle] - self.fixed_units[middle]
            count = _add_two_way_distance(self.session, csr_array(self.to_units[middle]), now, offered[middle])
            costs = np.concatenate([costs, np.full(2 * count, -1.0), np.zeros(count)])
        outcome = minimise(self.session, "second_optimum", costs)
        still = float(away @ (self.units - self.fixed_units))
        return outcome.incumbent is not None and -outcome.incumbent.objective - still < 0.5


def _add_two_way_distance(
    session: HighsSession, to_units: csr_array[Any, Any], now: FloatArray, offered: FloatArray
) -> int:
    """Add columns plus, minus and b: ``units - plus + minus = now``, ``plus <= Q b`` and ``minus <= Q (1 - b)``."""
    count, first = len(now), session.rows
    none, row = np.zeros(2 * count), np.arange(len(now))
    session.append_rows(now, now, to_units)
    session.append_rows(np.full(count, -np.inf), np.zeros(count), csr_array((count, session.columns)))
    session.append_rows(np.full(count, -np.inf), offered, csr_array((count, session.columns)))
    equal, up, down = first + row, first + count + row, first + 2 * count + row
    shape = (count, session.rows)
    twice, one = np.concatenate([row, row]), np.ones(count)
    plus = csr_array((np.concatenate([-one, one]), (twice, np.concatenate([equal, up]))), shape=shape)
    minus = csr_array((np.concatenate([one, one]), (twice, np.concatenate([equal, down]))), shape=shape)
    switch = csr_array((np.concatenate([-offered, offered]), (twice, np.concatenate([up, down]))), shape=shape)
    session.append_columns(none, none, np.full(2 * count, np.inf), csr_array(vstack([plus, minus])))
    session.append_columns(none[:count], none[:count], one, switch, integer=np.ones(count, dtype=np.bool_))
    return count


def _break_open_ties(
    problem: RedispatchProblem, face: _Face, cleared: Cleared, limit_rows: NDArray[np.bool_] | None
) -> TieBreak:
    program = compile_redispatch(problem, count_activations=True, limit_rows=limit_rows)
    order = column_orders(program)
    free = (order < 0) | face.movable[order]
    core = restrict_program(program, free, column_values(problem, program, cleared.units))
    session = HighsSession()
    session.load(core)
    for objective, stage in zip(core.objectives, cleared.stages, strict=False):
        keep_objective(session, objective, stage.objective + stage.tolerance - objective.offset)
    fewest = core.objectives[-1]
    outcome = minimise(session, fewest.name, fewest.costs)
    to_units = csr_array(unit_matrix(problem, program)[:, np.flatnonzero(free)])
    chosen = np.where(face.movable, np.round(to_units @ _values(outcome)) + 0.0, cleared.units)
    count = float((chosen > 0).sum())
    bound = None if outcome.bound is None else outcome.bound + fewest.offset
    stage = StageResult(
        name=fewest.name,
        unit="orders",
        objective=count,
        bound=count if bound is not None and count - bound < 1 - 1e-6 else bound,
        tolerance=0.4,
        proven=outcome.stop.proven,
        seconds=outcome.report.seconds,
        nodes=outcome.report.nodes,
    )
    limit = count + stage.tolerance - fewest.offset
    keep_objective(session, Objective(name=fewest.name, costs=fewest.costs), limit)
    chosen = _serve_earliest(problem, session, to_units, chosen, face.movable)
    return TieBreak(units=chosen, unique=False, stages=(stage,))


def _serve_earliest(
    problem: RedispatchProblem,
    session: HighsSession,
    to_units: csr_array[Any, Any],
    units: FloatArray,
    movable: NDArray[np.bool_],
) -> FloatArray:
    """Serve the movable orders in order of precedence as much as the optimum allows.

    Several orders go into one solve with weights that make the earlier one count for more than all later ones
    together, as long as the weights stay small enough to be exact.
    """
    orders = problem.orders
    free = np.flatnonzero(movable)
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
            outcome = minimise(session, "earliest_first", -(weights @ to_units))
            chosen = np.where(movable, np.round(to_units @ _values(outcome)) + 0.0, units)
        fixed = np.array(chunk)
        session.append_rows(chosen[fixed], chosen[fixed], csr_array(to_units[fixed]))
    return chosen


def minimise(session: HighsSession, name: str, costs: FloatArray) -> Outcome:
    """Minimise whole-number costs exactly on the live model."""
    session.set_objective(name, np.asarray(costs, dtype=np.float64), 0.0)
    return session.run(EXACT)


def _values(outcome: Outcome) -> FloatArray:
    if outcome.incumbent is None:
        raise SolverError(f"stage {outcome.report.stage} ended with {outcome.stop} on a feasible face")
    return outcome.incumbent.values
