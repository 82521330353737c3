"""Supply curves: breakpoints against re-dispatch from scratch, holes and hulls, groups, and what a live model saves."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import InvalidProblemError
from optimizer.offers import offer_session
from optimizer.offers.group_program import GroupProgram, assemble_group
from optimizer.offers.offer_session import OfferSession
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.offers.parametric import Sample, trace_convex
from optimizer.offers.supply_curve import trace_supply_curve
from optimizer.problems.assets import Batch, Battery, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow, Direction
from optimizer.results.offers import SupplyCurve
from optimizer.runs.site import dispatch_site
from tests.site_examples import SUMMER_DAY, grid_from, office_zone, site_of

GRID = grid_from(SUMMER_DAY, time(12), steps=48)
EVENING = GRID.inside([(time(17), time(18))])


def car(k: int, arrival: int = 8, departure: int = 44, energy: float = 20.0, power: float = 7.0) -> ChargingSession:
    return ChargingSession(
        id=f"car-{k}", arrival_step=arrival, departure_step=departure, energy_kwh=energy, power_kw=power
    )


def cheapest(site: SiteProblem) -> FloatArray:
    plan = dispatch_site(site).plan
    assert plan is not None
    return plan.offtake_kw - plan.feed_in_kw


def curve_of(site: SiteProblem, window: OfferWindow, baseline: FloatArray, **options: object) -> SupplyCurve:
    outcome = trace_supply_curve([site], window, baseline, **options)  # type: ignore[arg-type]
    assert outcome.curve is not None, outcome.findings
    return outcome.curve


def priced(assets: list[object], price: FloatArray) -> SiteProblem:
    return site_of(assets, GRID, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=0.5 * price)  # type: ignore[arg-type]


def test_every_breakpoint_of_a_known_function_is_found_and_no_other_point() -> None:
    breaks = [0.0, 1.0, 2.5, 2.75, 7.0, 10.0]
    slopes = [0.5, 1.0, 4.0, 4.5, 9.0]

    def evaluate(at: float) -> Sample[None]:
        k = min(int(np.searchsorted(breaks, at, side="right")) - 1, 4)
        value = sum(s * (min(at, b) - a) for a, b, s in zip(breaks, breaks[1:], slopes, strict=False) if at > a)
        return Sample(at, value, slopes[k], None)

    samples, gap = trace_convex(evaluate, evaluate(0.0), evaluate(10.0), most=50, tolerance=1e-9)
    inner = {round(s.at, 9) for s in samples}
    assert set(breaks) <= inner
    assert gap <= 1e-9
    few, left = trace_convex(evaluate, evaluate(0.0), evaluate(10.0), most=4, tolerance=1e-9)
    assert len(few) == 4
    true = max(
        np.interp(x, [s.at for s in few], [s.value for s in few]) - evaluate(x).value for x in np.linspace(0, 10, 2001)
    )
    assert true <= left + 1e-9


def test_a_battery_sells_what_it_holds_over_the_hours_of_the_block() -> None:
    battery = Battery(
        id="battery",
        capacity_kwh=100.0,
        charge_kw=50.0,
        discharge_kw=40.0,
        initial_kwh=60.0,
        final_kwh=60.0,
        charge_efficiency=1.0,
        discharge_efficiency=0.8,
        wear_eur_per_kwh=0.05,
    )
    site = priced([battery], np.full(48, 0.2))
    for hours, expected in ((1, 40.0), (2, 40.0), (4, 100.0 * 0.8 / 4)):
        steps = GRID.inside([(time(17), time(17 + hours))])
        curve = curve_of(site, OfferWindow(steps=steps), np.zeros(48))
        assert curve.max_kw == pytest.approx(expected, abs=1e-6)
        # Every kWh delivered takes 1/0.8 from the store, bought back at 0.2, saves 0.1 of feed-in revenue, and wears.
        per_kwh = 0.2 / 0.8 - 0.1 + 0.05
        assert curve.points[-1].cost_eur == pytest.approx(per_kwh * hours * expected, rel=1e-6)
        assert curve.gap_eur == 0.0 or curve.gap_eur == pytest.approx(0.0, abs=1e-6)


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    change=st.sampled_from(Change),
)
def test_every_point_costs_what_a_dispatch_from_scratch_with_that_window_costs(seed: int, change: Change) -> None:
    draw = np.random.default_rng(seed)
    cars = [
        car(k, int(draw.integers(0, 20)), int(draw.integers(30, 48)), float(draw.uniform(2, 15)), 7.0) for k in range(4)
    ]
    price = draw.uniform(0.05, 0.4, 48)
    battery = Battery(
        id="battery", capacity_kwh=30.0, charge_kw=10.0, discharge_kw=10.0, initial_kwh=15.0, final_kwh=15.0
    )
    site = priced([*cars, battery], price)
    baseline = cheapest(site)
    window = OfferWindow(steps=EVENING, change=change, delivery=Delivery.AT_LEAST)
    curve = curve_of(site, window, baseline, points=6)
    least = change is Change.LESS
    for point in curve.points:
        limit = baseline - point.volume_kw if least else -(baseline + point.volume_kw)
        direction = Direction.OFFTAKE if least else Direction.FEED_IN
        capped = CongestionWindow(id="offer", steps=EVENING, limit_kw=limit + 1e-7, direction=direction)
        again = dispatch_site(replace(site, windows=(capped,)))
        assert again.plan is not None
        assert point.cost_eur + curve.reference_cost_eur == pytest.approx(again.plan.total_cost_eur, abs=2e-5)
    beyond = curve.max_kw + 1.0
    limit = baseline - beyond if least else -(baseline + beyond)
    direction = Direction.OFFTAKE if least else Direction.FEED_IN
    window_beyond = CongestionWindow(id="offer", steps=EVENING, limit_kw=limit, direction=direction)
    assert dispatch_site(replace(site, windows=(window_beyond,))).plan is None
    costs = [p.cost_eur for p in curve.points]
    assert all(b >= a - 1e-6 for a, b in pairwise(costs))
    if curve.convex:
        middle = 0.37 * curve.max_kw
        session = OfferSession([site], window, baseline)
        reference, plan = session.reference(), session.at(middle)
        assert reference is not None
        assert plan is not None
        real = plan.cost_eur - reference.cost_eur
        assert curve.gap_eur is not None
        assert real - 1e-6 <= curve.cost_at(middle) <= real + curve.gap_eur + 1e-6


def test_an_exact_promise_is_kept_to_the_watt_and_the_rebound_returns_the_energy() -> None:
    cars = [car(k) for k in range(5)]
    site = priced([*cars], np.linspace(0.3, 0.2, 48))
    baseline = np.full(48, 0.0)
    baseline[8:20] = 25.0  # nomination: what the chargers told the operator
    curve = curve_of(site, OfferWindow(steps=EVENING), baseline, volumes_kw=[0.0, 10.0, 25.0])
    for point in curve.points:
        delivered = baseline[EVENING] - point.power_kw[EVENING]
        assert delivered == pytest.approx(np.full(4, point.volume_kw), abs=1e-6)
        change = point.power_kw - curve.reference_kw
        after = np.flatnonzero(EVENING)[-1] + 1
        assert curve.rebound_kw(point)[:after].any() == np.False_
        assert curve.rebound_kw(point)[after:] == pytest.approx(change[after:])
        assert change.sum() == pytest.approx(0.0, abs=1e-6)  # same cars, same energy


def test_whole_batches_leave_holes_and_the_hull_says_what_lies_below() -> None:
    batches = [
        Batch(
            id=f"batch-{k}",
            profile_kw=np.full(8, 100.0),
            earliest_start_step=0,
            latest_start_step=40,
            planned_start_step=20,
            move_cost_eur=float(30 * k),
        )
        for k in (1, 2)
    ]
    site = priced(list(batches), np.full(48, 0.1))
    baseline = np.where((np.arange(48) >= 20) & (np.arange(48) < 28), 200.0, 0.0)
    window = OfferWindow(steps=EVENING)
    curve = curve_of(site, window, baseline, volumes_kw=[0.0, 50.0, 100.0, 150.0, 200.0])
    assert not curve.convex
    assert curve.gap_eur is None
    assert curve.infeasible_kw == (50.0, 150.0)
    assert [(p.volume_kw, round(p.cost_eur, 6)) for p in curve.points] == [(0.0, 0.0), (100.0, 30.0), (200.0, 90.0)]
    assert curve.cost_at(50.0) == pytest.approx(15.0)
    loose = replace(window, delivery=Delivery.AT_LEAST)
    steps = curve_of(site, loose, baseline, volumes_kw=[0.0, 50.0, 100.0, 150.0])
    assert [round(p.cost_eur, 6) for p in steps.points] == [0.0, 30.0, 30.0, 90.0]
    assert [p.volume_kw for p in steps.hull] == [0.0, 100.0, 150.0]


def test_a_group_delivers_at_least_what_its_members_deliver_alone() -> None:
    early = replace(priced([car(1, 16, 22, 6.0)], np.full(48, 0.2)), id="early")
    late = replace(priced([car(2, 22, 28, 6.0)], np.full(48, 0.2)), id="late")
    steps = GRID.inside([(time(16), time(19))])
    window = OfferWindow(steps=steps, delivery=Delivery.AT_LEAST)
    baselines = [np.where(steps, 6.0, 0.0)] * 2
    alone = [curve_of(s, window, b).max_kw for s, b in zip((early, late), baselines, strict=True)]
    together = trace_supply_curve([early, late], window, baselines[0] + baselines[1]).curve
    assert together is not None
    assert alone == pytest.approx([2.0, 2.0])
    assert together.max_kw == pytest.approx(8.0)  # while one must charge, the other is away


def test_the_model_is_built_once_for_a_whole_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []

    def assemble(*arguments: Any) -> GroupProgram:
        built.append(1)
        return assemble_group(*arguments)

    monkeypatch.setattr(offer_session, "assemble_group", assemble)
    grid = grid_from(SUMMER_DAY, time(7))
    site = site_of([office_zone(grid)], grid, offtake_price_eur_per_kwh=0.2 + 0.1 * np.cos(np.arange(96) / 9))
    window = OfferWindow(steps=grid.inside([(time(10), time(11))]), delivery=Delivery.AT_LEAST)
    curve = curve_of(site, window, cheapest(site))
    assert len(curve.points) > 3
    assert sum(built) == 1


def test_faults_of_group_window_and_baseline_are_findings() -> None:
    site = priced([car(1)], np.full(48, 0.2))
    window = OfferWindow(steps=EVENING)
    with pytest.raises(InvalidProblemError, match="no number"):
        trace_supply_curve([site], window, np.full(48, np.nan))
    with pytest.raises(InvalidProblemError, match="twice"):
        trace_supply_curve([site, site], window, np.zeros(48))
    with pytest.raises(InvalidProblemError, match="48 steps"):
        trace_supply_curve([site], window, np.zeros(47))
    impossible = priced([car(1, energy=500.0)], np.full(48, 0.2))
    none = trace_supply_curve([impossible], window, np.zeros(48))
    assert none.curve is None
    assert "needs" in none.findings[0].message
    far = curve_of(site, window, np.full(48, 400.0))
    assert (far.min_kw, far.max_kw) == pytest.approx((393.0, 400.0))
    off = trace_supply_curve([site], window, np.where(np.arange(48) % 2, 400.0, 0.0))
    assert off.curve is None
    assert off.findings[0].rule == "offer.baseline"
