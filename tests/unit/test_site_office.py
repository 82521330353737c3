"""The office of the study is pre-cooled before 16:00 and coasts through the window inside its band of 2.5 K."""

from __future__ import annotations

from datetime import time

import numpy as np
import pytest

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from tests.site_examples import SUMMER_DAY, evening_window, grid_from, office_zone, site_of

GRID = grid_from(SUMMER_DAY, time(7))
EVENING = GRID.inside([(time(16), time(21))])


def _office(limit_kw: float) -> SiteProblem:
    return site_of([office_zone(GRID)], GRID, windows=(evening_window(GRID, limit_kw),))


def test_office_is_precooled_and_coasts_through_the_evening() -> None:
    plan = dispatch_site(_office(0.0)).plan
    assert plan is not None
    office = plan.asset("office")
    temperature = office.series["temperature_c"]
    first, last = np.flatnonzero(EVENING)[[0, -1]]
    assert office.power_kw[EVENING].max() == pytest.approx(0.0, abs=1e-6)
    assert temperature[first] < 23.2, "cooled well below the upper edge before 16:00"
    assert temperature[1:].min() >= 22.0 - 1e-6
    assert temperature[1:].max() <= 24.5 + 1e-6
    assert temperature[last + 1] - temperature[first] > 1.0, "it drifts while the chiller is off"
    assert np.diff(temperature[first : last + 2]).max() <= 0.75 * GRID.step_h, "drift bound of the study"


def test_uncontrolled_office_cools_through_the_evening() -> None:
    habit = plan_uncontrolled(_office(0.0))
    window = habit.windows[0]
    assert window.excess_kw.max() > 100.0
    assert habit.asset("office").series["temperature_c"].max() <= 24.5 + 1e-9


def test_coasting_costs_a_little_more_energy_than_the_habit() -> None:
    plan = dispatch_site(_office(0.0)).plan
    assert plan is not None
    free = dispatch_site(site_of([office_zone(GRID)], GRID)).plan
    assert free is not None
    rebound = plan.offtake_kw.sum() / free.offtake_kw.sum() - 1.0
    assert 0.0 < rebound < 0.05, "a colder building gains more heat"


def test_shadow_value_is_what_a_little_more_room_saves() -> None:
    limits = np.full(GRID.steps, 5.0)
    tight = dispatch_site(site_of([office_zone(GRID)], GRID, windows=(evening_window(GRID, limits),))).plan
    assert tight is not None
    value = tight.windows[0].value_eur_per_kwh
    step = int(np.argmax(value))
    wider = limits.copy()
    wider[step] += 0.01 / GRID.step_h
    relaxed = dispatch_site(site_of([office_zone(GRID)], GRID, windows=(evening_window(GRID, wider),))).plan
    assert relaxed is not None
    assert value[step] > 0.0
    assert tight.total_cost_eur - relaxed.total_cost_eur == pytest.approx(0.01 * value[step], rel=1e-3)


def test_building_too_hot_to_reach_its_band_is_explained() -> None:
    zone = office_zone(GRID, initial_temperature_c=30.0)
    outcome = dispatch_site(site_of([zone], GRID))
    (finding,) = outcome.findings
    assert finding.rule == "site.zone.shortfall"
    assert "office must be at 24.50 C by 07:15 but reaches" in finding.message
    assert "chiller at full power" in finding.message


def test_priced_band_reports_every_kelvin_hour_given_up() -> None:
    zone = office_zone(GRID, initial_temperature_c=30.0, discomfort_eur_per_kh=10.0)
    plan = dispatch_site(site_of([zone], GRID)).plan
    assert plan is not None
    outside = np.maximum(plan.asset("office").series["temperature_c"][1:] - 24.5, 0.0).sum() * GRID.step_h
    assert plan.cost_eur["discomfort"] == pytest.approx(10.0 * outside, rel=1e-6)
    assert plan.slack == (f"office: {outside:.3f} kelvin-hours outside the comfort band",)
