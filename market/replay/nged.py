"""Tender windows of a British distribution operator: offers, ceilings and decisions, read from its trade records.

The records are "Flexibility trades data and results" of National Grid Electricity Distribution (NGED open data
licence); they are not part of this project. Each row is an offer in a window, or a window without response. Capacity
is in kW; availability and utilisation prices are per MWh, sustain prices per kW and season, all in GBP and rounded to
whole pounds for the first two. Offers of 0 kW are left out: they say nothing about price order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from optimizer.errors import SolverError
from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import Budgets, Caps, RiskLimits, TenderProblem, UsageLimits
from optimizer.runs.tender import solve_tender

LOT_KW = 0.01
SHORTFALL_GBP_PER_MWH = 100_000.0
COLUMNS = (
    "window_id",
    "offer_no",
    "tendered_capacity_kw",
    "offered_capacity_kw",
    "offered_availability_price",
    "offered_utilisation_price",
    "offered_sustain_price",
    "trade_outcome",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOffer:
    """An offer with the operator's decision.

    Attributes:
        id: window and number of the offer.
        capacity_kw: kW offered.
        price: availability plus utilisation per MWh, or the sustain price where the product has only that.
        accepted: whether the operator accepted it.
    """

    id: str
    capacity_kw: float
    price: float
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayWindow:
    """One tender window with its offers, cheapest first.

    Attributes:
        id: id of the window.
        tendered_kw: kW asked for; the largest where the record has several.
        offers: offers above 0 kW, by price, then number.
    """

    id: str
    tendered_kw: float
    offers: tuple[ReplayOffer, ...]


def read_windows(path: Path) -> tuple[ReplayWindow, ...]:
    """Read the windows that received offers from a parquet file of trade records."""
    return import_windows(pd.read_parquet(path))


def check_records(records: pd.DataFrame) -> tuple[Finding, ...]:
    """Find what keeps a table from being read as trade records."""
    missing = [c for c in COLUMNS if c not in records.columns]
    return sort_findings(
        Finding(rule="nged.column", path=c, message=f"the records have no column {c}") for c in missing
    )


def import_windows(records: pd.DataFrame) -> tuple[ReplayWindow, ...]:
    """Turn trade records into windows with offers, in order of window id."""
    offers = records[(records["offered_capacity_kw"] > 0) & records["trade_outcome"].isin(["Accepted", "Rejected"])]
    windows = []
    for number, rows in offers.groupby("window_id", sort=True):
        found = [
            ReplayOffer(
                id=f"{number}-{offer}",
                capacity_kw=float(kw),
                price=float(availability) + float(utilisation) + float(sustain),
                accepted=outcome == "Accepted",
            )
            for offer, kw, availability, utilisation, sustain, outcome in zip(
                rows["offer_no"],
                rows["offered_capacity_kw"],
                rows["offered_availability_price"].fillna(0),
                rows["offered_utilisation_price"].fillna(0),
                rows["offered_sustain_price"].fillna(0),
                rows["trade_outcome"],
                strict=True,
            )
        ]
        tendered = float(rows["tendered_capacity_kw"].max())
        ordered = tuple(sorted(found, key=lambda o: (o.price, int(o.id.rsplit("-", 1)[1]))))
        windows.append(ReplayWindow(id=str(number), tendered_kw=tendered, offers=ordered))
    return tuple(windows)


def accept_up_to_crossing(window: ReplayWindow) -> frozenset[str]:
    """Accept in price order up to and including the offer that crosses the tendered capacity."""
    accepted, total = [], 0.0
    for offer in window.offers:
        if total >= window.tendered_kw - 1e-9:
            break
        accepted.append(offer.id)
        total += offer.capacity_kw
    return frozenset(accepted)


def accept_under_cap(window: ReplayWindow) -> frozenset[str]:
    """Accept in price order whatever still fits under the tendered capacity."""
    accepted, total = [], 0.0
    for offer in window.offers:
        if total + offer.capacity_kw <= window.tendered_kw + 1e-9:
            accepted.append(offer.id)
            total += offer.capacity_kw
    return frozenset(accepted)


def accept_optimum(windows: Sequence[ReplayWindow]) -> frozenset[str]:
    """Accept whole offers that cover the tendered capacity at least cost, as far as the offers of a window reach.

    Where a window has one offer, or is offered no more than it asks for, all of it is accepted and nothing needs
    solving.
    """
    contested = [
        w for w in windows if len(w.offers) > 1 and sum(o.capacity_kw for o in w.offers) > w.tendered_kw + LOT_KW
    ]
    open_to_all = frozenset(o.id for w in windows for o in w.offers) - {o.id for w in contested for o in w.offers}
    if not contested:
        return open_to_all
    problem = write_problem(contested)
    outcome = solve_tender(problem)
    if outcome.result is None or not outcome.proven:
        raise SolverError("the windows were not solved to proof")
    return open_to_all | {problem.bid_ids[k] for k in np.flatnonzero(outcome.result.lots)}


def write_problem(windows: Sequence[ReplayWindow]) -> TenderProblem:
    """Write all windows as one problem: whole offers, the tendered capacity covered as far as offers reach, least cost.

    Money stands for one hour of service of every window.
    """
    offers = [(w, offer) for w, window in enumerate(windows) for offer in window.offers]
    number, count = len(offers), len(windows)
    lots = np.array([max(1, round(offer.capacity_kw / LOT_KW)) for _, offer in offers], dtype=np.int64)
    lot_mw = LOT_KW / 1000
    cost = np.array([offer.price for _, offer in offers], dtype=np.float64) * lot_mw
    window_of = np.array([w for w, _ in offers], dtype=np.int64)
    none = np.zeros(0, dtype=np.int64)
    unlimited = np.full(number, np.inf)
    return TenderProblem(
        bid_ids=tuple(offer.id for _, offer in offers),
        window_ids=tuple(window.id for window in windows),
        lot_mw=lot_mw,
        bid_group=np.full(number, -1),
        bid_link=np.full(number, -1),
        bid_provider=np.arange(number),
        bid_same_lots=np.zeros(number, dtype=np.bool_),
        bid_fee_eur_per_lot=np.zeros(number),
        bid_run_h=unlimited,
        bid_rest_h=unlimited,
        bid_delivery=np.ones(number),
        offer_bid=np.arange(number),
        offer_window=window_of,
        offer_limit_lots=lots,
        offer_minimum_lots=lots,
        offer_available=np.ones((number, 1), dtype=np.bool_),
        line_offer=np.arange(number),
        line_lots=lots,
        line_evaluated_eur_per_lot=cost,
        line_payment_eur_per_lot=cost,
        line_call_eur_per_mwh=np.zeros(number),
        line_paid_eur_per_mwh=np.zeros(number),
        decides_calls=False,
        window_max_lots=np.bincount(window_of, lots, count).astype(np.int64),
        scenario_probability=np.ones(1),
        event_window=np.arange(count),
        event_scenario=np.zeros(count, dtype=np.int64),
        event_segment=np.zeros(count, dtype=np.int64),
        event_occurrences=np.ones(count),
        event_step_h=np.ones(count),
        event_first_step=np.arange(count + 1),
        need_mw=np.array([round(window.tendered_kw / LOT_KW) * lot_mw for window in windows]),
        shortfall_eur_per_mwh=SHORTFALL_GBP_PER_MWH,
        budgets=Budgets(
            ids=(), most_eur=np.zeros(0), line_eur_per_lot=np.zeros((0, number)), bid_eur_per_lot=np.zeros((0, number))
        ),
        caps=Caps(ids=(), most_lots=none, pair_cap=none, pair_bid=none),
        usage=UsageLimits(
            bid=none,
            of_activations=np.zeros(0, dtype=np.bool_),
            most=np.zeros(0),
            pair_limit=none,
            pair_event=none,
            pair_times=np.zeros(0),
        ),
        risk=RiskLimits(window_expected_mwh=np.full(count, np.inf), window_chance=np.zeros(count)),
        minimum_providers=0,
        provider_share=1.0,
        connection_lots=none,
        backing_bid=none,
        backing_connection=none,
    )
