"""Schemas of redispatch: needs, orders, headroom and the rules of a clearing."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from api.schemas.descriptions import described_by
from api.schemas.values import Count, Ean, Id, Instant, Model, Name, Number
from market.clearing.redispatch import ExcessPolicy, RedispatchOptions
from market.domain.money import LOT_MW
from market.domain.need import Congestion, Effectivity, Headroom, Need
from market.domain.order import Order, PriceStep, Side


class EffectivityTerms(Model):
    """Share of a connection's power change that arrives at the bottleneck."""

    model_config = described_by(Effectivity)

    ean: Ean
    share: Number
    start: Instant | None = None
    quarter_hours: Count | None = None


class NeedTerms(Model):
    """What an operator announces."""

    model_config = described_by(Need)

    area_id: Id
    operator: Name
    congestion: Annotated[Congestion, Field(strict=False)]
    start: Instant
    required_mw: list[Number]
    mandatory: bool = False
    bids_from: Instant | None = None
    bids_until: Instant | None = None
    effectivities: list[EffectivityTerms] = Field(default_factory=list)


class NeedRecord(NeedTerms):
    """A need with its id."""

    id: Id


class PriceStepTerms(Model):
    """Part of an order with its own price."""

    model_config = described_by(PriceStep)

    quantity_mw: Number
    price_eur_per_mwh: Number


class OrderTerms(Model):
    """What a provider submits; the server adds id and time of submission."""

    model_config = described_by(Order)

    side: Annotated[Side, Field(strict=False)]
    ean: Ean
    csp: Name
    quantity_mw: Number
    minimum_acceptance_mw: Number = Decimal(0)
    limit_price_eur_per_mwh: Number
    start: Instant
    quarter_hours: Count
    profile_mw: list[Number] | None = None
    price_steps: list[PriceStepTerms] = Field(default_factory=list)
    exclusive_group: Id | None = None
    parent_order: Id | None = None
    valid_until: Instant | None = None
    bid_obligation: bool = False


class OrderRecord(OrderTerms):
    """An order with its id and its time of submission."""

    id: Id
    submitted_at: Instant


class ShareTerms(Model):
    """Sensitivity of an area or line to one connection."""

    ean: Ean
    share: Number


class HeadroomTerms(Model):
    """Room left elsewhere in the grid."""

    model_config = described_by(Headroom)

    id: Id
    start: Instant
    up_mw: list[Number]
    down_mw: list[Number]
    shares: list[ShareTerms] | None = None


class RedispatchRules(Model):
    """Rules of one redispatch clearing."""

    model_config = described_by(RedispatchOptions)

    lot_mw: Number = LOT_MW
    minimum_mw: Number = LOT_MW
    excess_policy: Annotated[ExcessPolicy, Field(strict=False)] = ExcessPolicy.NO_GAIN
    excess_price_eur_per_mwh: Number | None = None
    lead_time_quarter_hours: Count = 0
    explain: bool = False
