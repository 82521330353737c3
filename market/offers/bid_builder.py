"""From supply curves to redispatch orders that can be delivered, with everything they assume stated.

Each curve is one block: a start and a length. Several curves become alternatives of which one is accepted. Volumes are
whole lots within what is deliverable at the stated reliability; a bid beyond that is refused, not trimmed in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum

import numpy as np

from market.domain.money import LOT_MW
from market.domain.order import Order, PriceStep, Side
from market.errors import RefusedInputError
from market.offers.assumptions import Assumptions, Reliability
from market.offers.ledger import Claim, Venue
from market.offers.lot_prices import LotStep, price_lots, read_lot_costs
from market.offers.portfolio import Portfolio, check_portfolio
from market.offers.two_part import INCIDENTAL_HOURS, TwoPartPrice
from optimizer.findings import Finding
from optimizer.offers.offer_window import Change
from optimizer.problems.series import FloatArray
from optimizer.results.offers import SupplyCurve
from optimizer.timegrid import TimeGrid
from optimizer.units import KW_PER_MW


class Payback(StrEnum):
    """What happens with the energy that is taken later: settled with the supplier, or traded as a linked order."""

    OWN = "own"
    LINKED = "linked"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Block:
    """One alternative: a supply curve and how sure its volumes are.

    Attributes:
        curve: cost of every volume; the steps of the offer are one block without gaps.
        reliability: deliverable volume on scenario days; None to state the reliability of the one day computed.
    """

    curve: SupplyCurve
    reliability: Reliability | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderRequest:
    """What to make orders of.

    Attributes:
        offer_id: id of the offer; orders are named after it.
        portfolio: who delivers.
        grid: quarter-hours of the curves.
        change: direction of the curves.
        blocks: alternatives, one accepted at most.
        assumptions: stated to the buyer.
        submitted_at: aware time of submission.
        quantity_mw: volume to offer; None for the largest that is reliable.
        added: margin and yearly costs on top of what the assets cost.
        hours_per_year: hours over which yearly costs are spread.
        payback: what happens with energy taken later.
        payback_price_eur_per_mwh: limit price of the linked order.
        lot_mw: size of a lot.
        minimum_mw: smallest order.
    """

    offer_id: str
    portfolio: Portfolio
    grid: TimeGrid
    change: Change
    blocks: tuple[Block, ...]
    assumptions: Assumptions
    submitted_at: datetime
    quantity_mw: Decimal | None = None
    added: TwoPartPrice = field(default_factory=TwoPartPrice)
    hours_per_year: Decimal = INCIDENTAL_HOURS
    payback: Payback = Payback.OWN
    payback_price_eur_per_mwh: Decimal = Decimal(0)
    lot_mw: Decimal = LOT_MW
    minimum_mw: Decimal = LOT_MW


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrderOffer:
    """Orders with what they rest on.

    Attributes:
        id: id of the offer.
        orders: the orders, alternatives first and each followed by its payback.
        assumptions: stated to the buyer.
        members: connections that take part.
        deliverable_share: share of scenario days on which the volume of each alternative is deliverable, by order id;
            absent where no scenarios were given.
        rebound_kw: power taken later per alternative at its full volume, against the baseline, by order id, each of
            shape (steps,).
    """

    id: str
    orders: tuple[Order, ...]
    assumptions: Assumptions
    members: tuple[str, ...]
    deliverable_share: dict[str, Decimal]
    rebound_kw: dict[str, FloatArray]


def build_orders(request: OrderRequest) -> OrderOffer:
    """Build the orders of an offer.

    Raises:
        RefusedInputError: with every reason why it cannot be offered: too small, gaps in a block, or beyond the volume
            that is deliverable at the stated reliability.
    """
    faults = [*check_portfolio(request.portfolio, minimum_kw=request.minimum_mw * Decimal(KW_PER_MW))]
    faults += [fault for k, block in enumerate(request.blocks) for fault in _block_faults(request, block, k)]
    if not request.blocks:
        faults.append(Finding(rule="offer.blocks", path="blocks", message="an offer has at least one block"))
    if faults:
        raise RefusedInputError(faults)
    orders: list[Order] = []
    shares: dict[str, Decimal] = {}
    rebounds: dict[str, FloatArray] = {}
    for block in request.blocks:
        order = _build_order(request, block)
        payback = _payback_kw(request, block, float(order.quantity_mw) * KW_PER_MW)
        if request.payback is Payback.LINKED:
            orders += _link_payback(request, order, payback)
        else:
            orders.append(order)
        rebounds[order.id] = payback
        if block.reliability is not None:
            shares[order.id] = block.reliability.share_at(float(order.quantity_mw) * KW_PER_MW)
    return OrderOffer(
        id=request.offer_id,
        orders=tuple(orders),
        assumptions=request.assumptions,
        members=tuple(member.ean for member in request.portfolio.members),
        deliverable_share=shares,
        rebound_kw=rebounds,
    )


def claim_assets(offer: OrderOffer, portfolio: Portfolio, change: Change) -> tuple[Claim, ...]:
    """Write what the orders claim of every asset, in proportion to the capability its connection was registered with.

    Alternatives become claims of one group; the linked payback claims nothing, because it only takes energy back.
    """
    total = float(portfolio.capability_kw)
    claims = []
    for order in offer.orders:
        if order.parent_order is not None:
            continue
        grid = TimeGrid(start=order.start, steps=order.quarter_hours)
        volume = float(order.quantity_mw) * KW_PER_MW
        share = {
            f"{member.ean}/{asset}": volume * float(member.capability_kw) / total / len(member.asset_ids)
            for member in portfolio.members
            for asset in member.asset_ids
        }
        claims.append(
            Claim(
                offer_id=order.id,
                venue=Venue.REDISPATCH,
                change=change,
                kw={(asset, start): kw for asset, kw in share.items() for start in grid.starts()},
                alternative_of=order.exclusive_group,
            )
        )
    return tuple(claims)


def reliable_kw(block: Block, reliability: Decimal) -> float:
    """Largest volume of a block at a reliability: of the day computed and of the scenario days."""
    most = block.curve.max_kw
    return most if block.reliability is None else min(most, block.reliability.volume_at(reliability))


def _block_faults(request: OrderRequest, block: Block, place: int) -> Iterator[Finding]:
    path, steps = f"blocks[{place}]", np.flatnonzero(block.curve.steps)
    if len(block.curve.steps) != request.grid.steps:
        text = f"block {place} has a curve of {len(block.curve.steps)} quarter-hours on a grid of {request.grid.steps}"
        yield Finding(rule="offer.block.grid", path=path, message=text)
        return
    if len(steps) != steps[-1] - steps[0] + 1:
        yield Finding(rule="offer.block.gap", path=path, message=f"block {place} has quarter-hours left out")
    stated = request.assumptions.reliability
    sure = reliable_kw(block, stated)
    lot_kw = float(request.lot_mw) * KW_PER_MW
    wanted = float(request.quantity_mw or request.minimum_mw) * KW_PER_MW
    if request.quantity_mw is not None and request.quantity_mw % request.lot_mw:
        text = f"{request.quantity_mw} MW is not whole lots of {request.lot_mw} MW"
        yield Finding(rule="offer.lots", path="quantity_mw", message=text, value=str(request.quantity_mw))
    if sure + 1e-6 < wanted:
        days = block.reliability
        allowed = "" if days is None else f"; {days.share_at(wanted):.1%} of days allow it"
        text = (
            f"block {place} of {len(steps)} quarter-hours can deliver {sure:.1f} kW at the stated reliability of"
            f" {stated:.1%}, less than the {wanted:.1f} kW to be offered{allowed}"
        )
        yield Finding(
            rule="offer.reliability", path=path, message=text, value=f"{sure:.3f} kW", limit=f"{wanted:.3f} kW"
        )
        return
    costs = read_lot_costs(block.curve, request.lot_mw, sure)
    if request.quantity_mw is not None and round(wanted / lot_kw) not in costs:
        text = f"no plan of block {place} delivers {wanted:.1f} kW; whole assets deliver other volumes"
        yield Finding(rule="offer.hole", path=path, message=text, value=f"{wanted:.3f} kW")
    elif not costs:
        text = f"no plan of block {place} delivers a whole number of lots of {lot_kw:.0f} kW"
        yield Finding(rule="offer.hole", path=path, message=text)


def _build_order(request: OrderRequest, block: Block) -> Order:
    curve = block.curve
    most = reliable_kw(block, request.assumptions.reliability)
    if request.quantity_mw is not None:
        most = float(request.quantity_mw) * KW_PER_MW
    costs = read_lot_costs(curve, request.lot_mw, most)
    if request.payback is Payback.LINKED:
        costs = {max(costs): costs[max(costs)]}
    steps = price_lots(
        costs,
        lot_mw=request.lot_mw,
        hours=Decimal(repr(curve.hours)),
        added=request.added,
        hours_per_year=request.hours_per_year,
    )
    lots = sum(step.lots for step in steps)
    first, count = int(np.argmax(curve.steps)), int(curve.steps.sum())
    alternatives = len(request.blocks) > 1
    sign = Decimal(1) if request.change is Change.LESS else Decimal(-1)
    return Order(
        id=f"{request.offer_id}-{first}-{count}" if alternatives else request.offer_id,
        side=Side.SELL if request.change is Change.LESS else Side.BUY,
        ean=request.portfolio.ean,
        csp=request.portfolio.csp,
        quantity_mw=lots * request.lot_mw,
        minimum_acceptance_mw=steps[0].lots * request.lot_mw if steps[0].lots > 1 else Decimal(0),
        limit_price_eur_per_mwh=sign * steps[0].eur_per_mwh,
        start=request.grid.at(first),
        quarter_hours=count,
        price_steps=_price_steps(steps, request.lot_mw, sign) if len(steps) > 1 else (),
        exclusive_group=request.offer_id if alternatives else None,
        submitted_at=request.submitted_at,
    )


def _price_steps(steps: Sequence[LotStep], lot_mw: Decimal, sign: Decimal) -> tuple[PriceStep, ...]:
    return tuple(PriceStep(quantity_mw=step.lots * lot_mw, price_eur_per_mwh=sign * step.eur_per_mwh) for step in steps)


def _payback_kw(request: OrderRequest, block: Block, volume_kw: float) -> FloatArray:
    """What is taken back after the offer against the baseline, positive; shape (steps,)."""
    curve = block.curve
    after = len(curve.steps) - int(np.argmax(curve.steps[::-1]))
    change = request.change.sign * (curve.power_at(volume_kw) - curve.baseline_kw)
    return np.where(np.arange(len(change)) >= after, np.maximum(change, 0.0), 0.0)


def _link_payback(request: OrderRequest, order: Order, payback_kw: FloatArray) -> list[Order]:
    """The order, all-or-none, and a second one for the whole lots of its payback, accepted only with the first."""
    whole = replace(order, minimum_acceptance_mw=order.quantity_mw)
    lot_kw = float(request.lot_mw) * KW_PER_MW
    lots = np.floor((payback_kw + 1e-6) / lot_kw).astype(int)
    used = np.flatnonzero(lots)
    if not len(used):
        return [whole]
    profile = tuple(int(k) * request.lot_mw for k in lots[used[0] : used[-1] + 1])
    linked = Order(
        id=f"{order.id}-payback",
        side=Side.BUY if order.side is Side.SELL else Side.SELL,
        ean=order.ean,
        csp=order.csp,
        quantity_mw=max(profile),
        minimum_acceptance_mw=max(profile),
        limit_price_eur_per_mwh=request.payback_price_eur_per_mwh,
        start=request.grid.at(int(used[0])),
        quarter_hours=len(profile),
        profile_mw=profile if len(set(profile)) > 1 else None,
        parent_order=order.id,
        submitted_at=request.submitted_at,
    )
    return [whole, linked]


def floor_to_lots(volume_kw: float, lot_mw: Decimal = LOT_MW) -> Decimal:
    """Largest number of whole lots within a volume, in MW."""
    volume_mw = Decimal(repr(max(0.0, volume_kw + 1e-6))) / Decimal(KW_PER_MW)
    return (volume_mw / lot_mw).to_integral_value(rounding=ROUND_FLOOR) * lot_mw
