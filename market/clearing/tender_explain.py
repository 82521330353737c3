"""Why a bid was accepted, accepted in part or rejected: the code that is true of the optimum, and a sentence.

A rule that binds several bids together (budget, cap, providers) is the reason where the bid would have had more lots
in the optimum of the same tender without that rule.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from market.clearing.tender_problem import MARKET_ACCESS, TenderBook
from market.domain.bid import Bid
from market.domain.tender_award import BidDecision, BidReason
from optimizer.problems.tender import IntArray
from optimizer.results.tender import TenderResult, offer_lots
from optimizer.runs.tender import Restriction, TenderEngine

SENTENCES = {
    BidReason.CHEAPEST: "All that was offered is part of the cheapest cover of the need.",
    BidReason.NEED_COVERED: "Accepted as far as the need asked for; more would only have added cost.",
    BidReason.BUDGET: "More of it would have been accepted without the budget.",
    BidReason.TECHNOLOGY_CAP: "More of it would have been accepted without the cap on its technology.",
    BidReason.MARKET_ACCESS: "The counter of contracted feed-in with market access is full.",
    BidReason.PROVIDER_RULES: "More of it would have been accepted without the rules on providers.",
    BidReason.ALTERNATIVE_CHOSEN: "Another bid of its exclusive group gave the cheaper cover.",
    BidReason.DEARER_THAN_SHORTFALL: "Covering the rest of the need with it costs more than the price of shortfall.",
    BidReason.OUTBID: "The need is covered at lower evaluated cost without it.",
    BidReason.NOT_QUALIFIED: "Accepted up to the MW its connections are qualified for.",
    BidReason.MINIMUM_ABOVE_NEED: "Accepted up to the MW required in its windows.",
    BidReason.RISK_LIMIT: "No choice of bids keeps the limits on shortfall, so nothing is awarded.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Decision on a bid with its reason."""

    decision: BidDecision
    reason: BidReason
    sentence: str


def explain_bids(
    book: TenderBook, result: TenderResult, without: Sequence[tuple[BidReason, IntArray]]
) -> dict[str, Explanation]:
    """Explain the decision on every eligible bid.

    Args:
        book: problem and its meaning.
        result: the award.
        without: lots per line of the optimum without a rule, and the reason this rule stands for.
    """
    lots = _bid_lots(book, result.lots)
    winners = {b.exclusive_group for b, n in zip(book.bids, lots, strict=True) if n > 0 and b.exclusive_group}
    richer = [(reason, _bid_lots(book, other)) for reason, other in without]
    short = _short_windows(book, result)
    explained = {}
    for k, bid in enumerate(book.bids):
        held_back = next((reason for reason, other in richer if other[k] > lots[k]), None)
        reason = _reason(book, bid, k, int(lots[k]), held_back, winners, short)
        explained[bid.id] = _say(reason, partly=bool(lots[k]))
    return explained


def explain_nothing(book: TenderBook) -> dict[str, Explanation]:
    """Explain why nobody is awarded: the limits on shortfall cannot be kept."""
    return {bid.id: _say(BidReason.RISK_LIMIT, partly=False) for bid in book.bids}


def bids_without_rules(engine: TenderEngine, book: TenderBook) -> tuple[tuple[BidReason, IntArray], ...]:
    """Solve the tender without each rule that binds bids together."""
    problem = book.problem
    rules: list[tuple[BidReason, str, int | None]] = []
    if problem.budgets.ids:
        rules.append((BidReason.BUDGET, "budget", None))
    for q, name in enumerate(problem.caps.ids):
        reason = BidReason.MARKET_ACCESS if name == MARKET_ACCESS else BidReason.TECHNOLOGY_CAP
        rules.append((reason, "cap", q))
    if problem.provider_share < 1:
        rules.append((BidReason.PROVIDER_RULES, "provider_share", None))
    if problem.minimum_providers > 1:
        rules.append((BidReason.PROVIDER_RULES, "provider_count", None))
    found = []
    for reason, family, index in rules if problem.lines else ():
        best = engine.least_cost(Restriction(without=(family, index)))
        if best is not None:
            found.append((reason, best[1]))
    return tuple(found)


def _reason(
    book: TenderBook,
    bid: Bid,
    position: int,
    lots: int,
    held_back: BidReason | None,
    winners: Mapping[str, object] | set[str],
    short: Sequence[str],
) -> BidReason:
    problem = book.problem
    mine = problem.offer_bid == position
    offered = int(bid.quantity_mw / Decimal(repr(problem.lot_mw))) * int(mine.sum())
    if lots >= offered > 0:
        return BidReason.CHEAPEST
    if held_back is not None:
        return held_back
    if lots > 0 and lots == int(problem.offer_limit_lots[mine].sum()):
        capped = problem.offer_limit_lots[mine] < problem.window_max_lots[problem.offer_window[mine]]
        return BidReason.NOT_QUALIFIED if capped.any() else BidReason.MINIMUM_ABOVE_NEED
    if lots > 0:
        return BidReason.NEED_COVERED
    if bid.exclusive_group in winners:
        return BidReason.ALTERNATIVE_CHOSEN
    return BidReason.DEARER_THAN_SHORTFALL if any(w in short for w in bid.windows) else BidReason.OUTBID


def _say(reason: BidReason, *, partly: bool) -> Explanation:
    decision = BidDecision.ACCEPTED_IN_PART if partly else BidDecision.REJECTED
    if reason is BidReason.CHEAPEST:
        decision = BidDecision.ACCEPTED
    return Explanation(decision=decision, reason=reason, sentence=SENTENCES[reason])


def _bid_lots(book: TenderBook, lots: IntArray) -> IntArray:
    """Lots of every bid over all its windows."""
    per_offer = offer_lots(book.problem, lots)
    return np.bincount(book.problem.offer_bid, weights=per_offer, minlength=book.problem.bids).astype(np.int64)


def _short_windows(book: TenderBook, result: TenderResult) -> tuple[str, ...]:
    problem = book.problem
    windows = problem.event_window[problem.step_event[result.shortfall_mw > 0]]
    return tuple(problem.window_ids[w] for w in np.unique(windows))
