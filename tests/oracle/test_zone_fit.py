"""The fit finds the zone that made the data, and says so when there is nothing to find."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.problems.zone_fit import fit_to_demand, fit_to_temperature, run_thermostat

RNG = np.random.default_rng(7)
STEPS = 96 * 20
HOURS = np.arange(STEPS) * 0.25
OUTDOOR = 10.0 + 8.0 * np.sin(HOURS / 24.0 * 2.0 * np.pi) + np.repeat(RNG.normal(0.0, 5.0, 20), 96)
SUN = 0.8 * np.maximum(np.sin((HOURS - 6.0) / 24.0 * 2.0 * np.pi), 0.0)
OPEN = (HOURS % 24.0 >= 8.0) & (HOURS % 24.0 < 18.0)


def test_a_measured_temperature_gives_resistance_and_capacity_back() -> None:
    resistance, capacity, kept = 0.4, 60.0, float(np.exp(-0.25 / 24.0))
    heat = np.where(OPEN, 40.0, 5.0) + RNG.normal(0.0, 5.0, STEPS)
    temperature = np.empty(STEPS + 1)
    temperature[0] = 18.0
    for t in range(STEPS):
        settled = OUTDOOR[t] + resistance * heat[t]
        temperature[t + 1] = settled + (temperature[t] - settled) * kept
    exact = fit_to_temperature(temperature, OUTDOOR, heat, 0.25)
    assert exact.resistance_k_per_kw == pytest.approx(resistance, rel=1e-6)
    assert exact.capacity_kwh_per_k == pytest.approx(capacity, rel=1e-6)
    assert exact.error < 1e-9
    noisy = fit_to_temperature(temperature + RNG.normal(0.0, 0.02, STEPS + 1), OUTDOOR, heat, 0.25)
    assert noisy.resistance_k_per_kw == pytest.approx(resistance, rel=0.05)
    assert noisy.capacity_kwh_per_k == pytest.approx(capacity, rel=0.05)
    assert 0.01 < noisy.error < 0.05


def test_delivered_heat_and_cold_give_the_zone_back() -> None:
    band = (np.where(OPEN, 21.0, 16.0), np.where(OPEN, 24.0, 28.0))
    internal = np.where(OPEN, 30.0, 3.0)
    heat, cold = run_thermostat((0.25, 90.0, 60.0), OUTDOOR, internal, SUN, band, 0.25)
    fit = fit_to_demand(heat, cold, OUTDOOR, internal, SUN, band, 0.25, start=(0.5, 50.0, 20.0))
    assert fit.resistance_k_per_kw == pytest.approx(0.25, rel=0.02)
    assert fit.capacity_kwh_per_k == pytest.approx(90.0, rel=0.02)
    assert fit.solar_m2 == pytest.approx(60.0, rel=0.02)
    assert fit.relative_error < 0.02


def test_a_series_without_decay_is_refused() -> None:
    flat = np.full(50, 20.0)
    with pytest.raises(ValueError, match="no decaying zone"):
        fit_to_temperature(np.append(flat, 20.0), flat + np.arange(50) % 2, -np.ones(50), 0.25)
