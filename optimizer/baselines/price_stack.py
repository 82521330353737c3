"""The cheapest-first stack: what tender practice does by hand, and the rival our optimum is compared with.

Lines are sorted by evaluated cost per MW and hour of window and taken until the need of their window is filled. The
stack respects minimum, order of steps, exclusive groups, connections, caps, the window's maximum and budgets, but it
looks at MW only: it does not see that a short run time leaves later hours uncovered, nor rules that bind several bids
or windows together (linked bids, equal lots, numbers and shares of providers).
"""

from __future__ import annotations

import math

import numpy as np

from optimizer.problems.tender import FloatArray, IntArray, TenderProblem


def stack_tender(problem: TenderProblem) -> IntArray:
    """Take lines cheapest first; return contracted lots per line, shape (L,)."""
    window_of_step = problem.event_window[problem.step_event]
    hours = np.bincount(window_of_step, problem.step_expected_h, problem.windows)
    peak = np.zeros(len(problem.window_ids))
    np.maximum.at(peak, window_of_step, problem.need_mw)
    wanted = [math.ceil(mw / problem.lot_mw - 1e-9) for mw in peak]
    offer_of = problem.line_offer
    window_of, bid_of = problem.offer_window[offer_of], problem.offer_bid[offer_of]
    used = problem.line_call_eur_per_mwh * problem.lot_mw * hours[window_of]
    unit = problem.line_evaluated_eur_per_lot + problem.bid_fee_eur_per_lot[bid_of] + used
    unit = unit / np.maximum(hours[window_of], 1e-12)
    state = _Stack(problem)
    for line in sorted(range(problem.lines), key=lambda k: (unit[k], bid_of[k], k)):
        window = int(window_of[line])
        state.take(line, wanted[window] - state.window_lots[window])
    return state.lots


class _Stack:
    """Lots taken so far and what they still allow."""

    def __init__(self, problem: TenderProblem) -> None:
        self._problem = problem
        self.lots = np.zeros(problem.lines, dtype=np.int64)
        self.window_lots = [0] * len(problem.window_ids)
        self._offer_lots = [0] * problem.offers
        self._bid_most = [0] * problem.bids
        self._winner: dict[int, int] = {}
        self._connection_left = [problem.connection_lots.copy() for _ in problem.window_ids]
        self._connections: list[list[int]] = [[] for _ in range(problem.bids)]
        for bid, connection in zip(problem.backing_bid, problem.backing_connection, strict=True):
            self._connections[bid].append(int(connection))
        self._spent = np.zeros(len(problem.budgets.ids))
        self._cap_left = problem.caps.most_lots.copy()
        self._caps: list[list[int]] = [[] for _ in range(problem.bids)]
        for cap, bid in zip(problem.caps.pair_cap, problem.caps.pair_bid, strict=True):
            self._caps[bid].append(int(cap))

    def take(self, line: int, missing: int) -> None:
        """Take as much of a line as is missing and allowed, or nothing."""
        p = self._problem
        offer = int(p.line_offer[line])
        bid, window = int(p.offer_bid[offer]), int(p.offer_window[offer])
        group = int(p.bid_group[bid])
        is_later = line > 0 and p.line_offer[line - 1] == offer
        if missing <= 0 or (is_later and self.lots[line - 1] < p.line_lots[line - 1]):
            return
        if group >= 0 and self._winner.get(group, bid) != bid:
            return
        minimum = max(0, int(p.offer_minimum_lots[offer]) - self._offer_lots[offer])
        room = min(
            int(p.line_lots[line]),
            int(p.offer_limit_lots[offer]) - self._offer_lots[offer],
            int(p.window_max_lots[window]) - self.window_lots[window],
            self._connection_room(bid, window),
            self._cap_room(bid, offer),
        )
        lots = self._affordable(line, bid, offer, min(room, max(missing, minimum)))
        if lots < max(minimum, 1):
            return
        self._book(line, offer, lots)
        if group >= 0:
            self._winner[group] = bid

    def _connection_room(self, bid: int, window: int) -> int:
        left = self._connection_left[window]
        return sum(int(left[c]) for c in self._connections[bid]) if self._connections[bid] else 1 << 60

    def _affordable(self, line: int, bid: int, offer: int, lots: int) -> int:
        p = self._problem
        while lots > 0 and (self._spent + self._price(line, bid, offer, lots) > p.budgets.most_eur).any():
            lots -= 1
        return lots

    def _price(self, line: int, bid: int, offer: int, lots: int) -> FloatArray:
        budgets = self._problem.budgets
        more = max(0, self._offer_lots[offer] + lots - self._bid_most[bid])
        return np.asarray(lots * budgets.line_eur_per_lot[:, line] + more * budgets.bid_eur_per_lot[:, bid])

    def _cap_room(self, bid: int, offer: int) -> int:
        within = self._bid_most[bid] - self._offer_lots[offer]
        return within + min((int(self._cap_left[cap]) for cap in self._caps[bid]), default=1 << 60)

    def _book(self, line: int, offer: int, lots: int) -> None:
        p = self._problem
        bid, window = int(p.offer_bid[offer]), int(p.offer_window[offer])
        self._spent += self._price(line, bid, offer, lots)
        self.lots[line] += lots
        self._offer_lots[offer] += lots
        self.window_lots[window] += lots
        grown = max(self._bid_most[bid], self._offer_lots[offer])
        self._cap_left[self._caps[bid]] -= grown - self._bid_most[bid]
        self._bid_most[bid] = grown
        left = self._connection_left[window]
        for connection in self._connections[bid]:
            used = min(lots, int(left[connection]))
            left[connection] -= used
            lots -= used
