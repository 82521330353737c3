"""Suite ``offers``: curves, awards and chargers; how long they take and what they say.

``plant week`` and ``fleet curve`` trace up to 20 points; ``fleet award`` gives every car its schedule under an award of
95 % of the largest volume and judges the result. ``chargers`` counts stations per 100 kW in the drawn fleet under the
two stated sets of assumptions. ``real chargers`` needs ``--data`` and repeats the flexibility per station between 17:00
and 18:00 published with the pausing study: 2.70 kW with pauses, 1.77 kW without, within 15 % as the mean of the hour.
Its least quarter-hour is reported beside it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.generators.offers import (
    FleetOffer,
    SiteOffer,
    generate_evening_fleet,
    generate_plant_week,
    read_real_sessions,
)
from benchmarks.measure import Clock, Figures
from benchmarks.registry import Case, Target
from market.offers.charger_fleet import (
    REFERENCE_FLEET,
    SET_A,
    SET_B,
    StationDays,
    count_stations,
    draw_station_days,
)
from optimizer.offers.charger_pool import VolumeBasis
from optimizer.offers.fleet_award import spread_over_fleet
from optimizer.offers.fleet_curve import find_largest_volume, trace_fleet_curve
from optimizer.offers.supply_curve import trace_supply_curve
from optimizer.solver.options import SolverOptions

POINTS = 20


def plant_week(points: int, seed: int, _data: Path | None) -> SiteOffer:
    """Generate the plant; the size is the number of points asked."""
    return generate_plant_week(points, seed)


def trace_plant(offer: SiteOffer, clock: Clock) -> Figures:
    """Trace the curve of the plant."""
    with clock.phase("trace"):
        outcome = trace_supply_curve(
            [offer.site],
            offer.window,
            offer.baseline_kw,
            points=offer.points,
            options=SolverOptions(relative_gap=1e-5, feasibility_tolerance=1e-9),
        )
    curve = outcome.curve
    if curve is None:
        raise ValueError("; ".join(f.message for f in outcome.findings))
    return {
        "largest volume": (curve.max_kw, "kW"),
        "cost of the largest": (curve.points[-1].cost_eur, "EUR"),
        "points": (float(len(curve.points)), ""),
    }


def evening_fleet(cars: int, seed: int, _data: Path | None) -> FleetOffer:
    """Generate a fleet."""
    return generate_evening_fleet(cars, seed)


def trace_fleet(offer: FleetOffer, clock: Clock) -> Figures:
    """Trace the curve of a fleet."""
    with clock.phase("trace"):
        curve = trace_fleet_curve(offer.fleet, offer.window, offer.baseline_kw, points=POINTS)
    last = curve.points[-1]
    gap = last.cost_eur - (last.bound_eur if last.bound_eur is not None else np.inf)
    return {
        "largest volume": (curve.max_kw, "kW"),
        "cost of the largest": (last.cost_eur, "EUR"),
        "points": (float(len(curve.points)), ""),
        "proven gap of the largest": (gap, "EUR"),
    }


def spread_fleet(offer: FleetOffer, clock: Clock) -> Figures:
    """Spread an award over every car; the time includes the independent check of every session."""
    with clock.phase("largest", in_total=False):
        volume = 0.95 * find_largest_volume(offer.fleet, offer.window, offer.baseline_kw)
    relief = np.where(offer.window.steps, volume, 0.0)
    with clock.phase("spread"):
        outcome = spread_over_fleet(offer.fleet, offer.window, offer.baseline_kw, relief)
    if outcome.fleet.plan is None or outcome.announced:
        raise ValueError("the award was not kept")
    off = np.abs(outcome.delivered_kw - relief).max()
    return {"award": (volume, "kW"), "largest deviation": (float(off), "kW")}


def drawn_stations(_size: int, _seed: int, _data: Path | None) -> StationDays:
    """Draw the documented fleet; its size and seed are its own."""
    return draw_station_days(**REFERENCE_FLEET)


def count_all(fleet: StationDays, clock: Clock) -> Figures:
    """Count stations per 100 kW under every set of assumptions."""
    figures = {}
    with clock.phase("count"):
        for assumptions in (*SET_A, *SET_B):
            found = count_stations(fleet, assumptions)
            figures[f"stations, {assumptions.name}"] = (float(found.stations or np.inf), "per 100 kW")
    return figures


def real_stations(stations: int, seed: int, data: Path | None) -> StationDays:
    """Draw station days from the published sessions."""
    if data is None:
        raise ValueError("this case needs --data")
    return read_real_sessions(data, stations=stations, days=200, seed=seed)


def measure_stations(fleet: StationDays, clock: Clock) -> Figures:
    """Flexibility per station over one hour against uncontrolled charging, as mean of the hour and as its least."""
    figures = {}
    with clock.phase("count"):
        for assumptions in SET_A:
            for basis in VolumeBasis:
                found = count_stations(fleet, replace(assumptions, basis=basis))
                figures[f"kW per station, {assumptions.name}, {basis.value}"] = (found.kw_per_station, "kW")
    return figures


def _between(figure: str, least: float, most: float) -> tuple[Target, Target]:
    return (
        Target(engine="ours", phase="result", metric=figure, at_least=least),
        Target(engine="ours", phase="result", metric=figure, at_most=most),
    )


CASES = (
    Case(
        name="plant week",
        source="generator plant week, sizes of the flexibility potential study",
        sizes=(2, POINTS),
        generate=plant_week,
        engines={"ours": trace_plant},
        targets=(Target(engine="ours", phase="total", at_most=60.0, sizes=(POINTS,)),),
    ),
    Case(
        name="fleet curve",
        source="generator evening fleet, assumptions in its docstring",
        sizes=(1_000, 100_000),
        generate=evening_fleet,
        engines={"ours": trace_fleet},
        targets=(Target(engine="ours", phase="total", at_most=60.0, sizes=(100_000,)),),
    ),
    Case(
        name="fleet award",
        source="generator evening fleet, assumptions in its docstring",
        sizes=(1_000, 100_000),
        generate=evening_fleet,
        engines={"ours": spread_fleet},
        targets=(Target(engine="ours", phase="total", at_most=5.0, sizes=(100_000,)),),
    ),
    Case(
        name="chargers",
        source="drawn stations, calibrated to published aggregates; both sets of assumptions in docs",
        sizes=(200,),
        generate=drawn_stations,
        engines={"ours": count_all},
        targets=(
            *(t for a in SET_A for t in _between(f"stations, {a.name}", 37, 61)),
            *_between(f"stations, {SET_B[0].name}", 120, 200),
            *_between(f"stations, {SET_B[1].name}", 50, 100),
        ),
    ),
    Case(
        name="real chargers",
        source="100 sessions of 2022, github.com/ROBUST-NL/paused_ev_charging (MIT); published 2.70 and 1.77 kW",
        sizes=(200,),
        generate=real_stations,
        engines={"ours": measure_stations},
        targets=(
            *_between(f"kW per station, {SET_A[0].name}, mean", 0.85 * 2.70, 1.15 * 2.70),
            *_between(f"kW per station, {SET_A[1].name}, mean", 0.85 * 1.77, 1.15 * 1.77),
        ),
        needs_data=True,
    ),
)
