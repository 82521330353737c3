"""Supply curve of a fleet of charging sessions, whatever its size.

Every volume is one coordinated plan of the fleet under a hard limit per step of the offer. A response of the fleet to
prices is a response whatever the volume, so all responses are remembered: the plan of the next volume starts from all
that was ever answered and few new questions are needed. The duals of the limits give the slope, so breakpoints are
found as for a site, within the proven gap of the plans.

The largest volume is a plan too: the highest power above the baseline over the steps of the offer, at its lowest. For
more consumption the same is asked of the mirrored sessions, which want the energy they would leave unused.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from optimizer.errors import InvalidProblemError, SolverError
from optimizer.findings import Finding
from optimizer.fleet.coordinator import Coordination, CoordinationOptions, Coordinator
from optimizer.fleet.fleet_oracles import FleetOracles
from optimizer.fleet.limit_rows import LimitRows
from optimizer.fleet.oracles.oracle import Oracle, Response
from optimizer.fleet.pricing import Pricing
from optimizer.offers.offer_window import Change, OfferWindow
from optimizer.offers.parametric import Sample, trace_convex
from optimizer.problems.checks_fleet import check_fleet
from optimizer.problems.fleet import LOWER, UPPER, AreaLimits, FleetProblem, FloatArray, Sessions
from optimizer.results.offers import CurvePoint, SupplyCurve

SAFE_SHARE = 1e-6
"""The largest volume offered is this share below the proven optimum, so that it can be planned with a margin."""


class RememberedPricing(Pricing):
    """Pricing that answers prices it has seen before without asking the oracles again."""

    def __init__(self, oracles: tuple[Oracle, ...]) -> None:
        super().__init__(oracles)
        self._known: dict[bytes, Response] = {}
        self.prices: list[FloatArray] = []

    def ask(self, price_eur_per_kw: FloatArray) -> Response:
        """Answer prices, once."""
        key = price_eur_per_kw.tobytes()
        if key not in self._known:
            self._known[key] = super().ask(price_eur_per_kw)
            self.prices.append(price_eur_per_kw)
        return self._known[key]


def trace_fleet_curve(
    problem: FleetProblem,
    window: OfferWindow,
    baseline_kw: FloatArray,
    *,
    points: int = 20,
    relative_gap: float = 1e-6,
) -> SupplyCurve:
    """Trace what flexibility of a fleet costs; delivery is at least the volume.

    Args:
        problem: the fleet, with one area, that may pause freely; its own limits hold throughout.
        window: steps and direction.
        baseline_kw: baseline of the fleet's power, shape (steps,).
        points: points at most.
        relative_gap: proven gap of every plan.

    Raises:
        InvalidProblemError: the fleet has faults, or is not one area of sessions that may pause.
        SolverError: a volume within the proven range found no plan.
    """
    faults = (*check_fleet(problem), *_refusals(problem))
    if faults:
        raise InvalidProblemError(faults)
    pricing = RememberedPricing(FleetOracles.of(problem).listed)
    options = CoordinationOptions(relative_gap=relative_gap)
    reference = Coordinator(LimitRows.of(problem), pricing, problem.price_eur_per_kwh * problem.step_h, options).run()
    if reference.cost_eur is None:
        raise SolverError(f"the fleet has no plan without a promise ({reference.stop.value})")
    start_eur = reference.cost_eur
    largest = find_largest_volume(problem, window, baseline_kw, relative_gap=relative_gap)

    def evaluate(volume_kw: float) -> Sample[Coordination]:
        limits = AreaLimits.join([problem.limits, _obligation(window, baseline_kw, volume_kw)])
        asked = replace(problem, limits=limits)
        energy = asked.price_eur_per_kwh * asked.step_h
        found = Coordinator(LimitRows.of(asked), pricing, energy, options).run(first_prices=tuple(pricing.prices))
        if found.cost_eur is None:
            raise SolverError(f"the fleet has no plan for {volume_kw} kW ({found.stop.value})")
        pressed = (found.area_prices[0] - energy)[window.steps]
        return Sample(volume_kw, found.cost_eur, window.change.sign * float(pressed.sum()), found)

    low, high = evaluate(0.0), evaluate(largest)
    # Values are known to the gap of the plans, so a stretch is straight when its enclosure is within that.
    tolerance = 2.0 * relative_gap * abs(high.value)
    samples, gap = trace_convex(evaluate, low, high, most=points, tolerance=tolerance)
    return SupplyCurve(
        steps=window.steps,
        step_h=problem.step_h,
        baseline_kw=baseline_kw,
        reference_kw=reference.group_power_kw.sum(axis=0),
        reference_cost_eur=start_eur,
        convex=True,
        min_kw=0.0,
        max_kw=largest,
        points=tuple(
            CurvePoint(
                volume_kw=s.at,
                cost_eur=s.value - start_eur,
                bound_eur=s.found.bound_eur - start_eur,
                slope_eur_per_kw=s.slope,
                power_kw=s.found.group_power_kw.sum(axis=0),
            )
            for s in samples
        ),
        infeasible_kw=(),
        gap_eur=gap,
    )


def find_largest_volume(
    problem: FleetProblem, window: OfferWindow, baseline_kw: FloatArray, *, relative_gap: float = 1e-6
) -> float:
    """Find the largest volume a fleet can deliver in every step of the offer; zero if it cannot follow its baseline.

    The answer is rounded down by the proven gap. Limits of the problem itself are not part of it.
    """
    sessions, level = problem.sessions, baseline_kw
    if window.change is Change.MORE:
        sessions, present = _mirror(sessions, problem)
        level = present - baseline_kw
    # Outside the offer the base load is so low that the peak cannot lie there.
    floor = -level[window.steps].max() - 2.0 * _highest(sessions, problem)
    peaked = FleetProblem.of(
        problem.grid,
        sessions,
        0.0,
        base_load_kw=np.where(window.steps, -level, floor)[None, :],
        peak_price_eur_per_kw=[1.0],
    )
    found = Coordinator(
        LimitRows.of(peaked),
        RememberedPricing(FleetOracles.of(peaked).listed),
        peaked.price_eur_per_kwh * peaked.step_h,
        CoordinationOptions(relative_gap=0.1 * relative_gap, absolute_gap_eur=SAFE_SHARE * 0.1),
    ).run()
    if found.cost_eur is None:
        return 0.0
    return max(0.0, -found.cost_eur - SAFE_SHARE * max(1.0, abs(found.cost_eur)))


def _obligation(window: OfferWindow, baseline_kw: FloatArray, volume_kw: float) -> AreaLimits:
    less = window.change is Change.LESS
    level = baseline_kw - window.change.sign * volume_kw
    open_side = np.inf if less else -np.inf
    return AreaLimits.of(np.where(window.steps, level, open_side), len(level), direction=UPPER if less else LOWER)


def _mirror(sessions: Sessions, problem: FleetProblem) -> tuple[Sessions, FloatArray]:
    """Sessions that draw what these leave unused, and the power of all that are present per step."""
    hours = (sessions.departure - sessions.arrival) * problem.step_h
    drawn = np.minimum(sessions.grid_kwh, sessions.power_kw * hours)
    unused = np.maximum(sessions.power_kw * hours - drawn, 0.0) * sessions.efficiency
    change = np.zeros(problem.grid.steps + 1)
    np.add.at(change, sessions.arrival, sessions.power_kw)
    np.add.at(change, sessions.departure, -sessions.power_kw)
    return replace(sessions, energy_kwh=unused), np.cumsum(change)[:-1]


def _highest(sessions: Sessions, problem: FleetProblem) -> float:
    change = np.zeros(problem.grid.steps + 1)
    np.add.at(change, sessions.arrival, sessions.power_kw)
    np.add.at(change, sessions.departure, -sessions.power_kw)
    return float(np.cumsum(change).max())


def _refusals(problem: FleetProblem) -> tuple[Finding, ...]:
    found = []
    if problem.areas != 1:
        text = f"a fleet curve is traced for one area, this fleet has {problem.areas}"
        found.append(Finding(rule="offer.fleet.areas", path="parent", message=text))
    if (problem.sessions.minimum_kw > 0).any() or len(problem.bidirectional):
        text = (
            "a fleet curve is exact for sessions that may pause; plan sessions with a minimum or feeding back as sites"
        )
        found.append(Finding(rule="offer.fleet.convex", path="sessions", message=text))
    return tuple(found)
