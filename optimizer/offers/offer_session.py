"""`OfferSession`: a group of sites in one live model that is asked for one volume after another.

The model is built and compiled once. A volume is a bound of one column, a promise the bounds of the delivery rows, so
every further question is a patch and a warm re-solve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.formulations.site import GuardedSteps, first_guards
from optimizer.offers.group_program import (
    COST,
    LARGEST,
    SMALLEST,
    GroupProgram,
    Past,
    assemble_group,
    delivery_bounds,
)
from optimizer.offers.offer_window import OfferWindow
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.shortfalls import find_shortfalls
from optimizer.problems.site import SiteProblem
from optimizer.results.offers import GroupPlan
from optimizer.results.site_reader import read_plan
from optimizer.runs.site import broken_exclusions, merge_guards
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Outcome
from optimizer.solver.session import HighsSession, Patch
from optimizer.verify.offers import verify_group

PRECISE = SolverOptions(feasibility_tolerance=1e-9)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What the live model is asked.

    Attributes:
        objective: name of what is minimised.
        volume_kw: lower and upper bound of the volume; None leaves delivery open altogether.
        relief_kw: flexibility promised per step beside the volume, shape (steps,); None for none.
        missed_kwh: most that may be missed of the promise, short and over together; 0 for a promise that is kept.
    """

    objective: str = COST
    volume_kw: tuple[float, float] | None = None
    relief_kw: FloatArray | None = None
    missed_kwh: float = 0.0


class OfferSession:
    """A live group: its plan without promise, the most it can deliver, and its plan for any volume."""

    def __init__(
        self,
        problems: Sequence[SiteProblem],
        window: OfferWindow,
        baseline_kw: FloatArray,
        *,
        options: SolverOptions | None = None,
        past: Sequence[Past | None] = (),
    ) -> None:
        """Check the group; the model is built at the first question.

        Raises:
            InvalidProblemError: a site has faults, or the group, window and baseline do not fit together.
        """
        faults = [fault for problem in problems for fault in check_site(problem)] + _misfits(
            problems, window, baseline_kw
        )
        if faults:
            raise InvalidProblemError(faults)
        self.problems = tuple(problems)
        self.window = window
        self.baseline_kw = baseline_kw
        self._past = tuple(past) or (None,) * len(self.problems)
        self._guarded: list[GuardedSteps] = [first_guards(problem) for problem in self.problems]
        self._options = options or PRECISE
        self._session = HighsSession(self._options)
        self._group: GroupProgram | None = None

    @property
    def group(self) -> GroupProgram:
        """The program of the group, built at first use."""
        if self._group is None:
            self._group = assemble_group(self.problems, self._guarded, self.window, self._past)
            self._session.load(self._group.program)
        return self._group

    @property
    def session(self) -> HighsSession:
        """The live model, for a further stage after the answer to a question."""
        return self._session

    @property
    def convex(self) -> bool:
        """Whether no on/off decision is left, so that costs are convex in the volume."""
        return not self.group.program.integer.any()

    def impossibilities(self) -> tuple[Finding, ...]:
        """Why the group has no plan even without a promise, in domain words, as far as pre-checks can tell."""
        return tuple(finding for problem in self.problems for finding in find_shortfalls(problem))

    def range_kw(self) -> tuple[float, float] | None:
        """Smallest and largest volume that can be delivered; None when none can.

        The smallest is above zero only where an exact promise cannot follow the baseline itself. A search that was
        stopped early gives the widest range it proved deliverable.
        """
        largest = self._extreme_kw(LARGEST)
        if largest is None:
            return None
        follows = self.ask(Question(volume_kw=(0.0, 0.0))).incumbent is not None
        smallest = 0.0 if follows else self._extreme_kw(SMALLEST)
        return None if smallest is None else (smallest, largest)

    def _extreme_kw(self, objective: str) -> float | None:
        while True:
            outcome = self._ask_once(Question(objective=objective, volume_kw=(0.0, np.inf)))
            if outcome.incumbent is None:
                return None
            volume = max(0.0, float(outcome.incumbent.values[self.group.volume]))
            # Without costs, exclusive powers may be used both for no reason. Guard only what the cheapest plan needs.
            cheapest = self._ask_once(Question(volume_kw=(volume, volume)))
            if not self.guard(cheapest):
                return volume

    def plan(self, question: Question, promised_kw: FloatArray | None = None) -> GroupPlan | None:
        """Ask, read, verify; None when no plan exists or none was found in time.

        Raises:
            VerificationError: the plan did not pass the independent check.
        """
        outcome = self.ask(question)
        return None if outcome.incumbent is None else self.read(outcome, promised_kw)

    def at(self, volume_kw: float) -> GroupPlan | None:
        """Cheapest plan that delivers a volume in every step of the offer, or None."""
        question = Question(volume_kw=(volume_kw, volume_kw))
        return self.plan(question, np.full(len(self.baseline_kw), volume_kw))

    def reference(self) -> GroupPlan | None:
        """Cheapest plan without any promise, or None."""
        return self.plan(Question())

    def ask(self, question: Question) -> Outcome:
        """Patch the live model to a question and solve it, adding guards until exclusive powers exclude each other."""
        while True:
            outcome = self._ask_once(question)
            if not self.guard(outcome):
                return outcome

    def guard(self, outcome: Outcome) -> bool:
        """Guard what an outcome of a further stage breaks; if anything, the model must be asked again."""
        if outcome.incumbent is None or not self._add_guards(self.group, outcome.incumbent.values):
            return False
        self._group = None
        return True

    def _ask_once(self, question: Question) -> Outcome:
        self._pose(self.group, question)
        return self._session.run()

    def read(self, outcome: Outcome, promised_kw: FloatArray | None) -> GroupPlan:
        """Read the plan of an answer with whole numbers fixed, and verify it.

        Raises:
            VerificationError: the plan did not pass the independent check.
        """
        incumbent = self.settle(outcome).incumbent
        if incumbent is None:
            raise ValueError("an outcome without incumbent has no plan")
        plan = self._read(incumbent, outcome.bound if outcome.report.stage == COST else None)
        faults = verify_group(self.problems, plan, self.window, self.baseline_kw, promised_kw)
        if faults:
            raise VerificationError(faults)
        return plan

    def settle(self, outcome: Outcome) -> Outcome:
        """Solve again with whole numbers fixed, so that on/off is exact and duals exist; as it is if they do."""
        incumbent = outcome.incumbent
        if incumbent is None or incumbent.row_duals is not None:
            return outcome
        fixed = self._session.run_fixed(incumbent.values, replace(self._options, time_limit_s=None)).incumbent
        return outcome if fixed is None else replace(outcome, incumbent=fixed)

    def _pose(self, group: GroupProgram, question: Question) -> None:
        count = len(group.delivery)
        rows = np.arange(group.delivery.start, group.missed_limit + 1, dtype=np.int32)
        slack = np.arange(group.short.start, group.over.stop, dtype=np.int32)
        if question.volume_kw is None and question.relief_kw is None:
            low, high = np.full(count, -np.inf), np.full(count, np.inf)
        else:
            relief = np.zeros(len(self.baseline_kw)) if question.relief_kw is None else question.relief_kw
            low, high = delivery_bounds(group, self.window, self.baseline_kw, relief)
        least, most = question.volume_kw or (0.0, 0.0)
        goal = next(o for o in group.program.objectives if o.name == question.objective)
        top = np.full(2 * count, np.inf if question.missed_kwh > 0.0 else 0.0)
        low, high = np.append(low, -np.inf), np.append(high, question.missed_kwh or np.inf)
        self._session.set_objective(goal.name, goal.costs, goal.offset)
        self._session.patch(
            Patch(
                row_bounds=(rows, low, high),
                column_bounds=(
                    np.concatenate([slack, np.array([group.volume], dtype=np.int32)]),
                    np.concatenate([np.zeros(2 * count), [least]]),
                    np.concatenate([top, [most]]),
                ),
            )
        )

    def _add_guards(self, group: GroupProgram, values: FloatArray) -> bool:
        added = False
        for k, site in enumerate(group.sites):
            own = values[group.columns[k] : group.columns[k + 1]]
            broken = broken_exclusions(site, own, self._guarded[k])
            if broken:
                self._guarded[k] = merge_guards(self._guarded[k], broken)
                added = True
        return added

    def _read(self, incumbent: Incumbent, bound_eur: float | None) -> GroupPlan:
        group, window = self.group, self.window
        sites = tuple(
            read_plan(problem, site, _part(incumbent, slice(*columns), slice(*rows)))
            for problem, site, columns, rows in zip(
                self.problems,
                group.sites,
                zip(group.columns[:-1], group.columns[1:], strict=True),
                zip(group.rows[:-1], group.rows[1:], strict=True),
                strict=True,
            )
        )
        power = sum((a.power_kw for s in sites for a in s.assets), np.zeros(len(self.baseline_kw)))
        reduced = incumbent.reduced_costs
        return GroupPlan(
            sites=sites,
            power_kw=power,
            delivered_kw=window.delivered_kw(self.baseline_kw, power),
            short_kw=_lay_out(incumbent.values[group.short.start : group.short.stop], window),
            over_kw=_lay_out(incumbent.values[group.over.start : group.over.stop], window),
            cost_eur=sum(site.total_cost_eur for site in sites),
            bound_eur=bound_eur,
            slope_eur_per_kw=0.0 if reduced is None else float(reduced[group.volume]),
        )


def _misfits(problems: Sequence[SiteProblem], window: OfferWindow, baseline_kw: FloatArray) -> list[Finding]:
    if not problems:
        return [Finding(rule="group.empty", path="sites", message="a group has at least one site")]
    found = []
    grid = problems[0].grid
    ids = [problem.id for problem in problems]
    if len(set(ids)) < len(ids):
        found.append(Finding(rule="group.site.id", path="sites", message="a site occurs twice in the group"))
    if any(problem.grid != grid for problem in problems):
        found.append(Finding(rule="group.grid", path="sites", message="the sites of a group share one time grid"))
    if window.steps.shape != (grid.steps,) or baseline_kw.shape != (grid.steps,):
        text = f"window and baseline have one value for each of the {grid.steps} steps of the grid"
        found.append(Finding(rule="group.series", path="baseline_kw", message=text))
    elif not np.isfinite(baseline_kw).all():
        found.append(
            Finding(rule="group.baseline", path="baseline_kw", message="the baseline has a value that is no number")
        )
    return found


def _part(incumbent: Incumbent, columns: slice, rows: slice) -> Incumbent:
    return Incumbent(
        values=incumbent.values[columns],
        objective=incumbent.objective,
        row_duals=None if incumbent.row_duals is None else incumbent.row_duals[rows],
        reduced_costs=None if incumbent.reduced_costs is None else incumbent.reduced_costs[columns],
    )


def _lay_out(values: FloatArray, window: OfferWindow) -> FloatArray:
    series = np.zeros(len(window.steps))
    series[window.steps] = values
    return series
