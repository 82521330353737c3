"""What flexibility costs and how it is delivered: plans of a group, supply curves, shares of an award."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problems.series import BoolArray, FloatArray
from optimizer.results.site import SitePlan


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupPlan:
    """Plans of connections that deliver together.

    Attributes:
        sites: plan per site, in the order of the group.
        power_kw: net power of the group per step, consumption positive, shape (steps,).
        delivered_kw: flexibility per step against the group's baseline, shape (steps,); zero outside the offer.
        short_kw: part of the promise that is not delivered, per step, shape (steps,).
        over_kw: delivery beyond an exact promise, per step, shape (steps,).
        cost_eur: cost of all sites.
        bound_eur: proven lower bound on that cost, or None.
        slope_eur_per_kw: cost of one kW more in every step of the offer, on/off decisions kept.
    """

    sites: tuple[SitePlan, ...]
    power_kw: FloatArray
    delivered_kw: FloatArray
    short_kw: FloatArray
    over_kw: FloatArray
    cost_eur: float
    bound_eur: float | None
    slope_eur_per_kw: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurvePoint:
    """One volume on a supply curve.

    Attributes:
        volume_kw: flexibility in every step of the offer.
        cost_eur: cost above that of the plan without any promise.
        bound_eur: proven lower bound on ``cost_eur``, or None.
        slope_eur_per_kw: a subgradient of the cost for a convex curve, else the slope with on/off decisions kept.
        power_kw: power per step, shape (steps,).
    """

    volume_kw: float
    cost_eur: float
    bound_eur: float | None
    slope_eur_per_kw: float
    power_kw: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SupplyCurve:
    """Cost of flexibility against its volume, for one window and one direction.

    Attributes:
        steps: True in the steps of the offer, shape (steps,).
        step_h: length of a step in hours.
        baseline_kw: baseline it is measured against, shape (steps,).
        reference_kw: power of the plan without any promise, shape (steps,).
        reference_cost_eur: cost of that plan.
        convex: whether the asset models are convex, so that the curve is piecewise linear between its points.
        min_kw: smallest volume that can be delivered; zero unless an exact promise cannot follow the baseline itself.
        max_kw: largest volume that can be delivered.
        points: points in order of volume; a curve that is not asked for its own volumes begins at ``min_kw`` and ends
            at ``max_kw``.
        infeasible_kw: volumes that were asked and that no plan delivers (holes of a curve with whole batches).
        gap_eur: largest proven distance between the lines that join the points and the true convex curve; zero when
            every breakpoint is known, None for a curve that is not convex.
    """

    steps: BoolArray
    step_h: float
    baseline_kw: FloatArray
    reference_kw: FloatArray
    reference_cost_eur: float
    convex: bool
    min_kw: float
    max_kw: float
    points: tuple[CurvePoint, ...]
    infeasible_kw: tuple[float, ...]
    gap_eur: float | None

    @property
    def hours(self) -> float:
        """Hours of the offer."""
        return float(self.steps.sum()) * self.step_h

    @property
    def hull(self) -> tuple[CurvePoint, ...]:
        """The points on the lower convex hull."""
        kept: list[CurvePoint] = []
        for point in self.points:
            while len(kept) > 1 and not _turns_up(kept[-2], kept[-1], point):
                kept.pop()
            kept.append(point)
        return tuple(kept)

    def cost_at(self, volume_kw: float) -> float:
        """Cost of a volume: exact or an upper bound on a convex curve, and the hull's value otherwise.

        Raises:
            ValueError: the volume lies outside the curve.
        """
        line = self.points if self.convex else self.hull
        if not line or not line[0].volume_kw - 1e-9 <= volume_kw <= line[-1].volume_kw + 1e-6:
            raise ValueError(f"{volume_kw} kW is not on the curve")
        return float(np.interp(volume_kw, [p.volume_kw for p in line], [p.cost_eur for p in line]))

    def power_at(self, volume_kw: float) -> FloatArray:
        """Power of a plan for a volume, shape (steps,): of the point itself, or mixed from its neighbours.

        Plans of a convex curve can be mixed: the mixture is a plan and costs what the line between the points says.

        Raises:
            ValueError: the volume lies outside the curve, or is not a point of a curve that is not convex.
        """
        for point in self.points:
            if abs(point.volume_kw - volume_kw) <= 1e-6:
                return point.power_kw
        above = next((k for k, point in enumerate(self.points) if point.volume_kw > volume_kw), 0)
        if not self.convex or above == 0:
            raise ValueError(f"{volume_kw} kW is not on the curve")
        low, high = self.points[above - 1], self.points[above]
        share = (volume_kw - low.volume_kw) / (high.volume_kw - low.volume_kw)
        return (1.0 - share) * low.power_kw + share * high.power_kw

    def rebound_kw(self, point: CurvePoint) -> FloatArray:
        """Change of power against the plan without promise in the steps after the offer, zero before; shape (steps,).

        Positive is energy taken later, the payback; negative is energy taken before.
        """
        after = len(self.steps) - int(np.argmax(self.steps[::-1]))
        change = point.power_kw - self.reference_kw
        return np.where(np.arange(len(change)) >= after, change, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MemberShare:
    """What one member contributes to an award.

    Attributes:
        site_id: the member.
        capability_kwh: what it was registered with.
        delivered_kwh: what it delivers over the offer.
    """

    site_id: str
    capability_kwh: float
    delivered_kwh: float

    @property
    def use(self) -> float:
        """Delivered as a share of the capability."""
        return self.delivered_kwh / self.capability_kwh if self.capability_kwh else 0.0


def _turns_up(a: CurvePoint, b: CurvePoint, c: CurvePoint) -> bool:
    left = (b.cost_eur - a.cost_eur) * (c.volume_kw - b.volume_kw)
    right = (c.cost_eur - b.cost_eur) * (b.volume_kw - a.volume_kw)
    return left < right
