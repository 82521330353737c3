"""Every fault of a fleet is named with its row; the judge finds what is wrong with a plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import InvalidProblemError
from optimizer.problems.fleet import AreaLimits, BidirectionalSessions, FleetProblem, Sessions
from optimizer.results.fleet import FleetPlan
from optimizer.runs.fleet import FleetMemory, FleetOptions, plan_fleet
from optimizer.runs.fleet_stream import plan_fleet_stream
from optimizer.solver.outcome import Stop
from optimizer.verify.fleet import verify_fleet
from tests.fleet_examples import quarter_hours, random_fleet

STEPS = 16


def _broken_fleet() -> FleetProblem:
    """Rows 1 to 6 are corrupt, each in its own way; row 7 stays too short for 5.5 kWh of its 11."""
    sessions = Sessions.of(
        arrival=[0, -1, 5, 3, 3, 3, 3, 4],
        departure=[8, 4, 5, 9, 9, 9, 9, 6],
        energy_kwh=[5.0, 1.0, 1.0, np.nan, 1.0, 1.0, 1.0, 11.0],
        power_kw=[11.0, 11.0, 11.0, 11.0, 0.0, 11.0, 11.0, 11.0],
        efficiency=[1.0, 1.0, 1.0, 1.0, 1.0, 1.2, 1.0, 1.0],
        area=[0, 0, 0, 0, 0, 0, 3, 0],
    )
    return FleetProblem.of(quarter_hours(STEPS), sessions, np.linspace(0.1, 0.3, STEPS))


def test_every_corrupt_row_is_named_at_once() -> None:
    with pytest.raises(InvalidProblemError) as refused:
        plan_fleet(_broken_fleet())
    assert [(f.rule, f.path) for f in refused.value.findings] == [
        ("session.arrival", "sessions[1].arrival"),
        ("session.departure", "sessions[2].departure"),
        ("session.energy_kwh", "sessions[3].energy_kwh"),
        ("session.power_kw", "sessions[4].power_kw"),
        ("session.efficiency", "sessions[5].efficiency"),
        ("session.area", "sessions[6].area"),
    ]


@pytest.mark.parametrize("method", ["session model", "coordination"])
def test_the_rest_is_planned_only_when_asked_and_short_sessions_say_what_they_miss(method: str) -> None:
    options = FleetOptions(method=method, skip_invalid=True)  # type: ignore[arg-type]
    outcome = plan_fleet(_broken_fleet(), options=options)
    assert outcome.plan is not None
    assert outcome.rows.tolist() == [0, 7]
    assert outcome.plan.missing_kwh.tolist() == [0.0, pytest.approx(5.5)]
    assert outcome.plan.schedules.of(1).tolist() == pytest.approx([11.0, 11.0])
    *corrupt, short = outcome.findings
    assert [f.ids[0] for f in corrupt] == ["1", "2", "3", "4", "5", "6"]
    assert short.ids == ("7",)
    assert "5.500 kWh are missing" in short.message


def test_a_stream_lists_rows_over_all_parts() -> None:
    problem = _broken_fleet()
    sessions, none = problem.sessions, problem.sessions.take(np.zeros(0, dtype=np.int64))
    parts = [sessions.take(slice_) for slice_ in (np.arange(3), np.arange(3, 8))]
    empty = replace(problem, sessions=none)
    with pytest.raises(InvalidProblemError) as refused:
        plan_fleet_stream(empty, lambda: parts, lambda *_: None)
    assert [f.ids[0] for f in refused.value.findings] == ["1", "2", "3", "4", "5", "6"]
    taken: dict[int, list[float]] = {}

    def sink(rows: np.ndarray, part: Sessions, schedules: object) -> None:
        taken.update({int(row): schedules.of(k).tolist() for k, row in enumerate(rows)})  # type: ignore[attr-defined]

    outcome = plan_fleet_stream(empty, lambda: parts, sink, options=FleetOptions(skip_invalid=True))
    assert outcome.sessions == 2
    assert sorted(taken) == [0, 7]
    assert taken[7] == pytest.approx([11.0, 11.0])
    assert sum(taken[0]) * 0.25 == pytest.approx(5.0)


def test_faults_of_areas_limits_and_batteries_are_named() -> None:
    problem = random_fleet(1, batteries=2)
    cars = replace(problem.bidirectional, target_kwh=np.array([1e3, np.nan]))
    limits = replace(problem.limits, direction=np.array([2], dtype=np.int32))
    broken = replace(problem, parent=np.array([4], dtype=np.int32), bidirectional=cars, limits=limits)
    with pytest.raises(InvalidProblemError) as refused:
        plan_fleet(broken, options=FleetOptions(skip_invalid=True))
    assert {f.rule for f in refused.value.findings} == {"area.parent", "limit.direction", "bidirectional.target_kwh"}


def _planned(seed: int = 2) -> tuple[FleetProblem, FleetPlan]:
    problem = random_fleet(seed, soft=True, peak=True, batteries=3, minimum=True, tightness=1.5)
    plan = plan_fleet(problem, options=FleetOptions(method="session model")).plan
    assert plan is not None
    return problem, plan


@pytest.mark.parametrize(
    ("rule", "change"),
    [
        ("session.energy", lambda p: replace(p, schedules=_add(p.schedules, 0.5))),
        ("session.power.most", lambda p: replace(p, schedules=_add(p.schedules, 30.0))),
        ("session.power.least", lambda p: replace(p, schedules=_add(p.schedules, -30.0))),
        ("session.missing", lambda p: replace(p, missing_kwh=p.missing_kwh + 1.0)),
        ("battery.full", lambda p: replace(p, bidirectional=_add(p.bidirectional, 500.0))),
        ("battery.empty", lambda p: replace(p, bidirectional=_add(p.bidirectional, -500.0))),
        ("area.power", lambda p: replace(p, power_kw=p.power_kw + 0.1)),
        ("area.excess", lambda p: replace(p, excess_kw=p.excess_kw + 1.0)),
        ("fleet.cost", lambda p: replace(p, cost_eur=p.cost_eur - 0.01)),
        ("session.schedule.shape", lambda p: replace(p, schedules=replace(p.schedules, start=p.schedules.start + 1))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_judge_names_what_was_changed(rule: str, change: object) -> None:
    problem, plan = _planned()
    assert verify_fleet(problem, plan) == ()
    assert rule in {f.rule for f in verify_fleet(problem, change(plan))}  # type: ignore[operator]


def _add(schedules: object, power: float) -> object:
    flat = schedules.power_kw.copy()  # type: ignore[attr-defined]
    flat[0] += power
    return replace(schedules, power_kw=flat)  # type: ignore[type-var]


def test_the_judge_sees_a_restart_and_a_passed_limit() -> None:
    sessions = Sessions.of([0], [5], [6.0], [11.0], minimum_kw=4.0)
    problem = FleetProblem.of(quarter_hours(8), sessions, 0.1, limits=AreaLimits.of(10.0, 8))
    plan = plan_fleet(problem).plan
    assert plan is not None
    restarted = replace(plan, schedules=replace(plan.schedules, power_kw=np.array([8.0, 8.0, 0.0, 8.0, 0.0])))
    assert "session.minimum" in {f.rule for f in verify_fleet(problem, restarted)}
    passed = replace(plan, schedules=replace(plan.schedules, power_kw=np.array([11.0, 8.0, 5.0, 0.0, 0.0])))
    assert "area.limit" in {f.rule for f in verify_fleet(problem, passed)}


def test_an_infeasible_fleet_says_where_and_by_how_much() -> None:
    sessions = Sessions.of([0, 0], [4, 4], [10.0, 9.0], [11.0, 11.0])
    problem = FleetProblem.of(quarter_hours(4), sessions, 0.1, limits=AreaLimits.of(16.0, 4))
    for method in ("session model", "coordination"):
        outcome = plan_fleet(problem, options=FleetOptions(method=method))
        assert outcome.stop is Stop.INFEASIBLE
        assert outcome.plan is None
        assert outcome.bound_eur is None
        assert sum(float(f.value or 0) for f in outcome.findings) * 0.25 == pytest.approx(3.0, abs=1e-4)


def test_a_fleet_that_only_pauses_could_serve_is_infeasible_and_never_zeros() -> None:
    """At once 11 kW is too much, and later it runs at 8 kW or more: only a mixture of both stays below 7.9 kW."""
    sessions = Sessions.of([0], [2], [2.75], [11.0], minimum_kw=8.0)
    problem = FleetProblem.of(quarter_hours(2), sessions, 0.1, limits=AreaLimits.of(7.9, 2))
    direct = plan_fleet(problem, options=FleetOptions(method="session model"))
    assert (direct.stop, direct.plan) == (Stop.INFEASIBLE, None)
    assert "free to pause" in direct.findings[0].message
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination"))
    assert (mixed.stop, mixed.plan) == (Stop.NODE_LIMIT, None)


def test_no_time_gives_no_invented_plan_and_a_listener_can_stop() -> None:
    problem = random_fleet(3, count=80, steps=48)
    stopped = plan_fleet(problem, options=FleetOptions(method="coordination"), listener=lambda r: r.number < 4)
    assert stopped.stop is Stop.INTERRUPTED
    assert len(stopped.rounds) == 5
    if stopped.plan is not None:
        assert stopped.relative_gap is not None
        assert stopped.relative_gap > 0
        assert verify_fleet(problem, stopped.plan) == ()


def test_the_memory_of_a_plan_shortens_the_next_quarter_hour() -> None:
    problem = random_fleet(11, count=300, steps=48, tightness=0.35)
    first = plan_fleet(problem, options=FleetOptions(method="coordination"))
    assert first.memory is not None
    again = plan_fleet(problem, options=FleetOptions(method="coordination"), memory=first.memory)
    assert first.plan is not None
    assert again.plan is not None
    assert again.plan.cost_eur == pytest.approx(first.plan.cost_eur, rel=1e-6)
    assert len(again.rounds) < len(first.rounds) / 3


def test_memory_moves_with_the_clock() -> None:
    memory = FleetMemory(first=100, prices=(np.arange(4.0)[None, :],))
    assert memory.at(102, 4)[0].tolist() == [[2.0, 3.0, 3.0, 3.0]]
    assert memory.at(99, 4)[0].tolist() == [[0.0, 0.0, 1.0, 2.0]]


def test_batteries_get_binaries_only_where_the_price_makes_them_burn_energy() -> None:
    cars = BidirectionalSessions(
        arrival=np.array([0], dtype=np.int32),
        departure=np.array([8], dtype=np.int32),
        charge_kw=np.array([10.0]),
        discharge_kw=np.array([10.0]),
        efficiency=np.array([0.8]),
        capacity_kwh=np.array([10.0]),
        arrival_kwh=np.array([9.0]),
        target_kwh=np.array([0.0]),
        area=np.array([0], dtype=np.int32),
    )
    none: list[float] = []
    price = np.array([-0.5, -0.5, -0.5, 0.1, 0.2, -0.5, -0.5, 0.3])
    problem = FleetProblem.of(quarter_hours(8), Sessions.of(none, none, none, none), price, bidirectional=cars)
    direct = plan_fleet(problem, options=FleetOptions(method="session model"))
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination"))
    assert direct.plan is not None
    assert mixed.plan is not None
    assert mixed.plan.cost_eur == pytest.approx(direct.plan.cost_eur, abs=1e-6)
