"""Plaza limits, frames, the operator's override: what people on the site touch."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pandas as pd
import pytest

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import Asset, BaseLoad, Batch, ChargingSession
from optimizer.problems.checks_site import check_site
from optimizer.problems.generation import ContinuousUnit
from optimizer.problems.override import restore_load
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.states import SessionState, remaining_site
from optimizer.problems.windows import CongestionWindow, Direction
from optimizer.results.site_frames import cost_frame, power_frame, series_frame, window_frame
from optimizer.runs.site import SiteSession, dispatch_site
from optimizer.solver.outcome import Stop
from tests.site_examples import SUMMER_DAY, WINTER_DAY, evening_window, grid_from, office_zone, site_of

GRID = grid_from(WINTER_DAY, time(12))
ALWAYS = np.ones(GRID.steps, dtype=bool)


def _plaza(limit_kw: float) -> SiteProblem:
    cars: list[Asset] = [
        ChargingSession(
            id=f"car-{k}", arrival_step=8, departure_step=40, energy_kwh=30.0, power_kw=22.0, flexible=k > 0
        )
        for k in range(4)
    ]
    other: list[Asset] = [
        ChargingSession(id="elsewhere", arrival_step=0, departure_step=40, energy_kwh=40.0, power_kw=22.0),
        BaseLoad(id="hall", power_kw=np.full(GRID.steps, 10.0)),
    ]
    plaza = CongestionWindow(
        id="plaza", steps=ALWAYS, limit_kw=np.full(GRID.steps, limit_kw), asset_ids=tuple(c.id for c in cars)
    )
    price = np.linspace(0.3, 0.1, GRID.steps)
    return site_of([*cars, *other], GRID, windows=(plaza,), offtake_price_eur_per_kwh=price)


def _plaza_power(problem: SiteProblem) -> FloatArray:
    plan = dispatch_site(problem).plan
    assert plan is not None
    return sum((a.power_kw for a in plan.assets if a.asset_id.startswith("car")), np.zeros(GRID.steps))


def test_a_plaza_shares_its_cable_and_the_rest_of_the_site_does_not() -> None:
    assert _plaza_power(_plaza(1000.0)).max() > 40.0
    assert _plaza_power(_plaza(25.0)).max() <= 25.0 + 1e-6
    habit = plan_uncontrolled(_plaza(25.0))
    assert habit.windows[0].excess_kw.max() == pytest.approx(4 * 22.0 - 25.0)


def test_a_plaza_limit_stays_when_the_site_is_planned_again() -> None:
    problem = _plaza(25.0)
    session = SiteSession(problem)
    session.plan()
    states = {"car-1": SessionState(received_kwh=4.0), "car-2": SessionState(received_kwh=1.0)}
    patched, anew = session.replan(10, states), dispatch_site(remaining_site(problem, 10, states))
    assert patched.plan is not None
    assert anew.plan is not None
    assert patched.plan.total_cost_eur == pytest.approx(anew.plan.total_cost_eur, abs=1e-6)


def test_a_plaza_of_unknown_assets_is_refused() -> None:
    problem = _plaza(25.0)
    wrong = replace(problem, windows=(replace(problem.windows[0], asset_ids=("nobody",)),))
    assert [f.rule for f in check_site(wrong)] == ["site.window.assets"]


def test_a_negative_limit_asks_for_the_other_direction() -> None:
    session: list[Asset] = [ChargingSession(id="c", arrival_step=0, departure_step=96, energy_kwh=30.0, power_kw=22.0)]
    take_up = CongestionWindow(
        id="take up", steps=np.arange(96) == 20, limit_kw=np.full(96, -15.0), direction=Direction.FEED_IN
    )
    plan = dispatch_site(site_of(session, GRID, windows=(take_up,))).plan
    assert plan is not None
    assert plan.offtake_kw[20] >= 15.0 - 1e-6


def test_frames_hold_the_plan() -> None:
    grid = grid_from(SUMMER_DAY, time(7))
    problem = site_of([office_zone(grid)], grid, windows=(evening_window(grid, 20.0),))
    plan = dispatch_site(problem).plan
    assert plan is not None
    power = power_frame(plan, grid)
    assert list(power.columns) == ["office", "offtake_kw", "feed_in_kw"]
    assert power.index[0] == pd.Timestamp(grid.start)
    np.testing.assert_array_equal(power["office"].to_numpy(), plan.assets[0].power_kw)
    windows = window_frame(plan, problem)
    assert len(windows) == 20
    assert (windows["limit_kw"] == 20.0).all()
    temperatures = series_frame(plan, grid).query("series == 'temperature_c'")
    assert len(temperatures) == grid.steps + 1
    costs = cost_frame(plan, plan_uncontrolled(problem))
    assert costs.loc["total", "planned_eur"] == pytest.approx(plan.total_cost_eur)


def test_the_operator_gets_the_load_back_and_is_told_what_breaks() -> None:
    flat = np.ones(GRID.steps)
    line = ContinuousUnit(id="line", normal_kw=500.0, least_kw=200.0, shortest_steps=32, loss_eur_per_kwh=3.0)
    car = ChargingSession(id="car", arrival_step=0, departure_step=60, energy_kwh=50.0, power_kw=50.0)
    batch = Batch(
        id="batch", profile_kw=np.full(4, 90.0), earliest_start_step=0, latest_start_step=80, planned_start_step=2
    )
    problem = site_of([line, car, batch], GRID, windows=(evening_window(GRID, 320.0),))
    planned = dispatch_site(problem).plan
    assert planned is not None
    evening = problem.windows[0].steps
    assert planned.offtake_kw[evening].max() <= 320.0 + 1e-6
    restored = dispatch_site(restore_load(problem, "line", 2.5)).plan
    assert restored is not None
    np.testing.assert_allclose(restored.asset("line").power_kw, 500.0 * flat)
    assert restored.cost_eur["window excess"] == pytest.approx(2.5 * 180.0 * 5.0)
    assert any("window evening: 900.000 kWh above the limit" in said for said in restored.slack)
    charging = dispatch_site(restore_load(problem, "car", 2.5)).plan
    assert charging is not None
    np.testing.assert_allclose(charging.asset("car").power_kw[:4], 50.0)
    started = dispatch_site(restore_load(problem, "batch", 2.5))
    assert started.stop is Stop.OPTIMAL
    assert started.plan is not None
    assert started.plan.asset("batch").series["start"][0] == 1.0
    with pytest.raises(KeyError):
        restore_load(problem, "nobody", 2.5)
    with pytest.raises(TypeError, match="no load to restore"):
        restore_load(site_of([office_zone(GRID)], GRID), "office", 2.5)
