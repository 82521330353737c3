"""Schemas of a site: the assets behind one connection, its contracted capacity, prices and congestion windows.

At the edge assets speak in times and a number may stand for a whole series; `api.schemas.site_reader` puts them on the
grid the optimizer works with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

from api.schemas.descriptions import described_by
from api.schemas.values import Clock, Count, Ean, Id, Instant, Model, Number, Series
from optimizer.problems import assets as domain
from optimizer.problems.assets import Pausing
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow, Direction

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)
_DEFAULT_EFFICIENCY: Final = Decimal("0.95")


class ChargingSessionTerms(Model):
    """A vehicle plugged in from arrival to departure."""

    model_config = described_by(domain.ChargingSession)

    kind: Literal["charging_session"]
    id: Id
    arrival_at: Instant
    departure_at: Instant
    energy_kwh: Number
    power_kw: Number
    efficiency: Number = _ONE
    pausing: Annotated[Pausing, Field(strict=False)] = Pausing.FREE
    minimum_kw: Number = _ZERO
    guaranteed_kwh: Number = _ZERO
    guaranteed_by: Instant | None = None
    flexible: bool = True


class BuildingZoneTerms(Model):
    """A thermal zone with a heat pump and a chiller."""

    model_config = described_by(domain.BuildingZone)

    kind: Literal["building_zone"]
    id: Id
    resistance_k_per_kw: Number
    capacity_kwh_per_k: Number
    initial_temperature_c: Number
    outdoor_temperature_c: Series
    gains_kw: Series = _ZERO
    lower_c: Series | None = None
    upper_c: Series | None = None
    heat_pump_kw: Number = _ZERO
    heat_pump_cop: Series = _ONE
    chiller_kw: Number = _ZERO
    chiller_cop: Series = _ONE
    floor_fraction: Number = _ZERO
    discomfort_eur_per_kh: Number | None = None
    final_lower_c: Number | None = None
    final_upper_c: Number | None = None


class BatchTerms(Model):
    """A production batch with a fixed profile."""

    model_config = described_by(domain.Batch)

    kind: Literal["batch"]
    id: Id
    profile_kw: list[Number]
    earliest_start_at: Instant
    latest_start_at: Instant
    planned_start_at: Instant
    notice_quarter_hours: Count = 0
    after: list[Id] = Field(default_factory=list)
    gap_quarter_hours: Count = 0
    move_cost_eur: Number = _ZERO


class BatteryTerms(Model):
    """A stationary battery."""

    model_config = described_by(domain.Battery)

    kind: Literal["battery"]
    id: Id
    capacity_kwh: Number
    charge_kw: Number
    discharge_kw: Number
    initial_kwh: Number
    final_kwh: Number = _ZERO
    charge_efficiency: Number = _DEFAULT_EFFICIENCY
    discharge_efficiency: Number = _DEFAULT_EFFICIENCY
    wear_eur_per_kwh: Number = _ZERO
    reserved_kwh: Number = _ZERO


class BaseLoadTerms(Model):
    """Load that nobody controls."""

    model_config = described_by(domain.BaseLoad)

    kind: Literal["base_load"]
    id: Id
    power_kw: Series


AssetTerms = ChargingSessionTerms | BuildingZoneTerms | BatchTerms | BatteryTerms | BaseLoadTerms


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
    assets: list[Annotated[AssetTerms, Field(discriminator="kind")]]
    windows: list[WindowTerms] = Field(default_factory=list)
    cause: Id | None = Field(default=None, description="clearing or contract the schedule follows from")
