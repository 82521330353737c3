"""From contracted lots to awards: MW, prices, payments and cover in exact decimals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

import numpy as np

from market.clearing.tender_explain import Explanation
from market.clearing.tender_pricing import AcceptedSteps, price_awards
from market.clearing.tender_problem import TenderBook, call_eur_per_mwh, evaluated_eur_per_mw
from market.domain.bid import Bid
from market.domain.money import to_cents
from market.domain.tender import PricingRule, Tender
from market.domain.tender_award import TenderAward, WindowAward, WindowCover
from optimizer.results.tender import TenderResult, called_mwh

STEP = Decimal("0.000001")


def award_bids(
    rule: PricingRule,
    tender: Tender,
    bids: Sequence[Bid],
    book: TenderBook,
    result: TenderResult,
    explained: Mapping[str, Explanation],
) -> tuple[TenderAward, ...]:
    """Write the award of every bid, in order of bid id."""
    accepted = _accepted_steps(tender, book, result)
    priced = price_awards(rule, tender, accepted)
    windows: dict[str, list[tuple[AcceptedSteps, WindowAward]]] = {}
    for entry, award in zip(accepted, priced, strict=True):
        windows.setdefault(entry.bid.id, []).append((entry, award))
    return tuple(
        _award(tender, book, bid, explained[bid.id], windows.get(bid.id, ()))
        for bid in sorted(bids, key=lambda b: b.id)
    )


def cover_windows(tender: Tender, book: TenderBook, result: TenderResult) -> tuple[WindowCover, ...]:
    """Write how far the need of every window is covered."""
    problem = book.problem
    lacking = result.shortfall_mw * problem.step_expected_h
    window_of_line = problem.offer_window[problem.line_offer]
    window_of_step = problem.event_window[problem.step_event]
    covers = []
    for k, window in enumerate(tender.windows):
        steps = [problem.steps_of(int(event)) for event in np.flatnonzero(problem.event_window == k)]
        worst = max(steps, key=lambda s: (float(result.shortfall_mw[s].sum()), s.stop - s.start), default=slice(0))
        covers.append(
            WindowCover(
                window_id=window.id,
                hours=book.hours[window.id],
                min_mw=window.min_mw,
                max_mw=window.max_mw,
                accepted_mw=int(result.lots[window_of_line == k].sum()) * tender.lot_mw,
                shortfall_mw=tuple(exact(float(mw)) for mw in result.shortfall_mw[worst]),
                shortfall_mwh=exact(float(lacking[window_of_step == k].sum())),
            )
        )
    return tuple(covers)


def exact(value: float) -> Decimal:
    """Turn a solver's figure into a decimal of six places."""
    return Decimal(repr(float(value))).quantize(STEP)


def _award(
    tender: Tender,
    book: TenderBook,
    bid: Bid,
    explanation: Explanation,
    windows: Sequence[tuple[AcceptedSteps, WindowAward]],
) -> TenderAward:
    accepted_mw = max((award.accepted_mw for _, award in windows), default=Decimal(0))
    fee = bid.service_fee_eur_per_mw * accepted_mw
    paid = sum((a.availability_eur + a.expected_activation_eur for _, a in windows), to_cents(fee))
    expected_mwh = sum((mwh for entry, _ in windows for mwh in entry.called_mwh), Decimal(0))
    return TenderAward(
        bid_id=bid.id,
        csp=bid.csp,
        company=bid.company,
        decision=explanation.decision,
        reason=explanation.reason,
        sentence=explanation.sentence,
        offered_mw=bid.quantity_mw,
        accepted_mw=accepted_mw,
        windows=tuple(award for _, award in windows),
        service_fee_eur=to_cents(fee),
        payment_eur=paid,
        evaluated_eur=fee + sum((_evaluated(tender, book, entry) for entry, _ in windows), Decimal(0)),
        expected_mwh=expected_mwh,
        emission_kg=expected_mwh * bid.emission_kg_per_mwh,
        refer_to_regulator=_is_unreasonable(tender, bid, accepted_mw, paid, expected_mwh),
    )


def _evaluated(tender: Tender, book: TenderBook, entry: AcceptedSteps) -> Decimal:
    offer = next(o for o in book.offers if o.bid is entry.bid and o.window is entry.window)
    total = Decimal(0)
    for (step, mw), mwh in zip(entry.steps, entry.called_mwh, strict=True):
        total += evaluated_eur_per_mw(tender, step, offer) * mw + call_eur_per_mwh(tender, step, entry.bid) * mwh
    return total


def _is_unreasonable(tender: Tender, bid: Bid, mw: Decimal, paid_eur: Decimal, expected_mwh: Decimal) -> bool:
    """Whether payment and subsidy per expected MWh exceed the threshold; a payment for no use at all always does."""
    if tender.reasonable_eur_per_mwh is None or not mw:
        return False
    cost = paid_eur + bid.subsidy_eur * mw / bid.quantity_mw
    return cost > tender.reasonable_eur_per_mwh * expected_mwh


def _accepted_steps(tender: Tender, book: TenderBook, result: TenderResult) -> tuple[AcceptedSteps, ...]:
    taken: dict[int, list[tuple[int, Decimal]]] = {}
    for line, lots in enumerate(result.lots):
        if lots > 0:
            taken.setdefault(book.lines[line][0], []).append((line, int(lots) * tender.lot_mw))
    called = called_mwh(book.problem, result.calls)
    entries = []
    for number, lines in sorted(taken.items()):
        offer = book.offers[number]
        mwh = tuple(exact(called[k]) if tender.scenarios else mw * offer.activation_h for k, mw in lines)
        steps = tuple((book.lines[k][1], mw) for k, mw in lines)
        entries.append(
            AcceptedSteps(bid=offer.bid, window=offer.window, steps=steps, hours=offer.hours, called_mwh=mwh)
        )
    return tuple(entries)
