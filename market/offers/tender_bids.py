"""From a supply curve to a tender bid: steps, availability and activation price, and the limits of the assets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_CEILING, Decimal

from market.clearing.tender_calendar import window_hours
from market.domain.bid import Bid, BidStep
from market.domain.money import CENT
from market.domain.tender import Tender
from market.errors import RefusedInputError
from market.offers.assumptions import Assumptions
from market.offers.bid_builder import Block, reliable_kw
from market.offers.lot_prices import price_lots, read_lot_costs
from market.offers.portfolio import Portfolio, check_portfolio
from market.offers.two_part import TwoPartPrice
from optimizer.findings import Finding
from optimizer.units import KW_PER_MW


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TenderBidRequest:
    """What to make a bid of.

    Attributes:
        bid_id: id of the bid.
        tender: the tender.
        windows: ids of its windows in which the block can be delivered.
        portfolio: who delivers.
        block: cost of every volume for one call, and how sure it is.
        assumptions: stated to the buyer.
        submitted_at: aware time of submission.
        added: yearly costs, paid as availability, and margin per MWh, paid as activation.
        notice_h: notice the assets need.
        rest_h: rest between two calls; None when a MW is called at most once per occurrence of a window.
        technology: kind of asset.
        service_fee_eur_per_mw: one-off fee, such as the time and advice a contract costs.
    """

    bid_id: str
    tender: Tender
    windows: tuple[str, ...]
    portfolio: Portfolio
    block: Block
    assumptions: Assumptions
    submitted_at: datetime
    added: TwoPartPrice = field(default_factory=TwoPartPrice)
    notice_h: Decimal = Decimal(0)
    rest_h: Decimal | None = None
    technology: str = "demand response"
    service_fee_eur_per_mw: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BidOffer:
    """A bid with what it rests on.

    Attributes:
        bid: the bid.
        assumptions: stated to the buyer.
        members: connections that take part.
        deliverable_share: share of scenario days on which the whole bid is deliverable; None without scenarios.
        committed_hours: hours of the windows over the season, over which yearly costs were spread.
    """

    bid: Bid
    assumptions: Assumptions
    members: tuple[str, ...]
    deliverable_share: Decimal | None
    committed_hours: Decimal


def build_bid(request: TenderBidRequest) -> BidOffer:
    """Build a tender bid whose payments cover its costs for every quantity that can be accepted.

    Raises:
        RefusedInputError: with every reason why it cannot be offered.
    """
    hours = _season_hours(request)
    faults = [*check_portfolio(request.portfolio), *_faults(request, hours)]
    if faults:
        raise RefusedInputError(faults)
    tender, curve = request.tender, request.block.curve
    costs = read_lot_costs(curve, tender.lot_mw, reliable_kw(request.block, request.assumptions.reliability))
    steps = price_lots(
        costs,
        lot_mw=tender.lot_mw,
        hours=Decimal(repr(curve.hours)),
        added=TwoPartPrice(variable_eur_per_mwh=request.added.variable_eur_per_mwh),
        hours_per_year=hours,
    )
    season_days = (tender.season_to - tender.season_from).days + 1
    yearly = request.added.fixed_eur_per_mw_year * season_days / 365
    availability = (yearly / hours).quantize(CENT, rounding=ROUND_CEILING)
    bid = Bid(
        id=request.bid_id,
        tender_id=tender.id,
        csp=request.portfolio.csp,
        company=request.portfolio.name,
        eans=tuple(sorted(member.ean for member in request.portfolio.members)),
        windows=request.windows,
        steps=tuple(
            BidStep(
                quantity_mw=step.lots * tender.lot_mw,
                availability_eur_per_mw_h=availability,
                activation_eur_per_mwh=step.eur_per_mwh,
            )
            for step in steps
        ),
        submitted_at=request.submitted_at,
        minimum_mw=steps[0].lots * tender.lot_mw if steps[0].lots > 1 else Decimal(0),
        service_fee_eur_per_mw=request.service_fee_eur_per_mw,
        max_run_h=Decimal(repr(curve.hours)),
        min_rest_h=request.rest_h,
        lead_time_h=request.notice_h,
        technology=request.technology,
    )
    sure = request.block.reliability
    return BidOffer(
        bid=bid,
        assumptions=request.assumptions,
        members=bid.eans,
        deliverable_share=None if sure is None else sure.share_at(float(bid.quantity_mw) * KW_PER_MW),
        committed_hours=hours,
    )


def _season_hours(request: TenderBidRequest) -> Decimal:
    """Hours of the chosen windows over the season, clock changes included."""
    chosen = [window for window in request.tender.windows if window.id in request.windows]
    return sum((window_hours(request.tender, window) for window in chosen), Decimal(0))


def _faults(request: TenderBidRequest, hours: Decimal) -> Iterator[Finding]:
    tender, known = request.tender, {window.id for window in request.tender.windows}
    for name in request.windows:
        if name not in known:
            text = f"tender {tender.id} has no window {name}"
            yield Finding(rule="offer.window", path="windows", message=text, ids=(name,))
    if hours <= 0:
        yield Finding(rule="offer.window", path="windows", message="the chosen windows have no hours in the season")
    if tender.notice_h is not None and request.notice_h > tender.notice_h:
        text = f"the assets need {request.notice_h} h notice, the operator calls {tender.notice_h} h before delivery"
        yield Finding(rule="offer.notice", path="notice_h", message=text, limit=str(tender.notice_h))
    stated = request.assumptions.reliability
    sure = reliable_kw(request.block, stated)
    if not read_lot_costs(request.block.curve, tender.lot_mw, sure):
        text = f"{sure:.1f} kW is deliverable at the stated reliability of {stated:.1%}, less than a lot"
        yield Finding(rule="offer.reliability", path="block", message=text, value=f"{sure:.3f} kW")
