"""Schedules: kW per quarter-hour per asset that follow from awards, orders and contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetSchedule:
    """Planned power of one asset.

    Attributes:
        asset_id: id of the asset, unique on its connection.
        kind: kind of asset, such as "charging session".
        power_kw: planned power per quarter-hour, consumption positive, whole watts.
    """

    asset_id: str
    kind: str
    power_kw: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Planned power behind one connection.

    Attributes:
        id: id of the schedule.
        ean: connection.
        start: aware UTC start of the first quarter-hour.
        assets: schedule per asset; their sum is the planned power of the connection.
        cause: id of the clearing or contract it follows from.
    """

    id: str
    ean: str
    start: datetime
    assets: tuple[AssetSchedule, ...]
    cause: str

    @property
    def power_kw(self) -> tuple[Decimal, ...]:
        """Planned power of the connection per quarter-hour: the exact sum of its assets."""
        return tuple(sum(column, Decimal(0)) for column in zip(*(a.power_kw for a in self.assets), strict=True))
