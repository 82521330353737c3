"""From a tender and its eligible bids to the optimizer's arrays.

Evaluated cost of a MW (rule T4): availability price x hours of the window + weight x activation price x expected hours
of activation + service fee, and the emission weight times the expected emission. With scenarios, calls are not
expected hours but what the second stage decides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from market.clearing.tender_events import (
    PlannedEvent,
    Segment,
    cut_season,
    is_available,
    limit_usage,
    needs_same_lots,
    plan_events,
)
from market.domain.bid import Bid, BidStep
from market.domain.tender import Tender, TenderWindow
from market.rules.tender_rules import bid_limit_mw
from optimizer.problems.tender import Budgets, Caps, FloatArray, IntArray, RiskLimits, TenderProblem

KG_PER_TONNE = Decimal(1000)
MARKET_ACCESS = "market access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One bid in one window.

    Attributes:
        bid: the bid.
        window: the window.
        hours: hours of the window over the season in which the bid is available.
        hours_by_year: the same per calendar year.
        activation_h: expected hours of activation while it is available.
        activation_h_by_year: the same per calendar year.
    """

    bid: Bid
    window: TenderWindow
    hours: Decimal
    hours_by_year: Mapping[int, Decimal]
    activation_h: Decimal
    activation_h_by_year: Mapping[int, Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderBook:
    """A problem and what its positions mean.

    Attributes:
        problem: the arrays.
        bids: bid per position, earliest submission first.
        offers: offer per position.
        lines: (offer, step of the bid) per line.
        events: event per position.
        hours: hours per window over the season.
    """

    problem: TenderProblem
    bids: tuple[Bid, ...]
    offers: tuple[Offer, ...]
    lines: tuple[tuple[int, BidStep], ...]
    events: tuple[PlannedEvent, ...]
    hours: Mapping[str, Decimal]


def write_book(tender: Tender, bids: Sequence[Bid], qualified_mw: Mapping[str, Decimal]) -> TenderBook:
    """Turn eligible bids into a problem; the order of the input does not matter."""
    ordered = tuple(sorted(bids, key=lambda bid: (bid.submitted_at, bid.id)))
    segments = cut_season(tender, ordered)
    hours = {w.id: sum((s.hours[w.id] for s in segments), Decimal(0)) for w in tender.windows}
    offers = tuple(
        _offer(bid, window, segments, hours[window.id])
        for bid in ordered
        for window in tender.windows
        if window.id in bid.windows and bid_limit_mw(tender, bid, window, qualified_mw) >= _least_mw(tender, bid)
    )
    lines = tuple((o, step) for o, offer in enumerate(offers) for step in offer.bid.steps)
    pairs = [(offer.bid, offer.window) for offer in offers]
    events = plan_events(tender, segments, pairs)
    windows = {window.id: k for k, window in enumerate(tender.windows)}
    positions = {bid.id: k for k, bid in enumerate(ordered)}
    providers = {name: k for k, name in enumerate(sorted({b.csp for b in ordered}))}
    fees = _real([b.service_fee_eur_per_mw * tender.lot_mw for b in ordered])
    payments = _real([_payment(step, offers[o]) * tender.lot_mw for o, step in lines])
    shared = _shared_connections(ordered)
    backings = _backings(ordered, shared)
    problem = TenderProblem(
        bid_ids=tuple(bid.id for bid in ordered),
        window_ids=tuple(window.id for window in tender.windows),
        lot_mw=float(tender.lot_mw),
        bid_group=_groups([b.exclusive_group for b in ordered]),
        bid_link=_groups([b.linked_group for b in ordered]),
        bid_provider=_whole([providers[b.csp] for b in ordered]),
        bid_same_lots=np.array([needs_same_lots(b) for b in ordered], dtype=np.bool_),
        bid_fee_eur_per_lot=fees,
        bid_run_h=_real([_hours(b.max_run_h) for b in ordered]),
        bid_rest_h=_real([_hours(b.min_rest_h) for b in ordered]),
        bid_delivery=_real([b.delivery for b in ordered]),
        offer_bid=_whole([positions[offer.bid.id] for offer in offers]),
        offer_window=_whole([windows[offer.window.id] for offer in offers]),
        offer_limit_lots=_whole([bid_limit_mw(tender, b, w, qualified_mw) // tender.lot_mw for b, w in pairs]),
        offer_minimum_lots=_whole([b.minimum_mw // tender.lot_mw for b, _ in pairs]),
        offer_available=np.array([[is_available(b, s) for s in segments] for b, _ in pairs], dtype=np.bool_).reshape(
            len(offers), len(segments)
        ),
        line_offer=_whole([o for o, _ in lines]),
        line_lots=_whole([step.quantity_mw // tender.lot_mw for _, step in lines]),
        line_evaluated_eur_per_lot=_real(
            [evaluated_eur_per_mw(tender, s, offers[o]) * tender.lot_mw for o, s in lines]
        ),
        line_payment_eur_per_lot=payments,
        line_call_eur_per_mwh=_real([call_eur_per_mwh(tender, s, offers[o].bid) for o, s in lines]),
        line_paid_eur_per_mwh=_real([s.activation_eur_per_mwh if tender.scenarios else 0 for _, s in lines]),
        decides_calls=bool(tender.scenarios),
        window_max_lots=_whole([window.max_mw // tender.lot_mw for window in tender.windows]),
        scenario_probability=_probabilities(tender),
        event_window=_whole([event.window for event in events]),
        event_scenario=_whole([event.scenario for event in events]),
        event_segment=_whole([event.segment for event in events]),
        event_occurrences=_real([event.occurrences for event in events]),
        event_step_h=_real([event.step_h for event in events]),
        event_first_step=np.concatenate([[0], np.cumsum([len(event.need_mw) for event in events], dtype=np.int64)]),
        need_mw=_real([mw for event in events for mw in event.need_mw]),
        shortfall_eur_per_mwh=float(tender.shortfall_price_eur_per_mwh),
        budgets=_budgets(tender, offers, lines, payments, fees, ordered),
        caps=_caps(tender, ordered),
        usage=limit_usage(ordered, events, [window.id for window in tender.windows]),
        risk=_risk(tender),
        minimum_providers=tender.minimum_providers,
        provider_share=float(tender.provider_share),
        connection_lots=_whole([qualified_mw.get(ean, Decimal(0)) // tender.lot_mw for ean in shared]),
        backing_bid=_whole([positions[bid.id] for bid, _ in backings]),
        backing_connection=_whole([k for _, k in backings]),
    )
    return TenderBook(problem=problem, bids=ordered, offers=offers, lines=lines, events=events, hours=hours)


def evaluated_eur_per_mw(tender: Tender, step: BidStep, offer: Offer) -> Decimal:
    """Evaluated cost of contracting a MW of a step over the season, without fee; calls included without scenarios."""
    availability = step.availability_eur_per_mw_h * offer.hours
    if tender.scenarios:
        return availability
    return availability + _evaluated_call(tender, step, offer.bid) * offer.activation_h


def call_eur_per_mwh(tender: Tender, step: BidStep, bid: Bid) -> Decimal:
    """Evaluated cost of a called MWh where scenarios decide about calls, else 0."""
    return _evaluated_call(tender, step, bid) if tender.scenarios else Decimal(0)


def _evaluated_call(tender: Tender, step: BidStep, bid: Bid) -> Decimal:
    emission = tender.emission_weight_eur_per_tonne * bid.emission_kg_per_mwh / KG_PER_TONNE
    return tender.activation_weight * step.activation_eur_per_mwh + emission


def _offer(bid: Bid, window: TenderWindow, segments: Sequence[Segment], window_hours: Decimal) -> Offer:
    by_year: dict[int, Decimal] = {}
    for segment in segments:
        if is_available(bid, segment):
            year = segment.first.year
            by_year[year] = by_year.get(year, Decimal(0)) + segment.hours[window.id]
    hours = sum(by_year.values(), Decimal(0))
    use = {
        y: window.expected_activation_h * h / window_hours if window_hours else Decimal(0) for y, h in by_year.items()
    }
    whole = window.expected_activation_h if hours == window_hours else sum(use.values(), Decimal(0))
    return Offer(
        bid=bid, window=window, hours=hours, hours_by_year=by_year, activation_h=whole, activation_h_by_year=use
    )


def _payment(step: BidStep, offer: Offer) -> Decimal:
    return step.availability_eur_per_mw_h * offer.hours + step.activation_eur_per_mwh * offer.activation_h


def _least_mw(tender: Tender, bid: Bid) -> Decimal:
    return max(bid.minimum_mw, tender.lot_mw)


def _budgets(
    tender: Tender,
    offers: Sequence[Offer],
    lines: Sequence[tuple[int, BidStep]],
    payments: FloatArray,
    fees: FloatArray,
    bids: Sequence[Bid],
) -> Budgets:
    """Total and per year; a fee is paid in the first year of the season or of the bid."""
    ids, most, of_lines, of_bids = [], [], [], []
    if tender.budget_eur is not None:
        ids, most, of_lines, of_bids = ["total"], [tender.budget_eur], [payments], [fees]
    lot = tender.lot_mw
    for budget in tender.year_budgets:
        year = budget.year
        paid = [
            step.availability_eur_per_mw_h * offers[o].hours_by_year.get(year, Decimal(0))
            + step.activation_eur_per_mwh * offers[o].activation_h_by_year.get(year, Decimal(0))
            for o, step in lines
        ]
        starts = [max(tender.season_from, bid.available_from or tender.season_from).year for bid in bids]
        ids.append(str(year))
        most.append(budget.most_eur)
        of_lines.append(_real([eur * lot for eur in paid]))
        of_bids.append(np.where([start == year for start in starts], fees, 0.0) if bids else fees)
    return Budgets(
        ids=tuple(ids),
        most_eur=_real(most),
        line_eur_per_lot=np.array(of_lines).reshape(len(ids), len(lines)),
        bid_eur_per_lot=np.array(of_bids).reshape(len(ids), len(bids)),
    )


def _caps(tender: Tender, bids: Sequence[Bid]) -> Caps:
    """Caps per technology and the counter of feed-in with market access."""
    caps: list[tuple[str, Decimal, list[int]]] = [
        (cap.technology, cap.most_mw, [k for k, b in enumerate(bids) if b.technology == cap.technology])
        for cap in tender.technology_caps
    ]
    if tender.market_access_limit_mw is not None:
        left = max(Decimal(0), tender.market_access_limit_mw - tender.market_access_used_mw)
        caps.append((MARKET_ACCESS, left, [k for k, b in enumerate(bids) if b.feeds_in and b.keeps_market_access]))
    caps = [cap for cap in caps if cap[2]]
    return Caps(
        ids=tuple(name for name, _, _ in caps),
        most_lots=_whole([most // tender.lot_mw for _, most, _ in caps]),
        pair_cap=_whole([q for q, (_, _, members) in enumerate(caps) for _ in members]),
        pair_bid=_whole([k for _, _, members in caps for k in members]),
    )


def _risk(tender: Tender) -> RiskLimits:
    infinite = float("inf")
    return RiskLimits(
        window_expected_mwh=_real(
            [infinite if w.most_shortfall_mwh is None else w.most_shortfall_mwh for w in tender.windows]
        ),
        window_chance=_real([w.chance or Decimal(0) for w in tender.windows]),
        tail_share=float(tender.tail_share),
        tail_mwh=infinite if tender.tail_shortfall_mwh is None else float(tender.tail_shortfall_mwh),
    )


def _probabilities(tender: Tender) -> FloatArray:
    scenarios = sorted(tender.scenarios, key=lambda scenario: scenario.id)
    return _real([s.probability for s in scenarios]) if scenarios else np.ones(1)


def _shared_connections(bids: Sequence[Bid]) -> tuple[str, ...]:
    """Connections of every bid that shares one with another bid."""
    users = Counter(ean for bid in bids for ean in bid.eans)
    sharing = [bid for bid in bids if any(users[ean] > 1 for ean in bid.eans)]
    return tuple(sorted({ean for bid in sharing for ean in bid.eans}))


def _backings(bids: Sequence[Bid], shared: Sequence[str]) -> list[tuple[Bid, int]]:
    position = {ean: k for k, ean in enumerate(shared)}
    return [(bid, position[ean]) for bid in bids for ean in sorted(bid.eans) if ean in position]


def _groups(names: Sequence[str | None]) -> IntArray:
    numbers = {name: k for k, name in enumerate(sorted({name for name in names if name is not None}))}
    return _whole([-1 if name is None else numbers[name] for name in names])


def _hours(hours: Decimal | None) -> float:
    return float("inf") if hours is None else float(hours)


def _whole(values: Sequence[Decimal | int]) -> IntArray:
    return np.array([int(value) for value in values], dtype=np.int64)


def _real(values: Sequence[Decimal | int | float]) -> FloatArray:
    return np.array([float(value) for value in values], dtype=np.float64)
