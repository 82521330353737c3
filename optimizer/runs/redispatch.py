"""Clear a redispatch problem: check, build, compile, solve stage by stage, break ties, verify.

Volumes and money are whole granules, so a stage is exact as soon as its proven gap is below one granule: no better
value can lie in between. What a stage gives to the next is less than half a granule, that is, nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optimizer.errors import InvalidProblemError, SolverError, VerificationError
from optimizer.formulations.redispatch import build_redispatch
from optimizer.model.compile import compile_model
from optimizer.model.program import FloatArray, Program
from optimizer.problems.checks_redispatch import check_redispatch
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import RedispatchResult, StageResult, evaluate
from optimizer.runs.redispatch_ties import TieBreak, break_ties, unit_matrix
from optimizer.solver.lexicographic import keep_objective
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import SOLVER, HighsSession, Progress
from optimizer.verify.redispatch import verify_redispatch

SHARE_GRANULE = 1e-3
GRANULE_PART = 0.4

StageListener = Callable[[str, Progress], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchRun:
    """How far a clearing goes.

    Attributes:
        relative_gap: relative gap at which a stage may stop; zero proves every stage to less than a granule.
        time_limit_s: wall-clock limit per stage; None for none.
        ties: whether to break ties; off leaves any of the equal optima.
        listener: called with the stage and its progress; returning False interrupts the stage.
    """

    relative_gap: float = 0.0
    time_limit_s: float | None = None
    ties: bool = True
    listener: StageListener | None = None


def solve_redispatch(problem: RedispatchProblem, run: RedispatchRun | None = None) -> RedispatchResult:
    """Clear a problem to the lexicographic optimum and verify the result.

    Raises:
        InvalidProblemError: the checks found faults.
        SolverError: a stage ended without any set of orders within its limits.
        VerificationError: the result does not stand up to the independent check.
    """
    chosen = run or RedispatchRun()
    findings = check_redispatch(problem)
    if findings:
        raise InvalidProblemError(findings)
    program = compile_model(build_redispatch(problem))
    session = HighsSession()
    session.load(program)
    stages, values = _run_stages(session, problem, program, chosen)
    units = _whole(problem, unit_matrix(problem, program) @ values)
    unique: bool | None = None
    if chosen.ties and not problem.divisible and all(stage.proven for stage in stages):
        broken: TieBreak = break_ties(problem, program, session, units, stages)
        units, unique = broken.units, broken.unique
        stages = (*stages, *broken.stages)
    result = conclude(problem, units, stages, unique)
    faults = verify_redispatch(problem, result)
    if faults:
        raise VerificationError(faults)
    return result


def conclude(
    problem: RedispatchProblem, units: FloatArray, stages: tuple[StageResult, ...], unique: bool | None
) -> RedispatchResult:
    """Put units and proof together."""
    figures = evaluate(problem, units)
    return RedispatchResult(
        units=units,
        relief_lots=figures.relief_lots,
        shortfall_lots=figures.shortfall_lots,
        excess_lots=figures.excess_lots,
        overload_lots=figures.overload_lots,
        spread_cost_eur=figures.spread_cost_eur,
        stages=stages,
        unique=unique,
        solver=SOLVER,
    )


def stage_granule(problem: RedispatchProblem, stage: str) -> tuple[float, str]:
    """Return the smallest difference two values of a stage can have, and the unit of the stage."""
    share = problem.needs.share
    part = 1.0 if bool(((share == 0) | (share == 1)).all()) else SHARE_GRANULE
    if stage == "least_cost":
        return problem.granule_eur * (1.0 if problem.excess_price_eur_per_mwh is None else part), "EUR"
    if stage == "fewest_activations":
        return 1.0, "orders"
    return part, "lots x steps"


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


def _run_stages(
    session: HighsSession, problem: RedispatchProblem, program: Program, run: RedispatchRun
) -> tuple[tuple[StageResult, ...], FloatArray]:
    stages: list[StageResult] = []
    values: FloatArray | None = None
    to_units = unit_matrix(problem, program)
    for k, objective in enumerate(program.objectives):
        if k:
            session.set_objective(objective.name, objective.costs, objective.offset)
        if values is not None:
            session.warm_start(values)
        granule, _ = stage_granule(problem, objective.name)
        outcome = session.run(_options(run, problem, granule), _listener(run, objective.name))
        if outcome.incumbent is None:
            raise SolverError(f"stage {objective.name} ended with {outcome.stop} and without a set of orders")
        values = outcome.incumbent.values
        units = _whole(problem, to_units @ values)
        stage = stage_result(problem, objective.name, outcome, units)
        stages.append(stage)
        if k + 1 < len(program.objectives):
            keep_objective(session, objective, stage.objective + stage.tolerance - objective.offset)
    assert values is not None
    return tuple(stages), values


def stage_result(problem: RedispatchProblem, name: str, outcome: Outcome, units: FloatArray) -> StageResult:
    """Recompute a stage's objective from its units and lift its bound to the next whole granule."""
    granule, unit = stage_granule(problem, name)
    value = stage_value(problem, name, units)
    bound = outcome.bound
    if bound is not None and not problem.divisible and value - bound < granule * (1 - 1e-3):
        bound = max(bound, value)
    return StageResult(
        name=name,
        unit=unit,
        objective=value,
        bound=None if bound is None else min(bound, value),
        tolerance=GRANULE_PART * granule,
        proven=outcome.stop.proven,
        seconds=outcome.report.seconds,
        nodes=outcome.report.nodes,
    )


def _options(run: RedispatchRun, problem: RedispatchProblem, granule: float) -> SolverOptions:
    gap = 1e-6 if problem.divisible else max(0.9 * granule, 1e-7)
    return SolverOptions(time_limit_s=run.time_limit_s, relative_gap=run.relative_gap, absolute_gap=gap)


def _listener(run: RedispatchRun, stage: str) -> Callable[[Progress], bool] | None:
    listener = run.listener
    if listener is None:
        return None
    return lambda progress: listener(stage, progress)


def _whole(problem: RedispatchProblem, units: FloatArray) -> FloatArray:
    if problem.divisible:
        return np.clip(units, 0.0, problem.orders.units)
    return np.asarray(np.round(units) + 0.0, dtype=np.float64)
