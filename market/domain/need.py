"""Needs (flexbehoefte) for redispatch: MW of relief per quarter-hour in one congestion area, with a direction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from optimizer.units import QUARTER_HOUR_S


class Congestion(StrEnum):
    """What overloads the area.

    Against `GENERATION` buys inside help (consume more or generate less) and sells outside balance them; against
    `CONSUMPTION` sells inside help and buys outside balance them.
    """

    GENERATION = "generation"
    CONSUMPTION = "consumption"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effectivity:
    """Share of a connection's power change that arrives at the bottleneck during a span of time.

    Attributes:
        ean: connection.
        share: 0 to 1, at most three decimals.
        start: aware UTC start of the span; None for the whole need.
        quarter_hours: length of the span; None up to the end of the need.
    """

    ean: str
    share: Decimal
    start: datetime | None = None
    quarter_hours: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """A congestion problem announced for redispatch.

    Attributes:
        id: id of the need.
        area_id: congestion area.
        operator: operator that announced it and pays its share of the spread.
        congestion: what overloads the area.
        start: aware UTC start of the first quarter-hour.
        required_mw: relief required per quarter-hour, whole lots, zero or more.
        mandatory: whether connections with a bid obligation must bid (announcement type MANDATORY).
        bids_from: aware start of the period in which orders may be submitted; None for no limit.
        bids_until: aware end of that period, the gate; None for no limit.
        effectivities: where the share differs from 1 inside and 0 outside the area; the last entry that covers a
            quarter-hour counts.
    """

    id: str
    area_id: str
    operator: str = ""
    congestion: Congestion
    start: datetime
    required_mw: tuple[Decimal, ...]
    mandatory: bool = False
    bids_from: datetime | None = None
    bids_until: datetime | None = None
    effectivities: tuple[Effectivity, ...] = ()

    @property
    def end(self) -> datetime:
        """Aware end of the last quarter-hour."""
        return self.start + timedelta(seconds=QUARTER_HOUR_S * len(self.required_mw))


@dataclass(frozen=True, slots=True, kw_only=True)
class Headroom:
    """Room left in an area or on a line before redispatch would cause new congestion there.

    The change it limits is the sum over connections of ``share`` times the change of consumption (buys count
    positive, sells negative).

    Attributes:
        id: id of the area or line.
        start: aware UTC start of the first quarter-hour.
        up_mw: how far the change may go up per quarter-hour, zero or more.
        down_mw: how far it may go down per quarter-hour, zero or more.
        shares: sensitivity per EAN, for a line the power transfer distribution factor; None for an area, whose
            members are the connections that list its id and count in full.
    """

    id: str
    start: datetime
    up_mw: tuple[Decimal, ...]
    down_mw: tuple[Decimal, ...]
    shares: tuple[tuple[str, Decimal], ...] | None = None
