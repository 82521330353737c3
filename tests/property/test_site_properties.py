"""What must hold for every site: order does not matter, room never costs, units scale, DST days are ordinary days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.runs.site import dispatch_site
from optimizer.solver.outcome import Stop
from optimizer.timegrid import TimeGrid
from tests.site_examples import WINTER_DAY, evening_window, grid_from, office_zone, site_of

STEPS = 16


@st.composite
def sites(draw: st.DrawFn) -> SiteProblem:
    """A feasible site of every asset kind: window, discomfort and energy can always be met at some price."""
    grid = grid_from(WINTER_DAY, steps=STEPS)
    flat = np.ones(STEPS)
    sessions = [
        ChargingSession(
            id=f"car-{k}",
            arrival_step=draw(st.integers(0, 6)),
            departure_step=draw(st.integers(10, STEPS)),
            energy_kwh=draw(st.integers(1, 8)),
            power_kw=11.0,
            efficiency=draw(st.sampled_from([1.0, 0.9])),
            pausing=draw(st.sampled_from(list(Pausing))),
            minimum_kw=1.38,
        )
        for k in range(draw(st.integers(1, 3)))
    ]
    zone = BuildingZone(
        id="zone",
        resistance_k_per_kw=0.5,
        capacity_kwh_per_k=draw(st.sampled_from([10.0, 40.0])),
        initial_temperature_c=21.0,
        outdoor_temperature_c=draw(st.sampled_from([-5.0, 18.0, 32.0])) * flat,
        gains_kw=draw(st.sampled_from([0.0, 10.0])) * flat,
        lower_c=20.0 * flat,
        upper_c=22.5 * flat,
        heat_pump_kw=20.0,
        heat_pump_cop=3.0 * flat,
        chiller_kw=20.0,
        chiller_cop=4.0 * flat,
        discomfort_eur_per_kh=5.0,
    )
    battery = Battery(
        id="battery", capacity_kwh=30.0, charge_kw=15.0, discharge_kw=15.0, initial_kwh=10.0, final_kwh=10.0
    )
    batch = Batch(
        id="batch",
        profile_kw=np.array([10.0, 20.0, 5.0]),
        earliest_start_step=0,
        latest_start_step=STEPS - 3,
        planned_start_step=4,
        move_cost_eur=0.5,
    )
    load = BaseLoad(id="load", power_kw=np.array(draw(st.lists(st.integers(-5, 9), min_size=STEPS, max_size=STEPS))))
    window = CongestionWindow(
        id="window",
        steps=np.arange(STEPS) % 8 >= 4,
        limit_kw=draw(st.sampled_from([0.0, 12.0, 30.0])) * flat,
        excess_price_eur_per_kwh=1.5,
    )
    price = np.array(draw(st.lists(st.integers(-10, 50), min_size=STEPS, max_size=STEPS))) / 100.0
    spread = draw(st.sampled_from([0.02, 0.0, -0.05]))
    return site_of(
        [*sessions, zone, battery, batch, load],
        grid,
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=price - spread,
        windows=(window,),
    )


def _cost(problem: SiteProblem) -> float:
    outcome = dispatch_site(problem)
    assert outcome.plan is not None, outcome.findings
    assert outcome.gap_eur is not None
    assert outcome.gap_eur <= 1e-4
    return outcome.plan.total_cost_eur


@settings(max_examples=12)
@given(problem=sites())
def test_order_of_assets_changes_nothing(problem: SiteProblem) -> None:
    forward = dispatch_site(problem).plan
    backward = dispatch_site(replace(problem, assets=problem.assets[::-1])).plan
    assert forward is not None
    assert backward is not None
    for asset in forward.assets:
        np.testing.assert_array_equal(asset.power_kw, backward.asset(asset.asset_id).power_kw)


@settings(max_examples=12)
@given(problem=sites(), factor=st.floats(1.0, 3.0))
def test_more_room_never_costs_more(problem: SiteProblem, factor: float) -> None:
    (window,) = problem.windows
    wider = replace(problem, windows=(replace(window, limit_kw=window.limit_kw + 5.0 * factor),))
    assert _cost(wider) <= _cost(problem) + 1e-4
    assert _cost(replace(problem, windows=())) <= _cost(wider) + 1e-4


@settings(max_examples=12)
@given(problem=sites())
def test_control_never_costs_more_than_habit(problem: SiteProblem) -> None:
    cars = tuple(a for a in problem.assets if not isinstance(a, ChargingSession) or a.pausing is Pausing.FREE)
    problem = replace(problem, assets=cars)
    assert _cost(problem) <= plan_uncontrolled(problem).total_cost_eur + 1e-4


@settings(max_examples=10)
@given(problem=sites())
def test_another_battery_never_costs_more(problem: SiteProblem) -> None:
    extra = Battery(id="second", capacity_kwh=9.0, charge_kw=4.0, discharge_kw=4.0, initial_kwh=4.0, final_kwh=4.0)
    assert _cost(replace(problem, assets=(*problem.assets, extra))) <= _cost(problem) + 1e-4


@pytest.mark.parametrize(("day", "steps"), [(date(2027, 3, 28), 92), (date(2027, 7, 6), 96), (date(2027, 10, 31), 100)])
def test_days_of_92_96_and_100_quarter_hours(day: date, steps: int) -> None:
    grid = TimeGrid.of_local_day(day)
    car = ChargingSession(id="car", arrival_step=0, departure_step=grid.steps, energy_kwh=20.0, power_kw=11.0)
    problem = site_of([car, office_zone(grid, initial_temperature_c=23.0)], grid, windows=(evening_window(grid, 60.0),))
    plan = dispatch_site(problem).plan
    assert plan is not None
    assert len(plan.offtake_kw) == steps
    evening = grid.inside([(time(16), time(21))])
    assert evening.sum() == 20
    assert plan.offtake_kw[evening].max() <= 60.0 + 1e-6


def test_negative_prices_do_not_make_a_battery_burn_energy() -> None:
    grid = grid_from(WINTER_DAY, steps=STEPS)
    battery = Battery(id="b", capacity_kwh=10.0, charge_kw=20.0, discharge_kw=20.0, initial_kwh=10.0, final_kwh=10.0)
    price = np.full(STEPS, -0.3)
    problem = site_of([battery], grid, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=price)
    outcome = dispatch_site(problem)
    assert outcome.stop is Stop.OPTIMAL
    assert outcome.plan is not None
    series = outcome.plan.asset("b").series
    assert np.minimum(series["charge_kw"], series["discharge_kw"]).max() <= 1e-6
    assert outcome.plan.total_cost_eur < 0.0


def test_heating_against_cooling_does_not_pay_even_when_energy_is_a_gift() -> None:
    grid = grid_from(WINTER_DAY, steps=STEPS)
    flat = np.ones(STEPS)
    zone = BuildingZone(
        id="zone",
        resistance_k_per_kw=0.5,
        capacity_kwh_per_k=20.0,
        initial_temperature_c=21.0,
        outdoor_temperature_c=15.0 * flat,
        gains_kw=5.0 * flat,
        lower_c=20.0 * flat,
        upper_c=22.5 * flat,
        heat_pump_kw=10.0,
        heat_pump_cop=3.0 * flat,
        chiller_kw=10.0,
        chiller_cop=4.0 * flat,
    )
    plan = dispatch_site(site_of([zone], grid, offtake_price_eur_per_kwh=-0.2 * flat)).plan
    assert plan is not None
    series = plan.asset("zone").series
    assert np.minimum(series["heat_pump_kw"], series["chiller_kw"]).max() <= 1e-6
    assert plan.total_cost_eur < 0.0


def test_selling_dearer_than_buying_is_not_a_money_machine() -> None:
    grid = grid_from(WINTER_DAY, steps=4)
    load = BaseLoad(id="load", power_kw=np.array([5.0, -5.0, 0.0, 2.0]))
    flat = np.ones(4)
    problem = site_of([load], grid, offtake_price_eur_per_kwh=0.1 * flat, feed_in_price_eur_per_kwh=0.3 * flat)
    assert _cost(problem) == pytest.approx(0.25 * (0.1 * 5.0 - 0.3 * 5.0 + 0.1 * 2.0))
