"""Clear a tender: check, build, compile, solve in stages, read back, verify."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.baselines.price_stack import stack_tender
from optimizer.errors import InvalidProblemError, SolverError, VerificationError
from optimizer.formulations.tender import build_tender
from optimizer.model.compile import compile_model
from optimizer.problems.checks_tender import check_tender_problem
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem
from optimizer.results.tender import Activation, TenderResult, offer_lots, price_result
from optimizer.solver.lexicographic import StageOutcome, run_stages
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession, Patch, ProgressListener
from optimizer.verify.tender import verify_tender

EXACT = SolverOptions(relative_gap=1e-9, absolute_gap=1e-4)
"""Default proof: a hundredth of a cent, or 1e-9 of the evaluated cost."""

COST_HAIR_EUR = 1e-6
"""What settling ties may give away on cost."""


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
        """Proven lower bound on the evaluated cost including priced shortfall."""
        return self.stages[0].outcome.bound

    @property
    def proven(self) -> bool:
        """Whether every stage is proven within the gap asked for."""
        return len(self.stages) == 2 and all(stage.outcome.stop.proven for stage in self.stages)


class TenderRun:
    """One tender, compiled once; every question about it is a patch and a re-solve."""

    def __init__(self, problem: TenderProblem, options: SolverOptions = EXACT) -> None:
        findings = check_tender_problem(problem)
        if findings:
            raise InvalidProblemError(findings)
        self.problem = problem
        self._options = options
        self._program = compile_model(build_tender(problem))
        self._lots = self._program.column_labels.positions("lots")
        self._begun = self._program.column_labels.positions("begun")
        self._ended = self._program.column_labels.positions("ended")

    def clear(self, listener: ProgressListener | None = None) -> TenderOutcome:
        """Find the award of least evaluated cost, ties settled by precedence.

        Raises:
            VerificationError: the result does not pass the independent check.
        """
        stages = run_stages(
            HighsSession(self._options),
            self._program,
            tolerances={"cost": COST_HAIR_EUR},
            options=self._options,
            listener=listener,
        )
        values = next((s.outcome.incumbent.values for s in reversed(stages) if s.outcome.incumbent is not None), None)
        # The second stage may spend the hair on cost; covering the need anew with the lots fixed takes it back.
        result = None if values is None else self.evaluate(self._lots_of(values))
        return TenderOutcome(result=result, stages=stages, model_hash=self._program.fingerprint())

    def clear_without_budget(self) -> TenderResult | None:
        """Find the award if money were no limit; None when the search ended without one."""
        session = self._session()
        rows = np.array(list(self._program.row_labels.positions("budget").values()), dtype=np.int32)
        session.patch(Patch(row_bounds=(rows, np.full(len(rows), -np.inf), np.full(len(rows), np.inf))))
        outcome = session.run()
        return None if outcome.incumbent is None else self._read(outcome.incumbent.values)

    def evaluate(self, lots: IntArray) -> TenderResult:
        """Cover as much need as these contracted lots can, and price the outcome.

        Raises:
            SolverError: the lots break a rule of the tender.
        """
        session = self._session()
        columns = np.array([self._lots[k,] for k in range(self.problem.lines)], dtype=np.int32)
        fixed = np.asarray(lots, dtype=np.float64)
        session.patch(Patch(column_bounds=(columns, fixed, fixed)))
        outcome = session.run()
        if outcome.incumbent is None:
            raise SolverError(f"these lots cannot be contracted: {outcome.stop}")
        return self._verified(outcome.incumbent.values)

    def evaluate_stack(self) -> TenderResult:
        """Price what the cheapest-first stack would have contracted."""
        return self.evaluate(stack_tender(self.problem))

    def _session(self) -> HighsSession:
        session = HighsSession(self._options)
        session.load(self._program)
        return session

    def _verified(self, values: FloatArray) -> TenderResult:
        result = self._read(values)
        findings = verify_tender(self.problem, result)
        if findings:
            raise VerificationError(findings)
        return result

    def _read(self, values: FloatArray) -> TenderResult:
        lots = self._lots_of(values)
        return price_result(self.problem, lots, self._activations(values, offer_lots(self.problem, lots)))

    def _lots_of(self, values: FloatArray) -> IntArray:
        lots = np.array([round(values[self._lots[k,]]) for k in range(self.problem.lines)], dtype=np.int64)
        return _fill_in_order(self.problem, lots)

    def _activations(self, values: FloatArray, accepted: IntArray) -> tuple[Activation, ...]:
        problem, found = self.problem, []
        for event in range(problem.events):
            steps = problem.steps_of(event)
            for offer in np.flatnonzero(problem.offer_window == problem.event_window[event]):
                if not problem.offer_is_limited[offer] or not accepted[offer]:
                    continue
                span = range(steps.start, steps.stop)
                begun = np.array([self._value(values, self._begun, int(offer), t) for t in span])
                ended = np.array([self._value(values, self._ended, int(offer), t) for t in span])
                found += _first_in_first_out(int(offer), event, begun, ended)
        return tuple(found)

    @staticmethod
    def _value(values: FloatArray, positions: dict[tuple[int, ...], int], offer: int, step: int) -> float:
        position = positions.get((offer, step))
        return 0.0 if position is None else float(values[position])


def solve_tender(
    problem: TenderProblem, options: SolverOptions = EXACT, listener: ProgressListener | None = None
) -> TenderOutcome:
    """Clear one tender.

    Raises:
        InvalidProblemError: the checks found faults.
        VerificationError: the result does not pass the independent check.
    """
    return TenderRun(problem, options).clear(listener)


def stage_outcome(stages: tuple[StageOutcome, ...], name: str) -> Outcome | None:
    """Outcome of one stage, or None when it was not reached."""
    return next((stage.outcome for stage in stages if stage.name == name), None)


def _fill_in_order(problem: TenderProblem, lots: IntArray) -> IntArray:
    """Move the lots of every offer to its first steps; costs no more, since later steps are not cheaper."""
    filled = np.zeros_like(lots)
    left = offer_lots(problem, lots)
    for line, offer in enumerate(problem.line_offer):
        filled[line] = min(left[offer], problem.line_lots[line])
        left[offer] -= filled[line]
    return filled


def _first_in_first_out(offer: int, event: int, begun: FloatArray, ended: FloatArray) -> list[Activation]:
    """Pair what begins with what ends, in order, which keeps every run as short as any pairing can."""
    steps = len(begun)
    begins = np.diff(np.round(begun, 9), prepend=0.0)
    ends = np.append(np.diff(np.round(ended, 9), prepend=0.0), 0.0)
    ends[steps] = max(0.0, float(begins.sum() - ends.sum()))
    runs: list[Activation] = []
    queue: list[list[float]] = []
    for step in range(steps + 1):
        if step < steps and begins[step] > 1e-9:
            queue.append([float(step), float(begins[step])])
        closing = float(ends[step])
        while closing > 1e-9 and queue:
            begin, power = queue[0]
            part = min(closing, power)
            if step > begin:
                runs.append(Activation(offer=offer, event=event, begin=int(begin), end=step, power_mw=part))
            closing -= part
            queue[0][1] -= part
            if queue[0][1] <= 1e-9:
                queue.pop(0)
    return runs
