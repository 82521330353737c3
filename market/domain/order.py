"""Orders: short-term buy or sell of power on a connection, and the reasons an order ends as it does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from optimizer.units import QUARTER_HOUR_S


class Side(StrEnum):
    """Side of the market: a buyer consumes more or generates less, a seller the reverse."""

    BUY = "buy"
    SELL = "sell"


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceStep:
    """Part of an order with its own price.

    Attributes:
        quantity_mw: size of the step, whole lots.
        price_eur_per_mwh: limit price of the step.
    """

    quantity_mw: Decimal
    price_eur_per_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A buy or sell order with its location.

    Attributes:
        id: id of the order, unique in the book.
        side: buy or sell.
        ean: connection.
        csp: congestion service provider that submitted it.
        quantity_mw: MW offered, whole lots; the highest value of the profile if there is one.
        minimum_acceptance_mw: least MW taken if any is; equal to ``quantity_mw`` for all-or-none.
        limit_price_eur_per_mwh: highest price to pay or lowest to receive, whole cents; of the first step if there
            are steps.
        start: aware start of the first quarter-hour.
        quarter_hours: length in quarter-hours.
        profile_mw: MW per quarter-hour; None for constant power. Partial acceptance scales the whole profile and
            keeps every value on whole lots.
        price_steps: steps of a price curve that add up to ``quantity_mw``; dearer steps later (cheaper for a buy).
        exclusive_group: at most one order of a group is accepted.
        parent_order: this order is only accepted together with that one.
        submitted_at: aware time of submission, which breaks ties.
        valid_until: aware time until which it may be accepted; None for until delivery.
        bid_obligation: submitted under a bid-obligation contract.
    """

    id: str
    side: Side
    ean: str
    csp: str
    quantity_mw: Decimal
    minimum_acceptance_mw: Decimal = Decimal(0)
    limit_price_eur_per_mwh: Decimal
    start: datetime
    quarter_hours: int
    profile_mw: tuple[Decimal, ...] | None = None
    price_steps: tuple[PriceStep, ...] = ()
    exclusive_group: str | None = None
    parent_order: str | None = None
    submitted_at: datetime
    valid_until: datetime | None = None
    bid_obligation: bool = False

    @property
    def end(self) -> datetime:
        """Aware end of the last quarter-hour."""
        return self.start + timedelta(seconds=QUARTER_HOUR_S * self.quarter_hours)

    @property
    def power_mw(self) -> tuple[Decimal, ...]:
        """MW offered in each of its quarter-hours."""
        return (self.quantity_mw,) * self.quarter_hours if self.profile_mw is None else self.profile_mw
