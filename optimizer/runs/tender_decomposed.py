"""Clear a large tender by cuts: contracting in a master program, calls in blocks of events.

The expected cost of calls is convex in the contracted lots, so every dispatch gives a plane below it (Benders 1962; Van
Slyke and Wets 1969). Three things make it quick here. What one block teaches holds for all blocks of its shape, so only
a rotating sample is dispatched while the master still moves (Higle and Sen 1991 keep dual vertices for the same
reason). Planes are added per group of blocks of similar need. And they are taken between the master's point and the
last good one, which steadies the search (in-out separation, Ben-Ameur and Neto 2007). Bounds are proven throughout:
the master from below, full dispatches of whole lots from above.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array, vstack

from optimizer.baselines.price_stack import stack_tender
from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.formulations.tender import build_contracting
from optimizer.model.compile import compile_model
from optimizer.model.program import Program
from optimizer.problems.checks_tender import check_tender_problem
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem
from optimizer.results.tender import TenderResult, price_result
from optimizer.runs.tender import Restriction, TenderOutcome, rows_of
from optimizer.runs.tender_blocks import BlockDispatch, group_blocks
from optimizer.runs.tender_reading import read_lots
from optimizer.solver.lexicographic import StageOutcome
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Outcome, SolveReport, Stop
from optimizer.solver.session import SOLVER, HighsSession, Patch, Progress, ProgressListener
from optimizer.verify.tender import verify_tender

GROUPS = 40
SAMPLE = 8
INWARD = 0.5
STALL = 3
TIGHT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """How far the search is.

    Attributes:
        seconds: time so far.
        bound_eur: proven lower bound.
        cost_eur: cost of the best whole award so far; inf without one.
        phase: "relaxed" or "whole".
    """

    seconds: float
    bound_eur: float
    cost_eur: float
    phase: str


RoundListener = Callable[[Round], bool]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DecomposedOutcome:
    """What is known about the best award of a large tender.

    Attributes:
        stop: why the search ended.
        result: the best award found, verified; None when there is none.
        cost_eur: its evaluated cost.
        bound_eur: proven lower bound.
        rounds: master programs solved.
        seconds: wall-clock time of the search.
        lots: contracted lots per line, or None.
        model_hash: fingerprint of the master program without cuts.
    """

    stop: Stop
    result: TenderResult | None
    cost_eur: float
    bound_eur: float
    rounds: int
    seconds: float
    lots: IntArray | None
    model_hash: str

    @property
    def relative_gap(self) -> float:
        """Proven gap as a share of the cost."""
        return max(0.0, self.cost_eur - self.bound_eur) / max(abs(self.cost_eur), 1e-9)


class DecomposedTender:
    """One large tender; cuts stay valid, so a second question starts where the first ended."""

    def __init__(
        self, problem: TenderProblem, relative_gap: float = 1e-4, learnt: DecomposedTender | None = None
    ) -> None:
        findings = [*check_tender_problem(problem)]
        if problem.risk.any:
            message = "limits on shortfall tie all events together: solve this tender written out"
            findings.append(Finding(rule="tender.decomposed.risk", path="risk", message=message))
        if findings:
            raise InvalidProblemError(findings)
        self.problem = problem
        self._gap = relative_gap
        self._dispatch: BlockDispatch = BlockDispatch(problem) if learnt is None else learnt._dispatch
        self._group = group_blocks(self._dispatch.sizes(), GROUPS)
        self._groups = int(self._group.max(initial=0)) + 1
        self._program = compile_model(build_contracting(problem, self._groups))
        lots = self._program.column_labels.positions("lots")
        self._columns = np.array([lots[k,] for k in range(problem.lines)], dtype=np.int64)
        recourse = self._program.column_labels.positions("recourse")
        self._recourse = np.array([recourse[g,] for g in range(self._groups)], dtype=np.int64)
        self._contract = self._program.objectives[0].costs.copy()
        self._contract[self._recourse] = 0.0
        same = learnt is not None and learnt._program.column_labels == self._program.column_labels
        self._rows: list[Any] = learnt._rows if learnt is not None and same else []
        self._lower: list[FloatArray] = learnt._lower if learnt is not None and same else []
        self._turn = 0

    def search(
        self,
        *,
        relative_gap: float = 1e-4,
        time_limit_s: float | None = None,
        listener: RoundListener | None = None,
        restriction: Restriction | None = None,
        read: bool = True,
        exact: bool = True,
    ) -> DecomposedOutcome:
        """Find an award proven within a relative gap.

        Args:
            relative_gap: gap at which the search ends.
            time_limit_s: wall-clock limit; None for none.
            listener: called after every round; returning False ends the search.
            restriction: what another question changes.
            exact: whether the gap is proven; if not, the cost is a bound from what was learnt before.
            read: whether to read back and verify calls; False when only cost and bound are asked.

        Raises:
            InvalidProblemError: the checks found faults.
            VerificationError: the result does not pass the independent check.
        """
        search = _Search(self, relative_gap, time_limit_s, listener, restriction or Restriction())
        search.relax(learn=not self._rows)
        search.make_whole(exact=exact)
        result = self.evaluate(search.best) if search.best is not None and read else None
        return DecomposedOutcome(
            stop=search.stop,
            result=result,
            cost_eur=search.cost if result is None else result.cost_eur,
            bound_eur=search.bound,
            rounds=search.rounds,
            seconds=search.seconds,
            lots=search.best,
            model_hash=self._program.fingerprint(),
        )

    def clear(self, listener: ProgressListener | None = None) -> TenderOutcome:
        """Find an award proven within the gap of this tender; ties inside the gap are not settled.

        Raises:
            VerificationError: the result does not pass the independent check.
        """

        def tell(seen: Round) -> bool:
            cost = None if seen.cost_eur == np.inf else seen.cost_eur
            progress = Progress(seconds=seen.seconds, incumbent=cost, bound=seen.bound_eur, nodes=0)
            return listener is None or listener(progress)

        found = self.search(relative_gap=self._gap, listener=tell)
        incumbent = None
        if found.result is not None:
            incumbent = Incumbent(values=found.result.lots.astype(np.float64), objective=found.cost_eur)
        report = SolveReport(solver=SOLVER, seconds=found.seconds, nodes=0, iterations=found.rounds, stage="cost")
        outcome = Outcome(stop=found.stop, incumbent=incumbent, bound=found.bound_eur, report=report)
        stage = StageOutcome(name="cost", outcome=outcome, tolerance=0.0)
        return TenderOutcome(result=found.result, stages=(stage,), model_hash=found.model_hash)

    def least_cost(self, restriction: Restriction, *, exact: bool = True) -> tuple[float, IntArray] | None:
        """Least cost and lots under a restriction or a relaxation; None when it leaves no award.

        If not exact, the cost may be a bound from below that rests on what was learnt before: quick, for searching.

        Raises:
            LookupError: there is no constraint of the family that should be left out.
        """
        found = self.search(relative_gap=self._gap, restriction=restriction, read=False, exact=exact)
        return None if found.lots is None else (found.cost_eur, found.lots)

    def evaluate(self, lots: IntArray) -> TenderResult:
        """Call these contracted lots as well as they can be, and price the outcome.

        Raises:
            VerificationError: the lots break a rule of the tender.
        """
        result = price_result(self.problem, lots, self._dispatch.calls(lots.astype(np.float64)))
        findings = verify_tender(self.problem, result)
        if findings:
            raise VerificationError(findings)
        return result

    def recourse_eur(self, lots: IntArray) -> float:
        """Least expected cost of calls and shortfall with these lots."""
        return float(self._dispatch.weights @ self._dispatch.learn(lots.astype(np.float64)))

    def evaluate_stack(self) -> TenderResult | None:
        """Price what the cheapest-first stack would contract; None where it would break a rule it does not see."""
        try:
            return self.evaluate(stack_tender(self.problem))
        except VerificationError:
            return None

    def reprice(self, problem: TenderProblem) -> DecomposedTender:
        """The same tender with other prices of contracting; what was learnt about calls stays true."""
        return DecomposedTender(problem, self._gap, learnt=self)


class _Search:
    """One run of the method: first over relaxed lots, then over whole ones."""

    def __init__(
        self,
        tender: DecomposedTender,
        relative_gap: float,
        time_limit_s: float | None,
        listener: RoundListener | None,
        restriction: Restriction,
    ) -> None:
        self._tender, self._gap, self._limit, self._listener = tender, relative_gap, time_limit_s, listener
        self._restriction = restriction
        self._started = time.perf_counter()
        self.stop = Stop.UNKNOWN
        self.best: IntArray | None = None
        self.cost, self.bound, self.rounds = np.inf, -np.inf, 0
        blocks = len(tender._dispatch.blocks)
        self._every = SAMPLE if blocks > 10 * SAMPLE else 1

    @property
    def seconds(self) -> float:
        """Wall-clock time so far."""
        return time.perf_counter() - self._started

    def relax(self, *, learn: bool) -> None:
        """Tighten the bound over relaxed lots until samples find nothing more to learn, or with what is known."""
        t = self._tender
        session = self._load(replace(t._program, integer=np.zeros(t._program.columns, dtype=np.bool_)))
        center: FloatArray | None = None
        quiet = 0
        while quiet < STALL and self._may_go_on():
            outcome = session.run()
            if outcome.incumbent is None:
                self.stop = outcome.stop
                return
            values = outcome.incumbent.values
            self.bound = max(self.bound, outcome.incumbent.objective)
            point = values[t._columns]
            between = point if center is None else INWARD * point + (1.0 - INWARD) * center
            if learn:
                self._learn(between)
                self._cut(session, between)
            missed = self._cut(session, point) - float(values[t._recourse].sum())
            settled = missed < 0.1 * self._gap * max(1.0, abs(self.bound))
            quiet = (quiet + 1 if learn else STALL) if settled else 0
            center = between
            self.rounds += 1
            self._tell("relaxed")
        if center is not None:
            self._keep_tight(values)

    def make_whole(self, *, exact: bool) -> None:
        """Close the gap over whole lots; or, if not exact, find the best lots as far as is known."""
        t = self._tender
        if self.stop is not Stop.UNKNOWN:
            return
        session = self._load(t._program)
        options = SolverOptions(relative_gap=self._gap / 4, absolute_gap=1e-4)
        while self._may_go_on():
            left = None if self._limit is None else max(1.0, self._limit - self.seconds)
            outcome = session.run(replace(options, time_limit_s=left))
            if outcome.bound is not None:
                self.bound = max(self.bound, outcome.bound)
            if outcome.incumbent is None:
                self.stop = outcome.stop
                return
            values = outcome.incumbent.values.copy()
            lots = read_lots(t.problem, t._program.column_labels, values)
            point = lots.astype(np.float64)
            known = self._cut(session, point) - float(values[t._recourse].sum())
            self.rounds += 1
            if known > 0.1 * self._gap * max(1.0, abs(self.bound)):
                session.warm_start(self._lifted(values, point))
                continue
            if not exact:
                self.best, self.stop = lots, Stop.UNKNOWN
                self.cost = float(t._contract @ values) + t._program.objectives[0].offset
                self.cost += float(values[t._recourse].sum()) + known
                return
            costs = t._dispatch.learn(point)
            recourse = np.bincount(t._group, t._dispatch.weights * costs, t._groups)
            cost = float(t._contract @ values) + t._program.objectives[0].offset + float(recourse.sum())
            if cost < self.cost:
                self.cost, self.best = cost, lots
                values[t._recourse] = recourse
            self._cut(session, point)
            session.warm_start(values)
            self._tell("whole")
            if self.cost - self.bound <= self._gap * max(1.0, abs(self.cost)):
                self.stop = Stop.GAP_REACHED
                return

    def _lifted(self, values: FloatArray, point: FloatArray) -> FloatArray:
        """Lift the recourse of a solution to what is known about it, so that it keeps every plane."""
        t = self._tender
        bounds, _ = t._dispatch.estimate(point)
        lifted = values.copy()
        lifted[t._recourse] = np.bincount(t._group, t._dispatch.weights * bounds, t._groups)
        return lifted

    def _load(self, program: Program) -> HighsSession:
        t = self._tender
        session = HighsSession(SolverOptions())
        session.load(program)
        if self._restriction.excluded:
            columns = t._columns[list(self._restriction.excluded)].astype(np.int32)
            session.patch(Patch(column_bounds=(columns, np.zeros(len(columns)), np.zeros(len(columns)))))
        if self._restriction.without is not None:
            rows = rows_of(program, *self._restriction.without)
            session.patch(Patch(row_bounds=(rows, np.full(len(rows), -np.inf), np.full(len(rows), np.inf))))
        if t._rows:
            lower = np.concatenate(t._lower)
            session.append_rows(lower, np.full(len(lower), np.inf), vstack(t._rows, format="csr"))
        return session

    def _keep_tight(self, values: FloatArray) -> None:
        """Forget planes that do not hold a solution up: what they say can be had again from what was learnt."""
        t = self._tender
        rows, lower = vstack(t._rows, format="csr"), np.concatenate(t._lower)
        slack = rows @ values - lower
        tight = slack <= TIGHT * np.maximum(1.0, np.abs(lower))
        t._rows, t._lower = [rows[tight]], [lower[tight]]

    def _learn(self, point: FloatArray) -> None:
        t = self._tender
        t._dispatch.learn(point, every=self._every, offset=t._turn % self._every)
        t._turn += 1

    def _cut(self, session: HighsSession, point: FloatArray) -> float:
        """Add what is known about the cost of calls at a point, one plane per group; return that cost."""
        t = self._tender
        bounds, slopes = t._dispatch.estimate(point)
        weights = t._dispatch.weights
        values = np.bincount(t._group, weights * bounds, t._groups)
        of_group = csr_array((weights, (t._group, np.arange(len(weights)))), shape=(t._groups, len(weights)))
        sums: FloatArray = np.asarray(of_group @ slopes, dtype=np.float64)
        columns = t._program.columns
        dense = np.zeros((t._groups, columns))
        dense[:, t._columns] = -sums
        dense[np.arange(t._groups), t._recourse] = 1.0
        rows, lower = csr_array(dense), values - sums @ point
        session.append_rows(lower, np.full(len(lower), np.inf), rows)
        t._rows.append(rows)
        t._lower.append(lower)
        return float(values.sum())

    def _may_go_on(self) -> bool:
        if self.stop is Stop.UNKNOWN and self._limit is not None and self.seconds > self._limit:
            self.stop = Stop.TIME_LIMIT
        return self.stop is Stop.UNKNOWN

    def _tell(self, phase: str) -> None:
        if self._listener is None:
            return
        progress = Round(seconds=self.seconds, bound_eur=self.bound, cost_eur=self.cost, phase=phase)
        if not self._listener(progress):
            self.stop = Stop.INTERRUPTED
