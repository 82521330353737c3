"""From a tender and its eligible bids to the optimizer's arrays.

Evaluated cost of a MW (rule T4): availability price x hours of the window + weight x activation price x expected hours
of activation + service fee. The need stands in every quarter-hour of every occurrence of a window.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from market.clearing.tender_calendar import count_occurrences
from market.domain.bid import Bid, BidStep
from market.domain.tender import Tender, TenderWindow
from market.rules.tender_rules import bid_limit_mw
from optimizer.problems.tender import Budgets, Caps, FloatArray, IntArray, RiskLimits, TenderProblem, UsageLimits
from optimizer.units import QUARTER_HOUR_H


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderBook:
    """A problem and what its positions mean.

    Attributes:
        problem: the arrays.
        bids: bid per position, earliest submission first.
        offers: (bid, window) per offer.
        lines: (offer, step of the bid) per line.
        hours: hours per window over the season.
    """

    problem: TenderProblem
    bids: tuple[Bid, ...]
    offers: tuple[tuple[Bid, TenderWindow], ...]
    lines: tuple[tuple[int, BidStep], ...]
    hours: Mapping[str, Decimal]


def write_book(tender: Tender, bids: Sequence[Bid], qualified_mw: Mapping[str, Decimal]) -> TenderBook:
    """Turn eligible bids into a problem; the order of the input does not matter."""
    ordered = tuple(sorted(bids, key=lambda bid: (bid.submitted_at, bid.id)))
    occurrences = {window.id: count_occurrences(tender, window) for window in tender.windows}
    hours = {w: Decimal(sum(n * times for n, times in counts.items())) / 4 for w, counts in occurrences.items()}
    offers = tuple(
        (bid, window)
        for bid in ordered
        for window in tender.windows
        if window.id in bid.windows and bid_limit_mw(tender, bid, window, qualified_mw) >= _least_mw(tender, bid)
    )
    lines = tuple((o, step) for o, (bid, _) in enumerate(offers) for step in bid.steps)
    positions = {bid.id: k for k, bid in enumerate(ordered)}
    windows = {window.id: k for k, window in enumerate(tender.windows)}
    priced = [_line_prices(tender, step, offers[o][1], hours) for o, step in lines]
    groups = {name: k for k, name in enumerate(sorted({b.exclusive_group for b in ordered if b.exclusive_group}))}
    providers = {name: k for k, name in enumerate(sorted({b.csp for b in ordered}))}
    fees = _real([b.service_fee_eur_per_mw * tender.lot_mw for b in ordered])
    payments = _real([payment * tender.lot_mw for _, payment in priced])
    events = _events(tender, offers, occurrences)
    shared = _shared_connections(ordered)
    problem = TenderProblem(
        bid_ids=tuple(bid.id for bid in ordered),
        window_ids=tuple(window.id for window in tender.windows),
        lot_mw=float(tender.lot_mw),
        bid_group=_whole([groups[b.exclusive_group] if b.exclusive_group else -1 for b in ordered]),
        bid_link=_whole([-1 for _ in ordered]),
        bid_provider=_whole([providers[b.csp] for b in ordered]),
        bid_same_lots=np.zeros(len(ordered), dtype=np.bool_),
        bid_fee_eur_per_lot=fees,
        bid_run_h=_real([_hours(b.max_run_h) for b in ordered]),
        bid_rest_h=_real([_hours(b.min_rest_h) for b in ordered]),
        bid_delivery=np.ones(len(ordered)),
        offer_bid=_whole([positions[bid.id] for bid, _ in offers]),
        offer_window=_whole([windows[window.id] for _, window in offers]),
        offer_limit_lots=_whole([bid_limit_mw(tender, b, w, qualified_mw) / tender.lot_mw for b, w in offers]),
        offer_minimum_lots=_whole([bid.minimum_mw / tender.lot_mw for bid, _ in offers]),
        offer_available=np.ones((len(offers), 1), dtype=np.bool_),
        line_offer=_whole([o for o, _ in lines]),
        line_lots=_whole([step.quantity_mw / tender.lot_mw for _, step in lines]),
        line_evaluated_eur_per_lot=_real([evaluated * tender.lot_mw for evaluated, _ in priced]),
        line_payment_eur_per_lot=payments,
        line_call_eur_per_mwh=np.zeros(len(lines)),
        window_max_lots=_whole([window.max_mw // tender.lot_mw for window in tender.windows]),
        scenario_probability=np.ones(1),
        event_window=_whole([windows[window.id] for window, _, _, _ in events]),
        event_scenario=np.zeros(len(events), dtype=np.int64),
        event_segment=np.zeros(len(events), dtype=np.int64),
        event_occurrences=_real([count for _, _, _, count in events]),
        event_step_h=_real([step_h for _, _, step_h, _ in events]),
        event_first_step=np.concatenate([[0], np.cumsum([steps for _, steps, _, _ in events], dtype=np.int64)]),
        need_mw=_real([window.min_mw for window, steps, _, _ in events for _ in range(steps)]),
        shortfall_eur_per_mwh=float(tender.shortfall_price_eur_per_mwh),
        budgets=_budgets(tender, payments, fees),
        caps=Caps(ids=(), most_lots=_whole([]), pair_cap=_whole([]), pair_bid=_whole([])),
        usage=UsageLimits(
            bid=_whole([]),
            of_activations=np.zeros(0, dtype=np.bool_),
            most=_real([]),
            pair_limit=_whole([]),
            pair_event=_whole([]),
        ),
        risk=RiskLimits(
            window_expected_mwh=np.full(len(tender.windows), np.inf), window_chance=np.zeros(len(tender.windows))
        ),
        minimum_providers=0,
        provider_share=1.0,
        connection_lots=_whole([qualified_mw.get(ean, Decimal(0)) // tender.lot_mw for ean in shared]),
        backing_bid=_whole([positions[bid.id] for bid, _ in _backings(ordered, shared)]),
        backing_connection=_whole([k for _, k in _backings(ordered, shared)]),
    )
    return TenderBook(problem=problem, bids=ordered, offers=offers, lines=lines, hours=hours)


def evaluated_eur_per_mw(tender: Tender, step: BidStep, window: TenderWindow, hours: Decimal) -> Decimal:
    """Evaluated cost of a MW of a step in a window over the season, without fee."""
    activation = tender.activation_weight * step.activation_eur_per_mwh * window.expected_activation_h
    return step.availability_eur_per_mw_h * hours + activation


def _line_prices(
    tender: Tender, step: BidStep, window: TenderWindow, hours: Mapping[str, Decimal]
) -> tuple[Decimal, Decimal]:
    payment = step.availability_eur_per_mw_h * hours[window.id]
    payment += step.activation_eur_per_mwh * window.expected_activation_h
    return evaluated_eur_per_mw(tender, step, window, hours[window.id]), payment


def _least_mw(tender: Tender, bid: Bid) -> Decimal:
    return max(bid.minimum_mw, tender.lot_mw)


def _events(
    tender: Tender, offers: Sequence[tuple[Bid, TenderWindow]], occurrences: Mapping[str, Mapping[int, int]]
) -> list[tuple[TenderWindow, int, float, int]]:
    """Window, steps, length of a step [h] and count per kind of event.

    Where nobody's run time is shorter than the window, all its quarter-hours are alike and become one step.
    """
    events: list[tuple[TenderWindow, int, float, int]] = []
    for window in tender.windows:
        counts = occurrences[window.id]
        runs = [_hours(bid.max_run_h) for bid, offered in offers if offered.id == window.id]
        if any(run < max(counts, default=0) * QUARTER_HOUR_H for run in runs):
            events += [(window, length, QUARTER_HOUR_H, count) for length, count in counts.items()]
        elif counts:
            quarters = sum(length * count for length, count in counts.items())
            events.append((window, 1, QUARTER_HOUR_H, quarters))
    return events


def _shared_connections(bids: Sequence[Bid]) -> tuple[str, ...]:
    """Connections of every bid that shares one with another bid."""
    users = Counter(ean for bid in bids for ean in bid.eans)
    sharing = [bid for bid in bids if any(users[ean] > 1 for ean in bid.eans)]
    return tuple(sorted({ean for bid in sharing for ean in bid.eans}))


def _backings(bids: Sequence[Bid], shared: Sequence[str]) -> list[tuple[Bid, int]]:
    position = {ean: k for k, ean in enumerate(shared)}
    return [(bid, position[ean]) for bid in bids for ean in sorted(bid.eans) if ean in position]


def _budgets(tender: Tender, payments: FloatArray, fees: FloatArray) -> Budgets:
    if tender.budget_eur is None:
        return Budgets(
            ids=(),
            most_eur=np.zeros(0),
            line_eur_per_lot=np.zeros((0, len(payments))),
            bid_eur_per_lot=np.zeros((0, len(fees))),
        )
    return Budgets(
        ids=("total",),
        most_eur=_real([tender.budget_eur]),
        line_eur_per_lot=payments.reshape(1, -1),
        bid_eur_per_lot=fees.reshape(1, -1),
    )


def _hours(hours: Decimal | None) -> float:
    return float("inf") if hours is None else float(hours)


def _whole(values: Sequence[Decimal | int]) -> IntArray:
    return np.array([int(value) for value in values], dtype=np.int64)


def _real(values: Sequence[Decimal | int | float]) -> FloatArray:
    return np.array([float(value) for value in values], dtype=np.float64)
