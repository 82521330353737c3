"""Why a bid was accepted, accepted in part or rejected: the code that is true of the optimum, and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from market.clearing.tender_problem import TenderBook
from market.domain.bid import Bid
from market.domain.tender_award import BidDecision, BidReason
from optimizer.problems.tender import IntArray
from optimizer.results.tender import TenderResult, offer_lots

SENTENCES = {
    BidReason.CHEAPEST: "All that was offered is part of the cheapest cover of the need.",
    BidReason.NEED_COVERED: "Accepted as far as the need asked for; more would only have added cost.",
    BidReason.BUDGET: "More would have been accepted without the budget.",
    BidReason.ALTERNATIVE_CHOSEN: "Another bid of its exclusive group gave the cheaper cover.",
    BidReason.DEARER_THAN_SHORTFALL: "Covering the rest of the need with it costs more than the price of shortfall.",
    BidReason.OUTBID: "The need is covered at lower evaluated cost without it.",
    BidReason.NOT_QUALIFIED: "Accepted up to the MW its connections are qualified for.",
    BidReason.MINIMUM_ABOVE_NEED: "Accepted up to the MW required in its windows.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Decision on a bid with its reason."""

    decision: BidDecision
    reason: BidReason
    sentence: str


def explain_bids(book: TenderBook, result: TenderResult, without_budget: IntArray | None) -> dict[str, Explanation]:
    """Explain the decision on every eligible bid.

    Args:
        book: problem and its meaning.
        result: the award.
        without_budget: the award if money were no limit, where the budget may have mattered; else None.
    """
    lots = _bid_lots(book, result.lots)
    richer = lots if without_budget is None else _bid_lots(book, without_budget)
    winners = {b.exclusive_group for b, n in zip(book.bids, lots, strict=True) if n > 0 and b.exclusive_group}
    short = _short_windows(book, result)
    return {
        bid.id: _explain(book, bid, k, lots=lots, richer=richer, winners=winners, short=short)
        for k, bid in enumerate(book.bids)
    }


def _explain(
    book: TenderBook,
    bid: Bid,
    position: int,
    *,
    lots: IntArray,
    richer: IntArray,
    winners: set[str],
    short: Sequence[str],
) -> Explanation:
    problem = book.problem
    mine = problem.offer_bid == position
    limit = int(problem.offer_limit_lots[mine].sum())
    offered = int(bid.quantity_mw / Decimal(str(problem.lot_mw))) * int(mine.sum())
    if lots[position] >= offered:
        return _say(BidDecision.ACCEPTED, BidReason.CHEAPEST)
    if richer[position] > lots[position]:
        partly = lots[position] > 0
        return _say(BidDecision.ACCEPTED_IN_PART if partly else BidDecision.REJECTED, BidReason.BUDGET)
    if lots[position] > 0:
        reason = BidReason.NEED_COVERED
        if lots[position] == limit:
            capped = problem.offer_limit_lots[mine] < problem.window_max_lots[problem.offer_window[mine]]
            reason = BidReason.NOT_QUALIFIED if capped.any() else BidReason.MINIMUM_ABOVE_NEED
        return _say(BidDecision.ACCEPTED_IN_PART, reason)
    if bid.exclusive_group in winners:
        return _say(BidDecision.REJECTED, BidReason.ALTERNATIVE_CHOSEN)
    if any(window in short for window in bid.windows):
        return _say(BidDecision.REJECTED, BidReason.DEARER_THAN_SHORTFALL)
    return _say(BidDecision.REJECTED, BidReason.OUTBID)


def _say(decision: BidDecision, reason: BidReason) -> Explanation:
    sentence = SENTENCES[reason]
    if decision is BidDecision.REJECTED and reason is BidReason.BUDGET:
        sentence = "It would have been accepted without the budget."
    return Explanation(decision=decision, reason=reason, sentence=sentence)


def _bid_lots(book: TenderBook, lots: IntArray) -> IntArray:
    """Lots of every bid over all its windows."""
    per_offer = offer_lots(book.problem, lots)
    return np.bincount(book.problem.offer_bid, weights=per_offer, minlength=book.problem.bids).astype(np.int64)


def _short_windows(book: TenderBook, result: TenderResult) -> tuple[str, ...]:
    problem = book.problem
    windows = problem.event_window[problem.step_event[result.shortfall_mw > 0]]
    return tuple(problem.window_ids[w] for w in np.unique(windows))
