"""The flexibility expectation (flexverwachting): what an operator publishes about the flexibility it will need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum


class Horizon(StrEnum):
    """How far ahead: a typical year, the coming month, or the next days (flexradar)."""

    YEAR = "year"
    MONTH = "month"
    RADAR = "radar"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpectedBlock:
    """A block of congestion expected in a period.

    Attributes:
        first: first day of the period.
        last: last day, inclusive.
        probability: probability that the period sees any congestion.
        expected_blocks: expected number of blocks in it.
        mean_block_h: mean length of a block, or None where none is expected.
        largest_mw: largest shortage over all scenarios.
        expected_mwh: expected shortage.
    """

    first: date
    last: date
    probability: Decimal
    expected_blocks: Decimal
    mean_block_h: Decimal | None
    largest_mw: Decimal
    expected_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class FlexExpectation:
    """The five published fields for one area and horizon.

    Attributes:
        area_id: congestion area.
        horizon: how far ahead.
        issued_at: aware time of publication.
        blocks: frequency, length and shortage per period.
        conditions: further conditions of the request.
        past_calls: number of blocks really called in the same periods of the past, where known.
    """

    area_id: str
    horizon: Horizon
    issued_at: datetime
    blocks: tuple[ExpectedBlock, ...]
    conditions: str
    past_calls: int | None
