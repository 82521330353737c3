"""The stages of a redispatch clearing: shortfall, excess where the policy says so, and cost.

Two ways lead to the same lexicographic optimum. *At once*: one solve in which shortfall has a high price. If its
shortfall is proven least (zero, or the bound of the linear relaxation rounded up to whole granules), its cost bound is
the bound of the cost stage too. *In stages*: one solve per objective, each kept by a row. The second way always works
and is taken where the first proves nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import SolverError
from optimizer.model.program import FloatArray, Objective, Program
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import StageResult, evaluate
from optimizer.runs.redispatch_columns import column_orders, single_takes, unit_matrix
from optimizer.solver.core import LagrangeBound, bound_by_duals, minimise_by_core
from optimizer.solver.lexicographic import keep_objective
from optimizer.solver.neighbourhood import improve_by_parts
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession, Progress

SHARES_PER_ONE = 1000
FINEST_EUR = 1e-5
GRANULE_PART = 0.4
SHORTFALL_PRICE_FACTOR = 20.0
LARGE = 2500
MANY_BLOCKS = 200
MOSTLY = 0.5
NEAR_ORDERS = 160
BLOCK_SEARCH_PART = 0.6

StageListener = Callable[[str, Progress], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchRun:
    """How far a clearing goes.

    Attributes:
        relative_gap: relative gap at which a stage may stop; zero proves every stage to less than a granule.
        time_limit_s: wall-clock limit per stage; None for none.
        ties: whether to break ties once every stage is exact; off leaves any of the equal optima.
        listener: called with the stage and its progress; returning False interrupts the stage.
    """

    relative_gap: float = 0.0
    time_limit_s: float | None = None
    ties: bool = True
    listener: StageListener | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cleared:
    """What the stages found.

    Attributes:
        units: units per order, shape (N,).
        stages: the proof.
        relaxation: what duals prove about the program under ``objective``; None when not known.
        objective: the objective of ``relaxation``.
        value: value of ``objective`` at the units.
    """

    units: FloatArray
    stages: tuple[StageResult, ...]
    relaxation: LagrangeBound | None = None
    objective: Objective | None = None
    value: float = np.inf


def clear_at_once(problem: RedispatchProblem, program: Program, run: RedispatchRun) -> Cleared | None:
    """Solve shortfall and cost in one go; None where that does not prove the shortfall least.

    Where time ran out there is nothing better to come: the set is handed on with what is proven, the bound of its
    cost holding for sets with the same shortfall. A problem that prices shortfall itself has only one stage: this one.
    """
    names = [objective.name for objective in program.objectives]
    if names == ["least_cost"]:
        return _clear_priced(problem, program, run)
    if names != ["least_shortfall", "least_cost"]:
        return None
    unmet, cost = program.objectives
    least = _least_shortfall_bound(problem, program, unmet)
    price = shortfall_price_eur(problem)
    merged = Objective(name=cost.name, costs=cost.costs + price * unmet.costs, offset=cost.offset - price * least)
    outcome, relaxation = _solve(problem, program, merged, run)
    if outcome.incumbent is None:
        return None
    units = whole_units(problem, unit_matrix(problem, program) @ outcome.incumbent.values)
    shortfall = stage_result(problem, unmet.name, outcome, units, bound=least)
    if not shortfall.exact:
        if outcome.stop.proven or run.time_limit_s is None:
            return None
        shortfall = replace(shortfall, proven=False)
    above = price * (shortfall.objective - least)
    bound = None if outcome.bound is None else outcome.bound - above
    stage = stage_result(problem, cost.name, outcome, units, bound=bound)
    return Cleared(
        units=units,
        stages=(replace(shortfall, seconds=0.0, nodes=0), stage),
        relaxation=relaxation,
        objective=merged,
        value=stage.objective + above,
    )


def clear_in_stages(problem: RedispatchProblem, program: Program, run: RedispatchRun) -> Cleared:
    """Solve one objective after the other, from the empty set on.

    Raises:
        SolverError: a stage ended without any set of orders within its limits.
    """
    session = HighsSession()
    session.load(program)
    stages: list[StageResult] = []
    values = empty_set(problem, program)
    units = np.zeros(len(problem.orders))
    to_units = unit_matrix(problem, program)
    for k, objective in enumerate(program.objectives):
        if k:
            session.set_objective(objective.name, objective.costs, objective.offset)
        session.warm_start(values)
        outcome = session.run(stage_options(run, problem, objective.name), _listener(run, objective.name))
        if outcome.incumbent is None:
            raise SolverError(f"stage {objective.name} ended with {outcome.stop} and without a set of orders")
        values = outcome.incumbent.values
        units = whole_units(problem, to_units @ values)
        stage = stage_result(problem, objective.name, outcome, units, bound=outcome.bound)
        stages.append(stage)
        if k + 1 < len(program.objectives):
            keep_objective(session, objective, stage.objective + stage.tolerance - objective.offset)
    return Cleared(units=units, stages=tuple(stages))


def stage_granule(problem: RedispatchProblem, stage: str) -> tuple[float, str]:
    """Return the smallest difference two values of a stage can have, and the unit of the stage.

    Shares of a need are whole thousandths, so relief comes in multiples of their greatest common divisor. Priced
    excess then makes money finer than a lot times a tick; below a thousandth of a cent costs count as equal.
    """
    if stage == "fewest_activations":
        return 1.0, "orders"
    thousandths = np.unique(np.round(problem.needs.share * SHARES_PER_ONE).astype(np.int64))
    part = float(np.gcd.reduce(np.append(thousandths, SHARES_PER_ONE))) / SHARES_PER_ONE
    if stage != "least_cost":
        return part, "lots x steps"
    if problem.excess_price_eur_per_mwh is None or part == 1.0:
        return problem.granule_eur, "EUR"
    return max(FINEST_EUR, problem.granule_eur * part), "EUR"


def stage_value(problem: RedispatchProblem, stage: str, units: FloatArray) -> float:
    """Value of a stage at a choice of units, recomputed from the problem."""
    figures = evaluate(problem, units)
    if stage == "least_shortfall":
        return float(figures.shortfall_lots.sum())
    if stage == "least_excess":
        return float(figures.excess_lots.sum())
    if stage == "fewest_activations":
        return float((units > 0).sum())
    price, energy = problem.excess_price_eur_per_mwh, problem.lot_step_mwh
    cost = figures.spread_cost_eur
    if price is not None:
        cost += float(price @ figures.excess_lots.sum(axis=1)) * energy
    if problem.shortfall_price_eur_per_mwh is not None:
        unmet = float(figures.shortfall_lots.sum() + figures.overload_lots.sum())
        cost += problem.shortfall_price_eur_per_mwh * unmet * energy
    return cost


def stage_result(
    problem: RedispatchProblem, name: str, outcome: Outcome, units: FloatArray, *, bound: float | None
) -> StageResult:
    """Recompute a stage's objective from its units and lift its bound to the next whole granule."""
    granule, unit = stage_granule(problem, name)
    value = stage_value(problem, name, units)
    if bound is not None and not problem.divisible and value - bound < granule * (1 - 1e-3):
        bound = value
    bound = None if bound is None else min(bound, value)
    return StageResult(
        name=name,
        unit=unit,
        objective=value,
        bound=bound,
        tolerance=GRANULE_PART * granule,
        proven=outcome.stop.proven,
        seconds=outcome.report.seconds,
        nodes=outcome.report.nodes,
    )


def stage_options(run: RedispatchRun, problem: RedispatchProblem, stage: str) -> SolverOptions:
    """Solver options of a stage: stop within the relative gap, or below one granule.

    Root restarts are off: on books of blocks they took half of the time and no book was faster with them.
    """
    granule, _ = stage_granule(problem, stage)
    gap = 1e-6 if problem.divisible else max(0.9 * granule, 1e-7)
    return SolverOptions(time_limit_s=run.time_limit_s, relative_gap=run.relative_gap, absolute_gap=gap, restart=False)


def shortfall_price_eur(problem: RedispatchProblem) -> float:
    """Price of a lot of shortfall for one step in the merged objective, well above any spread in the book."""
    ticks = problem.orders.tier_price_ticks
    spread = float(ticks.max() - ticks.min()) if len(ticks) else 0.0
    dearest = max(spread * problem.price_tick_eur_per_mwh, 50.0)
    return SHORTFALL_PRICE_FACTOR * dearest * problem.lot_step_mwh


def whole_units(problem: RedispatchProblem, units: FloatArray) -> FloatArray:
    """Round away the solver's tolerance; a divisible problem keeps its parts."""
    if problem.divisible:
        return np.clip(units, 0.0, problem.orders.units)
    return np.asarray(np.round(units) + 0.0, dtype=np.float64)


def _clear_priced(problem: RedispatchProblem, program: Program, run: RedispatchRun) -> Cleared | None:
    objective = program.objectives[0]
    outcome, relaxation = _solve(problem, program, objective, run)
    if outcome.incumbent is None:
        return None
    units = whole_units(problem, unit_matrix(problem, program) @ outcome.incumbent.values)
    stage = stage_result(problem, objective.name, outcome, units, bound=outcome.bound)
    return Cleared(units=units, stages=(stage,), relaxation=relaxation, objective=objective, value=stage.objective)


def _solve(
    problem: RedispatchProblem, program: Program, objective: Objective, run: RedispatchRun
) -> tuple[Outcome, LagrangeBound | None]:
    """Minimise from the empty set, which is always allowed, through the core where there are many columns.

    A book made mostly of blocks spends part of its time limit on finding good sets first.
    """
    options, listener = stage_options(run, problem, objective.name), _listener(run, objective.name)
    start = empty_set(problem, program)
    if run.time_limit_s is not None and _is_made_of_blocks(problem):
        seconds = BLOCK_SEARCH_PART * run.time_limit_s
        draw = _block_neighbourhoods(problem, program)
        start = improve_by_parts(program, objective, start, draw=draw, seconds=seconds)
        options = replace(options, time_limit_s=run.time_limit_s - seconds)
    found = minimise_by_core(
        program,
        objective,
        options,
        first_core=LARGE,
        relaxable=single_takes(program) if program.columns > LARGE else None,
        start=start,
        listener=listener,
    )
    return found.outcome, found.relaxation


def empty_set(problem: RedispatchProblem, program: Program) -> FloatArray:
    """Values of the columns when nothing is traded: all of the need is short."""
    values = np.zeros(program.columns)
    limits = problem.limits
    for column, (block, index) in enumerate(
        zip(program.column_labels.blocks, program.column_labels.indices, strict=True)
    ):
        if block == "shortfall":
            values[column] = problem.needs.required_lots[index]
        elif block == "overload_up":
            values[column] = max(0.0, -float(limits.up_lots[index]))
        elif block == "overload_down":
            values[column] = max(0.0, -float(limits.down_lots[index]))
    return values


def _is_made_of_blocks(problem: RedispatchProblem) -> bool:
    orders = problem.orders
    blocks = orders.indivisible & (np.diff(orders.profile_start) > 1)
    return len(orders) >= MANY_BLOCKS and float(blocks.mean()) > MOSTLY


def _block_neighbourhoods(
    problem: RedispatchProblem, program: Program
) -> Callable[[np.random.Generator], NDArray[np.bool_]]:
    """Orders that meet a window of time, at most `NEAR_ORDERS`, and every third time a quarter of all."""
    orders, order = problem.orders, column_orders(program)
    first = orders.profile_step[orders.profile_start[:-1]]
    last = orders.profile_step[orders.profile_start[1:] - 1]

    def draw(rng: np.random.Generator) -> NDArray[np.bool_]:
        if rng.integers(3) == 0:
            near = rng.random(len(orders)) < 0.25
        else:
            width = int(rng.integers(4, max(5, problem.steps // 3)))
            begin = int(rng.integers(0, max(1, problem.steps - width // 2)))
            near = (first < begin + width) & (last >= begin)
            near &= rng.random(len(orders)) < NEAR_ORDERS / max(NEAR_ORDERS, int(near.sum()))
        return np.asarray((order < 0) | near[np.maximum(order, 0)])

    return draw


def _least_shortfall_bound(problem: RedispatchProblem, program: Program, unmet: Objective) -> float:
    """Least shortfall of the linear relaxation, rounded up to whole granules."""
    session = HighsSession()
    session.load(replace(program, objectives=(unmet,), integer=np.zeros(program.columns, dtype=np.bool_)))
    outcome = session.run(SolverOptions(method="simplex"))
    if outcome.incumbent is None or outcome.incumbent.row_duals is None:
        return 0.0
    bound = bound_by_duals(program, unmet, outcome.incumbent.row_duals).bound
    granule, _ = stage_granule(problem, unmet.name)
    if problem.divisible or not np.isfinite(bound):
        return max(0.0, bound if np.isfinite(bound) else 0.0)
    return max(0.0, float(np.ceil(bound / granule - 1e-3) * granule))


def _listener(run: RedispatchRun, stage: str) -> Callable[[Progress], bool] | None:
    listener = run.listener
    if listener is None:
        return None
    return lambda progress: listener(stage, progress)
