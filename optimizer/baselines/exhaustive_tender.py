"""The optimum of a small tender by trying everything: an oracle that shares no idea with the linear program.

Every choice of lots is enumerated. Limited offers are scheduled lot by lot: each lot has a finite list of on-off
patterns that respect run time and rest, and the set of MW profiles that a collection of lots can deliver is built up
by adding one lot at a time. Needs must be whole lots, for then whole lots are never worse than parts.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np

from optimizer.problems.tender import FloatArray, IntArray, TenderProblem

MOST_CHOICES = 300_000

Profile = tuple[int, ...]


def enumerate_optimum(problem: TenderProblem) -> tuple[float, int, IntArray]:
    """Find the least evaluated cost and, at that cost, the least precedence.

    Returns:
        Cost [EUR], precedence (lots times position) and one choice of lots per line that attains both.

    Raises:
        ValueError: the tender is too large to try everything, or a need is not in whole lots.
    """
    needs = problem.need_mw / problem.lot_mw
    if not np.allclose(needs, np.round(needs), atol=1e-9):
        raise ValueError("the oracle wants needs in whole lots")
    options = [_bid_options(problem, bid) for bid in range(problem.bids)]
    if count_choices(problem) > MOST_CHOICES:
        raise ValueError("this tender is too large to try everything")
    best: tuple[float, int, IntArray] | None = None
    for choice in itertools.product(*options):
        lots_of = dict(itertools.chain.from_iterable(choice))
        if not _is_allowed(problem, lots_of):
            continue
        lots = _lots_per_line(problem, lots_of)
        cost = _money(problem, lots_of, lots, problem.line_evaluated_eur_per_lot)
        missing = _least_shortfall_eur(problem, lots_of)
        if missing is None or _money(problem, lots_of, lots, problem.line_payment_eur_per_lot) > problem.budget_eur:
            continue
        rank = int(lots @ (problem.offer_bid[problem.line_offer] + 1))
        if best is None or (round(cost + missing, 6), rank) < (round(best[0], 6), best[1]):
            best = (cost + missing, rank, lots)
    if best is None:
        raise ValueError("taking nothing must be allowed")
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


def _least_shortfall_eur(problem: TenderProblem, lots_of: dict[int, int]) -> float | None:
    """Cheapest shortfall of these lots over all events; None when the maximum of a window is passed."""
    total = 0.0
    limited = _limited(problem)
    for event in range(problem.events):
        window = int(problem.event_window[event])
        need = np.round(problem.need_mw[problem.steps_of(event)] / problem.lot_mw).astype(int)
        mine = [(o, n) for o, n in lots_of.items() if n and problem.offer_window[o] == window]
        steady = sum(n for o, n in mine if o not in limited)
        room = int(problem.window_max_lots[window]) - steady
        if room < 0:
            return None
        turns = tuple(
            (int(problem.bid_run_steps[problem.offer_bid[o]]), int(problem.bid_rest_steps[problem.offer_bid[o]]), n)
            for o, n in mine
            if o in limited
        )
        missing = min(
            sum(max(0, int(n) - steady - p) for n, p in zip(need, profile, strict=True))
            for profile in _profiles(turns, len(need))
            if max(profile) <= room
        )
        hours = float(problem.event_count[event] * problem.event_step_h[event])
        total += missing * problem.lot_mw * hours * problem.shortfall_eur_per_mwh
    return total


def _limited(problem: TenderProblem) -> set[int]:
    longest = [0] * len(problem.window_ids)
    for event, window in enumerate(problem.event_window.tolist()):
        longest[window] = max(longest[window], int(np.diff(problem.event_first_step)[event]))
    runs = problem.bid_run_steps[problem.offer_bid].tolist()
    return {o for o, run in enumerate(runs) if 0 < run < longest[int(problem.offer_window[o])]}


@cache
def _profiles(turns: tuple[tuple[int, int, int], ...], steps: int) -> frozenset[Profile]:
    """Every profile in lots that (run, rest, lots) units can deliver together."""
    if not turns:
        return frozenset([(0,) * steps])
    run, rest, lots = turns[0]
    fewer = ((run, rest, lots - 1), *turns[1:]) if lots > 1 else turns[1:]
    return frozenset(
        tuple(a + b for a, b in zip(profile, pattern, strict=True))
        for profile in _profiles(fewer, steps)
        for pattern in _patterns(run, rest, steps)
    )


@cache
def _patterns(run: int, rest: int, steps: int) -> tuple[Profile, ...]:
    """On-off patterns of one lot: runs of at most ``run`` steps with at least ``rest`` steps between them."""
    return tuple(p for p in itertools.product((0, 1), repeat=steps) if _is_pattern(p, run, rest))


def _is_pattern(pattern: Profile, run: int, rest: int) -> bool:
    ran, idle = 0, None
    for on, group in itertools.groupby(pattern):
        length = sum(1 for _ in group)
        if on and (length > run or (ran and idle is not None and idle < rest)):
            return False
        ran, idle = (1, None) if on else (ran, length)
    return True


def count_choices(problem: TenderProblem) -> int:
    """How many choices of lots there are to try."""
    return math.prod(len(_bid_options(problem, bid)) for bid in range(problem.bids))
