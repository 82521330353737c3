"""Dispatch of one site: check, build, compile, solve, verify, and hand back a plan or the reason why there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.formulations.site import GRID_PAIR, GuardedSteps, first_guards
from optimizer.formulations.site_program import SiteProgram, compile_site
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.shortfalls import find_shortfalls
from optimizer.problems.site import SiteProblem
from optimizer.results.site import SitePlan
from optimizer.results.site_reader import read_plan
from optimizer.runs.explain_site import explain_infeasible_site
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Stop
from optimizer.solver.session import HighsSession, ProgressListener
from optimizer.verify.site import verify_site

BOTH_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteOutcome:
    """What is known about the best plan of a site.

    Attributes:
        stop: why the search ended.
        plan: the best plan found and verified, or None.
        bound_eur: proven lower bound on the total cost, or None.
        gap_eur: proven distance of the plan to the bound, or None.
        findings: why no plan exists, in domain words; empty when there is a plan.
        seconds: wall-clock time from problem to result.
    """

    stop: Stop
    plan: SitePlan | None
    bound_eur: float | None
    gap_eur: float | None
    findings: tuple[Finding, ...]
    seconds: float


def dispatch_site(
    problem: SiteProblem,
    *,
    options: SolverOptions | None = None,
    listener: ProgressListener | None = None,
) -> SiteOutcome:
    """Plan every asset of a site at least cost, prove it, and check the plan by physics.

    Args:
        problem: the site.
        options: time limit and gap of the solver.
        listener: called while the solver runs; returning False interrupts it.

    Returns:
        The plan with its proof, or the findings that say why there is none.

    Raises:
        InvalidProblemError: the data of the site are faulty; the error carries all findings.
        VerificationError: the plan did not pass the independent check.
    """
    started = time.perf_counter()
    faults = check_site(problem)
    if faults:
        raise InvalidProblemError(faults)
    shortfalls = find_shortfalls(problem)
    if shortfalls:
        return _without_plan(Stop.INFEASIBLE, shortfalls, started)
    session = HighsSession(options)
    guarded = first_guards(problem)
    while True:
        site = compile_site(problem, guarded)
        session.load(site.program)
        outcome = session.run(listener=listener)
        if outcome.incumbent is None:
            findings = explain_infeasible_site(problem, site) if outcome.stop is Stop.INFEASIBLE else ()
            return _without_plan(outcome.stop, findings, started)
        incumbent = fix_whole_numbers(site, session, outcome.incumbent)
        broken = broken_exclusions(site, incumbent.values, guarded)
        if not broken:
            break
        guarded = merge_guards(guarded, broken)
    plan = read_plan(problem, site, incumbent)
    faults = verify_site(problem, plan)
    if faults:
        raise VerificationError(faults)
    return SiteOutcome(
        stop=outcome.stop,
        plan=plan,
        bound_eur=outcome.bound,
        gap_eur=None if outcome.bound is None else max(0.0, plan.total_cost_eur - outcome.bound),
        findings=(),
        seconds=time.perf_counter() - started,
    )


def fix_whole_numbers(site: SiteProgram, session: HighsSession, incumbent: Incumbent) -> Incumbent:
    """Solve once more with whole numbers fixed, so that duals exist and on/off is exact."""
    if not site.program.integer.any():
        return incumbent
    fixed = session.run_fixed(incumbent.values, SolverOptions()).incumbent
    return incumbent if fixed is None else fixed


def broken_exclusions(site: SiteProgram, values: FloatArray, guarded: GuardedSteps) -> GuardedSteps:
    """Steps without a guard in which both powers of an exclusive pair are in use, by pair.

    Offtake and feed-in are left out: they are netted when the plan is read, which costs nothing where it is unguarded.
    """
    broken: dict[str, frozenset[int]] = {}
    for name, (first, second) in site.pairs.items():
        both = np.minimum(first.read(values), second.read(values)) > BOTH_KW
        steps = frozenset(int(t) for t in np.flatnonzero(both)) - guarded.get(name, frozenset())
        if steps and name != GRID_PAIR:
            broken[name] = steps
    return broken


def merge_guards(guarded: GuardedSteps, broken: GuardedSteps) -> GuardedSteps:
    """Guard the broken steps as well."""
    names = sorted({*guarded, *broken})
    return {name: guarded.get(name, frozenset()) | broken.get(name, frozenset()) for name in names}


def _without_plan(stop: Stop, findings: tuple[Finding, ...], started: float) -> SiteOutcome:
    return SiteOutcome(
        stop=stop,
        plan=None,
        bound_eur=None,
        gap_eur=None,
        findings=findings,
        seconds=time.perf_counter() - started,
    )
