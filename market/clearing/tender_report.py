"""What a tender shows afterwards: to every bidder its own score in an anonymous field, to the operator the whole.

Scores are at the expected hours published with the tender. Where scenarios decide about calls, the award counts the
calls of the scenarios instead, and the score is the published yardstick beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from market.clearing.tender import clear_tender
from market.clearing.tender_prices import BidWorth
from market.domain.bid import Bid
from market.domain.connection import Connection
from market.domain.tender import PricingRule, Tender, TenderWindow
from market.domain.tender_award import BidDecision, TenderAward, TenderClearing

ELIGIBILITY = frozenset(
    {
        "late",
        "above_availability_ceiling",
        "above_activation_ceiling",
        "outside_area",
        "not_available",
        "notice_too_long",
        "ramp_too_slow",
        "technology",
        "use_too_limited",
        "linked_bid_out",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Score of a bid per MW offered over the season; the parts add up to the total that was compared.

    Attributes:
        availability_eur_per_mw: availability over the hours of its windows.
        activation_eur_per_mw: weighted activation at the expected hours of its windows.
        emission_eur_per_mw: weighted emission at the same hours.
        fee_eur_per_mw: fee.
    """

    availability_eur_per_mw: Decimal
    activation_eur_per_mw: Decimal
    emission_eur_per_mw: Decimal
    fee_eur_per_mw: Decimal

    @property
    def total_eur_per_mw(self) -> Decimal:
        """Sum of the criteria."""
        return (
            self.availability_eur_per_mw + self.activation_eur_per_mw + self.emission_eur_per_mw + self.fee_eur_per_mw
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class BidderReport:
    """What one bidder may see.

    Attributes:
        award: its award with the reason, the constraint that bound.
        score: its score per criterion.
        rank: its rank by total among all bids that took part, 1 for the lowest; None where it did not take part.
        field: totals of all bids that took part, lowest first, without names.
        marginal_eur_per_mw: highest total among bids with accepted MW, or None.
        distance_eur_per_mw: its own total minus the marginal one.
        worth: winning price or contribution, where they were computed.
    """

    award: TenderAward
    score: Score
    rank: int | None
    field: tuple[Decimal, ...]
    marginal_eur_per_mw: Decimal | None
    distance_eur_per_mw: Decimal | None
    worth: BidWorth | None


def report_bidders(
    tender: Tender, bids: Sequence[Bid], clearing: TenderClearing, worth: Sequence[BidWorth] = ()
) -> tuple[BidderReport, ...]:
    """Write the report of every bidder, in order of bid id."""
    hours = {window.window_id: window.hours for window in clearing.windows}
    scores = {bid.id: score_bid(tender, bid, hours) for bid in bids}
    took_part = [bid.id for bid in bids if clearing.award_of(bid.id).reason.value not in ELIGIBILITY]
    ordered = sorted(took_part, key=lambda bid_id: (scores[bid_id].total_eur_per_mw, bid_id))
    field = tuple(scores[bid_id].total_eur_per_mw for bid_id in ordered)
    winners = [scores[a.bid_id].total_eur_per_mw for a in clearing.awards if a.decision is not BidDecision.REJECTED]
    marginal = max(winners, default=None)
    known = {w.bid_id: w for w in worth}
    return tuple(
        BidderReport(
            award=award,
            score=scores[award.bid_id],
            rank=1 + field.index(scores[award.bid_id].total_eur_per_mw) if award.bid_id in took_part else None,
            field=field,
            marginal_eur_per_mw=marginal,
            distance_eur_per_mw=None if marginal is None else scores[award.bid_id].total_eur_per_mw - marginal,
            worth=known.get(award.bid_id),
        )
        for award in clearing.awards
    )


def score_bid(tender: Tender, bid: Bid, hours: Mapping[str, Decimal]) -> Score:
    """Score a bid per MW, averaged over its steps, summed over its windows."""
    quantity = bid.quantity_mw
    windows = [window for window in tender.windows if window.id in bid.windows]
    available = sum((hours[window.id] for window in windows), Decimal(0))
    used = sum((window.expected_activation_h for window in windows), Decimal(0))
    mean = {
        name: sum((getattr(step, name) * step.quantity_mw for step in bid.steps), Decimal(0)) / quantity
        for name in ("availability_eur_per_mw_h", "activation_eur_per_mwh")
    }
    emission = tender.emission_weight_eur_per_tonne * bid.emission_kg_per_mwh / 1000
    return Score(
        availability_eur_per_mw=mean["availability_eur_per_mw_h"] * available,
        activation_eur_per_mw=tender.activation_weight * mean["activation_eur_per_mwh"] * used,
        emission_eur_per_mw=emission * used,
        fee_eur_per_mw=bid.service_fee_eur_per_mw,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketTests:
    """The four grounds on which European law allows congestion management without a market.

    Attributes:
        no_offer: no bid took part.
        all_offers_used: every MW that took part is contracted and need remains.
        pivotal_providers: providers without whom the need cannot be covered.
        concentration_hhi: sum of squared shares of the MW that took part, 0 to 10,000.
        too_few_suppliers: somebody is pivotal, or the concentration exceeds 2,500.
        predictable_share: share of the season's days with congestion expected; a high share invites strategic bids.
    """

    no_offer: bool
    all_offers_used: bool
    pivotal_providers: tuple[str, ...]
    concentration_hhi: Decimal
    too_few_suppliers: bool
    predictable_share: Decimal


def judge_market(tender: Tender, bids: Sequence[Bid], clearing: TenderClearing) -> MarketTests:
    """Compute the four tests from the bids that took part."""
    took_part = [bid for bid in bids if clearing.award_of(bid.id).reason.value not in ELIGIBILITY]
    offered = sum((bid.quantity_mw for bid in took_part), Decimal(0))
    by_provider: dict[str, Decimal] = {}
    for bid in took_part:
        by_provider[bid.csp] = by_provider.get(bid.csp, Decimal(0)) + bid.quantity_mw
    hhi = sum(((100 * mw / offered) ** 2 for mw in by_provider.values()), Decimal(0)) if offered else Decimal(0)
    pivotal = tuple(
        csp
        for csp in sorted(by_provider)
        if any(_others_mw(took_part, csp, w) < w.min_mw - w.contracted_mw for w in tender.windows)
    )
    used = all(clearing.award_of(b.id).accepted_mw == b.quantity_mw for b in took_part)
    return MarketTests(
        no_offer=not took_part,
        all_offers_used=bool(took_part) and used and clearing.shortfall_mwh > 0,
        pivotal_providers=pivotal,
        concentration_hhi=hhi.quantize(Decimal("0.1")),
        too_few_suppliers=bool(pivotal) or hhi > 2500,
        predictable_share=_predictable_share(tender),
    )


def _others_mw(bids: Sequence[Bid], csp: str, window: TenderWindow) -> Decimal:
    """MW that all other providers offer in a window."""
    return sum((bid.quantity_mw for bid in bids if bid.csp != csp and window.id in bid.windows), Decimal(0))


def _predictable_share(tender: Tender) -> Decimal:
    days = (tender.season_to - tender.season_from).days + 1
    if tender.scenarios:
        expected = sum((s.probability * len({e.start.date() for e in s.events}) for s in tender.scenarios), Decimal(0))
        return (expected / days).quantize(Decimal("0.001"))
    weekdays = {day for window in tender.windows for day in window.weekdays}
    return (Decimal(len(weekdays)) / 7).quantize(Decimal("0.001"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedPower:
    """What the award frees for the waiting list.

    Attributes:
        released_mw: MW that may be given to queued parties: in each window the reissue share of the accepted MW, and
            of these the smallest, since a queued party draws in all windows.
        cost_eur_per_mw: expected payment per released MW, or None where nothing is released.
    """

    released_mw: Decimal
    cost_eur_per_mw: Decimal | None


def release_power(tender: Tender, bids: Sequence[Bid], clearing: TenderClearing) -> ReleasedPower:
    """Work out the MW that an award releases for the waiting list."""
    share = {bid.id: bid.reissue_share for bid in bids}
    by_window = {window.id: Decimal(0) for window in tender.windows}
    for award in clearing.awards:
        for window in award.windows:
            by_window[window.window_id] += share[award.bid_id] * window.accepted_mw
    released = min(by_window.values(), default=Decimal(0))
    cost = (clearing.payment_eur / released).quantize(Decimal("0.01")) if released else None
    return ReleasedPower(released_mw=released, cost_eur_per_mw=cost)


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontierPoint:
    """One award on the frontier of cost, risk and emission."""

    shortfall_price_eur_per_mwh: Decimal
    emission_weight_eur_per_tonne: Decimal
    payment_eur: Decimal
    shortfall_mwh: Decimal
    emission_kg: Decimal


def sweep_frontier(
    tender: Tender,
    bids: Sequence[Bid],
    *,
    connections: Sequence[Connection],
    qualified_mw: Mapping[str, Decimal],
    shortfall_prices: Sequence[Decimal],
    emission_weights: Sequence[Decimal],
) -> Iterator[FrontierPoint]:
    """Clear the tender over a grid of shortfall prices and emission weights, point by point as they are asked for."""
    for price in shortfall_prices:
        for weight in emission_weights:
            varied = replace(tender, shortfall_price_eur_per_mwh=price, emission_weight_eur_per_tonne=weight)
            clearing = clear_tender(varied, bids, connections=connections, qualified_mw=qualified_mw)
            yield FrontierPoint(
                shortfall_price_eur_per_mwh=price,
                emission_weight_eur_per_tonne=weight,
                payment_eur=clearing.payment_eur,
                shortfall_mwh=clearing.shortfall_mwh,
                emission_kg=sum((award.emission_kg for award in clearing.awards), Decimal(0)),
            )


def compare_pricing(
    tender: Tender,
    bids: Sequence[Bid],
    *,
    connections: Sequence[Connection],
    qualified_mw: Mapping[str, Decimal],
) -> dict[PricingRule, TenderClearing]:
    """Clear the same tender under every pricing rule; the award is the same, the payments are not."""
    return {
        rule: clear_tender(replace(tender, pricing=rule), bids, connections=connections, qualified_mw=qualified_mw)
        for rule in PricingRule
    }
