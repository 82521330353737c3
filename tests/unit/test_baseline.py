"""Named baselines: one interface, each method against what it must give, days of 92 and 100 quarter-hours included."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta

import numpy as np
import pytest

from market.settlement.baseline import (
    BaselineEvidence,
    BaselineMethod,
    ComparableDays,
    MeasuredPast,
    compute_baseline,
)
from optimizer.errors import InvalidProblemError
from optimizer.problems.assets import ChargingSession
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid, local_instant
from tests.site_examples import grid_from, site_of

FRIDAY = date(2027, 7, 9)


def car_site(grid: TimeGrid) -> SiteProblem:
    car = ChargingSession(id="car", arrival_step=68, departure_step=88, energy_kwh=11.0, power_kw=11.0)
    price = np.where(np.arange(grid.steps) < 80, 0.3, 0.1)
    limit = np.full(grid.steps, 8.0)
    return site_of([car], grid, offtake_price_eur_per_kwh=price, contracted_offtake_kw=limit)


def past_until(day: date, days: int, level: dict[date, float] | None = None) -> MeasuredPast:
    """Metering whose value is the ISO weekday times ten, or what is given for a day, plus the hour."""
    grid = TimeGrid.between(local_instant(day - timedelta(days=days), time(0)), local_instant(day, time(15)))
    values = [(level or {}).get(t.date(), 10.0 * t.isoweekday()) + t.hour for t in grid.local_starts()]
    return MeasuredPast(grid=grid, power_kw=np.array(values))


def test_every_method_has_the_same_interface_and_says_what_it_did() -> None:
    grid = grid_from(FRIDAY)
    evidence = BaselineEvidence(site=car_site(grid), nomination_kw=np.full(96, 3.0), measured=past_until(FRIDAY, 10))
    for method in BaselineMethod:
        baseline = compute_baseline(method, evidence)
        assert baseline.method is method
        assert baseline.power_kw.shape == (96,)
        assert baseline.grid == grid
        assert baseline.statement


def test_methods_differ_on_the_same_connection() -> None:
    site = car_site(grid_from(FRIDAY))
    evidence = BaselineEvidence(site=site)
    habit = compute_baseline(BaselineMethod.UNCONTROLLED, evidence).power_kw
    assert habit[68:72].tolist() == [8.0] * 4  # full power is 11 kW, the connection allows 8
    cheapest = compute_baseline(BaselineMethod.PRICE_OPTIMISED, evidence).power_kw
    assert cheapest[:80].max() == pytest.approx(0.0, abs=1e-6)
    assert cheapest[80:].sum() * 0.25 == pytest.approx(11.0)
    assert compute_baseline(BaselineMethod.CONTRACT_LIMIT, evidence).power_kw.tolist() == [8.0] * 96


def test_comparable_days_are_the_last_of_their_kind_without_events() -> None:
    grid = grid_from(FRIDAY)
    past = past_until(FRIDAY, 12)
    evidence = BaselineEvidence(site=car_site(grid), measured=past, comparable=ComparableDays(days=4))
    # Monday to Thursday before the Friday: 10, 20, 30, 40, mean 25, plus the hour.
    expected = 25.0 + np.repeat(np.arange(24), 4)
    assert compute_baseline(BaselineMethod.COMPARABLE_DAYS, evidence).power_kw == pytest.approx(expected)
    without = replace(past, event_days=frozenset({FRIDAY - timedelta(days=1)}))  # the Thursday falls out, a Friday in
    moved = compute_baseline(BaselineMethod.COMPARABLE_DAYS, replace(evidence, measured=without)).power_kw
    assert moved == pytest.approx(expected + (50.0 - 40.0) / 4)
    sunday = replace(past, holidays=frozenset({FRIDAY}))
    feast = replace(evidence, measured=sunday, comparable=ComparableDays(days=1))
    assert compute_baseline(BaselineMethod.COMPARABLE_DAYS, feast).power_kw[0] == pytest.approx(70.0)


def test_the_adjustment_follows_the_hours_before_the_call_within_its_bound() -> None:
    grid = grid_from(FRIDAY)
    called = grid.inside([(time(16), time(18))])
    for today, expected in ((25.0, 0.0), (28.0, 3.0), (90.0, 0.2 * (25.0 + 13.5)), (0.0, -0.2 * (25.0 + 13.5))):
        past = past_until(FRIDAY, 12, {FRIDAY: today})
        evidence = BaselineEvidence(
            site=car_site(grid), measured=past, called=called, comparable=ComparableDays(days=4)
        )
        # Adjusted on 13:00-15:00: the means there are 25 + 13 and 25 + 14.
        baseline = compute_baseline(BaselineMethod.COMPARABLE_DAYS, evidence)
        assert baseline.power_kw[64] == pytest.approx(25.0 + 16.0 + expected)
        assert f"moved by {expected:.1f} kW" in baseline.statement


@pytest.mark.parametrize(("day", "steps"), [(date(2027, 3, 28), 92), (date(2027, 10, 31), 100)])
def test_days_with_a_clock_change_compare_by_wall_clock(day: date, steps: int) -> None:
    grid = TimeGrid.of_local_day(day)
    assert grid.steps == steps
    car = ChargingSession(id="car", arrival_step=40, departure_step=60, energy_kwh=5.0, power_kw=11.0)
    evidence = BaselineEvidence(
        site=site_of([car], grid), measured=past_until(day, 30), comparable=ComparableDays(days=3)
    )
    power = compute_baseline(BaselineMethod.COMPARABLE_DAYS, evidence).power_kw
    assert power == pytest.approx([70.0 + t.hour for t in grid.local_starts()])


def test_missing_evidence_is_named() -> None:
    grid = grid_from(FRIDAY)
    bare = BaselineEvidence(site=car_site(grid))
    for method, word in ((BaselineMethod.NOMINATION, "96 quarter-hours"), (BaselineMethod.COMPARABLE_DAYS, "metered")):
        with pytest.raises(InvalidProblemError, match=word):
            compute_baseline(method, bare)
    with pytest.raises(InvalidProblemError, match="fewer than 5 comparable days"):
        compute_baseline(BaselineMethod.COMPARABLE_DAYS, replace(bare, measured=past_until(FRIDAY, 4)))
