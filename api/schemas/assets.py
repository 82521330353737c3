"""Schemas of assets: each mirrors a class of the optimizer, with times instead of steps and numbers instead of arrays.

A new asset of the optimizer comes to the edge as one class here: its kind, and fields that get a default or another
form. Every other field follows from the optimizer's class.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Final, Literal

from pydantic import Field

from api.schemas.asset_mirror import AssetModel, mirrors_asset
from api.schemas.values import Number, Series
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.massive_zone import MassiveZone
from optimizer.problems.utility import Utility

_ZERO: Final = Decimal(0)
_ONE: Final = Decimal(1)


@mirrors_asset
class ChargingSessionTerms(AssetModel):
    """A vehicle plugged in from arrival to departure."""

    asset = ChargingSession
    kind: Literal["charging_session"]


@mirrors_asset
class BidirectionalSessionTerms(AssetModel):
    """A vehicle that may also discharge."""

    asset = BidirectionalSession
    kind: Literal["bidirectional_session"]


@mirrors_asset
class BuildingZoneTerms(AssetModel):
    """A thermal zone with a heat pump and a chiller."""

    asset = BuildingZone
    kind: Literal["building_zone"]
    gains_kw: Series = _ZERO
    lower_c: Series | None = None
    upper_c: Series | None = None
    heat_pump_kw: Number = _ZERO
    heat_pump_cop: Series = _ONE
    chiller_kw: Number = _ZERO
    chiller_cop: Series = _ONE


@mirrors_asset
class MassiveZoneTerms(AssetModel):
    """A thermal zone whose mass stores heat (ISO 13790)."""

    asset = MassiveZone
    kind: Literal["massive_zone"]
    lower_c: Series | None = None
    upper_c: Series | None = None


@mirrors_asset
class BatchTerms(AssetModel):
    """A production batch with a fixed profile."""

    asset = Batch
    kind: Literal["batch"]
    profile_kw: list[Number]


@mirrors_asset
class BatteryTerms(AssetModel):
    """A stationary battery."""

    asset = Battery
    kind: Literal["battery"]


@mirrors_asset
class UtilityTerms(AssetModel):
    """A process with a given power that can be cut."""

    asset = Utility
    kind: Literal["utility"]


@mirrors_asset
class PvPlantTerms(AssetModel):
    """Solar panels that can be curtailed."""

    asset = PvPlant
    kind: Literal["pv_plant"]


@mirrors_asset
class ChpUnitTerms(AssetModel):
    """A combined heat and power unit."""

    asset = ChpUnit
    kind: Literal["chp_unit"]


@mirrors_asset
class ContinuousUnitTerms(AssetModel):
    """A line that runs continuously and can be taken down."""

    asset = ContinuousUnit
    kind: Literal["continuous_unit"]


@mirrors_asset
class BaseLoadTerms(AssetModel):
    """Load that nobody controls."""

    asset = BaseLoad
    kind: Literal["base_load"]


AssetTerms = Annotated[
    ChargingSessionTerms
    | BidirectionalSessionTerms
    | BuildingZoneTerms
    | MassiveZoneTerms
    | BatchTerms
    | BatteryTerms
    | UtilityTerms
    | PvPlantTerms
    | ChpUnitTerms
    | ContinuousUnitTerms
    | BaseLoadTerms,
    Field(discriminator="kind"),
]
