"""Solve a large mixed-integer program through its core: the columns the linear relaxation leaves in doubt.

With duals y of the rows, every solution costs at least ``L(y)`` plus the reduced costs of the columns it moves away
from where y puts them. So a solution of cost U proves that every integer column with a reduced cost above ``U - L``
stays where it is, and whatever moves a column left out of a core of threshold d costs at least ``L + d``. The bound is
recomputed here from y alone; a wrong or sloppy y gives a weaker bound, never a false one.

Source: reduced-cost fixing is textbook integer programming (Nemhauser and Wolsey 1988, section II.5).
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.model.program import FloatArray, Objective, Program
from optimizer.model.restrict import restrict_program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Outcome, SolveReport, Stop
from optimizer.solver.session import SOLVER, HighsSession, Progress

WHOLE = 1e-6
GROWTH = 3.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LagrangeBound:
    """What row duals prove about a program.

    Attributes:
        bound: no solution costs less.
        reduced_costs: cost per column minus the duals' share, shape (columns,).
        rest: where each column rests at the bound, shape (columns,).
    """

    bound: float
    reduced_costs: FloatArray
    rest: FloatArray

    def in_doubt(self, program: Program, slack: float) -> NDArray[np.bool_]:
        """Columns that can move in a solution that costs at most ``bound + slack``, shape (columns,)."""
        return ~program.integer | (np.abs(self.reduced_costs) <= slack)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CoreOutcome:
    """Outcome of a solve through the core.

    Attributes:
        outcome: as of any solve; its bound holds for the whole program.
        relaxation: what the duals prove; None when the relaxation has no solution.
    """

    outcome: Outcome
    relaxation: LagrangeBound | None


def bound_by_duals(program: Program, objective: Objective, duals: FloatArray) -> LagrangeBound:
    """Recompute the bound that row duals prove, from the program and the duals alone."""
    usable = np.where(
        duals > 0, np.isfinite(program.row_lower), np.where(duals < 0, np.isfinite(program.row_upper), False)
    )
    y = np.where(usable, duals, 0.0)
    reduced = objective.costs - program.rows.T @ y
    side = np.where(y > 0, program.row_lower, np.where(y < 0, program.row_upper, 0.0))
    rest = np.where(reduced > 0, program.column_lower, np.where(reduced < 0, program.column_upper, 0.0))
    open_ended = np.isinf(rest)
    loss = -np.inf if (open_ended & (np.abs(reduced) > 1e-7)).any() else 0.0
    rest = np.where(open_ended | (reduced == 0), np.clip(0.0, program.column_lower, program.column_upper), rest)
    value = float(y @ np.where(usable, side, 0.0) + reduced @ rest) + objective.offset
    return LagrangeBound(bound=value + loss, reduced_costs=reduced, rest=rest)


def minimise_by_core(
    program: Program,
    objective: Objective,
    options: SolverOptions,
    *,
    first_core: int = 2500,
    relaxable: NDArray[np.bool_] | None = None,
    start: FloatArray | None = None,
    listener: Callable[[Progress], bool] | None = None,
) -> CoreOutcome:
    """Minimise one objective of a program through growing cores.

    Args:
        program: the program.
        objective: what to minimise.
        options: gap and time limit of the whole solve.
        first_core: integer columns in the first core; a program that is not larger is its own core.
        relaxable: integer columns that usually come out whole by themselves; a core is solved without their
            integrality first and again with it only where one does not. None for none.
        start: a feasible solution, shape (columns,); the result is never worse.
        listener: progress listener, called within each core.
    """
    started = time.perf_counter()
    whole = replace(program, objectives=(objective,))
    session = HighsSession()
    session.load(replace(whole, integer=np.zeros(program.columns, dtype=np.bool_)))
    relaxed = session.run(replace(options, method="simplex"), listener)
    if relaxed.incumbent is None or relaxed.incumbent.row_duals is None:
        return CoreOutcome(outcome=relaxed, relaxation=None)
    duals = bound_by_duals(whole, objective, relaxed.incumbent.row_duals)
    search = _Search(whole, duals, options, started, relaxable, listener)
    if start is not None:
        search.best, search.cost = start.copy(), float(objective.costs @ start) + objective.offset
    moving = np.sort(np.abs(duals.reduced_costs[program.integer & (np.abs(duals.reduced_costs) > WHOLE)]))
    slack = float(moving[first_core]) if first_core < len(moving) else np.inf
    while search.step(slack):
        slack = search.next_slack(slack)
    return CoreOutcome(outcome=search.outcome(relaxed.report.iterations), relaxation=duals)


class _Search:
    """State of the search through cores: best solution and best bound so far."""

    def __init__(
        self,
        program: Program,
        duals: LagrangeBound,
        options: SolverOptions,
        started: float,
        relaxable: NDArray[np.bool_] | None,
        listener: Callable[[Progress], bool] | None,
    ) -> None:
        self.program, self.duals, self.options, self.listener = program, duals, options, listener
        self.started = started
        self.relaxable = np.zeros(program.columns, dtype=np.bool_) if relaxable is None else relaxable
        self.best: FloatArray | None = None
        self.cost = np.inf
        self.bound = duals.bound
        self.nodes = 0
        self.stop = Stop.UNKNOWN

    def step(self, slack: float) -> bool:
        """Solve one core; return whether another one is needed."""
        keep = self.duals.in_doubt(self.program, slack)
        core = restrict_program(self.program, keep, self.duals.rest)
        outcome = self._solve(core, keep)
        everything = bool(keep.all())
        if outcome.stop is Stop.INFEASIBLE:
            self.bound = max(self.bound, np.inf if everything else self.duals.bound + slack)
            if everything:
                self.stop = Stop.INFEASIBLE if self.best is None else Stop.OPTIMAL
            return not everything
        if outcome.bound is not None:
            outside = np.inf if everything else self.duals.bound + slack
            self.bound = max(self.bound, min(outcome.bound, outside))
        self.bound = min(self.bound, self.cost)
        if self.best is not None and self._close_enough(self.bound):
            self.stop = Stop.OPTIMAL if self.cost - self.bound <= 1e-9 * max(1.0, abs(self.cost)) else Stop.GAP_REACHED
            return False
        if not outcome.stop.proven or everything:
            self.stop = outcome.stop
            return False
        return True

    def next_slack(self, slack: float) -> float:
        """Threshold of the next core: wide enough to prove the gap around the best solution, at most tripled."""
        wider = max(slack, WHOLE) * GROWTH
        if not np.isfinite(self.cost):
            return wider
        allowed = max(self.options.relative_gap * abs(self.cost), self.options.absolute_gap)
        needed = self.cost - self.duals.bound - 0.9 * allowed
        return needed if slack < needed <= wider else wider

    def outcome(self, iterations: int) -> Outcome:
        """What is known at the end."""
        report = SolveReport(
            solver=SOLVER,
            seconds=time.perf_counter() - self.started,
            nodes=self.nodes,
            iterations=iterations,
            stage=self.program.objectives[0].name,
        )
        incumbent = None if self.best is None else Incumbent(values=self.best, objective=self.cost)
        bound = float(self.bound) if np.isfinite(self.bound) else None
        return Outcome(stop=self.stop, incumbent=incumbent, bound=bound, report=report)

    def _solve(self, core: Program, keep: NDArray[np.bool_]) -> Outcome:
        relaxed = self.relaxable[keep] & core.integer
        outcome = self._run(replace(core, integer=core.integer & ~relaxed), keep)
        found = outcome.incumbent
        if found is not None:
            values = found.values.copy()
            values[core.integer] = np.round(values[core.integer])
            off = np.abs(values - found.values)[relaxed].max(initial=0.0)
            if off > WHOLE:
                exact = self._run(core, keep)
                self._take(exact, keep)
                bounds = [b for b in (outcome.bound, exact.bound) if b is not None]
                return replace(exact, bound=max(bounds, default=None))
        self._take(outcome, keep)
        return outcome

    def _run(self, core: Program, keep: NDArray[np.bool_]) -> Outcome:
        session = HighsSession()
        session.load(core)
        if self.best is not None:
            session.warm_start(self.best[keep])
        limit = self.options.time_limit_s
        left = None if limit is None else max(0.0, limit - (time.perf_counter() - self.started))
        outcome = session.run(replace(self.options, time_limit_s=left), self.listener)
        self.nodes += outcome.report.nodes
        return outcome

    def _take(self, outcome: Outcome, keep: NDArray[np.bool_]) -> None:
        if outcome.incumbent is None:
            return
        values = self.duals.rest.copy()
        values[keep] = outcome.incumbent.values
        values[self.program.integer] = np.round(values[self.program.integer])
        objective = self.program.objectives[0]
        cost = float(objective.costs @ values) + objective.offset
        if cost < self.cost:
            self.best, self.cost = values, cost

    def _close_enough(self, bound: float) -> bool:
        allowed = max(self.options.relative_gap * abs(self.cost), self.options.absolute_gap)
        return bool(self.cost - bound <= allowed)
