"""Fit the resistance and capacity of a first-order zone from series, and say how well they fit.

With a measured temperature the model is linear in two unknowns: ``T[t+1] - T_out = a (T[t] - T_out) + b Q`` with
``a = exp(-dt / (R C))`` and ``b = (1 - a) R``, so least squares has a closed form. Where only the heat and cold that a
controller delivered are known, the zone is run with an ideal thermostat between the set points and the parameters are
those whose daily heat and cold come closest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from optimizer.problems.series import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneFit:
    """A fitted zone and its error.

    Attributes:
        resistance_k_per_kw: thermal resistance to outdoors.
        capacity_kwh_per_k: thermal capacity.
        solar_m2: sun area: kW of gain per kW/m2 of horizontal irradiation.
        error: root mean square error of what was fitted, in kelvin per step or kWh per day.
        relative_error: that error as a share of the spread (temperature) or the mean (demand) of what was fitted.
    """

    resistance_k_per_kw: float
    capacity_kwh_per_k: float
    solar_m2: float
    error: float
    relative_error: float


def fit_to_temperature(temperature_c: FloatArray, outdoor_c: FloatArray, heat_kw: FloatArray, step_h: float) -> ZoneFit:
    """Fit to a measured temperature by least squares.

    Args:
        temperature_c: at the step boundaries, shape (steps + 1,).
        outdoor_c: per step, shape (steps,).
        heat_kw: all heat into the zone per step, gains and machines, cold negative, shape (steps,).
        step_h: length of a step in hours.

    Raises:
        ValueError: the series do not show a decaying zone: there is nothing to learn from them.
    """
    before, after = temperature_c[:-1] - outdoor_c, temperature_c[1:] - outdoor_c
    factors = np.column_stack([before, heat_kw])
    (kept, gain), *_ = np.linalg.lstsq(factors, after, rcond=None)
    if not (0.0 < kept < 1.0 and gain > 0.0):
        raise ValueError(f"the series show no decaying zone: a = {kept:.4f}, b = {gain:.4g}")
    resistance = float(gain / (1.0 - kept))
    error = float(np.sqrt(np.mean((factors @ np.array([kept, gain]) - after) ** 2)))
    return ZoneFit(
        resistance_k_per_kw=resistance,
        capacity_kwh_per_k=float(-step_h / np.log(kept) / resistance),
        solar_m2=0.0,
        error=error,
        relative_error=error / float(np.std(temperature_c)),
    )


def run_thermostat(
    fit: tuple[float, float, float],
    outdoor_c: FloatArray,
    internal_kw: FloatArray,
    sun_kw_per_m2: FloatArray,
    band_c: tuple[FloatArray, FloatArray],
    step_h: float,
) -> tuple[FloatArray, FloatArray]:
    """Heat and cold in kW per step that an ideal thermostat delivers to keep a zone between two set points.

    Args:
        fit: resistance, capacity and sun area.
        outdoor_c: per step.
        internal_kw: gains of people and equipment per step.
        sun_kw_per_m2: horizontal irradiation per step.
        band_c: lower and upper set point per step.
        step_h: length of a step in hours.
    """
    resistance, capacity, solar = fit
    kept = float(np.exp(-step_h / (resistance * capacity)))
    gain = (1.0 - kept) * resistance
    drift = (1.0 - kept) * outdoor_c + gain * (internal_kw + solar * sun_kw_per_m2)
    lower, upper = band_c
    heat, cold = np.zeros(len(drift)), np.zeros(len(drift))
    temperature = float(lower[0])
    for t, (moved, least, most) in enumerate(zip(drift.tolist(), lower.tolist(), upper.tolist(), strict=True)):
        free = kept * temperature + moved
        temperature = min(max(free, least), most)
        if temperature > free:
            heat[t] = (temperature - free) / gain
        elif temperature < free:
            cold[t] = (free - temperature) / gain
    return heat, cold


def fit_to_demand(
    heat_kw: FloatArray,
    cold_kw: FloatArray,
    outdoor_c: FloatArray,
    internal_kw: FloatArray,
    sun_kw_per_m2: FloatArray,
    band_c: tuple[FloatArray, FloatArray],
    step_h: float,
    start: tuple[float, float, float],
) -> ZoneFit:
    """Fit resistance, capacity and sun area to the heat and cold a controller delivered, day by day.

    Args:
        heat_kw: heat delivered per step, shape (steps,).
        cold_kw: cold delivered per step, positive, shape (steps,).
        outdoor_c: outdoor temperature per step, shape (steps,).
        internal_kw: gains of people and equipment per step, shape (steps,).
        sun_kw_per_m2: horizontal irradiation per step, shape (steps,).
        band_c: lower and upper set point per step.
        step_h: length of a step in hours.
        start: resistance, capacity and sun area to start from.
    """
    per_day = round(24.0 / step_h)
    days = len(heat_kw) // per_day

    def by_day(series: FloatArray) -> FloatArray:
        return np.asarray(series[: days * per_day].reshape(days, per_day).sum(axis=1) * step_h, dtype=np.float64)

    wanted = np.concatenate([by_day(heat_kw), by_day(cold_kw)])

    def miss(logs: FloatArray) -> FloatArray:
        resistance, capacity, solar = (float(x) for x in np.exp(logs))
        heat, cold = run_thermostat(
            (resistance, capacity, solar), outdoor_c, internal_kw, sun_kw_per_m2, band_c, step_h
        )
        return np.asarray(np.concatenate([by_day(heat), by_day(cold)]) - wanted, dtype=np.float64)

    answer = least_squares(miss, np.log(start), diff_step=np.array([1e-3]), max_nfev=40)
    resistance, capacity, solar = (float(x) for x in np.exp(answer.x))
    error = float(np.sqrt(np.mean(answer.fun**2)))
    return ZoneFit(
        resistance_k_per_kw=resistance,
        capacity_kwh_per_k=capacity,
        solar_m2=solar,
        error=error,
        relative_error=error / float(wanted.mean()),
    )
