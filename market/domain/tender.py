"""Tenders: an operator's invitation to offer flexibility in recurring windows of one season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from market.domain.money import LOT_MW
from market.domain.need import Congestion


class PricingRule(StrEnum):
    """What an accepted bid is paid for availability and activation."""

    PAY_AS_BID = "pay_as_bid"
    UNIFORM = "uniform"
    CEILING = "ceiling"


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderWindow:
    """A recurring period in which the need stands.

    Attributes:
        id: id of the window, unique in its tender.
        weekdays: ISO weekdays of the local day on which the window begins, 1 Monday to 7 Sunday.
        local_from: local time at which it begins, on a quarter-hour.
        local_to: local time at which it ends, exclusive; not later than ``local_from`` means it ends the next day.
        min_mw: flexibility that must be covered; what is missing is shortfall.
        max_mw: flexibility beyond which nothing more is contracted.
        expected_activation_h: hours of activation expected over the whole season.
    """

    id: str
    weekdays: tuple[int, ...]
    local_from: time
    local_to: time
    min_mw: Decimal
    max_mw: Decimal
    expected_activation_h: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tender:
    """One buyer, one area, one need, and the rules by which bids are judged; all of it is published beforehand.

    Attributes:
        id: id of the tender.
        area_id: congestion area that needs relief.
        buyer: operator that buys.
        congestion: what overloads the area; the flexibility bought relieves it.
        season_from: first local day.
        season_to: last local day, inclusive.
        windows: recurring periods with their need.
        closes_at: aware time of gate closure; a bid submitted later is late.
        availability_ceiling_eur_per_mw_h: highest admissible availability price.
        activation_ceiling_eur_per_mwh: highest admissible activation price.
        activation_weight: how much of the expected activation cost counts in the evaluation, 0 to 1 and more.
        shortfall_price_eur_per_mwh: what a MWh of uncovered need counts in the evaluation.
        budget_eur: most the buyer expects to pay over the season (availability, fees and expected activation in
            full, whatever the weight), or None.
        pricing: what accepted bids are paid.
        lot_mw: step of every offered and awarded quantity.
        notice_h: hours before delivery at which the operator calls; a bid that needs more is not eligible. None when
            every notice is accepted.
    """

    id: str
    area_id: str
    buyer: str
    congestion: Congestion
    season_from: date
    season_to: date
    windows: tuple[TenderWindow, ...]
    closes_at: datetime
    availability_ceiling_eur_per_mw_h: Decimal
    activation_ceiling_eur_per_mwh: Decimal
    activation_weight: Decimal
    shortfall_price_eur_per_mwh: Decimal
    budget_eur: Decimal | None = None
    pricing: PricingRule = PricingRule.PAY_AS_BID
    lot_mw: Decimal = LOT_MW
    notice_h: Decimal | None = None
