"""Tenders: an operator's invitation to offer flexibility in recurring windows of one season."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Final

from market.domain.money import LOT_MW
from market.domain.need import Congestion

MARKET_ACCESS_MW: Final = Decimal(250)
"""Contracted feed-in that keeps access to other markets before an evaluation (Dutch programme, February 2026)."""


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
        contracted_mw: MW already contracted by other instruments, taken off the need.
        most_shortfall_mwh: most shortfall expected over the season, or None.
        chance: least probability that a scenario leaves no shortfall, or None.
    """

    id: str
    weekdays: tuple[int, ...]
    local_from: time
    local_to: time
    min_mw: Decimal
    max_mw: Decimal
    expected_activation_h: Decimal = Decimal(0)
    contracted_mw: Decimal = Decimal(0)
    most_shortfall_mwh: Decimal | None = None
    chance: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CongestionEvent:
    """One occurrence of congestion, with its need per step.

    Attributes:
        window_id: window it falls in.
        start: aware start of the first step.
        need_mw: need per step, before contracted MW are taken off.
        step_h: length of a step, a quarter-hour unless stated.
    """

    window_id: str
    start: datetime
    need_mw: tuple[Decimal, ...]
    step_h: Decimal = Decimal("0.25")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One possible course of the whole season, such as a weather year.

    Attributes:
        id: id of the scenario.
        probability: its probability; all scenarios add up to 1.
        events: when congestion occurs in it.
    """

    id: str
    probability: Decimal
    events: tuple[CongestionEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TechnologyCap:
    """Most MW contracted of one technology."""

    technology: str
    most_mw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBudget:
    """Most the buyer expects to pay in one calendar year."""

    year: int
    most_eur: Decimal


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
        ramp_h: hours within which full power must be reached, or None.
        scenarios: possible courses of the season with their probability. Without scenarios the need stands in every
            quarter-hour of every window, and use is evaluated at the expected hours.
        emission_weight_eur_per_tonne: what a tonne of CO2 counts in the evaluation (sustainability weight).
        technologies: technologies admitted, or None for all.
        technology_caps: most MW per technology.
        market_access_limit_mw: national limit on contracted feed-in that keeps access to other markets, or None.
        market_access_used_mw: what earlier tenders have used of it.
        year_budgets: limits on payment per calendar year, beside the budget of the season.
        minimum_providers: fewest providers among the winners, unless there are none.
        provider_share: largest share of the contracted MW that one provider may hold.
        tail_share: share of worst scenarios whose mean shortfall is limited.
        tail_shortfall_mwh: most mean shortfall over these scenarios (expected shortfall), or None.
        reasonable_eur_per_mwh: payment and subsidy per expected MWh above which an award is referred to the regulator,
            or None.
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
    ramp_h: Decimal | None = None
    scenarios: tuple[Scenario, ...] = ()
    emission_weight_eur_per_tonne: Decimal = Decimal(0)
    technologies: tuple[str, ...] | None = None
    technology_caps: tuple[TechnologyCap, ...] = ()
    market_access_limit_mw: Decimal | None = MARKET_ACCESS_MW
    market_access_used_mw: Decimal = Decimal(0)
    year_budgets: tuple[YearBudget, ...] = ()
    minimum_providers: int = 1
    provider_share: Decimal = Decimal(1)
    tail_share: Decimal = Decimal(1)
    tail_shortfall_mwh: Decimal | None = None
    reasonable_eur_per_mwh: Decimal | None = None
