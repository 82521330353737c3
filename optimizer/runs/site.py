"""Dispatch of one site: check, build, compile, solve, verify, and hand back a plan or the reason why there is none."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.formulations.site import GRID_PAIR, GuardedSteps, first_guards
from optimizer.formulations.site_patch import SitePatcher
from optimizer.formulations.site_program import SiteProgram, compile_site
from optimizer.model.substitute import substitute_columns
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.shortfalls import find_shortfalls
from optimizer.problems.site import SiteProblem
from optimizer.problems.states import States, remaining_site
from optimizer.results.site import SitePlan
from optimizer.results.site_reader import plan_from, read_plan
from optimizer.runs.explain_site import explain_infeasible_site
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Outcome, Stop
from optimizer.solver.session import HighsSession, Patch, ProgressListener
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
    return SiteSession(problem, options=options).plan(listener=listener)


class SiteSession:
    """A site that is planned again and again: built once, patched from then on.

    Args:
        problem: the site over the whole horizon.
        options: time limit and gap of the solver.

    Raises:
        InvalidProblemError: the data of the site are faulty; the error carries all findings.
    """

    def __init__(self, problem: SiteProblem, *, options: SolverOptions | None = None) -> None:
        _require_faultless(problem)
        self._problem = problem
        self._guarded = first_guards(problem)
        self._options = options
        self._session = HighsSession(options)
        self._built: tuple[SiteProgram, SitePatcher] | None = None

    def plan(self, listener: ProgressListener | None = None) -> SiteOutcome:
        """Plan the whole horizon.

        Raises:
            VerificationError: the plan did not pass the independent check.
        """
        return self._solve(self._problem, self._problem, listener)

    def replan(
        self,
        now: int,
        states: States,
        *,
        changed: SiteProblem | None = None,
        listener: ProgressListener | None = None,
    ) -> SiteOutcome:
        """Plan what is left of the horizon from measured states.

        Args:
            now: first step that is still to be planned.
            states: measured state per asset id.
            changed: the site with new prices, limits, loads, weather or needs; as first given if None.
            listener: called while the solver runs; returning False interrupts it.

        Returns:
            The plan from ``now`` on: its step 0 is step ``now`` of the horizon.

        Raises:
            InvalidProblemError: what is left of the site is faulty.
            ModelError: a change reaches further than a patch can say; start a new session.
            VerificationError: the plan did not pass the independent check.
        """
        problem = changed or self._problem
        remaining = remaining_site(problem, now, states)
        _require_faultless(remaining)
        return self._solve(problem, remaining, listener)

    def _solve(self, problem: SiteProblem, remaining: SiteProblem, listener: ProgressListener | None) -> SiteOutcome:
        started = time.perf_counter()
        shortfalls = find_shortfalls(remaining)
        if shortfalls:
            return _without_plan(Stop.INFEASIBLE, shortfalls, started)
        self._guard(first_guards(problem))
        while True:
            site = self._program_of(problem, remaining)
            outcome = self._search(site, listener)
            if outcome.incumbent is None:
                infeasible = outcome.stop is Stop.INFEASIBLE
                findings = explain_infeasible_site(problem, remaining, site) if infeasible else ()
                return _without_plan(outcome.stop, findings, started)
            incumbent = _fix_whole_numbers(site, self._session, outcome.incumbent)
            broken = broken_exclusions(site, incumbent.values, self._guarded)
            if not broken:
                break
            self._guard(broken)
        plan = read_plan(problem, site, incumbent)
        plan = plan_from(plan, problem.grid.steps - remaining.grid.steps)
        faults = verify_site(remaining, plan)
        if faults:
            raise VerificationError(faults)
        return _with_plan(plan, outcome, started)

    def _search(self, site: SiteProgram, listener: ProgressListener | None) -> Outcome:
        """Run the live model, or search whole numbers on the smaller program in which offtake is substituted."""
        program = site.program
        if not program.integer.any():
            return self._session.run(listener=listener)
        rows = site.balance_rows[site.offtake.at]
        ahead = program.row_lower[rows] == program.row_upper[rows]
        smaller = substitute_columns(program, site.offtake.positions[ahead], rows[ahead])
        searching = HighsSession(self._options)
        searching.load(smaller.program)
        outcome = searching.run(listener=listener)
        if outcome.incumbent is None:
            return outcome
        found = replace(outcome.incumbent, values=smaller.restore(outcome.incumbent.values))
        return replace(outcome, incumbent=found)

    def _guard(self, wanted: GuardedSteps) -> None:
        """Guard more steps; the program is built anew if any of them is new."""
        merged = merge_guards(self._guarded, wanted)
        if merged != self._guarded:
            self._guarded, self._built = merged, None

    def _program_of(self, problem: SiteProblem, remaining: SiteProblem) -> SiteProgram:
        """Build and load at first; patch the live model afterwards."""
        whole = remaining is self._problem
        if self._built is None:
            site = compile_site(self._problem, self._guarded)
            self._session.load(site.program)
            self._built = (site, SitePatcher(self._problem, site))
            if whole:
                return site
        site, patcher = self._built
        patched = site if whole else patcher.program_at(problem, remaining)
        program = patched.program
        columns = np.arange(program.columns, dtype=np.int32)
        rows = np.arange(program.row_count, dtype=np.int32)
        self._session.patch(
            Patch(
                costs=(columns, program.objectives[0].costs),
                column_bounds=(columns, program.column_lower, program.column_upper),
                row_bounds=(rows, program.row_lower, program.row_upper),
            )
        )
        return patched


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


def _require_faultless(problem: SiteProblem) -> None:
    faults = check_site(problem)
    if faults:
        raise InvalidProblemError(faults)


def _fix_whole_numbers(site: SiteProgram, session: HighsSession, incumbent: Incumbent) -> Incumbent:
    """Solve once more with whole numbers fixed, so that duals exist and on/off is exact."""
    if not site.program.integer.any():
        return incumbent
    fixed = session.run_fixed(incumbent.values, SolverOptions()).incumbent
    return incumbent if fixed is None else fixed


def _with_plan(plan: SitePlan, outcome: Outcome, started: float) -> SiteOutcome:
    return SiteOutcome(
        stop=outcome.stop,
        plan=plan,
        bound_eur=outcome.bound,
        gap_eur=None if outcome.bound is None else max(0.0, plan.total_cost_eur - outcome.bound),
        findings=(),
        seconds=time.perf_counter() - started,
    )


def _without_plan(stop: Stop, findings: tuple[Finding, ...], started: float) -> SiteOutcome:
    return SiteOutcome(
        stop=stop, plan=None, bound_eur=None, gap_eur=None, findings=findings, seconds=time.perf_counter() - started
    )
