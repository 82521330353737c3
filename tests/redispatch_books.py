"""Small order books for the tests of redispatch."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from market.domain.connection import Connection
from market.domain.need import Congestion, Need
from market.domain.order import Order, Side

START = datetime(2026, 3, 10, 16, 0, tzinfo=UTC)
INSIDE, OUTSIDE = "871685900000000001", "871685900000000018"
CONNECTIONS = (
    Connection(ean=INSIDE, name="inside", company="one", area_ids=("area",)),
    Connection(ean=OUTSIDE, name="outside", company="two"),
)


def make_need(required_mw: list[str], **changes: Any) -> Need:
    """A need for relief of generation congestion in the area."""
    fields: dict[str, Any] = {
        "id": "need",
        "area_id": "area",
        "congestion": Congestion.GENERATION,
        "start": START,
        "required_mw": tuple(map(Decimal, required_mw)),
    }
    return Need(**(fields | changes))


def make_order(name: str, side: str, quantity_mw: str, price: str, **changes: Any) -> Order:
    """An order of one quarter-hour, inside when it buys and outside when it sells."""
    fields: dict[str, Any] = {
        "id": name,
        "side": Side(side),
        "ean": INSIDE if side == "buy" else OUTSIDE,
        "csp": "csp",
        "quantity_mw": Decimal(quantity_mw),
        "limit_price_eur_per_mwh": Decimal(price),
        "start": START,
        "quarter_hours": 1,
        "submitted_at": START - timedelta(hours=2),
    }
    return Order(**(fields | changes))
