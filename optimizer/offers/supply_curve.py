"""Supply curve of a site or a group of sites for one window: what each volume of flexibility costs.

Convex models (no on/off decision) give every breakpoint of the curve exactly, from duals. Others give exact points at
the volumes asked and the lower convex hull through them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from optimizer.errors import SolverError
from optimizer.findings import Finding
from optimizer.offers.offer_session import OfferSession
from optimizer.offers.offer_window import OfferWindow
from optimizer.offers.parametric import Sample, trace_convex
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.offers import CurvePoint, GroupPlan, SupplyCurve
from optimizer.solver.options import SolverOptions

STRAIGHT = 1e-7
"""Relative enclosure below which a stretch of a convex curve counts as straight."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveOutcome:
    """A curve, or the reasons why there is none.

    Attributes:
        curve: the curve; None when the group has no plan or cannot follow its baseline.
        findings: why not, in domain words.
    """

    curve: SupplyCurve | None
    findings: tuple[Finding, ...] = ()


def trace_supply_curve(
    problems: Sequence[SiteProblem],
    window: OfferWindow,
    baseline_kw: FloatArray,
    *,
    points: int = 20,
    volumes_kw: Sequence[float] | None = None,
    options: SolverOptions | None = None,
) -> CurveOutcome:
    """Trace what flexibility of a group costs.

    Args:
        problems: the connections that deliver together; one for a single site.
        window: steps, direction and kind of delivery.
        baseline_kw: baseline of the group, shape (steps,).
        points: points at most.
        volumes_kw: volumes to ask instead of looking for breakpoints, such as whole lots.
        options: solver options of every solve.

    Raises:
        InvalidProblemError: the input has faults.
        VerificationError: a plan did not pass the independent check.
    """
    session = OfferSession(problems, window, baseline_kw, options=options)
    reference = session.reference()
    if reference is None:
        return CurveOutcome(curve=None, findings=session.impossibilities() or (_no_plan(),))
    span = session.range_kw()
    if span is None:
        return CurveOutcome(curve=None, findings=(_off_baseline(),))
    smallest, largest = span
    asked = None if volumes_kw is None else sorted({v for v in volumes_kw if smallest <= v <= largest + 1e-6})
    found: list[tuple[float, GroupPlan]] = []
    missing: tuple[float, ...] = ()
    gap: float | None = None
    if asked is None and session.convex:
        found, gap = _trace_breakpoints(session, span, points)
    if asked is not None or not session.convex:
        volumes = [float(v) for v in np.linspace(smallest, largest, points)] if asked is None else asked
        answers = [(volume, session.at(min(volume, largest))) for volume in volumes]
        found = [(volume, plan) for volume, plan in answers if plan is not None]
        missing = tuple(volume for volume, plan in answers if plan is None)
        gap = None
    curve = SupplyCurve(
        steps=window.steps,
        step_h=problems[0].grid.step_h,
        baseline_kw=baseline_kw,
        reference_kw=reference.power_kw,
        reference_cost_eur=reference.cost_eur,
        convex=session.convex,
        min_kw=smallest,
        max_kw=largest,
        points=tuple(_point(volume, plan, reference.cost_eur) for volume, plan in found),
        infeasible_kw=missing,
        gap_eur=gap,
    )
    return CurveOutcome(curve=curve)


def _trace_breakpoints(
    session: OfferSession, span: tuple[float, float], points: int
) -> tuple[list[tuple[float, GroupPlan]], float]:
    def evaluate(volume: float) -> Sample[GroupPlan]:
        plan = session.at(volume)
        if plan is None:
            raise SolverError(f"no plan for {volume} kW was found between two volumes that can be delivered")
        return Sample(volume, plan.cost_eur, plan.slope_eur_per_kw, plan)

    low, high = evaluate(span[0]), evaluate(span[1])
    tolerance = STRAIGHT * max(1.0, abs(high.value - low.value))
    samples, gap = trace_convex(evaluate, low, high, most=points, tolerance=tolerance)
    return [(sample.at, sample.found) for sample in samples], gap


def _point(volume: float, plan: GroupPlan, reference_eur: float) -> CurvePoint:
    return CurvePoint(
        volume_kw=volume,
        cost_eur=plan.cost_eur - reference_eur,
        bound_eur=None if plan.bound_eur is None else plan.bound_eur - reference_eur,
        slope_eur_per_kw=plan.slope_eur_per_kw,
        power_kw=plan.power_kw,
    )


def _no_plan() -> Finding:
    return Finding(rule="offer.no_plan", path="sites", message="the group has no plan even without a promise")


def _off_baseline() -> Finding:
    return Finding(
        rule="offer.baseline",
        path="baseline_kw",
        message="the group cannot follow its baseline during the offer, so it can promise nothing against it",
    )
