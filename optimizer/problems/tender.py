"""The problem of clearing a tender: which lots of which bids to contract so that the need is covered at least cost.

Two stages. Lots are contracted now; in every congestion event of every scenario the contracted lots are then called.
Flat arrays, because most bids are offered in few windows. A *bid* is offered in windows; an *offer* is one bid in one
window; a *line* is one price step of an offer. An *event* is one occurrence of congestion in a window, in one scenario,
with its need per step.

Flexibility is positive MW whatever the direction of the congestion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class UsageLimits:
    """Limits on how much a contracted MW may be used over a set of events: a day, a week or a year of one scenario.

    J limits, K pairs of a limit and an event.

    Attributes:
        bid: bid per limit, shape (J,).
        of_activations: True where activations are counted, False where full-power hours are, shape (J,).
        most: most hours or activations per contracted MW, shape (J,).
        pair_limit: limit per pair, shape (K,).
        pair_event: event per pair, shape (K,).
        pair_times: how many times the event counts in the limit, shape (K,).
    """

    bid: IntArray
    of_activations: BoolArray
    most: FloatArray
    pair_limit: IntArray
    pair_event: IntArray
    pair_times: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Caps:
    """Caps on contracted lots over sets of bids: a technology, or the counter of feed-in with market access.

    Q caps, K pairs of a cap and a bid.

    Attributes:
        ids: id per cap.
        most_lots: most lots contracted per cap, shape (Q,).
        pair_cap: cap per pair, shape (K,).
        pair_bid: bid per pair, shape (K,).
    """

    ids: tuple[str, ...]
    most_lots: IntArray
    pair_cap: IntArray
    pair_bid: IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Budgets:
    """Money limits: in total, or per year. Activation counts at the expected hours published with the tender.

    Y budgets.

    Attributes:
        ids: id per budget.
        most_eur: most that may be paid, shape (Y,).
        line_eur_per_lot: payment for a contracted lot that falls under the budget, shape (Y, L).
        bid_eur_per_lot: fee per contracted lot that falls under it, shape (Y, B).
    """

    ids: tuple[str, ...]
    most_eur: FloatArray
    line_eur_per_lot: FloatArray
    bid_eur_per_lot: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class RiskLimits:
    """How much shortfall is tolerated.

    Attributes:
        window_expected_mwh: most expected shortfall per window [MWh], shape (W,); inf for no limit.
        window_chance: least probability that a scenario leaves no shortfall in the window, shape (W,); 0 for none.
        tail_share: share of worst scenarios whose mean shortfall is limited, 0 to 1 (expected shortfall, CVaR).
        tail_mwh: most mean shortfall over that share [MWh]; inf for no limit.
    """

    window_expected_mwh: FloatArray
    window_chance: FloatArray
    tail_share: float = 1.0
    tail_mwh: float = float("inf")

    @property
    def any(self) -> bool:
        """Whether any limit is set."""
        return bool(
            np.isfinite(self.window_expected_mwh).any() or (self.window_chance > 0).any() or np.isfinite(self.tail_mwh)
        )


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TenderProblem:
    """Contract whole lots now, so that every event can be covered, at least evaluated cost.

    B bids, W windows, O offers, L lines, N scenarios, E events, S steps of all events together, G segments of the
    season in which the same offers are available, C shared connections, K backings.

    Attributes:
        bid_ids: id per bid, in order of precedence: where cost ties, the earlier bid wins.
        window_ids: id per window.
        lot_mw: size of a lot.
        bid_group: exclusive group per bid, shape (B,); -1 for none.
        bid_link: linked group per bid, all accepted or none, shape (B,); -1 for none.
        bid_provider: provider per bid, shape (B,).
        bid_same_lots: whether a bid is contracted with the same lots in each of its windows, shape (B,).
        bid_fee_eur_per_lot: fee per contracted lot, once, shape (B,).
        bid_run_h: longest uninterrupted activation, shape (B,); inf for unlimited.
        bid_rest_h: rest between two activations of the same MW, shape (B,); inf for one activation per event.
        bid_delivery: share of a called MW that arrives at the bottleneck (reliability, derating), shape (B,).
        offer_bid: bid per offer, shape (O,).
        offer_window: window per offer, shape (O,).
        offer_limit_lots: most lots that may be contracted, shape (O,).
        offer_minimum_lots: fewest lots if any, shape (O,).
        offer_available: whether an offer is available in a segment, shape (O, G).
        line_offer: offer per line, shape (L,), lines of an offer consecutive and in order of their step.
        line_lots: lots per line, shape (L,).
        line_evaluated_eur_per_lot: evaluated cost of contracting a lot over the season, shape (L,).
        line_payment_eur_per_lot: expected payment for a contracted lot, without fee, shape (L,).
        line_call_eur_per_mwh: evaluated cost of a called MWh, shape (L,); 0 where calls are in the cost of the lot.
        line_paid_eur_per_mwh: price paid for a called MWh, shape (L,): where calls are decided event by event, it
            settles whom to call first as far as the evaluated cost leaves it open.
        decides_calls: whether calls are decided event by event; if not, contracted lots cover every step, unless
            their run time or use is limited.
        window_max_lots: most lots per window that can run throughout, shape (W,).
        scenario_probability: probability per scenario, shape (N,).
        event_window: window per event, shape (E,).
        event_scenario: scenario per event, shape (E,).
        event_segment: segment per event, shape (E,).
        event_occurrences: how often the event occurs in its scenario, shape (E,).
        event_step_h: length of a step per event, shape (E,).
        event_first_step: position of the first step in ``need_mw``, shape (E + 1,).
        need_mw: need per step of all events one after the other, shape (S,).
        shortfall_eur_per_mwh: evaluated cost of a MWh of uncovered need.
        budgets: limits on payment.
        caps: limits on contracted lots over sets of bids.
        usage: limits on use over sets of events.
        risk: limits on shortfall.
        minimum_providers: fewest providers, unless nothing is contracted at all.
        provider_share: largest share of all contracted lots that one provider may hold.
        connection_lots: qualified lots per shared connection, shape (C,).
        backing_bid: bids that stand on a shared connection, shape (K,).
        backing_connection: that connection, shape (K,).
    """

    bid_ids: tuple[str, ...]
    window_ids: tuple[str, ...]
    lot_mw: float
    bid_group: IntArray
    bid_link: IntArray
    bid_provider: IntArray
    bid_same_lots: BoolArray
    bid_fee_eur_per_lot: FloatArray
    bid_run_h: FloatArray
    bid_rest_h: FloatArray
    bid_delivery: FloatArray
    offer_bid: IntArray
    offer_window: IntArray
    offer_limit_lots: IntArray
    offer_minimum_lots: IntArray
    offer_available: BoolArray
    line_offer: IntArray
    line_lots: IntArray
    line_evaluated_eur_per_lot: FloatArray
    line_payment_eur_per_lot: FloatArray
    line_call_eur_per_mwh: FloatArray
    line_paid_eur_per_mwh: FloatArray
    decides_calls: bool
    window_max_lots: IntArray
    scenario_probability: FloatArray
    event_window: IntArray
    event_scenario: IntArray
    event_segment: IntArray
    event_occurrences: FloatArray
    event_step_h: FloatArray
    event_first_step: IntArray
    need_mw: FloatArray
    shortfall_eur_per_mwh: float
    budgets: Budgets
    caps: Caps
    usage: UsageLimits
    risk: RiskLimits
    minimum_providers: int
    provider_share: float
    connection_lots: IntArray
    backing_bid: IntArray
    backing_connection: IntArray

    @property
    def bids(self) -> int:
        """Number of bids."""
        return len(self.bid_ids)

    @property
    def windows(self) -> int:
        """Number of windows."""
        return len(self.window_ids)

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
    def event_steps(self) -> IntArray:
        """Number of steps per event, shape (E,)."""
        return np.diff(self.event_first_step)

    @property
    def step_event(self) -> IntArray:
        """Event per step, shape (S,)."""
        return np.repeat(np.arange(self.events), self.event_steps)

    @property
    def event_count(self) -> FloatArray:
        """Expected number of occurrences per event, shape (E,)."""
        return self.event_occurrences * self.scenario_probability[self.event_scenario]

    @property
    def step_expected_h(self) -> FloatArray:
        """Expected hours that each step stands for, shape (S,)."""
        return (self.event_count * self.event_step_h)[self.step_event]

    @property
    def offer_takes_turns(self) -> BoolArray:
        """Offers whose run time is shorter than an event of their window, or whose activations count, shape (O,)."""
        longest = np.zeros(self.windows)
        np.maximum.at(longest, self.event_window, self.event_steps * self.event_step_h)
        counted = np.zeros(self.bids, dtype=np.bool_)
        counted[self.usage.bid[self.usage.of_activations]] = True
        return (self.bid_run_h[self.offer_bid] < longest[self.offer_window] - 1e-9) | counted[self.offer_bid]

    @property
    def offer_is_called(self) -> BoolArray:
        """Offers whose calls are decided event by event; others cover every step with all their lots, shape (O,)."""
        used = np.zeros(self.bids, dtype=np.bool_)
        used[self.usage.bid] = True
        return self.offer_takes_turns | used[self.offer_bid] | self.decides_calls

    @property
    def step_order_binds(self) -> BoolArray:
        """Lines that would be taken before an earlier line of their offer unless told otherwise, shape (L,)."""
        follows = np.zeros(self.lines, dtype=np.bool_)
        if not self.lines:
            return follows
        same = self.line_offer[1:] == self.line_offer[:-1]
        cheaper = np.diff(self.line_evaluated_eur_per_lot) < 0
        for prices in (self.line_payment_eur_per_lot, self.line_call_eur_per_mwh, *self.budgets.line_eur_per_lot):
            cheaper |= np.diff(prices) < 0
        follows[1:] = same & cheaper
        return follows
