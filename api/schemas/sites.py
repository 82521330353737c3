"""Schemas of a site: the assets behind one connection, its contracted capacity, prices and congestion windows.

At the edge assets speak in times and a number may stand for a whole series; `api.schemas.site_reader` puts them on the
grid the optimizer works with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final

from pydantic import Field

from api.schemas.assets import AssetTerms
from api.schemas.descriptions import described_by
from api.schemas.values import Clock, Count, Ean, Id, Instant, Model, Number, Series
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow, Direction

_ZERO: Final = Decimal(0)


class DailyPeriod(Model):
    """A period of every day, in local time; it crosses midnight when it ends no later than it begins."""

    local_from: Clock
    local_to: Clock


class Period(Model):
    """A period from start to end, end exclusive."""

    start: Instant
    end: Instant


class WindowTerms(Model):
    """A cap on the power of the connection; it holds in its daily periods and its periods, or always without either."""

    model_config = described_by(CongestionWindow)

    id: Id
    limit_kw: Series
    direction: Annotated[Direction, Field(strict=False)] = Direction.OFFTAKE
    daily: list[DailyPeriod] = Field(default_factory=list)
    periods: list[Period] = Field(default_factory=list)
    excess_price_eur_per_kwh: Number | None = None


class SiteTerms(Model):
    """A connection to plan: the same fields in a file and in a request."""

    model_config = described_by(SiteProblem)

    ean: Ean
    start: Instant
    quarter_hours: Count
    contracted_offtake_kw: Series
    contracted_feed_in_kw: Series = _ZERO
    offtake_price_eur_per_kwh: Series
    feed_in_price_eur_per_kwh: Series = _ZERO
    announced_at: Instant | None = None
    assets: list[AssetTerms]
    windows: list[WindowTerms] = Field(default_factory=list)
    cause: Id | None = Field(default=None, description="clearing or contract the schedule follows from")
