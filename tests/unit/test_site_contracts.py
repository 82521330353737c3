"""Contracts change capacity and bill as written, and a tariff that makes a new peak is caught."""

from __future__ import annotations

from datetime import time
from typing import Any

import numpy as np
import pytest

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import Asset, ChargingSession
from optimizer.problems.checks_site import check_site
from optimizer.problems.contracts import CapacityRight, EnergyTariff, PeakTariff, TimeDurationRight
from optimizer.problems.states import remaining_site
from optimizer.results.secondary_peak import find_secondary_peak
from optimizer.runs.site import SiteSession, dispatch_site
from optimizer.verify.site import verify_site
from tests.site_examples import WINTER_DAY, depot, grid_from, site_of

GRID = grid_from(WINTER_DAY, time(12))
FLAT = np.ones(GRID.steps)


def _cars(count: int = 10) -> list[Asset]:
    return [
        ChargingSession(id=f"car-{k}", arrival_step=20 + k, departure_step=76, energy_kwh=20.0 + k, power_kw=11.0)
        for k in range(count)
    ]


def test_peak_tariff_flattens_to_the_mean_and_costs_only_what_exceeds_the_month() -> None:
    car: list[Asset] = [ChargingSession(id="car", arrival_step=0, departure_step=96, energy_kwh=48.0, power_kw=11.0)]
    tariff = PeakTariff(id="kW-max", price_eur_per_kw=3.0, reached_kw=0.5)
    plan = dispatch_site(site_of(car, GRID, contracts=(tariff,))).plan
    assert plan is not None
    assert plan.offtake_kw.max() == pytest.approx(2.0, abs=1e-5)
    assert plan.cost_eur["kW-max"] == pytest.approx(3.0 * 1.5, abs=1e-4)
    habit = plan_uncontrolled(site_of(car, GRID, contracts=(tariff,)))
    assert habit.cost_eur["kW-max"] == pytest.approx(3.0 * 10.5)


def test_energy_tariff_moves_load_and_is_billed_apart() -> None:
    price = np.where(np.arange(96) < 48, 0.1, 0.0)
    car: list[Asset] = [ChargingSession(id="car", arrival_step=0, departure_step=96, energy_kwh=20.0, power_kw=11.0)]
    plan = dispatch_site(site_of(car, GRID, contracts=(EnergyTariff(id="time of use", price_eur_per_kwh=price),))).plan
    assert plan is not None
    assert plan.cost_eur["time of use"] == pytest.approx(0.0, abs=1e-9)
    assert plan.cost_eur["energy"] == pytest.approx(20.0 * 0.2)
    assert plan.offtake_kw[:48].max() == pytest.approx(0.0, abs=1e-9)


def test_night_capacity_makes_the_depot_feasible_and_counts_as_room() -> None:
    problem = depot(80.0)
    night = problem.grid.inside([(time(21), time(7))])

    def with_steps(kw: float) -> Any:
        right = CapacityRight(id="night", extra_kw=np.where(night, kw, 0.0), fee_eur=12.0)
        return site_of(
            problem.assets, problem.grid, contracted_offtake_kw=problem.contracted_offtake_kw, contracts=(right,)
        )

    short = dispatch_site(with_steps(5.0))
    assert short.findings[0].value == "20.000 kWh"
    plan = dispatch_site(with_steps(10.0)).plan
    assert plan is not None
    assert plan.cost_eur["night"] == pytest.approx(12.0)
    assert plan.offtake_kw.max() > 80.0


def test_time_duration_right_is_withheld_and_counted_over_the_year() -> None:
    withheld = np.arange(96) >= 60
    right = TimeDurationRight(id="85 %", extra_kw=50.0, withheld=withheld, withheld_h=1300.0)
    problem = site_of(_cars(), GRID, contracted_offtake_kw=30.0 * FLAT, contracts=(right,))
    plan = dispatch_site(problem).plan
    assert plan is not None
    assert plan.offtake_kw[withheld].max() <= 30.0 + 1e-6
    later = remaining_site(problem, 70, {}).contracts[0]
    assert isinstance(later, TimeDurationRight)
    assert later.withheld_h == 1302.5
    spent = TimeDurationRight(id="85 %", extra_kw=50.0, withheld=withheld, withheld_h=1310.0)
    (finding,) = check_site(site_of(_cars(), GRID, contracts=(spent,)))
    assert finding.message == "85 % would be withheld for 1319.00 h this year, allowed are 1314.00 h"


def test_faulty_contracts_are_named() -> None:
    contracts = (
        PeakTariff(id="a", price_eur_per_kw=-1.0),
        EnergyTariff(id="a", price_eur_per_kwh=FLAT[:5]),
        CapacityRight(id="b", extra_kw=-FLAT),
        TimeDurationRight(id="c", extra_kw=1.0, withheld=np.ones(3, dtype=bool)),
    )
    rules = sorted(f.rule for f in check_site(site_of([], GRID, contracts=contracts)))
    assert rules == [
        "site.contract.id",
        "site.contract.price_eur_per_kw",
        "site.contract.series",
        "site.contract.series",
        "site.contract.series",
    ]


def test_contracts_stay_with_a_site_that_is_planned_again() -> None:
    contracts = (
        PeakTariff(id="peak", price_eur_per_kw=1.0),
        EnergyTariff(id="tax", price_eur_per_kwh=0.05 * FLAT),
        CapacityRight(id="night", extra_kw=np.where(np.arange(96) > 50, 10.0, 0.0)),
    )
    problem = site_of(_cars(), GRID, contracted_offtake_kw=45.0 * FLAT, contracts=contracts)
    session = SiteSession(problem)
    session.plan()
    patched = session.replan(24, {}).plan
    remaining = remaining_site(problem, 24, {})
    anew = dispatch_site(remaining).plan
    assert patched is not None
    assert anew is not None
    assert patched.total_cost_eur == pytest.approx(anew.total_cost_eur, abs=1e-5)
    assert verify_site(remaining, patched) == ()


def test_a_tariff_that_makes_a_higher_peak_is_caught_and_an_area_limit_removes_it() -> None:
    dear = GRID.inside([(time(16), time(22))])
    tariff = EnergyTariff(id="time of use", price_eur_per_kwh=np.where(dear, 0.09, 0.03))
    late_dip = 0.2 - 0.05 * (np.arange(96) == 52)
    problem = site_of(_cars(), GRID, offtake_price_eur_per_kwh=late_dip, contracts=(tariff,))
    uncontrolled = plan_uncontrolled(problem).offtake_kw
    plan = dispatch_site(problem).plan
    assert plan is not None
    found = find_secondary_peak(plan.offtake_kw, uncontrolled, dear)
    assert found.is_higher
    assert found.step == 52
    assert found.rise > 0.0
    assert found.relief > 0.8
    limited = dispatch_site(
        site_of(
            _cars(),
            GRID,
            offtake_price_eur_per_kwh=late_dip,
            contracts=(tariff,),
            contracted_offtake_kw=0.8 * uncontrolled.max() * FLAT,
        )
    ).plan
    assert limited is not None
    removed = find_secondary_peak(limited.offtake_kw, uncontrolled, dear)
    assert not removed.is_higher
    assert removed.rise < 0.0
    with pytest.raises(ValueError, match="dear and cheap hours"):
        find_secondary_peak(uncontrolled, uncontrolled, np.ones(96, dtype=bool))
