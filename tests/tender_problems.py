"""Small tender problems drawn at random, with every feature on and off."""

from __future__ import annotations

import numpy as np

from optimizer.problems.tender import TenderProblem


def draw_problem(rng: np.random.Generator) -> TenderProblem:
    """Draw a tender of up to four bids and two windows that can still be solved by trying everything."""
    windows, bids = int(rng.integers(1, 3)), int(rng.integers(1, 5))
    lot = float(rng.choice([0.1, 0.5, 1.0]))
    offered = rng.random((bids, windows)) < 0.75
    offered[np.arange(bids), rng.integers(0, windows, bids)] = True
    offer_bid, offer_window = np.nonzero(offered)
    steps = rng.integers(1, 3, bids)
    line_offer = np.repeat(np.arange(len(offer_bid)), steps[offer_bid])
    line_lots = rng.integers(1, 3, len(line_offer))
    offered_lots = np.bincount(line_offer, line_lots, len(offer_bid)).astype(np.int64)
    limit = np.where(rng.random(len(offer_bid)) < 0.2, np.maximum(1, offered_lots - 1), offered_lots)
    minimum = np.where(rng.random(len(offer_bid)) < 0.4, rng.integers(1, limit + 1), 0)
    event_window = np.sort(np.concatenate([np.arange(windows), rng.integers(0, windows, int(rng.integers(0, 2)))]))
    event_steps = rng.integers(1, 5, len(event_window))
    need_lots = rng.integers(0, 5, int(event_steps.sum())).astype(np.float64)
    prices = rng.integers(1, 12, len(line_offer)).astype(np.float64)
    has_budget, shares = rng.random() < 0.4, rng.random() < 0.3
    fees = np.where(rng.random(bids) < 0.4, rng.integers(0, 6, bids), 0).astype(float)
    backing = np.flatnonzero(rng.random(bids) < 0.7) if shares else np.zeros(0, dtype=np.int64)
    return TenderProblem(
        bid_ids=tuple(f"b{k}" for k in range(bids)),
        window_ids=tuple(f"w{k}" for k in range(windows)),
        lot_mw=lot,
        bid_group=np.where(rng.random(bids) < 0.4, rng.integers(0, 2, bids), -1),
        bid_fee_eur_per_lot=fees,
        bid_run_steps=np.where(rng.random(bids) < 0.5, rng.integers(1, 4, bids), 0),
        bid_rest_steps=rng.integers(1, 5, bids),
        offer_bid=offer_bid,
        offer_window=offer_window,
        offer_limit_lots=limit,
        offer_minimum_lots=minimum,
        line_offer=line_offer,
        line_lots=line_lots,
        line_evaluated_eur_per_lot=prices,
        line_payment_eur_per_lot=prices + rng.integers(0, 3, len(line_offer)).astype(np.float64),
        window_max_lots=rng.integers(3, 8, windows),
        event_window=event_window,
        event_count=rng.integers(1, 4, len(event_window)).astype(float),
        event_step_h=np.full(len(event_window), 0.25),
        event_first_step=np.concatenate([[0], np.cumsum(event_steps)]),
        need_mw=need_lots * lot,
        shortfall_eur_per_mwh=float(rng.choice([0.0, 4.0, 40.0, 400.0])),
        budget_eur=float(rng.integers(0, 60)) if has_budget else float("inf"),
        connection_lots=rng.integers(1, 6, 2) if shares else np.zeros(0, dtype=np.int64),
        backing_bid=backing,
        backing_connection=rng.integers(0, 2, len(backing)) if shares else np.zeros(0, dtype=np.int64),
    )
