"""Re-planning by patch equals planning the remaining site from scratch, in cost and in what is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import ModelError
from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.site import SiteProblem
from optimizer.problems.states import BatchState, BatteryState, SessionState, State, ZoneState, remaining_site
from optimizer.results.site import SitePlan
from optimizer.runs.site import SiteSession, dispatch_site
from optimizer.solver.outcome import Stop
from tests.site_examples import SUMMER_DAY, evening_window, grid_from, office_zone, site_of

GRID = grid_from(SUMMER_DAY, time(12), steps=48)


def _site(pausing: Pausing, discomfort: float | None, after: tuple[str, ...]) -> SiteProblem:
    price = 0.2 + 0.1 * np.sin(np.arange(GRID.steps) / 5.0)
    assets: list[Asset] = [
        *(
            ChargingSession(
                id=f"car-{k}",
                arrival_step=2 * k,
                departure_step=30 + 4 * k,
                energy_kwh=15.0 + k,
                power_kw=11.0,
                pausing=pausing,
                minimum_kw=1.38,
                guaranteed_kwh=4.0,
                guaranteed_by_step=20,
            )
            for k in range(3)
        ),
        ChargingSession(id="guest", arrival_step=4, departure_step=20, energy_kwh=9.0, power_kw=11.0, flexible=False),
        office_zone(GRID, discomfort_eur_per_kh=discomfort),
        Battery(id="battery", capacity_kwh=80.0, charge_kw=30.0, discharge_kw=30.0, initial_kwh=30.0, final_kwh=30.0),
        Batch(
            id="first",
            profile_kw=np.array([20.0, 30.0, 10.0]),
            earliest_start_step=0,
            latest_start_step=40,
            planned_start_step=10,
        ),
        Batch(
            id="second",
            profile_kw=np.array([15.0, 5.0]),
            earliest_start_step=0,
            latest_start_step=44,
            planned_start_step=20,
            after=after,
            gap_steps=1,
        ),
        BaseLoad(id="load", power_kw=np.full(GRID.steps, 25.0)),
    ]
    return site_of(
        assets,
        GRID,
        offtake_price_eur_per_kwh=price,
        feed_in_price_eur_per_kwh=price - 0.05,
        windows=(evening_window(GRID, 40.0, excess_price_eur_per_kwh=2.0),),
    )


def _states_at(problem: SiteProblem, plan: SitePlan, now: int, drift: float) -> dict[str, State]:
    """Where the plan has led by step ``now``, with a little that went otherwise."""
    states: dict[str, State] = {}
    for asset in problem.assets:
        series = plan.asset(asset.id).series
        if isinstance(asset, ChargingSession):
            received = GRID.step_h * float(plan.asset(asset.id).power_kw[:now].sum())
            states[asset.id] = SessionState(received_kwh=max(0.0, received - abs(drift) * (received > 1.0)))
        elif isinstance(asset, BuildingZone):
            states[asset.id] = ZoneState(temperature_c=float(series["temperature_c"][now]) + 0.1 * drift)
        elif isinstance(asset, Battery):
            stored = float(np.clip(series["stored_kwh"][now] + drift, 0.0, asset.capacity_kwh))
            states[asset.id] = BatteryState(stored_kwh=stored)
        elif isinstance(asset, Batch):
            states[asset.id] = BatchState(start_step=int(np.argmax(series["start"])))
    return states


@settings(max_examples=15)
@given(
    now=st.integers(1, 28),
    pausing=st.sampled_from(list(Pausing)),
    discomfort=st.sampled_from([None, 3.0]),
    drift=st.sampled_from([0.0, 0.5, -0.5]),
    chained=st.booleans(),
    dearer=st.floats(0.8, 1.3),
    tighter=st.sampled_from([40.0, 35.0]),
)
def test_patching_equals_planning_anew(
    now: int, pausing: Pausing, discomfort: float | None, drift: float, chained: bool, dearer: float, tighter: float
) -> None:
    problem = _site(pausing, discomfort, ("first",) if chained else ())
    session = SiteSession(problem)
    first = session.plan().plan
    assert first is not None
    states = _states_at(problem, first, now, drift)
    changed = replace(
        problem,
        offtake_price_eur_per_kwh=dearer * problem.offtake_price_eur_per_kwh,
        windows=(replace(problem.windows[0], limit_kw=np.full(GRID.steps, tighter)),),
    )
    patched = session.replan(now, states, changed=changed)
    anew = dispatch_site(remaining_site(changed, now, states))
    assert patched.stop.proven == anew.stop.proven
    if anew.plan is None:
        assert patched.plan is None
    else:
        assert patched.plan is not None
        assert patched.plan.total_cost_eur == pytest.approx(anew.plan.total_cost_eur, abs=1e-4)
        assert len(patched.plan.offtake_kw) == GRID.steps - now


def test_replanning_twice_leaves_nothing_behind() -> None:
    problem = _site(Pausing.FREE, None, ())
    session = SiteSession(problem)
    first = session.plan().plan
    assert first is not None
    states = _states_at(problem, first, 12, 0.0)
    session.replan(20, _states_at(problem, first, 20, 0.5), changed=replace(problem))
    again = session.replan(12, states).plan
    anew = dispatch_site(remaining_site(problem, 12, states)).plan
    assert again is not None
    assert anew is not None
    assert again.total_cost_eur == pytest.approx(anew.total_cost_eur, abs=1e-6)
    whole = session.plan().plan
    assert whole is not None
    assert whole.total_cost_eur == pytest.approx(first.total_cost_eur, abs=1e-6)


def test_following_the_plan_costs_what_the_plan_said() -> None:
    problem = _site(Pausing.FREE, None, ())
    session = SiteSession(problem)
    first = session.plan().plan
    assert first is not None
    now = 16
    spent = GRID.step_h * float(
        problem.offtake_price_eur_per_kwh[:now] @ first.offtake_kw[:now]
        - problem.feed_in_price_eur_per_kwh[:now] @ first.feed_in_kw[:now]
    )
    spent += GRID.step_h * 2.0 * float(first.windows[0].excess_kw[:now].sum())
    rest = session.replan(now, _states_at(problem, first, now, 0.0)).plan
    assert rest is not None
    assert spent + rest.total_cost_eur == pytest.approx(first.total_cost_eur, abs=1e-4)


def test_what_a_patch_cannot_say_is_refused() -> None:
    problem = _site(Pausing.FREE, None, ())
    session = SiteSession(problem)
    session.plan()
    battery = next(a for a in problem.assets if isinstance(a, Battery))
    weaker = tuple(replace(battery, charge_efficiency=0.8) if a is battery else a for a in problem.assets)
    with pytest.raises(ModelError, match="charge_efficiency changed"):
        session.replan(4, {}, changed=replace(problem, assets=weaker))
    with pytest.raises(ModelError, match="added, removed or reordered"):
        session.replan(4, {}, changed=replace(problem, assets=problem.assets[1:]))


def test_an_impossible_remainder_is_explained_in_its_own_hours() -> None:
    problem = _site(Pausing.FREE, None, ())
    session = SiteSession(problem)
    session.plan()
    outcome = session.replan(28, {"car-0": SessionState(received_kwh=0.0)})
    assert outcome.stop is Stop.INFEASIBLE
    assert "car-0 needs 15.0 kWh but can receive 5.5 kWh before 19:30" in outcome.findings[0].message
