"""Awards spread over a fleet: kept in every step, every car full, equals treated equally, repaired when cars leave."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest

from optimizer.offers.fleet_award import repair_fleet_award, spread_over_fleet
from optimizer.offers.fleet_curve import find_largest_volume
from optimizer.offers.offer_window import Change, OfferWindow
from optimizer.problems.fleet import FleetProblem, Sessions
from optimizer.runs.fleet import FleetOptions
from tests.offer_fleets import draw_fleet, uncontrolled_kw

COORDINATED = FleetOptions(method="coordination")


def twice(problem: FleetProblem) -> FleetProblem:
    """Every car and its twin with half the power and half the energy."""
    s = problem.sessions
    both = Sessions.of(
        np.tile(s.arrival, 2),
        np.tile(s.departure, 2),
        np.concatenate([s.energy_kwh, 0.5 * s.energy_kwh]),
        np.concatenate([s.power_kw, 0.5 * s.power_kw]),
    )
    return replace(problem, sessions=both)


def test_an_exact_award_is_kept_in_every_step_and_twins_do_the_same() -> None:
    fleet = twice(draw_fleet(150, 4))
    window = OfferWindow(steps=fleet.grid.inside([(time(17), time(19))]))
    baseline = uncontrolled_kw(fleet)
    relief = np.where(window.steps, 0.9 * find_largest_volume(fleet, window, baseline), 0.0)
    assert relief.max() > 100.0
    outcome = spread_over_fleet(fleet, window, baseline, relief, options=COORDINATED)
    assert outcome.announced == ()
    assert outcome.delivered_kw == pytest.approx(relief, abs=1e-3)
    plan = outcome.fleet.plan
    assert plan is not None
    power = plan.schedules.dense(96)
    assert power.sum(axis=1) * 0.25 == pytest.approx(fleet.sessions.energy_kwh, abs=1e-6)
    assert 0.5 * power[:150] == pytest.approx(power[150:], abs=1e-9)


def test_when_cars_leave_the_others_keep_the_award_and_the_past_counts() -> None:
    fleet = draw_fleet(200, 5)
    window = OfferWindow(steps=fleet.grid.inside([(time(17), time(19))]))
    baseline = uncontrolled_kw(fleet)
    relief = np.where(window.steps, 0.6 * find_largest_volume(fleet, window, baseline), 0.0)
    before = spread_over_fleet(fleet, window, baseline, relief, options=COORDINATED).fleet.plan
    assert before is not None
    gone = np.arange(200) % 10 == 0
    now = 23
    after = repair_fleet_award(fleet, before, window, baseline, relief, now_step=now, gone=gone, options=COORDINATED)
    assert after.announced == ()
    assert after.delivered_kw[now:] == pytest.approx(relief[now:], abs=1e-2)
    plan = after.fleet.plan
    assert plan is not None
    old, new = before.schedules.dense(96), plan.schedules.dense(96)
    assert not gone[after.rows].any()
    total = old[after.rows][:, :now].sum(axis=1) + new.sum(axis=1)
    assert total * 0.25 == pytest.approx(fleet.sessions.energy_kwh[after.rows], abs=1e-4)
    assert new[:, :now].sum() == 0.0


def test_more_consumption_that_the_remaining_cars_cannot_take_is_announced() -> None:
    fleet = draw_fleet(60, 6)
    window = OfferWindow(steps=fleet.grid.inside([(time(17), time(18))]), change=Change.MORE)
    baseline = 0.2 * uncontrolled_kw(fleet)
    relief = np.where(window.steps, 0.95 * find_largest_volume(fleet, window, baseline), 0.0)
    before = spread_over_fleet(fleet, window, baseline, relief, options=COORDINATED).fleet.plan
    assert before is not None
    gone = np.arange(60) < 40
    after = repair_fleet_award(fleet, before, window, baseline, relief, now_step=20, gone=gone, options=COORDINATED)
    assert [f.rule for f in after.announced] == ["award.short"]
    kept = after.delivered_kw[window.steps]
    assert kept.min() < relief.max() - 1.0
    said = float((after.announced[0].value or "").split()[0])
    assert said == pytest.approx(0.25 * np.maximum(relief[window.steps] - kept, 0.0).sum(), abs=1e-2)
