"""The problem of clearing a tender: which lots of which bids to contract so that the need is covered at least cost.

Flat arrays, because most bids are offered in few windows. A *bid* is offered in windows; an *offer* is one bid in one
window; a *line* is one price step of an offer. An *event* is a kind of congestion period in a window with its need per
step and the expected number of times it occurs.

Flexibility is positive MW whatever the direction of the congestion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TenderProblem:
    """Contract whole lots now, so that every event can be covered, at least evaluated cost.

    B bids, W windows, O offers, L lines, E events, S steps of all events together, K backings.

    Attributes:
        bid_ids: id per bid, in order of precedence: where cost ties, the earlier bid wins.
        window_ids: id per window.
        lot_mw: size of a lot.
        bid_group: exclusive group per bid, shape (B,); -1 for none.
        bid_fee_eur_per_lot: fee per contracted lot, once, shape (B,).
        bid_run_steps: longest uninterrupted activation per bid, in steps of its events, shape (B,); 0 for unlimited.
        bid_rest_steps: rest between two activations of the same MW, shape (B,).
        offer_bid: bid per offer, shape (O,).
        offer_window: window per offer, shape (O,).
        offer_limit_lots: most lots that may be contracted, shape (O,).
        offer_minimum_lots: fewest lots if any, shape (O,).
        line_offer: offer per line, shape (L,), lines of an offer consecutive and in order of their step.
        line_lots: lots per line, shape (L,).
        line_evaluated_eur_per_lot: evaluated cost of contracting a lot over the season, shape (L,).
        line_payment_eur_per_lot: expected payment for a contracted lot, without fee, shape (L,).
        window_max_lots: most lots at hand in any step per window, shape (W,).
        event_window: window per event, shape (E,).
        event_count: expected number of occurrences over the season, shape (E,).
        event_step_h: length of a step per event, shape (E,).
        event_first_step: position of the first step in ``need_mw``, shape (E + 1,).
        need_mw: need per step of all events one after the other, shape (S,).
        shortfall_eur_per_mwh: evaluated cost of a MWh of uncovered need.
        budget_eur: most that may be paid, inf for no budget.
        connection_lots: qualified lots per shared connection, shape (C,).
        backing_bid: bids that stand on a shared connection, shape (K,).
        backing_connection: that connection, shape (K,).
    """

    bid_ids: tuple[str, ...]
    window_ids: tuple[str, ...]
    lot_mw: float
    bid_group: IntArray
    bid_fee_eur_per_lot: FloatArray
    bid_run_steps: IntArray
    bid_rest_steps: IntArray
    offer_bid: IntArray
    offer_window: IntArray
    offer_limit_lots: IntArray
    offer_minimum_lots: IntArray
    line_offer: IntArray
    line_lots: IntArray
    line_evaluated_eur_per_lot: FloatArray
    line_payment_eur_per_lot: FloatArray
    window_max_lots: IntArray
    event_window: IntArray
    event_count: FloatArray
    event_step_h: FloatArray
    event_first_step: IntArray
    need_mw: FloatArray
    shortfall_eur_per_mwh: float
    budget_eur: float
    connection_lots: IntArray
    backing_bid: IntArray
    backing_connection: IntArray

    @property
    def bids(self) -> int:
        """Number of bids."""
        return len(self.bid_ids)

    @property
    def offers(self) -> int:
        """Number of offers."""
        return len(self.offer_bid)

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.line_offer)

    @property
    def events(self) -> int:
        """Number of events."""
        return len(self.event_window)

    def steps_of(self, event: int) -> slice:
        """Positions of an event's steps in ``need_mw``."""
        return slice(int(self.event_first_step[event]), int(self.event_first_step[event + 1]))

    @property
    def step_event(self) -> IntArray:
        """Event per step, shape (S,)."""
        return np.repeat(np.arange(self.events), np.diff(self.event_first_step))

    @property
    def step_expected_h(self) -> FloatArray:
        """Expected hours that each step stands for over the season, shape (S,)."""
        return (self.event_count * self.event_step_h)[self.step_event]

    @property
    def offer_is_limited(self) -> NDArray[np.bool_]:
        """Whether an offer cannot simply deliver throughout every event of its window, shape (O,)."""
        longest = np.zeros(len(self.window_ids), dtype=np.int64)
        np.maximum.at(longest, self.event_window, np.diff(self.event_first_step))
        run = self.bid_run_steps[self.offer_bid]
        return (run > 0) & (run < longest[self.offer_window])

    @property
    def step_order_binds(self) -> NDArray[np.bool_]:
        """Lines that would be taken before an earlier line of their offer unless told otherwise, shape (L,)."""
        follows = np.zeros(self.lines, dtype=np.bool_)
        same = self.line_offer[1:] == self.line_offer[:-1]
        cheaper = (np.diff(self.line_evaluated_eur_per_lot) < 0) | (np.diff(self.line_payment_eur_per_lot) < 0)
        follows[1:] = same & cheaper
        return follows
