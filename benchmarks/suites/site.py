"""Suite ``site``: planning one connection from problem to verified plan, and planning it again.

``first`` is everything a caller waits for: checks, model, compilation, solution, verification. ``again`` is a re-plan
one quarter-hour later from measured states, on the live model. Instances of jobs and sessions are read from files that
are not part of the project (``--data``); their optima were published with them.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.generators.offices import generate_office, generate_plant
from benchmarks.generators.robust_sessions import (
    PUBLISHED_EUR_PER_KWH,
    PUBLISHED_PEAK_KW,
    RobustSample,
    read_robust,
)
from benchmarks.generators.site_instances import (
    BATCH_OPTIMUM_EUR,
    BIDIRECTIONAL_OPTIMUM_EUR,
    SESSIONS_OPTIMUM_EUR,
    MeasuredOffice,
    read_bidirectional,
    read_jobs,
    read_measured_office,
    read_sessions,
)
from benchmarks.measure import Clock, Figures
from benchmarks.registry import Case, Engine, Target
from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import Asset, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.site import SiteProblem
from optimizer.problems.states import BatteryState, SessionState, State, ZoneState
from optimizer.problems.zone_fit import fit_to_demand, run_thermostat
from optimizer.results.site import SitePlan
from optimizer.runs.site import SiteOutcome, SiteSession, dispatch_site
from optimizer.solver.options import SolverOptions
from optimizer.units import QUARTER_HOUR_H

LATER = 1
NEAR = "above the published optimum"


def make_office(points: int, seed: int, _data: Path | None) -> SiteProblem:
    """Generate the office."""
    return generate_office(points, seed)


def make_plant(days: int, seed: int, _data: Path | None) -> SiteProblem:
    """Generate the plant."""
    return generate_plant(days, seed)


def make_jobs(jobs: int, _seed: int, data: Path | None) -> SiteProblem:
    """Read the jobs."""
    return read_jobs(data or Path(), jobs)


def make_sessions(sessions: int, _seed: int, data: Path | None) -> SiteProblem:
    """Read the sessions."""
    return read_sessions(data or Path(), sessions)


def make_bidirectional(sessions: int, _seed: int, data: Path | None) -> SiteProblem:
    """Read the bidirectional sessions."""
    return read_bidirectional(data or Path(), sessions)


def plan_and_replan(problem: SiteProblem, clock: Clock) -> Figures:
    """Plan, then plan again one step later from the states the plan has led to."""
    with clock.phase("first"):
        session = SiteSession(problem)
        plan = _require(session.plan())
    states = _states_after(problem, plan)
    with clock.phase("again", in_total=False):
        again = _require(session.replan(LATER, states))
    return {"cost": (plan.total_cost_eur, "EUR"), "cost of the rest": (again.total_cost_eur, "EUR")}


def plan_within(relative_gap: float, known: dict[int, float] | None = None) -> Engine:
    """Make an engine that plans to a proven gap and compares with a published optimum, if there is one."""

    def plan_once(problem: SiteProblem, clock: Clock) -> Figures:
        options = SolverOptions(relative_gap=relative_gap, absolute_gap=0.0)
        with clock.phase("first"):
            outcome = SiteSession(problem, options=options).plan()
            plan = _require(outcome)
        cost = plan.total_cost_eur
        figures = {"cost": (cost, "EUR"), "proven gap": ((outcome.gap_eur or 0.0) / abs(cost), "share")}
        if known is not None:
            figures[NEAR] = (cost / known[len(problem.assets)] - 1.0, "share")
        return figures

    return plan_once


def make_free_sample(_size: int, _seed: int, data: Path | None) -> RobustSample:
    """Read the ROBUST sample with vehicles that may pause."""
    return read_robust(data or Path(), Pausing.FREE)


def make_held_sample(_size: int, _seed: int, data: Path | None) -> RobustSample:
    """Read the ROBUST sample with vehicles that keep 6 A and never restart."""
    return read_robust(data or Path(), Pausing.NO_RESTART)


def price_and_flatten(sample: RobustSample, clock: Clock) -> Figures:
    """Find the least cost of every session and the least peak of all, and what happens without control."""
    with clock.phase("cost"):
        cost = sum(_require(dispatch_site(site)).total_cost_eur for site in sample.sessions)
    with clock.phase("peak"):
        peak = max(float(_require(dispatch_site(site)).offtake_kw.max()) for site in sample.groups)
    habit_cost = sum(plan_uncontrolled(site).total_cost_eur for site in sample.sessions)
    habit_peak = max(float(plan_uncontrolled(site).offtake_kw.max()) for site in sample.groups)
    return {
        "cost per kWh": (cost / sample.energy_kwh, "EUR/kWh"),
        "peak": (max(peak, sample.quiet_peak_kw), "kW"),
        "uncontrolled cost per kWh": (habit_cost / sample.energy_kwh, "EUR/kWh"),
        "uncontrolled peak": (max(habit_peak, sample.quiet_peak_kw), "kW"),
    }


def make_measured_office(_size: int, _seed: int, data: Path | None) -> MeasuredOffice:
    """Read the emulated office."""
    return read_measured_office(data or Path())


def fit_office(office: MeasuredOffice, clock: Clock) -> Figures:
    """Fit a first-order zone to a year of heat and cold, and compare the year's totals."""
    series = (office.outdoor_c, office.internal_kw, office.sun_kw_per_m2, office.band_c, QUARTER_HOUR_H)
    with clock.phase("fit"):
        fit = fit_to_demand(office.heat_kw, office.cold_kw, *series, start=(0.5, 300.0, 200.0))
    zone = (fit.resistance_k_per_kw, fit.capacity_kwh_per_k, fit.solar_m2)
    heat, cold = run_thermostat(zone, *series)
    return {
        "resistance": (fit.resistance_k_per_kw, "K/kW"),
        "capacity": (fit.capacity_kwh_per_k, "kWh/K"),
        "sun area": (fit.solar_m2, "m2"),
        "error of a day": (fit.error, "kWh"),
        "relative error of a day": (fit.relative_error, "share"),
        "heat of the year against delivered": (float(heat.sum() / office.heat_kw.sum()), "ratio"),
        "cold of the year against delivered": (float(cold.sum() / office.cold_kw.sum()), "ratio"),
    }


def published(metric: str, value: float, rounding: float) -> tuple[Target, Target]:
    """Promise a published figure to its rounding."""
    return (
        Target(engine="ours", phase="result", metric=metric, at_most=value + rounding),
        Target(engine="ours", phase="result", metric=metric, at_least=value - rounding),
    )


def _states_after(problem: SiteProblem, plan: SitePlan) -> dict[str, State]:
    states = {asset.id: _state_of(asset, plan, problem.grid.step_h) for asset in problem.assets}
    return {name: state for name, state in states.items() if state is not None}


def _state_of(asset: Asset, plan: SitePlan, step_h: float) -> State | None:
    planned = plan.asset(asset.id)
    if isinstance(asset, ChargingSession):
        return SessionState(received_kwh=asset.efficiency * step_h * float(planned.power_kw[:LATER].sum()))
    if isinstance(asset, BuildingZone):
        return ZoneState(temperature_c=float(planned.series["temperature_c"][LATER]))
    if isinstance(asset, Battery):
        return BatteryState(stored_kwh=float(planned.series["stored_kwh"][LATER]))
    return None


def _require(outcome: SiteOutcome) -> SitePlan:
    if outcome.plan is None or not outcome.stop.proven:
        raise RuntimeError(f"no proven plan: {outcome.stop} {[f.message for f in outcome.findings]}")
    return outcome.plan


CASES = (
    Case(
        name="office",
        source="benchmarks.generators.offices: office of the flexibility study, 17 charge points, battery",
        sizes=(17, 200),
        generate=make_office,
        engines={"ours": plan_and_replan},
        targets=(
            Target(engine="ours", phase="first", at_most=0.5, sizes=(17,)),
            Target(engine="ours", phase="again", at_most=0.05, sizes=(17,)),
        ),
    ),
    Case(
        name="plant",
        source="benchmarks.generators.offices: chemical plant of the flexibility study, size in days",
        sizes=(1, 7),
        generate=make_plant,
        engines={"ours": plan_within(0.01)},
        targets=(
            Target(engine="ours", phase="first", at_most=30.0, sizes=(7,)),
            Target(engine="ours", phase="result", metric="proven gap", at_most=0.01),
        ),
    ),
    Case(
        generate=make_jobs,
        needs_data=True,
        name="jobs under a cap",
        source="batch_N*.npz with optima 402.7900625, 1887.2803375, 19851.0995",
        sizes=(10, 50, 500),
        engines={"ours": plan_within(1e-6, BATCH_OPTIMUM_EUR)},
        targets=(
            Target(engine="ours", phase="result", metric=NEAR, at_most=1e-6),
            Target(engine="ours", phase="first", at_most=10.0, sizes=(50,)),
            Target(engine="ours", phase="first", at_most=3.0, sizes=(500,)),
        ),
    ),
    Case(
        generate=make_jobs,
        needs_data=True,
        name="hard jobs under a cap",
        source="batch_N200.npz, best known 7640.7439375",
        sizes=(200,),
        engines={"ours": plan_within(1e-4, BATCH_OPTIMUM_EUR)},
        targets=(
            Target(engine="ours", phase="result", metric="proven gap", at_most=1e-4),
            Target(engine="ours", phase="first", at_most=60.0),
        ),
    ),
    Case(
        generate=make_sessions,
        needs_data=True,
        name="sessions under a cap",
        source="ev_v1g_N*.npz; the optimum was found by five engines",
        sizes=(1, 10, 50, 200, 1000),
        engines={"ours": plan_within(1e-6, SESSIONS_OPTIMUM_EUR)},
        targets=(
            Target(engine="ours", phase="result", metric=NEAR, at_most=1e-6),
            Target(engine="ours", phase="result", metric=NEAR, at_least=-1e-6),
        ),
    ),
    Case(
        name="bidirectional sessions under a cap",
        source="ev_v2g_N*.npz; the optimum was found by several engines, one with 8,933 binaries at 200 sessions",
        sizes=(10, 50, 200),
        generate=make_bidirectional,
        needs_data=True,
        engines={"ours": plan_within(1e-6, BIDIRECTIONAL_OPTIMUM_EUR)},
        targets=(
            Target(engine="ours", phase="result", metric=NEAR, at_most=1e-6),
            Target(engine="ours", phase="result", metric=NEAR, at_least=-1e-6),
        ),
    ),
    Case(
        name="fit of an office",
        source="BOPTEST multizone_office_simple_hydronic: emulated year of a 5,000 m2 office in Brussels",
        sizes=(1,),
        generate=make_measured_office,
        needs_data=True,
        engines={"ours": fit_office},
    ),
    Case(
        name="public sessions with pauses",
        source="ROBUST sample of 100 sessions: 0.213 EUR/kWh, 135.53 kW; uncontrolled 0.276 EUR/kWh, 157.0 kW",
        sizes=(100,),
        generate=make_free_sample,
        needs_data=True,
        engines={"ours": price_and_flatten},
        targets=(
            *published("cost per kWh", PUBLISHED_EUR_PER_KWH["pauses"], 0.0005),
            *published("peak", PUBLISHED_PEAK_KW["pauses"], 0.006),
            *published("uncontrolled cost per kWh", PUBLISHED_EUR_PER_KWH["uncontrolled"], 0.0005),
            *published("uncontrolled peak", PUBLISHED_PEAK_KW["uncontrolled"], 0.05),
        ),
    ),
    Case(
        name="public sessions at 6 A",
        source="ROBUST sample of 100 sessions: 0.242 EUR/kWh, 143.81 kW",
        sizes=(100,),
        generate=make_held_sample,
        needs_data=True,
        engines={"ours": price_and_flatten},
        targets=(
            *published("cost per kWh", PUBLISHED_EUR_PER_KWH["six ampere"], 0.0005),
            *published("peak", PUBLISHED_PEAK_KW["six ampere"], 0.006),
        ),
    ),
)
