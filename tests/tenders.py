"""Tenders and bids for tests, with ordinary values wherever a test does not care."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from market.clearing.tender import clear_tender
from market.domain.bid import Bid, BidStep
from market.domain.connection import Connection
from market.domain.need import Congestion
from market.domain.tender import Tender, TenderWindow
from market.domain.tender_award import TenderClearing

CLOSES = datetime(2026, 9, 1, 10, 0, tzinfo=UTC)
D = Decimal


def make_window(**changes: Any) -> TenderWindow:
    """Make an hour on Mondays with a need of 1 MW."""
    values: dict[str, Any] = {
        "id": "evening",
        "weekdays": (1,),
        "local_from": time(16),
        "local_to": time(17),
        "min_mw": D(1),
        "max_mw": D(2),
        "expected_activation_h": D(1),
    }
    return TenderWindow(**(values | changes))


def make_tender(**changes: Any) -> Tender:
    """Make a tender of one week, so that a window on Mondays occurs once."""
    values: dict[str, Any] = {
        "id": "T",
        "area_id": "area",
        "buyer": "operator",
        "congestion": Congestion.CONSUMPTION,
        "season_from": date(2026, 11, 2),
        "season_to": date(2026, 11, 8),
        "windows": (make_window(),),
        "closes_at": CLOSES,
        "availability_ceiling_eur_per_mw_h": D(100),
        "activation_ceiling_eur_per_mwh": D(500),
        "activation_weight": D(1),
        "shortfall_price_eur_per_mwh": D(2000),
    }
    return Tender(**(values | changes))


def make_step(mw: str = "1", availability: str = "10", activation: str = "20") -> BidStep:
    """Make a step of a bid."""
    return BidStep(quantity_mw=D(mw), availability_eur_per_mw_h=D(availability), activation_eur_per_mwh=D(activation))


def make_bid(bid_id: str, number: int = 0, **changes: Any) -> Bid:
    """Make a bid of 1 MW on its own connection, submitted in order of its number."""
    values: dict[str, Any] = {
        "id": bid_id,
        "tender_id": "T",
        "csp": f"csp {bid_id}",
        "company": f"company {bid_id}",
        "eans": (ean_of(number),),
        "windows": ("evening",),
        "steps": (make_step(),),
        "submitted_at": CLOSES - timedelta(days=10) + timedelta(minutes=number),
    }
    return Bid(**(values | changes))


def ean_of(number: int) -> str:
    """EAN of the numbered connection."""
    return f"8716859{number:011d}"


def clear(tender: Tender, bids: list[Bid], qualified_mw: dict[str, Decimal] | None = None) -> TenderClearing:
    """Clear with every connection inside the area and amply qualified unless stated."""
    eans = sorted({ean for bid in bids for ean in bid.eans})
    connections = [Connection(ean=ean, name=ean, company="x", area_ids=("area",)) for ean in eans]
    return clear_tender(
        tender, bids, connections=connections, qualified_mw=qualified_mw or {ean: D(1000) for ean in eans}
    )
