"""What a bid assumes. It travels with the bid: an offer that assumes more than it states is worthless to the buyer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from market.settlement.baseline import BaselineMethod
from optimizer.offers.offer_session import OfferSession
from optimizer.offers.offer_window import Delivery, OfferWindow
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem

SHARE_STEP = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """Assumptions of one offer, as stated to the buyer.

    Attributes:
        baseline: method of the baseline it is delivered against.
        baseline_statement: that method in words, with its parameters.
        delivery: exactly the volume, or at least.
        reliability: share of days on which the volume must be deliverable.
        minimum_current_a: current below which vehicles do not charge; 0 where all may pause, None without vehicles.
        scenarios: what the days are, such as "364 winter and summer days, seed 7".
        costs: what the price covers.
    """

    baseline: BaselineMethod
    baseline_statement: str
    delivery: Delivery
    reliability: Decimal
    minimum_current_a: Decimal | None = None
    scenarios: str = "no scenarios: the one day it was computed for"
    costs: str = "asset costs above the plan without promise"

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Name and value of every assumption, for tables and files."""
        current = "no vehicles" if self.minimum_current_a is None else f"{self.minimum_current_a} A"
        return (
            ("baseline", f"{self.baseline.value}: {self.baseline_statement}"),
            ("delivery", self.delivery.value.replace("_", " ")),
            ("reliability", f"{self.reliability:.1%} of days"),
            ("minimum current", current),
            ("scenarios", self.scenarios),
            ("costs", self.costs),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reliability:
    """On how many days how much can be delivered.

    Attributes:
        deliverable_kw: largest deliverable volume per day, any order, shape (days,).
    """

    deliverable_kw: FloatArray

    def share_at(self, volume_kw: float) -> Decimal:
        """Share of days on which a volume is deliverable, rounded down."""
        share = float(np.mean(self.deliverable_kw >= volume_kw - 1e-6))
        return Decimal(repr(share)).quantize(SHARE_STEP, rounding=ROUND_FLOOR)

    def volume_at(self, reliability: Decimal) -> float:
        """Largest volume that is deliverable on at least this share of days."""
        days = len(self.deliverable_kw)
        wanted = int((reliability * days).to_integral_value(rounding=ROUND_CEILING))
        if wanted == 0:
            return float(self.deliverable_kw.max())
        return float(np.sort(self.deliverable_kw)[::-1][wanted - 1])


def measure_reliability(
    days: Sequence[Sequence[SiteProblem]], windows: Sequence[OfferWindow], baselines_kw: Sequence[FloatArray]
) -> Reliability:
    """Find the largest deliverable volume on every scenario day.

    Args:
        days: the group on each day, such as other sessions or other weather.
        windows: the offer on the grid of each day.
        baselines_kw: baseline of the group on each day.

    Raises:
        InvalidProblemError: a day has faults.
    """
    most = []
    for group, window, baseline in zip(days, windows, baselines_kw, strict=True):
        session = OfferSession(group, window, baseline)
        span = session.range_kw() if session.reference() is not None else None
        most.append(0.0 if span is None else span[1])
    return Reliability(deliverable_kw=np.array(most))
