"""Schemas of congestion areas and connections."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field

from api.schemas.descriptions import described_by
from api.schemas.values import Ean, Id, Model, Name, Number
from market.domain.connection import CongestionArea, Connection


class AreaTerms(Model):
    """What is declared about a congestion area."""

    model_config = described_by(CongestionArea)

    name: Name
    operator: Name


class AreaRecord(AreaTerms):
    """A congestion area with its id."""

    id: Id


class ConnectionRecord(Model):
    """A connection; its EAN is its id."""

    model_config = described_by(Connection)

    ean: Ean
    name: Name
    company: Name
    qualified_mw: Number = Field(
        default=Decimal(0), description="most MW that bids on it may be awarded; zero until it is qualified"
    )
    area_ids: list[Id] = Field(default_factory=list)
