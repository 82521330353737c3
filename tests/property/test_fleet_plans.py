"""Coordination over virtual sessions against the session-level model, on fleets drawn at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings

from optimizer.fleet.nested import suits_nesting
from optimizer.problems.fleet import FleetProblem
from optimizer.runs.fleet import FleetOptions, FleetOutcome, plan_fleet
from optimizer.solver.outcome import Stop
from optimizer.verify.fleet import verify_fleet
from tests.fleet_examples import SEEDS, many_streets, random_fleet

EXACT = 1e-8


def _both(problem: FleetProblem) -> tuple[FleetOutcome, FleetOutcome]:
    direct = plan_fleet(problem, options=FleetOptions(method="session model", relative_gap=1e-9))
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination", relative_gap=1e-9))
    return direct, mixed


def _assert_equal_optima(problem: FleetProblem) -> None:
    direct, mixed = _both(problem)
    assert (direct.plan is None) == (mixed.plan is None)
    if direct.plan is None or mixed.plan is None:
        assert mixed.stop is Stop.INFEASIBLE
        assert mixed.findings
        return
    size = max(1.0, abs(direct.plan.cost_eur))
    assert mixed.plan.cost_eur == pytest.approx(direct.plan.cost_eur, abs=EXACT * size)
    assert mixed.bound_eur is not None
    assert mixed.bound_eur <= direct.plan.cost_eur + EXACT * size
    assert mixed.bound_eur == pytest.approx(direct.plan.cost_eur, abs=2e-8 * size)
    assert verify_fleet(problem, mixed.plan) == ()


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_without_limits_every_session_takes_its_cheapest_steps(seed: int) -> None:
    _assert_equal_optima(random_fleet(seed, hard=False))


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_with_a_hard_limit(seed: int) -> None:
    _assert_equal_optima(random_fleet(seed))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_with_a_limit_that_may_be_out_of_reach(seed: int) -> None:
    _assert_equal_optima(random_fleet(seed, tightness=0.12))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_with_convex_costs_floors_and_peaks(seed: int) -> None:
    _assert_equal_optima(random_fleet(seed, soft=True, peak=True))


@given(SEEDS)
@settings(max_examples=25, deadline=None)
def test_with_nested_areas(seed: int) -> None:
    _assert_equal_optima(random_fleet(seed, nested=True, soft=True, count=20))


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_order_of_sessions_changes_nothing(seed: int) -> None:
    problem = random_fleet(seed)
    order = np.random.default_rng(seed).permutation(len(problem.sessions))
    turned = FleetProblem(
        **{name: getattr(problem, name) for name in FleetProblem.__dataclass_fields__ if name != "sessions"},
        sessions=problem.sessions.take(order),
    )
    options = FleetOptions(method="coordination")
    one, other = plan_fleet(problem, options=options), plan_fleet(turned, options=options)
    assert (one.plan is None) == (other.plan is None)
    if one.plan is not None and other.plan is not None:
        steps = problem.grid.steps
        assert np.allclose(one.plan.schedules.dense(steps)[order], other.plan.schedules.dense(steps), atol=1e-7)


@given(SEEDS)
@settings(max_examples=15, deadline=None)
def test_a_looser_limit_never_costs_more(seed: int) -> None:
    tight, loose = random_fleet(seed, tightness=0.3), random_fleet(seed, tightness=0.6)
    options = FleetOptions(method="coordination")
    dear, cheap = plan_fleet(tight, options=options), plan_fleet(loose, options=options)
    if dear.plan is not None:
        assert cheap.plan is not None
        assert cheap.plan.cost_eur <= dear.plan.cost_eur * (1 + 1e-6) + 1e-9


@given(SEEDS)
@settings(max_examples=8)
def test_many_streets_with_limits_of_their_own(seed: int) -> None:
    problem = many_streets(seed)
    direct = plan_fleet(problem, options=FleetOptions(method="session model", relative_gap=1e-9))
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination", relative_gap=1e-4))
    assert suits_nesting(problem)
    assert (direct.plan is None) == (mixed.plan is None)
    if direct.plan is None or mixed.plan is None:
        assert mixed.stop is Stop.INFEASIBLE
        return
    size = abs(direct.plan.cost_eur)
    assert mixed.plan.cost_eur == pytest.approx(direct.plan.cost_eur, abs=2e-4 * size)
    assert mixed.bound_eur is not None
    assert mixed.bound_eur <= direct.plan.cost_eur + EXACT * size
    assert verify_fleet(problem, mixed.plan) == ()
