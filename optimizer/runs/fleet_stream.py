"""Plan a fleet that does not fit in memory: two passes over its parts, each judged before it is handed over.

The first pass adds the sessions up into virtual sessions, whose number does not grow with the fleet; the second gives
every part its schedules. Memory holds one part, the virtual sessions and their tables of shares.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.fleet.coordinator import Coordination, CoordinationOptions, Coordinator, RoundListener
from optimizer.fleet.limit_rows import LimitRows, cost_of, excess_of
from optimizer.fleet.oracles.pausable import Disaggregation, PausableOracle, mixture_of
from optimizer.fleet.pricing import Pricing
from optimizer.fleet.virtual_sessions import aggregate
from optimizer.problems.checks_fleet import (
    check_fleet,
    corrupt_findings,
    corrupt_rows,
    missing_kwh,
    unreachable_findings,
)
from optimizer.problems.fleet import FleetProblem, FloatArray, Sessions
from optimizer.results.fleet import FleetPlan, Round, Schedules
from optimizer.runs.explain_fleet import unkept_limits
from optimizer.runs.fleet import FleetOptions
from optimizer.solver.outcome import Stop
from optimizer.verify.fleet import verify_sessions, verify_totals

Parts = Callable[[], Iterable[Sessions]]
Sink = Callable[[np.ndarray[tuple[int], np.dtype[np.int64]], Sessions, Schedules], None]

NAMED_FINDINGS = 100_000


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class StreamOutcome:
    """What is known about the plan of a fleet that came in parts.

    Attributes:
        stop: why the search ended.
        plan: totals of the plan, without schedules, which went to the sink; None without a feasible plan.
        bound_eur: proven lower bound on the cost, or None.
        findings: corrupt sessions left out, sessions that come up short, and limits that cannot be kept.
        sessions: number of sessions planned.
        virtual_sessions: number of virtual sessions they were added up to.
        rounds: progress of the coordinator.
        seconds: wall-clock time per phase.
    """

    stop: Stop
    plan: FleetPlan | None
    bound_eur: float | None
    findings: tuple[Finding, ...]
    sessions: int
    virtual_sessions: int
    rounds: tuple[Round, ...]
    seconds: dict[str, float]


def plan_fleet_stream(
    problem: FleetProblem,
    parts: Parts,
    sink: Sink,
    *,
    options: FleetOptions | None = None,
    listener: RoundListener | None = None,
) -> StreamOutcome:
    """Plan pausable sessions that come in parts and hand over their schedules part by part.

    Args:
        problem: everything but the sessions.
        parts: yields the sessions part by part, the same every time it is called.
        sink: takes the rows of a part (counted over the whole fleet), its sessions and their schedules.
        options: how to plan; the method is always coordination.
        listener: called after every round.

    Raises:
        InvalidProblemError: with every fault, unless all are corrupt sessions and may be skipped.
        VerificationError: a part or the whole failed the judge.
    """
    chosen = options or FleetOptions()
    severe = check_fleet(problem)
    if severe:
        raise InvalidProblemError(severe)
    reader = _Reader(problem, parts, skip_invalid=chosen.skip_invalid)
    at = time.perf_counter()
    virtual = aggregate((part for _, part in reader.read(collect=True)), problem.grid.steps, problem.step_h)
    if reader.corrupt and not chosen.skip_invalid:
        raise InvalidProblemError(reader.corrupt)
    oracle = PausableOracle(virtual)
    seconds = {"aggregate": time.perf_counter() - at}
    at = time.perf_counter()
    coordinator = Coordinator(
        LimitRows.of(problem),
        Pricing([oracle]),
        problem.price_eur_per_kwh * problem.step_h,
        CoordinationOptions(relative_gap=chosen.relative_gap, time_limit_s=chosen.time_limit_s),
    )
    found = coordinator.run(listener)
    seconds["coordinate"] = time.perf_counter() - at
    at = time.perf_counter()
    power = np.zeros((problem.areas, problem.grid.steps))
    np.add.at(power, oracle.group_area, found.group_power_kw)
    power = problem.area_sums(power)
    plan = None
    if found.cost_eur is not None:
        plan = _totals(problem, power)
        mixture = mixture_of(oracle, found.prices, found.weights)
        back = Disaggregation(oracle, problem.step_h, mixture, keep_tables=True)
        _hand_over(problem, reader, back, plan, sink)
    seconds["disaggregate"] = time.perf_counter() - at
    return StreamOutcome(
        stop=found.stop,
        plan=plan,
        bound_eur=None if found.stop is Stop.INFEASIBLE else found.bound_eur,
        findings=(*reader.corrupt, *reader.short, *_conflict(problem, found, power)),
        sessions=reader.sessions,
        virtual_sessions=virtual.virtual_count,
        rounds=found.rounds,
        seconds=seconds,
    )


class _Reader:
    """Reads the parts, leaves corrupt sessions out, and keeps what was found on the first pass."""

    def __init__(self, problem: FleetProblem, parts: Parts, *, skip_invalid: bool) -> None:
        self._problem = problem
        self._parts = parts
        self._skip = skip_invalid
        self.corrupt: list[Finding] = []
        self.short: list[Finding] = []
        self.sessions = 0

    def read(self, *, collect: bool = False) -> Iterator[tuple[np.ndarray[tuple[int], np.dtype[np.int64]], Sessions]]:
        first, steps, areas = 0, self._problem.grid.steps, self._problem.areas
        for part in self._parts():
            bad = corrupt_rows(part, steps, areas) | (part.minimum_kw > 0)
            rows = np.flatnonzero(~bad)
            kept = part if len(rows) == len(part) else part.take(rows)
            if collect:
                if len(self.corrupt) < NAMED_FINDINGS:
                    self.corrupt += corrupt_findings(part, steps, areas, first_row=first)
                    self.corrupt += _with_minimum(part, first)
                self.short += unreachable_findings(kept, self._problem.step_h, first_row=first)
                self.sessions += len(kept)
            yield rows + first, kept
            first += len(part)


def _with_minimum(part: Sessions, first: int) -> list[Finding]:
    return [
        Finding(
            rule="session.minimum_kw",
            path=f"sessions[{first + row}].minimum_kw",
            message=f"session {first + row}: a session with a minimum power cannot be planned in a stream",
            ids=(str(first + row),),
            value=str(part.minimum_kw[row]),
        )
        for row in np.flatnonzero(part.minimum_kw > 0)
    ]


def _totals(problem: FleetProblem, power: FloatArray) -> FleetPlan:
    excess = np.where(np.isfinite(problem.limits.price_eur_per_kwh), excess_of(problem, power), 0.0)
    return FleetPlan(
        cost_eur=cost_of(problem, power, excess),
        power_kw=power,
        excess_kw=excess,
        schedules=Schedules.none(),
        bidirectional=Schedules.none(),
        missing_kwh=np.zeros(0),
    )


def _hand_over(
    problem: FleetProblem, reader: _Reader, disaggregation: Disaggregation, plan: FleetPlan, sink: Sink
) -> None:
    """Disaggregate, judge and hand over part by part, and judge the sum of all parts at the end."""
    total = np.zeros_like(plan.power_kw)
    for rows, part in reader.read():
        schedules = disaggregation.schedules(part)
        here = replace(problem, sessions=part)
        faults = verify_sessions(here, schedules, missing_kwh(part, problem.step_h))
        if faults:
            raise VerificationError(faults)
        total += schedules.area_sums(part.area, problem.areas, problem.grid.steps)
        sink(rows, part, schedules)
    faults = tuple(verify_totals(problem, plan, problem.area_sums(total)))
    if faults:
        raise VerificationError(faults)


def _conflict(problem: FleetProblem, found: Coordination, power: FloatArray) -> tuple[Finding, ...]:
    return unkept_limits(problem, power) if found.stop is Stop.INFEASIBLE else ()
