"""Small tender problems drawn at random, with every feature on and off."""

from __future__ import annotations

from typing import Any

import numpy as np

from optimizer.problems.tender import Budgets, Caps, RiskLimits, TenderProblem, UsageLimits

INF = float("inf")


def draw_problem(rng: np.random.Generator, bids: int | None = None) -> TenderProblem:
    """Draw a tender of a few bids and one or two windows that can still be solved by trying everything."""
    windows = int(rng.integers(1, 3))
    many = bids is not None
    bids = int(rng.integers(1, 5)) if bids is None else bids
    lot = float(rng.choice([0.1, 0.5, 1.0]))
    offered = rng.random((bids, windows)) < (0.3 if many else 0.75)
    offered[np.arange(bids), rng.integers(0, windows, bids)] = True
    offer_bid, offer_window = np.nonzero(offered)
    offers = len(offer_bid)
    steps = np.ones(bids, dtype=np.int64) if many else rng.integers(1, 3, bids)
    line_offer = np.repeat(np.arange(offers), steps[offer_bid])
    lines = len(line_offer)
    line_lots = rng.integers(1, 3, lines)
    lots = np.bincount(line_offer, line_lots, offers).astype(np.int64)
    limit = np.where(rng.random(offers) < 0.2, np.maximum(1, lots - 1), lots)
    minimum = limit.copy() if many else np.where(rng.random(offers) < 0.4, rng.integers(1, limit + 1), 0)
    segments = 1 + int(rng.random() < 0.3)
    available = rng.random((offers, segments)) < 0.85
    same = rng.random(bids) < 0.5
    prices = rng.integers(1, 12, lines).astype(np.float64)
    payments = prices + rng.integers(0, 3, lines).astype(np.float64)
    fees = np.where(rng.random(bids) < 0.4, rng.integers(0, 6, bids), 0).astype(np.float64)
    events = _draw_events(rng, windows, segments, lot)
    shares = rng.random() < 0.3
    backing = np.flatnonzero(rng.random(bids) < 0.7) if shares else np.zeros(0, dtype=np.int64)
    priced = rng.random() < 0.6
    calls = np.where(rng.random(lines) < 0.8, rng.integers(0, 30, lines), 0).astype(np.float64) / lot
    return TenderProblem(
        bid_ids=tuple(f"b{k}" for k in range(bids)),
        window_ids=tuple(f"w{k}" for k in range(windows)),
        lot_mw=lot,
        bid_group=np.where(rng.random(bids) < 0.3, rng.integers(0, 2, bids), -1),
        bid_link=np.where(rng.random(bids) < 0.2, 0, -1),
        bid_provider=rng.integers(0, 3, bids),
        bid_same_lots=same,
        bid_fee_eur_per_lot=fees,
        bid_run_h=np.where(rng.random(bids) < 0.4, rng.integers(1, 4, bids) * 0.25, INF),
        bid_rest_h=np.where(rng.random(bids) < 0.6, rng.integers(1, 3, bids) * 0.25, INF),
        bid_delivery=np.where(rng.random(bids) < 0.2, 0.8, 1.0),
        offer_bid=offer_bid,
        offer_window=offer_window,
        offer_limit_lots=limit,
        offer_minimum_lots=minimum,
        offer_available=available,
        line_offer=line_offer,
        line_lots=line_lots,
        line_evaluated_eur_per_lot=prices,
        line_payment_eur_per_lot=payments,
        line_call_eur_per_mwh=calls if priced else np.zeros(lines),
        line_paid_eur_per_mwh=calls,
        decides_calls=bool(priced),
        window_max_lots=rng.integers(3, 8, windows),
        shortfall_eur_per_mwh=float(rng.choice([0.0, 10.0, 100.0, 1000.0])) / lot,
        budgets=_draw_budgets(rng, payments, fees),
        caps=_draw_caps(rng, bids),
        usage=_draw_usage(rng, same, events),
        risk=_draw_risk(rng, windows),
        minimum_providers=int(rng.choice([0, 0, 0, 2])),
        provider_share=float(rng.choice([1.0, 1.0, 1.0, 0.6])),
        connection_lots=rng.integers(1, 6, 2) if shares else np.zeros(0, dtype=np.int64),
        backing_bid=backing,
        backing_connection=rng.integers(0, 2, len(backing)) if shares else np.zeros(0, dtype=np.int64),
        **events,
    )


def _draw_events(rng: np.random.Generator, windows: int, segments: int, lot: float) -> dict[str, Any]:
    scenarios = int(rng.integers(1, 3))
    count = int(rng.integers(1, 4))
    lengths = rng.integers(1, 5, count)
    whole = rng.integers(0, 6, int(lengths.sum())).astype(np.float64)
    return {
        "scenario_probability": np.array([0.3, 0.7]) if scenarios == 2 else np.ones(1),
        "event_window": rng.integers(0, windows, count),
        "event_scenario": rng.integers(0, scenarios, count),
        "event_segment": rng.integers(0, segments, count),
        "event_occurrences": rng.integers(1, 4, count).astype(np.float64),
        "event_step_h": rng.choice([0.25, 0.5], count),
        "event_first_step": np.concatenate([[0], np.cumsum(lengths)]),
        "need_mw": whole * lot,
    }


def _draw_budgets(rng: np.random.Generator, payments: Any, fees: Any) -> Budgets:
    if rng.random() < 0.7:
        return Budgets(
            ids=(),
            most_eur=np.zeros(0),
            line_eur_per_lot=np.zeros((0, len(payments))),
            bid_eur_per_lot=np.zeros((0, len(fees))),
        )
    share = rng.random((2, 1))
    return Budgets(
        ids=("total", "2027"),
        most_eur=rng.integers(0, 60, 2).astype(np.float64),
        line_eur_per_lot=np.array([[1.0], share[1]]) * payments,
        bid_eur_per_lot=np.array([[1.0], [0.0]]) * fees,
    )


def _draw_caps(rng: np.random.Generator, bids: int) -> Caps:
    members = np.flatnonzero(rng.random(bids) < 0.5) if rng.random() < 0.4 else np.zeros(0, dtype=np.int64)
    return Caps(
        ids=("gas",),
        most_lots=rng.integers(1, 5, 1),
        pair_cap=np.zeros(len(members), dtype=np.int64),
        pair_bid=members,
    )


def _draw_usage(rng: np.random.Generator, same: Any, events: dict[str, Any]) -> UsageLimits:
    bids: list[int] = []
    limits: list[tuple[bool, float]] = []
    pairs: list[tuple[int, int]] = []
    scenario, window = events["event_scenario"], events["event_window"]
    for bid in np.flatnonzero(rng.random(len(same)) < 0.4):
        first = int(rng.integers(0, len(scenario)))
        covered = (scenario == scenario[first]) & (np.bool_(same[bid]) | (window == window[first]))
        pairs += [(len(bids), int(e)) for e in np.flatnonzero(covered)]
        bids.append(int(bid))
        limits.append((bool(rng.random() < 0.5), float(rng.integers(0, 3))))
    return UsageLimits(
        bid=np.array(bids, dtype=np.int64),
        of_activations=np.array([a for a, _ in limits], dtype=np.bool_),
        most=np.array([n for _, n in limits], dtype=np.float64),
        pair_limit=np.array([j for j, _ in pairs], dtype=np.int64),
        pair_event=np.array([e for _, e in pairs], dtype=np.int64),
        pair_times=events["event_occurrences"][[e for _, e in pairs]] if rng.random() < 0.7 else np.ones(len(pairs)),
    )


def _draw_risk(rng: np.random.Generator, windows: int) -> RiskLimits:
    kind = rng.random()
    return RiskLimits(
        window_expected_mwh=np.where(rng.random(windows) < 0.5, 1.0, INF) if kind < 0.15 else np.full(windows, INF),
        window_chance=np.where(rng.random(windows) < 0.7, 0.6, 0.0) if 0.15 < kind < 0.3 else np.zeros(windows),
        tail_share=0.5,
        tail_mwh=float(rng.choice([0.5, 2.0])) if 0.3 < kind < 0.45 else INF,
    )
