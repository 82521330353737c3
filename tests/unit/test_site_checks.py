"""Faulty sites are refused with every fault at once, and nothing is repaired silently."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.errors import InvalidProblemError
from optimizer.problems.assets import BaseLoad, Batch, Battery, ChargingSession, Pausing
from optimizer.problems.checks_site import check_site
from optimizer.problems.shortfalls import find_shortfalls
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.solver.outcome import Stop
from tests.site_examples import WINTER_DAY, evening_window, grid_from, office_zone, site_of

GRID = grid_from(WINTER_DAY)
FLAT = np.ones(GRID.steps)


def _session(**changes: Any) -> ChargingSession:
    fields: dict[str, Any] = {
        "id": "car",
        "arrival_step": 0,
        "departure_step": 40,
        "energy_kwh": 20.0,
        "power_kw": 11.0,
    }
    return ChargingSession(**(fields | changes))


def _batch(name: str, **changes: Any) -> Batch:
    fields: dict[str, Any] = {
        "id": name,
        "profile_kw": np.array([10.0, 10.0]),
        "earliest_start_step": 0,
        "latest_start_step": 90,
        "planned_start_step": 20,
    }
    return Batch(**(fields | changes))


def _rules(problem: SiteProblem) -> list[str]:
    return [finding.rule for finding in check_site(problem)]


@pytest.mark.parametrize(
    ("asset", "rule"),
    [
        (_session(energy_kwh=float("nan")), "site.session.energy_kwh"),
        (_session(power_kw=-1.0), "site.session.power_kw"),
        (_session(efficiency=1.2), "site.session.efficiency"),
        (_session(departure_step=97), "site.session.window"),
        (_session(arrival_step=40), "site.session.window"),
        (_session(pausing=Pausing.MINIMUM, minimum_kw=12.0), "site.session.minimum"),
        (_session(guaranteed_by_step=50, guaranteed_kwh=1.0), "site.session.guarantee"),
        (_session(guaranteed_by_step=20, guaranteed_kwh=21.0), "site.session.guarantee"),
        (office_zone(GRID, resistance_k_per_kw=1e-9), "site.zone.time_constant"),
        (office_zone(GRID, resistance_k_per_kw=0.0), "site.zone.resistance_k_per_kw"),
        (office_zone(GRID, gains_kw=np.full(96, np.nan)), "site.zone.series"),
        (office_zone(GRID, chiller_cop=-FLAT), "site.zone.series"),
        (office_zone(GRID, lower_c=25.0 * FLAT), "site.zone.band"),
        (office_zone(GRID, upper_c=np.ones(3)), "site.zone.series"),
        (office_zone(GRID, discomfort_eur_per_kh=-1.0), "site.zone.discomfort_eur_per_kh"),
        (_batch("b", profile_kw=np.array([])), "site.batch.profile"),
        (_batch("b", earliest_start_step=91), "site.batch.window"),
        (_batch("b", planned_start_step=95), "site.batch.plan"),
        (_batch("b", after=("nobody",)), "site.batch.sequence"),
        (_batch("b", notice_steps=-1), "site.batch.notice_steps"),
        (
            Battery(id="x", capacity_kwh=10.0, charge_kw=5.0, discharge_kw=5.0, initial_kwh=11.0),
            "site.battery.initial_kwh",
        ),
        (BaseLoad(id="x", power_kw=np.ones(95)), "site.base_load.series"),
    ],
)
def test_a_faulty_asset_is_named(asset: Any, rule: str) -> None:
    assert rule in _rules(site_of([asset], GRID))


def test_all_faults_are_reported_at_once_and_raised_together() -> None:
    problem = site_of(
        [_session(energy_kwh=-1.0), _session(power_kw=float("inf"))],
        GRID,
        contracted_offtake_kw=-FLAT,
        offtake_price_eur_per_kwh=np.full(96, np.nan),
        windows=(evening_window(GRID, np.nan), evening_window(GRID, 1.0, excess_price_eur_per_kwh=-1.0)),
    )
    rules = _rules(problem)
    assert set(rules) == {
        "site.connection.series",
        "site.asset.id",
        "site.window.id",
        "site.session.energy_kwh",
        "site.session.power_kw",
        "site.window.limit",
        "site.window.price",
    }
    with pytest.raises(InvalidProblemError) as caught:
        dispatch_site(problem)
    assert len(caught.value.findings) == len(rules) == 8


def test_findings_do_not_depend_on_solving() -> None:
    assert check_site(site_of([_session()], GRID)) == ()
    assert check_site(replace(site_of([], GRID), windows=(replace(evening_window(GRID, 1.0), steps=FLAT[:3] > 0.0),)))


def test_notice_leaves_no_start() -> None:
    late = _batch("late", planned_start_step=80, latest_start_step=81, notice_steps=82)
    held = dispatch_site(site_of([late], GRID)).plan
    assert held is not None
    assert held.asset("late").power_kw[80:82].tolist() == [10.0, 10.0]
    stuck = _batch("stuck", planned_start_step=85, latest_start_step=81, notice_steps=82)
    (finding,) = find_shortfalls(site_of([stuck], GRID))
    assert finding.rule == "site.batch.shortfall"
    assert "no step left to start in" in finding.message


def test_an_impossible_sequence_is_explained() -> None:
    first = _batch("first", earliest_start_step=60, planned_start_step=60)
    second = _batch("second", latest_start_step=50, after=("first",))
    outcome = dispatch_site(site_of([first, second], GRID))
    assert outcome.stop is Stop.INFEASIBLE
    (finding,) = outcome.findings
    assert finding.message == "second comes after first, which ends no sooner than 15:30; its last start is 12:30"


def test_a_ring_of_batches_is_explained() -> None:
    ring = [_batch("a", after=("b",)), _batch("b", after=("a",))]
    outcome = dispatch_site(site_of(ring, GRID))
    assert outcome.stop is Stop.INFEASIBLE
    assert outcome.findings


def test_base_load_above_the_contract_is_explained() -> None:
    load = BaseLoad(id="load", power_kw=np.where(np.arange(96) == 40, 120.0, 20.0))
    outcome = dispatch_site(site_of([load], GRID, contracted_offtake_kw=100.0 * FLAT))
    (finding,) = outcome.findings
    assert finding.rule == "site.base_load.shortfall"
    assert finding.value == "20.000 kW"
    assert "at 10:00" in finding.message


def test_a_battery_that_cannot_end_full_enough_is_explained() -> None:
    battery = Battery(
        id="b",
        capacity_kwh=100.0,
        charge_kw=1.0,
        discharge_kw=1.0,
        initial_kwh=0.0,
        final_kwh=50.0,
        charge_efficiency=1.0,
    )
    (finding,) = dispatch_site(site_of([battery], GRID)).findings
    assert finding.value == "26.000 kWh"
