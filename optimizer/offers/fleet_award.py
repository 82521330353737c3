"""From an award to a schedule for every car of a fleet, and again when cars leave early.

Equal cars are treated equally: every car follows the same mixture of its own answers to the same prices, so two cars
that stay the same hours and need the same number of full steps charge at the same share of their power in every step.
That is the published rule for fleets; it costs nothing, because it is how the exact aggregate is taken apart.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.problems.clock import say_hours
from optimizer.problems.fleet import LOWER, UPPER, AreaLimits, FleetProblem, FloatArray
from optimizer.results.fleet import FleetPlan, Schedules
from optimizer.runs.fleet import FleetOptions, FleetOutcome, plan_fleet

MISS_EUR_PER_KWH = 50.0
"""Price of a kWh missed when an award is repaired: far above any energy price, so missing comes last."""
NOTICEABLE_KWH = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FleetAwardOutcome:
    """The schedules that keep an award, or the nearest to it.

    Attributes:
        fleet: the plan of the fleet with its proof.
        delivered_kw: flexibility per step against the baseline, shape (steps,); zero outside the award.
        announced: what is missed, in words, to be sent to the operator at once; empty when the award is kept.
        rows: rows of the planned sessions in the award's fleet, shape (planned,).
    """

    fleet: FleetOutcome
    delivered_kw: FloatArray
    announced: tuple[Finding, ...]
    rows: NDArray[np.int64]


def spread_over_fleet(
    problem: FleetProblem,
    window: OfferWindow,
    baseline_kw: FloatArray,
    relief_kw: FloatArray,
    *,
    options: FleetOptions | None = None,
) -> FleetAwardOutcome:
    """Give every car the schedule that keeps an award at least cost; hard, so that there is no plan that misses it.

    Args:
        problem: the fleet without the award.
        window: steps, direction and kind of delivery.
        baseline_kw: baseline of the fleet, shape (steps,).
        relief_kw: flexibility owed per step, shape (steps,).
        options: how to plan.

    Raises:
        InvalidProblemError: the fleet has faults.
        VerificationError: the plan did not pass the independent check.
    """
    owed = _obligations(window, baseline_kw, relief_kw, price=np.inf)
    outcome = plan_fleet(replace(problem, limits=AreaLimits.join([problem.limits, *owed])), options=options)
    return _conclude(outcome, window, baseline_kw, relief_kw, outcome.rows)


def repair_fleet_award(
    problem: FleetProblem,
    plan: FleetPlan,
    window: OfferWindow,
    baseline_kw: FloatArray,
    relief_kw: FloatArray,
    *,
    now_step: int,
    gone: NDArray[np.bool_],
    options: FleetOptions | None = None,
) -> FleetAwardOutcome:
    """Plan the rest of an award again without the cars that left, as close to the promise as the others can come.

    Args:
        problem: the fleet without the award.
        plan: the schedule in force.
        window: steps, direction and kind of delivery.
        baseline_kw: baseline of the fleet, shape (steps,).
        relief_kw: flexibility owed per step, shape (steps,).
        now_step: first step that can still be changed.
        gone: True for the cars that left before their time, shape (sessions,).
        options: how to plan.

    Raises:
        InvalidProblemError: the fleet has faults.
        VerificationError: the plan did not pass the independent check.
    """
    sessions = problem.sessions
    stays = np.flatnonzero(~gone & (sessions.departure > now_step))
    got_kwh = _charged_before(plan.schedules, now_step, problem.step_h)[stays] * sessions.efficiency[stays]
    rest = sessions.take(stays)
    remaining = replace(
        rest,
        arrival=np.maximum(rest.arrival, now_step).astype(np.int32),
        energy_kwh=np.maximum(rest.energy_kwh - got_kwh, 0.0),
    )
    ahead = np.arange(problem.grid.steps) >= now_step
    still = replace(window, steps=window.steps & ahead) if (window.steps & ahead).any() else None
    owed = [] if still is None else _obligations(still, baseline_kw, relief_kw, price=MISS_EUR_PER_KWH)
    limits = AreaLimits.join([problem.limits, *owed])
    outcome = plan_fleet(replace(problem, sessions=remaining, limits=limits), options=options)
    return _conclude(outcome, still or window, baseline_kw, relief_kw, stays[outcome.rows])


def _obligations(
    window: OfferWindow, baseline_kw: FloatArray, relief_kw: FloatArray, *, price: float
) -> list[AreaLimits]:
    level = baseline_kw - window.change.sign * relief_kw
    steps = len(level)
    sides = [UPPER if window.change is Change.LESS else LOWER]
    if window.delivery is Delivery.EXACT:
        sides.append(-sides[0])
    return [
        AreaLimits.of(np.where(window.steps, level, side * np.inf), steps, price=price, direction=side)
        for side in sides
    ]


def _charged_before(schedules: Schedules, step: int, step_h: float) -> FloatArray:
    """Energy drawn from the grid before a step, per session."""
    length = (schedules.departure - schedules.arrival).astype(np.int64)
    past = np.clip(step - schedules.arrival, 0, length)
    running = np.concatenate([[0.0], np.cumsum(schedules.power_kw)])
    drawn: FloatArray = (running[schedules.start + past] - running[schedules.start]) * step_h
    return drawn


def _conclude(
    outcome: FleetOutcome,
    window: OfferWindow,
    baseline_kw: FloatArray,
    relief_kw: FloatArray,
    rows: NDArray[np.int64],
) -> FleetAwardOutcome:
    if outcome.plan is None:
        nothing = np.zeros(len(baseline_kw))
        return FleetAwardOutcome(fleet=outcome, delivered_kw=nothing, announced=outcome.findings, rows=rows)
    grid, power = outcome.problem.grid, outcome.plan.power_kw[0]
    delivered = window.delivered_kw(baseline_kw, power)
    off = np.where(window.steps, relief_kw - delivered, 0.0)
    found = []
    for rule, words, series in (
        ("award.short", "short of its promise", np.maximum(off, 0.0)),
        ("award.over", "beyond its exact promise", np.maximum(-off, 0.0)),
    ):
        energy = grid.step_h * float(series.sum())
        if energy <= max(NOTICEABLE_KWH, 1e-6 * float(np.abs(power).sum())) or (
            rule == "award.over" and window.delivery is Delivery.AT_LEAST
        ):
            continue
        when = say_hours(grid, [int(t) for t in np.flatnonzero(series > 1e-6 * max(1.0, float(np.abs(power).max())))])
        text = f"the fleet is {energy:.2f} kWh {words}, at most {series.max():.2f} kW: {when}"
        found.append(Finding(rule=rule, path="relief_kw", message=text, value=f"{energy:.3f} kWh"))
    return FleetAwardOutcome(fleet=outcome, delivered_kw=delivered, announced=tuple(found), rows=rows)
