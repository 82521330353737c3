"""Sessions with a minimum and batteries: the coordinated plan against the session-level model."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from optimizer.runs.fleet import FleetOptions, plan_fleet
from optimizer.verify.fleet import verify_fleet
from tests.fleet_examples import SEEDS, random_fleet


@given(SEEDS)
@settings(max_examples=25)
def test_sessions_with_a_minimum_stay_between_bound_and_plan(seed: int) -> None:
    problem = random_fleet(seed, count=14, minimum=True, tightness=0.9)
    direct = plan_fleet(problem, options=FleetOptions(method="session model", relative_gap=1e-9))
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination", relative_gap=1e-3))
    if direct.plan is None:
        assert mixed.plan is None
        return
    assert mixed.bound_eur is not None
    assert mixed.bound_eur <= direct.plan.cost_eur + 1e-6
    if mixed.plan is not None:
        assert mixed.plan.cost_eur >= direct.plan.cost_eur - 1e-5
        assert verify_fleet(problem, mixed.plan) == ()


@given(SEEDS)
@settings(max_examples=15)
def test_batteries_reach_the_optimum(seed: int) -> None:
    problem = random_fleet(seed, count=6, batteries=5, tightness=1.0)
    direct = plan_fleet(problem, options=FleetOptions(method="session model", relative_gap=1e-9))
    mixed = plan_fleet(problem, options=FleetOptions(method="coordination", relative_gap=1e-9))
    assert (direct.plan is None) == (mixed.plan is None)
    if direct.plan is not None and mixed.plan is not None:
        size = max(1.0, abs(direct.plan.cost_eur))
        assert mixed.plan.cost_eur == pytest.approx(direct.plan.cost_eur, abs=1e-6 * size)
        assert verify_fleet(problem, mixed.plan) == ()
