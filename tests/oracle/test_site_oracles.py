"""Single assets against independent answers: dynamic programming, a closed form, enumeration."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.problems.assets import Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.runs.site import dispatch_site
from tests.site_examples import WINTER_DAY, grid_from, site_of

PRICES = st.lists(st.integers(-20, 60), min_size=12, max_size=12)


@given(prices=PRICES, wear=st.sampled_from([0, 2]))
def test_battery_costs_what_dynamic_programming_costs(prices: list[int], wear: int) -> None:
    """Stored energy moves on a lattice of 5 kWh; with lossless conversion that lattice holds an optimal plan."""
    grid = grid_from(WINTER_DAY, steps=12)
    price = np.array(prices) / 100.0
    battery = Battery(
        id="battery",
        capacity_kwh=40.0,
        charge_kw=20.0,
        discharge_kw=20.0,
        initial_kwh=20.0,
        final_kwh=10.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
        wear_eur_per_kwh=wear / 100.0,
        reserved_kwh=5.0,
    )
    problem = site_of([battery], grid, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=price - 0.01)
    plan = dispatch_site(problem).plan
    assert plan is not None
    assert plan.total_cost_eur == pytest.approx(_battery_by_dynamic_programming(price, wear / 100.0), abs=1e-6)


def _battery_by_dynamic_programming(price: np.ndarray, wear: float) -> float:
    levels = np.arange(5.0, 41.0, 5.0)
    cost = {level: (0.0 if level >= 10.0 else np.inf) for level in levels}
    for p in price[::-1]:
        cost = {
            level: min(
                (p * delta if delta >= 0 else (p - 0.01) * delta + wear * -delta) + cost[level + delta]
                for delta in (-5.0, 0.0, 5.0)
                if level + delta in cost
            )
            for level in levels
        }
    return cost[20.0]


@given(
    resistance=st.floats(0.02, 2.0),
    capacity=st.floats(5.0, 900.0),
    outdoor=st.floats(-10.0, 35.0),
    gain=st.floats(0.0, 20.0),
)
def test_idle_zone_follows_the_closed_form(resistance: float, capacity: float, outdoor: float, gain: float) -> None:
    """Without machines the temperature decays exponentially to outdoor temperature plus resistance times gains."""
    grid = grid_from(WINTER_DAY, steps=16)
    flat = np.ones(16)
    zone = BuildingZone(
        id="zone",
        resistance_k_per_kw=resistance,
        capacity_kwh_per_k=capacity,
        initial_temperature_c=20.0,
        outdoor_temperature_c=outdoor * flat,
        gains_kw=gain * flat,
        lower_c=np.full(16, -np.inf),
        upper_c=np.full(16, np.inf),
        heat_pump_kw=0.0,
        heat_pump_cop=3.0 * flat,
        chiller_kw=0.0,
        chiller_cop=3.0 * flat,
    )
    plan = dispatch_site(site_of([zone], grid)).plan
    assert plan is not None
    settled = outdoor + resistance * gain
    hours = np.arange(17) * 0.25
    expected = settled + (20.0 - settled) * np.exp(-hours / (resistance * capacity))
    np.testing.assert_allclose(plan.asset("zone").series["temperature_c"], expected, rtol=0, atol=1e-5)


def test_steady_heating_needs_exactly_the_heat_that_is_lost() -> None:
    grid = grid_from(WINTER_DAY, steps=8)
    flat = np.ones(8)
    zone = BuildingZone(
        id="zone",
        resistance_k_per_kw=0.5,
        capacity_kwh_per_k=10.0,
        initial_temperature_c=20.0,
        outdoor_temperature_c=0.0 * flat,
        gains_kw=4.0 * flat,
        lower_c=20.0 * flat,
        upper_c=20.0 * flat,
        heat_pump_kw=50.0,
        heat_pump_cop=3.0 * flat,
        chiller_kw=50.0,
        chiller_cop=3.0 * flat,
    )
    plan = dispatch_site(site_of([zone], grid)).plan
    assert plan is not None
    np.testing.assert_allclose(plan.asset("zone").power_kw, (20.0 / 0.5 - 4.0) / 3.0, atol=1e-6)


@given(
    prices=st.lists(st.integers(1, 50), min_size=12, max_size=12),
    profiles=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=4), min_size=2, max_size=3),
    capacity=st.integers(9, 14),
    chained=st.booleans(),
    notice=st.integers(0, 4),
)
def test_batches_cost_what_enumeration_costs(
    prices: list[int], profiles: list[list[int]], capacity: int, chained: bool, notice: int
) -> None:
    grid = grid_from(WINTER_DAY, steps=12)
    batches = [
        Batch(
            id=f"batch-{k}",
            profile_kw=np.array(profile, dtype=float),
            earliest_start_step=0,
            latest_start_step=11,
            planned_start_step=2 * k,
            notice_steps=notice,
            after=(f"batch-{k - 1}",) if chained and k else (),
            gap_steps=1,
            move_cost_eur=0.3,
        )
        for k, profile in enumerate(profiles)
    ]
    price = np.array(prices) / 10.0
    problem = site_of(
        batches, grid, contracted_offtake_kw=np.full(12, float(capacity)), offtake_price_eur_per_kwh=price
    )
    expected = _batches_by_enumeration(batches, price, float(capacity))
    plan = dispatch_site(problem).plan
    if plan is None:
        assert expected == np.inf
    else:
        assert plan.total_cost_eur == pytest.approx(expected, abs=1e-6)


def _batches_by_enumeration(batches: list[Batch], price: np.ndarray, capacity: float) -> float:
    best = np.inf
    for starts in product(range(12), repeat=len(batches)):
        load = np.zeros(24)
        cost = 0.0
        legal = True
        for k, (batch, start) in enumerate(zip(batches, starts, strict=True)):
            moved = start != batch.planned_start_step
            announced_late = batch.planned_start_step < batch.notice_steps or start < batch.notice_steps
            legal &= start + batch.duration_steps <= 12 and not (moved and announced_late)
            if batch.after:
                legal &= start >= starts[k - 1] + batches[k - 1].duration_steps + 1
            load[start : start + batch.duration_steps] += batch.profile_kw
            cost += 0.3 if moved else 0.0
        if legal and load.max() <= capacity:
            best = min(best, cost + 0.25 * float(price @ load[:12]))
    return best


@given(
    prices=st.lists(st.integers(-9, 50), min_size=6, max_size=6),
    energy_steps=st.integers(1, 8),
    pausing=st.sampled_from(list(Pausing)),
)
def test_session_costs_what_enumeration_costs(prices: list[int], energy_steps: int, pausing: Pausing) -> None:
    """Powers on a lattice of 2 kW between a minimum of 4 and a limit of 8 kW hold an optimal plan."""
    grid = grid_from(WINTER_DAY, steps=6)
    energy = 0.5 * 2.0 * energy_steps
    price = np.array(prices) / 10.0
    car = ChargingSession(
        id="car", arrival_step=0, departure_step=6, energy_kwh=energy, power_kw=8.0, pausing=pausing, minimum_kw=4.0
    )
    plan = dispatch_site(site_of([car], grid, offtake_price_eur_per_kwh=price)).plan
    later = (0.0, 2.0, 4.0, 6.0, 8.0) if pausing is Pausing.FREE else (0.0, 4.0, 6.0, 8.0)
    best = np.inf
    for powers in product((0.0, 2.0, 4.0, 6.0, 8.0), *([later] * 5)):
        on = [p > 0.0 for p in powers[1:]]
        restarts = any(b and not a for a, b in pairwise(on))
        if abs(0.25 * sum(powers) - energy) < 1e-9 and not (pausing is Pausing.NO_RESTART and restarts):
            best = min(best, 0.25 * float(price @ powers))
    if plan is None:
        assert best == np.inf
    else:
        assert plan.total_cost_eur == pytest.approx(best, abs=1e-6)
