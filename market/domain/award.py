"""Result of a redispatch clearing: what every order was given, what is still short, and the proof."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from market.domain.order import Side
from optimizer.findings import Finding


class ClearingState(StrEnum):
    """How a clearing ended."""

    CLEARED = "cleared"
    SHORT = "short"


class OrderReason(StrEnum):
    """Why an order ended as it did."""

    ACCEPTED = "accepted"
    ACCEPTED_PARTLY = "accepted_partly"
    NOT_NEEDED = "not_needed"
    TOO_EXPENSIVE = "too_expensive"
    EXCLUSIVE_ALTERNATIVE = "exclusive_alternative"
    PARENT_NOT_ACCEPTED = "parent_not_accepted"
    MINIMUM_TOO_LARGE = "minimum_too_large"
    NO_COUNTER_ORDER = "no_counter_order"
    NO_HEADROOM = "no_headroom"
    TIE_LATER_SUBMISSION = "tie_later_submission"
    LATE = "late"
    EXPIRED = "expired"
    UNKNOWN_CONNECTION = "unknown_connection"
    WRONG_SIDE = "wrong_side"
    OUTSIDE_NEED = "outside_need"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchAward:
    """What one order was given.

    Attributes:
        order_id: order.
        side: buy or sell.
        ean: connection.
        csp: congestion service provider.
        accepted_mw: accepted MW; of a profile the highest value.
        start: aware UTC start of ``power_mw``.
        power_mw: accepted MW per quarter-hour of the order, all zero when it was not taken.
        energy_mwh: accepted energy.
        price_eur_per_mwh: price it settles at, its own; the average over its accepted price steps.
        amount_eur: whole cents the CSP receives (positive, sells at a positive price) or pays (negative).
        reason: reason code.
        sentence: the reason in words.
        winning_price_eur_per_mwh: for an order not taken, the price at which it would have been; None where no
            price helps or it was not asked for.
        contribution_eur: for an accepted order, what the optimum would cost more without it; None where relief would
            be short without it or it was not asked for.
    """

    order_id: str
    side: Side
    ean: str
    csp: str
    accepted_mw: Decimal
    start: datetime
    power_mw: tuple[Decimal, ...]
    energy_mwh: Decimal
    price_eur_per_mwh: Decimal
    amount_eur: Decimal
    reason: OrderReason
    sentence: str
    winning_price_eur_per_mwh: Decimal | None = None
    contribution_eur: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedCoverage:
    """What one need received per quarter-hour: relief + shortfall = required + excess.

    Attributes:
        need_id: need.
        start: aware UTC start of the first quarter-hour.
        required_mw: relief required.
        relief_mw: relief cleared.
        shortfall_mw: relief still missing.
        excess_mw: relief above the need.
        share_eur: part of the spread cost this need's operator pays.
    """

    need_id: str
    start: datetime
    required_mw: tuple[Decimal, ...]
    relief_mw: tuple[Decimal, ...]
    shortfall_mw: tuple[Decimal, ...]
    excess_mw: tuple[Decimal, ...]
    share_eur: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingBid:
    """A bid that a mandatory announcement asks for and that is not in the book.

    Attributes:
        need_id: mandatory need.
        ean: connection with a bid obligation.
        quarter_hours: aware UTC starts of the quarter-hours without a bid.
    """

    need_id: str
    ean: str
    quarter_hours: tuple[datetime, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageProof:
    """One stage of the lexicographic optimum.

    Attributes:
        name: objective of the stage.
        unit: unit of the figures.
        objective: value reached.
        bound: proven bound: no set of orders does better.
        gap: objective minus bound.
        tolerance: what later stages may give away on this objective; less than half its granule, so nothing.
        proven: whether the gap that was asked for is proven.
    """

    name: str
    unit: str
    objective: Decimal
    bound: Decimal | None
    gap: Decimal | None
    tolerance: Decimal
    proven: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapestFirst:
    """What taking the cheapest orders first would have given.

    Attributes:
        shortfall_mwh: relief it leaves short.
        spread_cost_eur: what it costs.
    """

    shortfall_mwh: Decimal
    spread_cost_eur: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchCertificate:
    """Proof of a clearing.

    Attributes:
        stages: the lexicographic stages in order.
        excess_policy: how relief above the need was treated.
        excess_price_eur_per_mwh: price of relief above the need per need id, empty under the strict policy.
        input_hash: SHA-256 of needs, eligible orders, headroom and options, independent of input order.
        solver: solver and version.
        seconds: wall-clock time from input to verified result.
        cheapest_first: the comparison; None where the rule does not apply.
    """

    stages: tuple[StageProof, ...]
    excess_policy: str
    excess_price_eur_per_mwh: tuple[tuple[str, Decimal], ...]
    input_hash: str
    solver: str
    seconds: float
    cheapest_first: CheapestFirst | None

    @property
    def proven(self) -> bool:
        """Whether every stage is proven."""
        return all(stage.proven for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchClearing:
    """One clearing: a balanced redispatch set, what it costs and what is left short.

    Attributes:
        state: cleared, or short when part of a need stays unmet.
        start: aware UTC start of the first quarter-hour of the clearing.
        quarter_hours: number of quarter-hours.
        awards: one per order of the book, by order id.
        needs: one per need, by need id.
        bought_mw: bought MW per quarter-hour; equal to ``sold_mw``.
        sold_mw: sold MW per quarter-hour.
        spread_cost_eur: what the operators pay: sells minus buys at their own prices, the exact sum of the awards.
        missing_bids: bids a mandatory need asks for that are not there.
        findings: orders that may not take part, with the rule; nothing was repaired.
        certificate: the proof.
    """

    state: ClearingState
    start: datetime
    quarter_hours: int
    awards: tuple[RedispatchAward, ...]
    needs: tuple[NeedCoverage, ...]
    bought_mw: tuple[Decimal, ...]
    sold_mw: tuple[Decimal, ...]
    spread_cost_eur: Decimal
    missing_bids: tuple[MissingBid, ...]
    findings: tuple[Finding, ...]
    certificate: RedispatchCertificate

    @property
    def shortfall_mwh(self) -> Decimal:
        """Unmet relief over all needs and quarter-hours."""
        quarter = Decimal("0.25")
        return sum((mw * quarter for need in self.needs for mw in need.shortfall_mw), Decimal(0))
