"""The depot of the study: 80 kW at night is 70 kWh too little, 90 kW is enough (study 6062-6072)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.problems.assets import BaseLoad, Battery, ChargingSession
from optimizer.runs.site import dispatch_site
from optimizer.solver.outcome import Stop
from tests.site_examples import depot, evening_window, grid_from, site_of


def test_depot_with_80_kw_is_short_by_exactly_70_kwh() -> None:
    outcome = dispatch_site(depot(80.0))
    assert outcome.stop is Stop.INFEASIBLE
    assert outcome.plan is None
    (finding,) = outcome.findings
    assert finding.rule == "site.sessions.shortfall"
    assert finding.value == "70.000 kWh"
    assert finding.ids == ("truck-1", "truck-2", "truck-3")
    assert "70.0 kWh short" in finding.message
    assert "from 21:00 to 07:00" in finding.message


@pytest.mark.parametrize(("night_kw", "feasible"), [(86.9, False), (87.0, True), (90.0, True)])
def test_depot_needs_87_kw_on_average(night_kw: float, feasible: bool) -> None:
    outcome = dispatch_site(depot(night_kw))
    assert (outcome.plan is not None) is feasible
    if outcome.plan is None:
        assert outcome.findings[0].value == f"{10.0 * (87.0 - night_kw):.3f} kWh"
    else:
        assert outcome.plan.total_cost_eur == pytest.approx(870.0 * 0.2)


def test_shortfall_names_only_the_sessions_that_depend_on_the_full_hours() -> None:
    problem = depot(80.0)
    by_day = ChargingSession(id="van", arrival_step=0, departure_step=30, energy_kwh=40.0, power_kw=11.0)
    outcome = dispatch_site(replace(problem, assets=(by_day, *problem.assets)))
    assert outcome.findings[0].ids == ("truck-1", "truck-2", "truck-3")
    assert outcome.findings[0].value == "70.000 kWh"


def test_base_load_takes_room_and_a_battery_gives_some_back() -> None:
    problem = depot(90.0)
    steps = problem.grid.steps
    load = BaseLoad(id="lights", power_kw=np.full(steps, 10.0))
    short = dispatch_site(replace(problem, assets=(*problem.assets, load)))
    assert short.findings[0].value == "70.000 kWh"
    battery = Battery(
        id="battery", capacity_kwh=100.0, charge_kw=50.0, discharge_kw=10.0, initial_kwh=0.0, discharge_efficiency=1.0
    )
    helped = dispatch_site(replace(problem, assets=(*problem.assets, load, battery)))
    assert helped.plan is not None
    assert helped.plan.asset("battery").power_kw.min() < -6.9


def test_a_hard_window_counts_as_room_and_a_priced_one_does_not() -> None:
    grid = grid_from(depot(90.0).grid.start.date())
    car = ChargingSession(id="car", arrival_step=64, departure_step=84, energy_kwh=40.0, power_kw=11.0)
    hard = dispatch_site(site_of([car], grid, windows=(evening_window(grid, 6.0),)))
    assert hard.findings[0].value == "10.000 kWh"
    assert "16:00 to 21:00" in hard.findings[0].message
    priced = dispatch_site(site_of([car], grid, windows=(evening_window(grid, 6.0, excess_price_eur_per_kwh=2.0),)))
    assert priced.plan is not None
    assert priced.plan.cost_eur["window excess"] == pytest.approx(10.0 * 2.0)
    assert priced.plan.slack == (
        "window evening: 10.000 kWh above the limit, at most "
        f"{priced.plan.windows[0].excess_kw.max():.3f} kW at once, for 20.00 EUR",
    )


def test_a_session_alone_is_explained_before_anything_is_modelled() -> None:
    grid = grid_from(depot(90.0).grid.start.date())
    car = ChargingSession(id="session 7", arrival_step=0, departure_step=14, energy_kwh=42.0, power_kw=11.0)
    outcome = dispatch_site(site_of([car], grid))
    (finding,) = outcome.findings
    assert finding.message == "session 7 needs 42.0 kWh but can receive 38.5 kWh before 03:30: 3.5 kWh short"


def test_a_conflict_beyond_the_exact_checks_is_told_in_words() -> None:
    grid = grid_from(depot(90.0).grid.start.date())
    promised = ChargingSession(
        id="taxi",
        arrival_step=0,
        departure_step=40,
        energy_kwh=30.0,
        power_kw=20.0,
        guaranteed_kwh=20.0,
        guaranteed_by_step=4,
    )
    outcome = dispatch_site(site_of([promised], grid, contracted_offtake_kw=np.full(grid.steps, 10.0)))
    (finding,) = outcome.findings
    assert outcome.stop is Stop.INFEASIBLE
    assert finding.rule == "site.conflict"
    assert finding.ids == ("taxi",)
    assert "taxi: energy guaranteed" in finding.message
    assert "the contracted capacity of the connection (" in finding.message
