"""Plan a fleet: check, choose the method, solve, disaggregate, verify, and hand back a plan or the reason why not."""

from __future__ import annotations

import time
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.findings import Finding
from optimizer.fleet.coordinator import Coordination, CoordinationOptions, Coordinator, RoundListener
from optimizer.fleet.direct import schedules_in_order, solve_directly
from optimizer.fleet.fleet_oracles import FleetOracles, join_schedules
from optimizer.fleet.limit_rows import LimitRows, cost_of, excess_of
from optimizer.fleet.nested import coordinate_nested, suits_nesting
from optimizer.fleet.pricing import Pricing
from optimizer.fleet.rounding import RoundedSessions, RoundingTask, round_sessions
from optimizer.problems.checks_fleet import (
    check_fleet,
    corrupt_rows,
    missing_kwh,
    unreachable_findings,
)
from optimizer.problems.fleet import FleetProblem, FloatArray
from optimizer.results.fleet import FleetPlan, Round, Schedules
from optimizer.runs.explain_fleet import name_unkept_above, unkept_limits
from optimizer.solver.outcome import Stop
from optimizer.verify.fleet import verify_fleet

DIRECT_SESSIONS = 100
DIRECT_PEAK_SESSIONS = 5000
DIRECT_MINIMUM_SESSIONS = 12
DIRECT_BIDIRECTIONAL = 400
COORDINATION_SHARE = 0.3
"""Share of the gap that the mixture may use up where rounding needs the rest."""
RESERVE_ROUNDS = 4
PASSED_KW = 1e-6

_WHOLE_ONLY = Finding(
    rule="limit.kept",
    path="limits",
    message="the limits could be kept if sessions were free to pause or batteries to do both at once, not as they are",
)

Method = Literal["choose", "session model", "coordination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetOptions:
    """How to plan.

    Attributes:
        method: "session model", "coordination", or "choose" by size and kind (measured crossover).
        relative_gap: proven gap to reach.
        time_limit_s: then the best feasible plan with its gap; None for no limit.
        skip_invalid: leave corrupt sessions out and say so, instead of refusing the problem.
        verify: judge the plan before handing it over.
    """

    method: Method = "choose"
    relative_gap: float = 1e-6
    time_limit_s: float | None = None
    skip_invalid: bool = False
    verify: bool = True


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetMemory:
    """Prices of an earlier plan, to start the next one from.

    Attributes:
        first: first step of the earlier plan, counted in steps since the epoch.
        prices: prices that took part in it, each of shape (areas, steps).
    """

    first: int
    prices: tuple[FloatArray, ...]

    def at(self, first: int, steps: int) -> tuple[FloatArray, ...]:
        """The prices moved to another start: what lies before is dropped, what lies behind repeats the last."""
        moved = np.clip(np.arange(steps) + first - self.first, 0, None)
        return tuple(price[:, np.minimum(moved, price.shape[1] - 1)] for price in self.prices)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetOutcome:
    """What is known about the best plan of a fleet.

    Attributes:
        stop: why the search ended.
        problem: the problem that was planned, corrupt sessions left out.
        rows: rows of the sessions that were planned, shape (planned,).
        plan: the best plan found and verified, or None.
        bound_eur: proven lower bound on the cost, or None.
        findings: corrupt sessions left out, sessions that come up short, and limits that cannot be kept.
        method: how it was planned.
        rounds: progress of the coordinator.
        area_prices: price per area and step that makes every session's plan its own cheapest, EUR per kWh; None for
            the session model.
        memory: start for the next plan.
        seconds: wall-clock time per phase.
    """

    stop: Stop
    problem: FleetProblem
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]
    plan: FleetPlan | None
    bound_eur: float | None
    findings: tuple[Finding, ...]
    method: str
    rounds: tuple[Round, ...] = ()
    area_prices: FloatArray | None = None
    memory: FleetMemory | None = None
    seconds: dict[str, float]

    @property
    def relative_gap(self) -> float | None:
        """Proven gap as a share of the cost; None without plan or bound."""
        if self.plan is None or self.bound_eur is None:
            return None
        gap = max(0.0, self.plan.cost_eur - self.bound_eur)
        return 0.0 if gap == 0.0 else gap / max(abs(self.plan.cost_eur), 1e-10)


def plan_fleet(
    problem: FleetProblem,
    *,
    options: FleetOptions | None = None,
    listener: RoundListener | None = None,
    executor: Executor | None = None,
    memory: FleetMemory | None = None,
) -> FleetOutcome:
    """Plan every session at least cost, prove it, and judge the plan.

    Args:
        problem: the fleet.
        options: how to plan.
        listener: called after every round of the coordinator; returning False interrupts it.
        executor: where pricing runs; in this process unless given.
        memory: memory of an earlier plan of a similar fleet.

    Raises:
        InvalidProblemError: with every fault of the problem, unless all are corrupt sessions and may be skipped.
        VerificationError: the plan failed the judge.
    """
    chosen = options or FleetOptions()
    started = time.perf_counter()
    problem, rows, findings = _clean(problem, skip_invalid=chosen.skip_invalid)
    short = missing_kwh(problem.sessions, problem.step_h)
    findings += _in_file_rows(unreachable_findings(problem.sessions, problem.step_h), rows)
    seconds = {"check": time.perf_counter() - started}
    method = _choose(problem) if chosen.method == "choose" else chosen.method
    if method == "session model":
        outcome = _plan_directly(problem, chosen, short, seconds)
    else:
        outcome = _plan_coordinated(problem, chosen, short, seconds, listener, executor, memory)
    if outcome.plan is not None and chosen.verify:
        at = time.perf_counter()
        faults = verify_fleet(problem, outcome.plan)
        if faults:
            raise VerificationError(faults)
        seconds["verify"] = time.perf_counter() - at
    seconds["total"] = time.perf_counter() - started
    return replace(outcome, rows=rows, findings=(*findings, *outcome.findings))


def _clean(
    problem: FleetProblem, *, skip_invalid: bool
) -> tuple[FleetProblem, np.ndarray[tuple[int], np.dtype[np.int64]], tuple[Finding, ...]]:
    findings = check_fleet(problem)
    everything = np.arange(len(problem.sessions), dtype=np.int64)
    if not findings:
        return problem, everything, ()
    severe = [f for f in findings if not f.path.startswith("sessions[")]
    if severe or not skip_invalid:
        raise InvalidProblemError(findings)
    rows = everything[~corrupt_rows(problem.sessions, problem.grid.steps, problem.areas)]
    return replace(problem, sessions=problem.sessions.take(rows)), rows, findings


def _in_file_rows(
    findings: tuple[Finding, ...], rows: np.ndarray[tuple[int], np.dtype[np.int64]]
) -> tuple[Finding, ...]:
    """Name the rows of the input, not those left after skipping."""
    named = [(f, str(rows[int(f.ids[0])])) for f in findings]
    return tuple(
        replace(
            f,
            path=f.path.replace(f"[{f.ids[0]}]", f"[{row}]"),
            message=f.message.replace(f"session {f.ids[0]} ", f"session {row} "),
            ids=(row,),
        )
        for f, row in named
    )


def _choose(problem: FleetProblem) -> Method:
    least = int((problem.sessions.minimum_kw > 0).sum())
    # A peak alone leaves most prices open, which interior point takes as it comes and prices find slowly.
    most = DIRECT_PEAK_SESSIONS if problem.peak_price_eur_per_kw.any() else DIRECT_SESSIONS
    direct = (
        len(problem.sessions) + len(problem.bidirectional) > 0
        and len(problem.sessions) <= (DIRECT_MINIMUM_SESSIONS if least else most)
        and len(problem.bidirectional) <= DIRECT_BIDIRECTIONAL
    )
    return "session model" if direct else "coordination"


def _plan_directly(
    problem: FleetProblem, options: FleetOptions, short: FloatArray, seconds: dict[str, float]
) -> FleetOutcome:
    at = time.perf_counter()
    nothing = np.zeros((problem.areas, problem.grid.steps))
    unkept = unkept_limits(problem, nothing, only_empty=True)
    solution = None
    if not unkept:
        solution = solve_directly(problem, relative_gap=options.relative_gap, time_limit_s=options.time_limit_s)
    seconds["solve"] = time.perf_counter() - at
    stop = Stop.INFEASIBLE if solution is None else solution.outcome.stop
    plan = None
    if solution is not None and solution.power_kw is not None and solution.net_kw is not None:
        sessions, cars = problem.sessions, problem.bidirectional
        schedules = schedules_in_order(sessions.arrival, sessions.departure, solution.power_kw)
        fed = schedules_in_order(cars.arrival, cars.departure, solution.net_kw)
        plan = _assemble(problem, _area_power(problem, schedules, fed), schedules, fed, short)
    if stop is Stop.INFEASIBLE and not unkept:
        reason = _plan_coordinated(problem, options, short, seconds, None, None, None)
        unkept = reason.findings if reason.stop is Stop.INFEASIBLE else (_WHOLE_ONLY,)
    return FleetOutcome(
        stop=stop,
        problem=problem,
        rows=np.zeros(0, dtype=np.int64),
        plan=plan,
        bound_eur=None if solution is None else solution.outcome.bound,
        findings=unkept,
        method="session model",
        seconds=seconds,
    )


def _plan_coordinated(
    problem: FleetProblem,
    options: FleetOptions,
    short: FloatArray,
    seconds: dict[str, float],
    listener: RoundListener | None,
    executor: Executor | None,
    memory: FleetMemory | None,
) -> FleetOutcome:
    if suits_nesting(problem):
        return _plan_nested(problem, options, short, seconds, listener)
    at = time.perf_counter()
    oracles = FleetOracles.of(problem)
    rows = LimitRows.of(problem)
    seconds["aggregate"] = time.perf_counter() - at
    at = time.perf_counter()
    first = int(problem.grid.start.timestamp()) // problem.grid.step_s
    known = () if memory is None else memory.at(first, problem.grid.steps)
    coordinator = _coordinator(problem, rows, oracles, options, executor)
    found = coordinator.run(listener, known)
    seconds["coordinate"] = time.perf_counter() - at
    at = time.perf_counter()
    power = _group_sums(problem, coordinator, found)
    plan = None
    if found.cost_eur is not None and oracles.minimum is None:
        schedules = oracles.pausable_schedules(problem, found)
        fed = oracles.bidirectional_schedules(found)
        summed = problem.area_sums(power) if oracles.bidirectional is None else _area_power(problem, schedules, fed)
        plan = _assemble(problem, summed, schedules, fed, short)
    elif found.cost_eur is not None:
        plan = _round(problem, rows, oracles, options, executor, found, short)
    seconds["disaggregate"] = time.perf_counter() - at
    infeasible = found.stop is Stop.INFEASIBLE
    return FleetOutcome(
        stop=_stop_after_rounding(found, plan, options) if oracles.minimum is not None else found.stop,
        problem=problem,
        rows=np.zeros(0, dtype=np.int64),
        plan=plan,
        bound_eur=None if infeasible else found.bound_eur,
        findings=unkept_limits(problem, problem.area_sums(power)) if infeasible else (),
        method="coordination",
        rounds=found.rounds,
        area_prices=found.area_prices / problem.step_h,
        memory=FleetMemory(first=first, prices=found.prices),
        seconds=seconds,
    )


def _plan_nested(
    problem: FleetProblem,
    options: FleetOptions,
    short: FloatArray,
    seconds: dict[str, float],
    listener: RoundListener | None,
) -> FleetOutcome:
    at = time.perf_counter()
    nested = coordinate_nested(
        problem,
        CoordinationOptions(relative_gap=options.relative_gap, time_limit_s=options.time_limit_s),
        listener,
    )
    found = nested.found
    seconds["coordinate"] = time.perf_counter() - at
    for area in nested.unkept:
        alone = _alone(problem, area)
        reason = plan_fleet(alone, options=FleetOptions(method="coordination"))
        if reason.stop is Stop.INFEASIBLE:
            return replace(reason, problem=problem, method="coordination", seconds=seconds)
    at = time.perf_counter()
    plan = None
    if found.cost_eur is not None and not nested.unkept:
        schedules = nested.schedules()
        power = _area_power(problem, schedules, Schedules.none())
        plan = _assemble(problem, power, schedules, Schedules.none(), short)
    seconds["disaggregate"] = time.perf_counter() - at
    infeasible = found.stop is Stop.INFEASIBLE
    return FleetOutcome(
        stop=found.stop,
        problem=problem,
        rows=np.zeros(0, dtype=np.int64),
        plan=plan,
        bound_eur=None if infeasible else found.bound_eur,
        findings=name_unkept_above(found, problem) if infeasible else (),
        method="coordination",
        rounds=found.rounds,
        area_prices=found.area_prices / problem.step_h,
        seconds=seconds,
    )


def _alone(problem: FleetProblem, area: int) -> FleetProblem:
    """One area without those around it; limits of other areas are dropped."""
    limits = problem.limits
    kept = np.where((limits.area == area)[:, None], limits.power_kw, limits.direction[:, None] * np.inf)
    return replace(
        problem,
        sessions=problem.sessions.take(problem.sessions.area == area),
        limits=replace(limits, power_kw=kept),
    )


def _coordinator(
    problem: FleetProblem,
    rows: LimitRows,
    oracles: FleetOracles,
    options: FleetOptions,
    executor: Executor | None,
) -> Coordinator:
    share = 1.0 if oracles.minimum is None else COORDINATION_SHARE
    return Coordinator(
        rows,
        Pricing(oracles.listed, executor),
        problem.price_eur_per_kwh * problem.step_h,
        CoordinationOptions(relative_gap=options.relative_gap * share, time_limit_s=options.time_limit_s),
    )


def _round(
    problem: FleetProblem,
    rows: LimitRows,
    oracles: FleetOracles,
    options: FleetOptions,
    executor: Executor | None,
    found: Coordination,
    short: FloatArray,
) -> FleetPlan | None:
    """Give every session with a minimum one answer; where limits stay passed, mix again with a small reserve.

    Sessions that can be mixed are planned again around the answers, so they take up what rounding left.
    """
    reserve = 0.0
    for _ in range(RESERVE_ROUNDS):
        rounded = round_sessions(_rounding_task(problem, rows, oracles, found))
        plan = _around(problem, oracles, options, rounded, short)
        if plan is not None:
            return plan
        reserve = max(2.0 * reserve, 1.5 * rounded.passed_kw)
        hard = ~rows.priced & (rows.source >= 0)
        tighter = replace(rows, level_kw=np.where(hard, rows.level_kw - reserve, rows.level_kw))
        found = _coordinator(problem, tighter, oracles, options, executor).run(None, found.prices)
        if found.cost_eur is None:
            return None
    return None


def _rounding_task(problem: FleetProblem, rows: LimitRows, oracles: FleetOracles, found: Coordination) -> RoundingTask:
    oracle = oracles.minimum
    assert oracle is not None
    groups = oracles.groups_of(oracle)
    others = np.zeros((problem.areas, problem.grid.steps))
    for other in oracles.listed[:-1]:
        np.add.at(others, other.group_area, found.group_power_kw[oracles.groups_of(other)])
    return RoundingTask(
        oracle=oracle,
        prices=found.prices,
        counts=[detail[-1] for detail in found.details],
        weights=found.weights[groups],
        rows=rows,
        others_kw=others,
        energy_eur_per_kw=problem.price_eur_per_kwh * problem.step_h,
        area_prices=found.area_prices,
    )


def _around(
    problem: FleetProblem, oracles: FleetOracles, options: FleetOptions, rounded: RoundedSessions, short: FloatArray
) -> FleetPlan | None:
    """A plan with the rounded answers, everything else planned around them; None where a hard limit is passed."""
    free, bound = oracles.pausable_rows, oracles.minimum_rows
    sessions = problem.sessions.take(bound)
    pairs = np.arange(rounded.power_kw.shape[1]) < (sessions.departure - sessions.arrival)[:, None]
    fixed = schedules_in_order(sessions.arrival, sessions.departure, rounded.power_kw[pairs])
    rest, fed = Schedules.none(), Schedules.none()
    if len(free) or len(problem.bidirectional):
        smaller = replace(
            problem,
            sessions=problem.sessions.take(free),
            base_load_kw=problem.base_load_kw + rounded.area_power_kw,
        )
        inner = plan_fleet(smaller, options=replace(options, verify=False))
        if inner.plan is None:
            return None
        rest, fed = inner.plan.schedules, inner.plan.bidirectional
    elif rounded.passed_kw > PASSED_KW:
        return None
    schedules = join_schedules(problem, [(free, rest), (bound, fixed)])
    return _assemble(problem, _area_power(problem, schedules, fed), schedules, fed, short)


def _stop_after_rounding(found: Coordination, plan: FleetPlan | None, options: FleetOptions) -> Stop:
    """Rounding ends the proof at the bound of the mixture, so the stop says whether the gap was reached."""
    if found.stop is Stop.INFEASIBLE or plan is None:
        return found.stop if not found.stop.proven else Stop.NODE_LIMIT
    gap = plan.cost_eur - found.bound_eur
    if gap <= options.relative_gap * abs(plan.cost_eur):
        return Stop.GAP_REACHED
    return found.stop if not found.stop.proven else Stop.NODE_LIMIT


def _group_sums(problem: FleetProblem, coordinator: Coordinator, found: Coordination) -> FloatArray:
    power = np.zeros((problem.areas, problem.grid.steps))
    np.add.at(power, coordinator.group_area, found.group_power_kw)
    return power


def _area_power(problem: FleetProblem, schedules: Schedules, fed: Schedules) -> FloatArray:
    """Power of every area with all inside it, added up from schedules that lie in any order."""
    power = np.zeros((problem.areas, problem.grid.steps))
    for area, listed in ((problem.sessions.area, schedules), (problem.bidirectional.area, fed)):
        power += listed.area_sums(area, problem.areas, problem.grid.steps)
    return problem.area_sums(power)


def _assemble(
    problem: FleetProblem, power_kw: FloatArray, schedules: Schedules, fed: Schedules, short: FloatArray
) -> FleetPlan:
    excess = np.where(np.isfinite(problem.limits.price_eur_per_kwh), excess_of(problem, power_kw), 0.0)
    return FleetPlan(
        cost_eur=cost_of(problem, power_kw, excess),
        power_kw=power_kw,
        excess_kw=excess,
        schedules=schedules,
        bidirectional=fed,
        missing_kwh=short,
    )
