"""Clear a tender: check, build, compile, solve in stages, read back, verify."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from optimizer.baselines.price_stack import stack_tender
from optimizer.errors import InvalidProblemError, SolverError, VerificationError
from optimizer.formulations.tender import build_tender
from optimizer.model.compile import compile_model
from optimizer.model.components import split_program
from optimizer.model.program import Program
from optimizer.problems.checks_tender import check_tender_problem
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem
from optimizer.results.tender import TenderResult, price_result
from optimizer.runs.tender_parts import join_stages
from optimizer.runs.tender_reading import read_calls, read_lots
from optimizer.solver.lexicographic import StageOutcome, keep_objective, run_stages
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession, Patch, ProgressListener
from optimizer.verify.tender import verify_tender

EXACT = SolverOptions(relative_gap=1e-9, absolute_gap=1e-4)
"""Default proof: a hundredth of a cent, or 1e-9 of the evaluated cost."""

COST_HAIR_EUR = 1e-6
"""What settling ties may give away on cost."""

NEEDLESS_EUR_PER_MWH = 1e-3
"""Price of a call while settling whom to call, so that free calls are not made without need."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TenderOutcome:
    """What is known about the best award.

    Attributes:
        result: the best award found, verified; None when the search ended without one.
        stages: what was proven for cost and for precedence.
        model_hash: fingerprint of the program.
    """

    result: TenderResult | None
    stages: tuple[StageOutcome, ...]
    model_hash: str

    @property
    def bound_eur(self) -> float | None:
        """Proven lower bound on the evaluated cost."""
        return self.stages[0].outcome.bound

    @property
    def proven(self) -> bool:
        """Whether every stage is proven within the gap asked for."""
        return all(stage.outcome.stop.proven for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """What another question about a tender changes.

    Attributes:
        excluded: lines that get no lots.
        without: family of constraints that is left out, and which of it; None for all of the family.
    """

    excluded: tuple[int, ...] = ()
    without: tuple[str, int | None] | None = None


class TenderEngine(Protocol):
    """Something that clears one tender and answers further questions about it."""

    problem: TenderProblem

    def clear(self, listener: ProgressListener | None = None) -> TenderOutcome:
        """Find the award of least evaluated cost."""

    def least_cost(self, restriction: Restriction, *, exact: bool = True) -> tuple[float, IntArray] | None:
        """Least cost and lots under a restriction or a relaxation; a bound from below will do if not exact."""

    def evaluate(self, lots: IntArray) -> TenderResult:
        """Call these lots as well as they can be, and price the outcome."""

    def recourse_eur(self, lots: IntArray) -> float:
        """Least expected cost of calls and shortfall with these lots."""

    def evaluate_stack(self) -> TenderResult | None:
        """Price what the cheapest-first stack would contract."""

    def reprice(self, problem: TenderProblem) -> TenderEngine:
        """The same tender with other prices of contracting."""


class TenderRun:
    """One tender, compiled once; every question about it is a patch and a re-solve."""

    def __init__(self, problem: TenderProblem, options: SolverOptions = EXACT) -> None:
        findings = check_tender_problem(problem)
        if findings:
            raise InvalidProblemError(findings)
        self.problem = problem
        self._options = options
        self._program = compile_model(build_tender(problem))
        positions = self._program.column_labels.positions("lots")
        self._columns = np.array([positions[k,] for k in range(problem.lines)], dtype=np.int32)

    def clear(self, listener: ProgressListener | None = None) -> TenderOutcome:
        """Find the award of least evaluated cost, ties settled by precedence.

        Raises:
            VerificationError: the result does not pass the independent check.
        """
        stages = self._solve_parts(listener)
        values = next((s.outcome.incumbent.values for s in reversed(stages) if s.outcome.incumbent is not None), None)
        # The second stage may spend the hair on cost; calling the lots anew takes it back.
        lots = None if values is None else read_lots(self.problem, self._program.column_labels, values)
        result = None if lots is None else self.evaluate(lots)
        return TenderOutcome(result=result, stages=stages, model_hash=self._program.fingerprint())

    def least_cost(self, restriction: Restriction, *, exact: bool = True) -> tuple[float, IntArray] | None:  # noqa: ARG002
        """Least cost and lots under a restriction or a relaxation; None when it leaves no award. Always exact.

        Raises:
            LookupError: there is no constraint of the family that should be left out.
        """
        session = self._session()
        if restriction.without is not None:
            rows = rows_of(self._program, *restriction.without)
            session.patch(Patch(row_bounds=(rows, np.full(len(rows), -np.inf), np.full(len(rows), np.inf))))
        if restriction.excluded:
            columns = self._columns[list(restriction.excluded)]
            zero = np.zeros(len(columns))
            session.patch(Patch(column_bounds=(columns, zero, zero)))
        outcome = session.run()
        if outcome.incumbent is None:
            return None
        lots = read_lots(self.problem, self._program.column_labels, outcome.incumbent.values)
        return outcome.incumbent.objective, lots

    def reprice(self, problem: TenderProblem) -> TenderRun:
        """The same tender with other prices of contracting."""
        return TenderRun(problem, self._options)

    def evaluate(self, lots: IntArray) -> TenderResult:
        """Call these contracted lots as well as they can be, and price the outcome.

        Raises:
            SolverError: the lots break a rule of the tender.
        """
        session = self._session()
        fixed = np.asarray(lots, dtype=np.float64)
        session.patch(Patch(column_bounds=(self._columns, fixed, fixed)))
        outcome = session.run()
        if outcome.incumbent is None:
            raise SolverError(f"these lots cannot be contracted: {outcome.stop}")
        values = outcome.incumbent.values
        if self.problem.decides_calls:
            values = self._call_cheapest(session, values)
        calls = read_calls(self.problem, self._program.column_labels, values)
        result = price_result(self.problem, np.asarray(lots), calls)
        findings = verify_tender(self.problem, result)
        if findings:
            raise VerificationError(findings)
        return result

    def recourse_eur(self, lots: IntArray) -> float:
        """Least expected cost of calls and shortfall with these lots."""
        result = self.evaluate(lots)
        return result.calls_eur + result.shortfall_eur

    def _call_cheapest(self, session: HighsSession, values: FloatArray) -> FloatArray:
        """Settle whom to call first by the price paid, at the least evaluated cost, and call nobody without need."""
        problem, cost = self.problem, self._program.objectives[0]
        keep_objective(session, cost, float(cost.costs @ values) + COST_HAIR_EUR)
        prices = np.zeros(session.columns)
        hours = problem.step_expected_h
        for (line, step), position in self._program.column_labels.positions("called").items():
            prices[position] = (problem.line_paid_eur_per_mwh[line] + NEEDLESS_EUR_PER_MWH) * hours[step]
        session.set_objective("calls", prices, 0.0)
        session.warm_start(values)
        settled = session.run()
        return values if settled.incumbent is None else settled.incumbent.values

    def evaluate_stack(self) -> TenderResult | None:
        """Price what the cheapest-first stack would contract; None where it would break a rule it does not see."""
        try:
            return self.evaluate(stack_tender(self.problem))
        except SolverError:
            return None

    def _solve_parts(self, listener: ProgressListener | None) -> tuple[StageOutcome, ...]:
        """Solve what hangs together, part by part; windows that share no bid are decided apart."""
        parts, session = split_program(self._program), HighsSession(self._options)
        solved = [
            run_stages(
                session,
                part.program,
                tolerances={"cost": COST_HAIR_EUR},
                options=self._options,
                listener=listener,
            )
            for part in parts
        ]
        return join_stages(self._program, parts, solved)

    def _session(self) -> HighsSession:
        session = HighsSession(self._options)
        session.load(self._program)
        return session


def solve_tender(
    problem: TenderProblem, options: SolverOptions = EXACT, listener: ProgressListener | None = None
) -> TenderOutcome:
    """Clear one tender, written out.

    Raises:
        InvalidProblemError: the checks found faults.
        VerificationError: the result does not pass the independent check.
    """
    return TenderRun(problem, options).clear(listener)


def rows_of(program: Program, family: str, index: int | None) -> NDArray[np.int32]:
    """Rows of a family of constraints, or of one of its members.

    Raises:
        LookupError: there is none.
    """
    found = program.row_labels.positions(family)
    rows = [position for key, position in found.items() if index is None or key == (index,)]
    if not rows:
        raise LookupError(f"the model has no constraint {family}[{index}]")
    return np.array(rows, dtype=np.int32)
