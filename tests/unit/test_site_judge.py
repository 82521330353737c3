"""The judge refuses every plan that breaks physics, a promise or the sums, whoever made it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.site import SiteProblem
from optimizer.results.site import AssetPlan, SitePlan
from optimizer.runs.site import dispatch_site
from optimizer.verify.site import verify_site
from tests.site_examples import WINTER_DAY, evening_window, grid_from, site_of

STEPS = 96


@pytest.fixture(scope="module")
def problem() -> SiteProblem:
    grid = grid_from(WINTER_DAY)
    flat = np.ones(STEPS)
    assets: list[Asset] = [
        ChargingSession(
            id="car",
            arrival_step=60,
            departure_step=90,
            energy_kwh=20.0,
            power_kw=11.0,
            pausing=Pausing.NO_RESTART,
            minimum_kw=4.14,
            guaranteed_kwh=5.0,
            guaranteed_by_step=70,
        ),
        ChargingSession(id="guest", arrival_step=40, departure_step=60, energy_kwh=9.0, power_kw=11.0, flexible=False),
        BuildingZone(
            id="zone",
            resistance_k_per_kw=0.5,
            capacity_kwh_per_k=30.0,
            initial_temperature_c=21.0,
            outdoor_temperature_c=2.0 * flat,
            gains_kw=5.0 * flat,
            lower_c=20.0 * flat,
            upper_c=22.5 * flat,
            heat_pump_kw=30.0,
            heat_pump_cop=3.0 * flat,
            chiller_kw=10.0,
            chiller_cop=3.0 * flat,
            discomfort_eur_per_kh=1.0,
        ),
        Battery(
            id="battery",
            capacity_kwh=40.0,
            charge_kw=20.0,
            discharge_kw=20.0,
            initial_kwh=20.0,
            final_kwh=20.0,
            wear_eur_per_kwh=0.01,
        ),
        Batch(
            id="first",
            profile_kw=np.array([30.0, 40.0, 10.0]),
            earliest_start_step=0,
            latest_start_step=90,
            planned_start_step=64,
            move_cost_eur=0.5,
        ),
        Batch(
            id="second",
            profile_kw=np.array([15.0, 15.0]),
            earliest_start_step=0,
            latest_start_step=90,
            planned_start_step=70,
            after=("first",),
        ),
        BaseLoad(id="load", power_kw=10.0 * flat),
    ]
    price = 0.2 + 0.1 * np.sin(np.arange(STEPS) / 7.0)
    return site_of(
        assets,
        grid,
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=price - 0.05,
        windows=(evening_window(grid, 15.0, excess_price_eur_per_kwh=1.0),),
    )


@pytest.fixture(scope="module")
def plan(problem: SiteProblem) -> SitePlan:
    plan = dispatch_site(problem).plan
    assert plan is not None
    return plan


def _change(plan: SitePlan, asset_id: str, change: Callable[[AssetPlan], AssetPlan]) -> SitePlan:
    assets = tuple(change(a) if a.asset_id == asset_id else a for a in plan.assets)
    return replace(plan, assets=assets)


def _shift(name: str, step: int, amount: float) -> Callable[[AssetPlan], AssetPlan]:
    """Change one value of a power or a series."""

    def change(asset: AssetPlan) -> AssetPlan:
        series = dict(asset.series)
        values = (asset.power_kw if name == "power" else series[name]).copy()
        values[step] += amount
        if name == "power":
            return replace(asset, power_kw=values)
        return replace(asset, series=series | {name: values})

    return change


def test_the_plan_itself_passes(problem: SiteProblem, plan: SitePlan) -> None:
    assert verify_site(problem, plan) == ()


@pytest.mark.parametrize(
    ("asset_id", "change"),
    [
        ("car", _shift("power", 65, 0.5)),
        ("car", _shift("power", 10, 0.5)),
        ("guest", _shift("power", 41, -0.5)),
        ("zone", _shift("temperature_c", 40, 0.01)),
        ("zone", _shift("heat_pump_kw", 40, 0.1)),
        ("zone", _shift("chiller_kw", 40, 0.1)),
        ("zone", lambda a: replace(a, cost_eur={"discomfort": 1.0})),
        ("battery", _shift("stored_kwh", 5, 0.1)),
        ("battery", _shift("charge_kw", 5, 30.0)),
        ("battery", lambda a: replace(a, cost_eur={"wear": 0.0})),
        ("first", _shift("power", 64, 1.0)),
        ("first", _shift("start", 3, 1.0)),
        ("first", lambda a: replace(a, cost_eur={"moved batches": 9.0})),
        ("load", _shift("power", 0, -1.0)),
    ],
)
def test_a_changed_asset_is_refused(
    problem: SiteProblem, plan: SitePlan, asset_id: str, change: Callable[[AssetPlan], AssetPlan]
) -> None:
    findings = verify_site(problem, _change(plan, asset_id, change))
    assert any(asset_id in finding.ids for finding in findings)


def test_a_batch_before_its_predecessor_is_refused(problem: SiteProblem, plan: SitePlan) -> None:
    def at_midnight(asset: AssetPlan) -> AssetPlan:
        power, start = np.zeros(STEPS), np.zeros(STEPS)
        power[:2], start[0] = 15.0, 1.0
        return replace(asset, power_kw=power, series={"start": start})

    rules = {f.rule for f in verify_site(problem, _change(plan, "second", at_midnight))}
    assert "verify.sequence" in rules


def test_wrong_sums_are_refused(problem: SiteProblem, plan: SitePlan) -> None:
    assert verify_site(problem, replace(plan, offtake_kw=plan.offtake_kw + 1.0))
    assert verify_site(problem, replace(plan, cost_eur=dict(plan.cost_eur) | {"energy": 0.0}))
    assert verify_site(problem, replace(plan, cost_eur=dict(plan.cost_eur) | {"gift": -5.0}))
    assert verify_site(problem, replace(plan, windows=()))
    assert verify_site(problem, replace(plan, assets=plan.assets[:-1]))


def test_limits_of_the_connection_are_judged(problem: SiteProblem, plan: SitePlan) -> None:
    tight = replace(problem, contracted_offtake_kw=np.full(STEPS, plan.offtake_kw.max() - 1.0))
    assert any(f.path.startswith("offtake_kw") for f in verify_site(tight, plan))
    hard = replace(problem, windows=(replace(problem.windows[0], limit_kw=np.zeros(STEPS)),))
    assert any("window" in f.path for f in verify_site(hard, plan))


def test_promises_of_a_session_are_judged(problem: SiteProblem, plan: SitePlan) -> None:
    def charge(*powers: tuple[int, float]) -> SitePlan:
        power = np.zeros(STEPS)
        for step, kw in powers:
            power[step] = kw
        return _change(plan, "car", lambda a: replace(a, power_kw=power))

    late = charge(*((t, 10.0) for t in range(75, 83)))
    assert "verify.guarantee" in {f.rule for f in verify_site(problem, late)}
    stops = charge(*((t, 10.0) for t in (*range(60, 66), 70, 71)))
    assert {"verify.restart"} <= {f.rule for f in verify_site(problem, stops)}
    slow = charge(*((t, 10.0) for t in range(60, 67)), (67, 3.0), (68, 7.0))
    assert {"verify.minimum"} <= {f.rule for f in verify_site(problem, slow)}
