"""The price at which a losing bid would have won, and what a winner is worth: exact, by solving again.

The price is found by Dinkelbach's method. With the availability price lowered by d, the optimum either leaves the bid
out, or takes some quantity x of it; then the largest discount that still pays for that x is

    d' = (cost of that award at the original price - cost of the optimum) / (availability hours of x),

and d' <= d. Repeating until the discounted optimum is no cheaper than the original one gives the smallest discount at
which the bid ties: at any lower price it is part of every optimum. The solves may use bounds from below, which prove
that no smaller discount ties; the award that ties is priced exactly. What a winner is worth is the cost of the optimum
without it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal

import numpy as np

from market.clearing.tender_problem import TenderBook, write_book
from market.domain.bid import Bid, BidStep
from market.domain.tender import Tender
from optimizer.problems.tender import IntArray
from optimizer.results.tender import contract_eur
from optimizer.runs.tender import Restriction, TenderEngine

PRICE_STEP = Decimal("0.0001")
SOLVER_HAIR = Decimal("0.000001")
MOST_STEPS = 20

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class BidWorth:
    """What solving again says about one bid.

    Attributes:
        bid_id: the bid.
        winning_eur_per_mw_h: for a loser, the availability price of its first step below which it would have won;
            None where no price of zero or more wins, and for winners.
        contribution_eur: for a winner, what the optimum would cost more without it; None for losers.
    """

    bid_id: str
    winning_eur_per_mw_h: Decimal | None
    contribution_eur: Decimal | None


def appraise_bids(
    tender: Tender,
    book: TenderBook,
    engine: TenderEngine,
    optimum: tuple[float, IntArray],
    qualified_mw: Mapping[str, Decimal],
    progress: Progress | None = None,
) -> tuple[BidWorth, ...]:
    """Find the winning price of every loser and the contribution of every winner.

    Args:
        tender: the tender.
        book: its problem and meaning.
        engine: the engine that cleared it.
        optimum: least cost and lots per line.
        qualified_mw: MW per connection.
        progress: called with bids done and bids in all.

    Returns:
        One entry per eligible bid, in order of bid id.
    """
    cost, lots = optimum
    worth = []
    for done, bid in enumerate(sorted(book.bids, key=lambda b: b.id)):
        mine = _lines_of(book, bid)
        if lots[mine].any():
            without = engine.least_cost(Restriction(excluded=tuple(mine)))
            more = None if without is None else Decimal(repr(without[0] - cost)).quantize(Decimal("0.01"))
            worth.append(BidWorth(bid_id=bid.id, winning_eur_per_mw_h=None, contribution_eur=more))
        else:
            price = winning_price(tender, book, engine, bid, cost, qualified_mw)
            worth.append(BidWorth(bid_id=bid.id, winning_eur_per_mw_h=price, contribution_eur=None))
        if progress is not None:
            progress(done + 1, len(book.bids))
    return tuple(worth)


def winning_price(
    tender: Tender,
    book: TenderBook,
    engine: TenderEngine,
    bid: Bid,
    optimum_eur: float,
    qualified_mw: Mapping[str, Decimal],
) -> Decimal | None:
    """Availability price of the first step below which a losing bid wins, rounded down; None where no price does."""
    mine = _lines_of(book, bid)
    if not mine:
        return None
    lowest = min(step.availability_eur_per_mw_h for step in bid.steps)
    hair = 1e-6 * max(1.0, abs(optimum_eur))
    discount = lowest
    taken: IntArray | None = None
    for _ in range(MOST_STEPS):
        cheaper = _discounted(tender, book, bid, discount, qualified_mw)
        found = engine.reprice(cheaper.problem).least_cost(Restriction(), exact=False)
        hours = 0.0 if found is None else _mw_hours(book, found[1], mine)
        if found is not None and hours and found[0] < optimum_eur - hair:
            taken = found[1]
            discount = min(discount, _break_even(found[0] + float(discount) * hours - optimum_eur, hours))
            continue
        if taken is None:
            return None
        cost = contract_eur(book.problem, taken) + engine.recourse_eur(taken)
        proven = _break_even(cost - optimum_eur, _mw_hours(book, taken, mine))
        if proven <= discount + PRICE_STEP / 2:
            discount = min(proven, lowest)
            break
        # What was learnt about calls was too little for this award; now it is not.
        discount, taken = min(proven, lowest), taken if proven <= lowest else None
    price = bid.steps[0].availability_eur_per_mw_h - discount
    return (price + SOLVER_HAIR).quantize(PRICE_STEP, rounding=ROUND_FLOOR)


def _break_even(more_eur: float, mw_hours: float) -> Decimal:
    return max(Decimal(0), Decimal(repr(more_eur / mw_hours)))


def _discounted(
    tender: Tender, book: TenderBook, bid: Bid, discount: Decimal, qualified_mw: Mapping[str, Decimal]
) -> TenderBook:
    """The same tender with one bid's availability prices lowered."""
    cheaper = replace(bid, steps=tuple(_lower(step, discount) for step in bid.steps))
    return write_book(tender, [cheaper if b.id == bid.id else b for b in book.bids], qualified_mw)


def _lower(step: BidStep, discount: Decimal) -> BidStep:
    return replace(step, availability_eur_per_mw_h=step.availability_eur_per_mw_h - discount)


def _lines_of(book: TenderBook, bid: Bid) -> list[int]:
    return [k for k, (offer, _) in enumerate(book.lines) if book.offers[offer].bid.id == bid.id]


def _mw_hours(book: TenderBook, lots: IntArray, lines: Sequence[int]) -> float:
    """MW times availability hours of some lines."""
    hours = np.array([float(book.offers[book.lines[k][0]].hours) for k in lines])
    return float(lots[list(lines)] @ hours) * book.problem.lot_mw
