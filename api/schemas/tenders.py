"""Schemas of tenders and bids."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.schemas.descriptions import described_by
from api.schemas.values import Clock, Day, Ean, Id, Instant, Model, Name, Number
from market.domain.bid import Bid, BidStep
from market.domain.money import LOT_MW
from market.domain.need import Congestion
from market.domain.tender import PricingRule, Tender, TenderWindow


class TenderWindowTerms(Model):
    """A recurring period of a tender."""

    model_config = described_by(TenderWindow)

    id: Id
    weekdays: list[int]
    local_from: Clock
    local_to: Clock
    min_mw: Number
    max_mw: Number
    expected_activation_h: Number = Decimal(0)


class TenderTerms(Model):
    """What an operator publishes."""

    model_config = described_by(Tender)

    area_id: Id
    buyer: Name
    congestion: Annotated[Congestion, Field(strict=False)]
    season_from: Day
    season_to: Day
    windows: list[TenderWindowTerms]
    closes_at: Instant
    availability_ceiling_eur_per_mw_h: Number
    activation_ceiling_eur_per_mwh: Number
    activation_weight: Number
    shortfall_price_eur_per_mwh: Number
    budget_eur: Number | None = None
    pricing: Annotated[PricingRule, Field(strict=False)] = PricingRule.PAY_AS_BID
    lot_mw: Number = LOT_MW
    notice_h: Number | None = None


class TenderRecord(TenderTerms):
    """A tender with its id."""

    id: Id


class BidStepTerms(Model):
    """One step of a bid."""

    model_config = described_by(BidStep)

    quantity_mw: Number
    availability_eur_per_mw_h: Number
    activation_eur_per_mwh: Number


class BidTerms(Model):
    """What a company offers; the server adds id, tender and time of submission."""

    model_config = described_by(Bid)

    csp: Name
    company: Name
    eans: list[Ean]
    windows: list[Id]
    steps: list[BidStepTerms]
    minimum_mw: Number = Decimal(0)
    service_fee_eur_per_mw: Number = Decimal(0)
    max_run_h: Number | None = None
    min_rest_h: Number | None = None
    lead_time_h: Number = Decimal(0)
    exclusive_group: Id | None = None
    technology: Name = "demand response"
    emission_kg_per_mwh: Number = Decimal(0)


class BidRecord(BidTerms):
    """A bid with its id and its time of submission."""

    id: Id
    submitted_at: Instant
