"""The optimum of a small tender by trying everything: an oracle that shares no idea with the linear program.

Every choice of lots is enumerated, cheapest contract first, until no contract can be cheap enough. The calls of a
choice are priced by a program over on-off patterns, see `tender_patterns`.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from optimizer.baselines.tender_patterns import least_recourse_eur
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem

MOST_CHOICES = 300_000


def enumerate_optimum(problem: TenderProblem) -> tuple[float, int, IntArray] | None:
    """Find the least evaluated cost and, at that cost, the least precedence.

    Returns:
        Cost [EUR], precedence (lots times position) and one choice of lots per line that attains both; None when no
        choice keeps the risk limits.

    Raises:
        ValueError: the tender is too large to try everything.
    """
    options = [_bid_options(problem, bid) for bid in range(problem.bids)]
    if count_choices(problem) > MOST_CHOICES:
        raise ValueError("this tender is too large to try everything")
    best: tuple[float, int, IntArray] | None = None
    candidates: list[tuple[float, IntArray]] = []
    for choice in itertools.product(*options):
        lots_of = dict(itertools.chain.from_iterable(choice))
        if not (_is_allowed(problem, lots_of) and _is_within_rules(problem, lots_of)):
            continue
        lots = _lots_per_line(problem, lots_of)
        if _is_affordable(problem, lots_of, lots):
            candidates.append((_money(problem, lots_of, lots, problem.line_evaluated_eur_per_lot), lots))
    for contract, lots in sorted(candidates, key=lambda c: c[0]):
        if best is not None and contract > best[0] + 1e-6:
            break
        recourse = least_recourse_eur(problem, lots)
        if recourse is None:
            continue
        rank = int(lots @ (problem.offer_bid[problem.line_offer] + 1))
        if best is None or (round(contract + recourse, 5), rank) < (round(best[0], 5), best[1]):
            best = (contract + recourse, rank, lots)
    return best


def _bid_options(problem: TenderProblem, bid: int) -> list[list[tuple[int, int]]]:
    """Every (offer, lots) choice of one bid over its windows."""
    offers = [int(o) for o in np.flatnonzero(problem.offer_bid == bid)]
    ranges = []
    for offer in offers:
        least = max(1, int(problem.offer_minimum_lots[offer]))
        ranges.append([0, *range(least, int(problem.offer_limit_lots[offer]) + 1)])
    return [list(zip(offers, lots, strict=True)) for lots in itertools.product(*ranges)]


def _is_allowed(problem: TenderProblem, lots_of: dict[int, int]) -> bool:
    winners: dict[int, set[int]] = {}
    for offer, lots in lots_of.items():
        bid = int(problem.offer_bid[offer])
        if lots and problem.bid_group[bid] >= 0:
            winners.setdefault(int(problem.bid_group[bid]), set()).add(bid)
    if any(len(bids) > 1 for bids in winners.values()):
        return False
    return all(_connections_suffice(problem, lots_of, w) for w in range(len(problem.window_ids)))


def _connections_suffice(problem: TenderProblem, lots_of: dict[int, int], window: int) -> bool:
    """Hall's condition over every set of sharing bids."""
    stands_on: dict[int, set[int]] = {}
    for bid, connection in zip(problem.backing_bid.tolist(), problem.backing_connection.tolist(), strict=True):
        stands_on.setdefault(bid, set()).add(connection)
    sold = {
        int(problem.offer_bid[o]): lots for o, lots in lots_of.items() if lots and problem.offer_window[o] == window
    }
    sharing = [bid for bid in sold if bid in stands_on]
    for size in range(1, len(sharing) + 1):
        for bids in itertools.combinations(sharing, size):
            connections = set().union(*(stands_on[bid] for bid in bids))
            if sum(sold[bid] for bid in bids) > sum(int(problem.connection_lots[c]) for c in connections):
                return False
    return True


def _lots_per_line(problem: TenderProblem, lots_of: dict[int, int]) -> IntArray:
    lots, left = np.zeros(problem.lines, dtype=np.int64), dict(lots_of)
    for line, offer in enumerate(problem.line_offer.tolist()):
        lots[line] = min(left[offer], int(problem.line_lots[line]))
        left[offer] -= int(lots[line])
    return lots


def _money(problem: TenderProblem, lots_of: dict[int, int], lots: IntArray, price: FloatArray) -> float:
    most: dict[int, int] = {}
    for offer, number in lots_of.items():
        bid = int(problem.offer_bid[offer])
        most[bid] = max(most.get(bid, 0), number)
    return float(lots @ price) + sum(n * float(problem.bid_fee_eur_per_lot[bid]) for bid, n in most.items())


def _is_within_rules(problem: TenderProblem, lots_of: dict[int, int]) -> bool:
    """Caps, links, equal lots, providers and the maximum of every window."""
    most: dict[int, int] = {}
    held: dict[int, int] = {}
    steady = [0] * problem.windows
    turns = problem.offer_takes_turns
    for offer, lots in lots_of.items():
        bid = int(problem.offer_bid[offer])
        most[bid] = max(most.get(bid, 0), lots)
        held[int(problem.bid_provider[bid])] = held.get(int(problem.bid_provider[bid]), 0) + lots
        steady[int(problem.offer_window[offer])] += 0 if turns[offer] else lots
        if problem.bid_same_lots[bid] and any(
            n != lots for o, n in lots_of.items() if int(problem.offer_bid[o]) == bid
        ):
            return False
    if any(n > problem.window_max_lots[w] for w, n in enumerate(steady)):
        return False
    taken = {link: set[bool]() for link in problem.bid_link.tolist() if link >= 0}
    for bid, lots in most.items():
        if problem.bid_link[bid] >= 0:
            taken[int(problem.bid_link[bid])].add(lots > 0)
    if any(len(states) > 1 for states in taken.values()):
        return False
    caps = [0] * len(problem.caps.ids)
    for cap, bid in zip(problem.caps.pair_cap.tolist(), problem.caps.pair_bid.tolist(), strict=True):
        caps[cap] += most.get(bid, 0)
    if any(total > problem.caps.most_lots[q] for q, total in enumerate(caps)):
        return False
    total, engaged = sum(held.values()), sum(n > 0 for n in held.values())
    if 0 < engaged < problem.minimum_providers:
        return False
    return all(n <= problem.provider_share * total + 1e-9 for n in held.values())


def _is_affordable(problem: TenderProblem, lots_of: dict[int, int], lots: IntArray) -> bool:
    most = np.zeros(problem.bids)
    for offer, number in lots_of.items():
        bid = int(problem.offer_bid[offer])
        most[bid] = max(most[bid], number)
    budgets = problem.budgets
    paid = budgets.line_eur_per_lot @ lots + budgets.bid_eur_per_lot @ most
    return bool((paid <= budgets.most_eur + 1e-9).all())


def count_choices(problem: TenderProblem) -> int:
    """How many choices of lots there are to try."""
    return math.prod(len(_bid_options(problem, bid)) for bid in range(problem.bids))
