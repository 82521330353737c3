"""PV, CHP, continuous lines and bidirectional sessions against enumeration, closed forms and simpler assets."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import Asset, BaseLoad, Battery, ChargingSession
from optimizer.problems.checks_site import check_site
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.verify.site import verify_site
from tests.site_examples import WINTER_DAY, grid_from, site_of

STEPS = 8
GRID = grid_from(WINTER_DAY, steps=STEPS)
PRICES = st.lists(st.integers(-20, 60), min_size=STEPS, max_size=STEPS)


def _cost(problem: SiteProblem) -> float:
    outcome = dispatch_site(problem)
    assert outcome.plan is not None, outcome.findings
    return outcome.plan.total_cost_eur


@given(prices=PRICES, sun=st.lists(st.integers(0, 30), min_size=STEPS, max_size=STEPS))
def test_sun_is_curtailed_exactly_where_feeding_in_costs(prices: list[int], sun: list[int]) -> None:
    price, available = np.array(prices) / 100.0, np.array(sun, dtype=float)
    problem = site_of(
        [PvPlant(id="roof", available_kw=available)],
        GRID,
        contracted_feed_in_kw=np.full(STEPS, 20.0),
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=price,
    )
    expected = -0.25 * float(np.maximum(price, 0.0) @ np.minimum(available, 20.0))
    assert _cost(problem) == pytest.approx(expected, abs=1e-6)


@settings(max_examples=25)
@given(
    prices=PRICES,
    start_eur=st.integers(0, 4),
    heat=st.integers(0, 30),
    warm=st.booleans(),
    start_steps=st.integers(0, 3),
)
def test_chp_costs_what_enumeration_costs(
    prices: list[int], start_eur: int, heat: int, warm: bool, start_steps: int
) -> None:
    """At a linear cost the best power of a running step is the least, the most or the end of useful heat."""
    price = np.array(prices) / 100.0
    unit = ChpUnit(
        id="chp",
        most_kw=30.0,
        least_kw=10.0,
        heat_limit_kw=np.full(STEPS, float(heat)),
        running_eur_per_kwh=0.12,
        heat_loss_eur_per_kwh=0.055,
        start_eur=float(start_eur) / 10.0,
        start_steps=start_steps,
        is_running=warm,
    )
    problem = site_of([unit], GRID, offtake_price_eur_per_kwh=price + 0.05, feed_in_price_eur_per_kwh=price)
    powers = (10.0, 30.0, float(np.clip(heat, 10, 30)))
    per_step = [min(0.25 * ((0.12 - p) * kw + 0.055 * max(kw - heat, 0.0)) for kw in powers) for p in price]
    best = np.inf
    for on in product((False, True), repeat=STEPS):
        if not warm and any(on[:start_steps]):
            continue
        starts = sum(b and not a for a, b in zip((warm, *on), on, strict=False))
        best = min(best, sum(c for c, o in zip(per_step, on, strict=True) if o) + starts * start_eur / 10.0)
    assert _cost(problem) == pytest.approx(best, abs=1e-6)


@settings(max_examples=25)
@given(prices=PRICES, shortest=st.integers(1, 5), notice=st.integers(0, 4), most=st.integers(0, 2))
def test_a_continuous_line_costs_what_enumeration_costs(
    prices: list[int], shortest: int, notice: int, most: int
) -> None:
    price = np.array(prices) / 10.0
    line = ContinuousUnit(
        id="line",
        normal_kw=100.0,
        least_kw=40.0,
        shortest_steps=shortest,
        notice_steps=notice,
        loss_eur_per_kwh=2.94,
        interruption_eur=10.0,
        most_interruptions=most,
    )
    saving = 0.25 * 60.0 * (price - 2.94)
    best = 0.0
    for down in product((0, 1), repeat=STEPS):
        edges = np.diff(np.concatenate([[0], down, [0]]))
        begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
        if any(down[:notice]) or len(begins) > most or (len(begins) and (ends - begins).min() < shortest):
            continue
        best = max(best, float(np.maximum(saving, 0.0) @ np.array(down)) - 10.0 * len(begins))
    problem = site_of([line], GRID, offtake_price_eur_per_kwh=price)
    assert _cost(problem) == pytest.approx(0.25 * 100.0 * price.sum() - best, abs=1e-5)


def _car(**changes: Any) -> BidirectionalSession:
    fields: dict[str, Any] = {
        "id": "car",
        "arrival_step": 0,
        "departure_step": STEPS,
        "capacity_kwh": 40.0,
        "arrival_kwh": 20.0,
        "departure_kwh": 25.0,
        "charge_kw": 20.0,
        "discharge_kw": 20.0,
    }
    return BidirectionalSession(**(fields | changes))


def _priced(asset: Asset, prices: list[int]) -> SiteProblem:
    price = np.array(prices) / 100.0
    return site_of([asset], GRID, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=price - 0.01)


@settings(max_examples=25)
@given(prices=PRICES, wear=st.integers(0, 3), tax=st.integers(0, 3), lowest=st.integers(0, 20))
def test_a_bidirectional_car_is_a_battery_with_wear_and_tax(
    prices: list[int], wear: int, tax: int, lowest: int
) -> None:
    car = _car(wear_eur_per_kwh=wear / 100, double_tax_eur_per_kwh=tax / 100, lowest_kwh=float(lowest))
    battery = Battery(
        id="car",
        capacity_kwh=40.0,
        charge_kw=20.0,
        discharge_kw=20.0,
        initial_kwh=20.0,
        final_kwh=25.0,
        reserved_kwh=float(lowest),
        wear_eur_per_kwh=(wear + tax) / 100,
    )
    assert _cost(_priced(car, prices)) == pytest.approx(_cost(_priced(battery, prices)), abs=1e-6)


@settings(max_examples=15)
@given(prices=PRICES)
def test_a_car_that_cannot_discharge_is_a_charging_session(prices: list[int]) -> None:
    car = _car(discharge_kw=0.0, capacity_kwh=25.0)
    session = ChargingSession(
        id="car", arrival_step=0, departure_step=STEPS, energy_kwh=5.0, power_kw=20.0, efficiency=0.95
    )
    assert _cost(_priced(car, prices)) == pytest.approx(_cost(_priced(session, prices)), abs=1e-6)


def test_habits_checks_and_judges_of_all_of_them() -> None:
    flat = np.ones(STEPS)
    assets: list[Asset] = [
        PvPlant(id="roof", available_kw=5.0 * flat),
        _car(),
        ChpUnit(id="chp", most_kw=30.0, least_kw=10.0, heat_limit_kw=20.0 * flat, running_eur_per_kwh=0.1),
        ContinuousUnit(id="line", normal_kw=50.0, least_kw=20.0, shortest_steps=4, loss_eur_per_kwh=0.05),
        BaseLoad(id="load", power_kw=10.0 * flat),
    ]
    problem = site_of(assets, GRID, offtake_price_eur_per_kwh=np.linspace(0.05, 0.4, STEPS))
    plan = dispatch_site(problem).plan
    assert plan is not None
    assert plan.total_cost_eur < plan_uncontrolled(problem).total_cost_eur
    for asset in plan.assets:
        changed = tuple(replace(a, power_kw=a.power_kw + 31.0) if a is asset else a for a in plan.assets)
        assert any(asset.asset_id in f.ids for f in verify_site(problem, replace(plan, assets=changed)))
    faulty: list[Asset] = [
        PvPlant(id="roof", available_kw=-flat),
        _car(arrival_kwh=50.0, departure_step=9),
        ChpUnit(id="chp", most_kw=5.0, least_kw=10.0, heat_limit_kw=flat[:2], running_eur_per_kwh=0.1, ramp_kw=-1.0),
        ContinuousUnit(id="line", normal_kw=5.0, least_kw=20.0, shortest_steps=0),
    ]
    assert sorted(f.rule for f in check_site(site_of(faulty, GRID))) == [
        "site.bidirectional.arrival_kwh",
        "site.bidirectional.window",
        "site.chp.least_kw",
        "site.chp.ramp_kw",
        "site.chp.series",
        "site.continuous.least_kw",
        "site.continuous.shortest_steps",
        "site.pv.series",
    ]
