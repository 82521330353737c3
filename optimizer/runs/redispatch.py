"""Clear a redispatch problem: check, build, compile, solve stage by stage, break ties, verify.

Volumes and money are whole granules, so a stage is exact as soon as its proven gap is below one granule: no better
value can lie in between. What a stage gives to the next is less than half a granule, that is, nothing.
"""

from __future__ import annotations

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.model.program import FloatArray
from optimizer.problems.checks_redispatch import check_redispatch
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import RedispatchResult, StageResult, evaluate
from optimizer.runs.redispatch_limits import clear_with_needed_limits
from optimizer.runs.redispatch_stages import RedispatchRun
from optimizer.solver.session import SOLVER
from optimizer.verify.redispatch import verify_redispatch


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
    cleared = clear_with_needed_limits(problem, chosen)
    result = conclude(problem, cleared.units, cleared.stages, cleared.unique)
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
