"""Schemas of answers, for the documentation: what is sent is the market's own objects as plain JSON values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Generic, TypeVar

from pydantic import Field

from api.schemas.grid import ConnectionRecord
from api.schemas.redispatch import NeedRecord, OrderRecord
from api.schemas.tenders import BidRecord, TenderRecord
from api.schemas.values import Id, Instant, Model
from market.domain.award import RedispatchAward, RedispatchClearing
from market.domain.lifecycle import ClearingStatus, GateState, OrderState
from market.domain.schedule import AssetSchedule
from market.domain.tender_award import TenderAward, TenderClearing

T = TypeVar("T")


class FindingAnswer(Model):
    """One fault."""

    rule: str
    path: str
    message: str
    ids: list[str]
    value: str | None
    limit: str | None


class ProblemAnswer(Model):
    """A refusal after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    findings: list[FindingAnswer]


class PageAnswer(Model, Generic[T]):
    """Part of a list."""

    items: list[T]
    next_cursor: str | None


class ConnectionAnswer(ConnectionRecord):
    """A registered connection."""


class NeedAnswer(NeedRecord):
    """A need with its state."""

    state: GateState
    clearing_id: Id | None


class TenderAnswer(TenderRecord):
    """A tender with its state; bids are counted, not shown, while it is open."""

    state: GateState
    bids_received: int
    clearing_id: Id | None


class Receipt(Model):
    """Receipt of a bid or an order: what was received, by hash, and when."""

    id: Id
    submitted_at: Instant
    content_hash: str


class Receipts(Model):
    """Receipts of a bulk submission, in its order."""

    receipts: list[Receipt]


class BidAnswer(BidRecord):
    """A bid whose tender is closed."""

    tender_id: Id
    content_hash: str


class OrderAnswer(Model):
    """An order as its state allows to show it; its terms once a clearing has decided on it."""

    id: Id
    state: OrderState
    submitted_at: Instant
    content_hash: str
    terms: OrderRecord | None


class ClearingSummaryAnswer(Model):
    """What a list shows of a clearing."""

    id: Id
    tender_id: Id | None
    need_ids: list[Id]
    status: ClearingStatus
    input_hash: str
    created_at: Instant


class ClearingAnswer(ClearingSummaryAnswer):
    """A clearing with its awards and its certificate."""

    result: TenderClearing | RedispatchClearing
    snapshot: dict[str, Any] | None = Field(default=None, description="its input, when asked for with `snapshot=true`")


class AwardAnswer(Model):
    """The decision of a clearing on one bid or order."""

    id: Id
    clearing_id: Id
    award: TenderAward | RedispatchAward


class ScheduleAnswer(Model):
    """A schedule of a connection."""

    id: Id
    ean: str
    start: Instant
    cause: Id
    power_kw: list[Decimal]
    assets: list[AssetSchedule]


class DispatchAnswer(Model):
    """A plan of the assets behind a connection, or the reason why there is none."""

    id: Id
    ean: str
    status: str
    input_hash: str
    created_at: Instant
    schedule: ScheduleAnswer | None
    cost_eur: dict[str, Decimal]
    bound_eur: Decimal | None
    slack: list[str]
    findings: list[FindingAnswer]
    details: dict[str, Any]


class HealthAnswer(Model):
    """Whether the service works."""

    status: str
    version: str
    database_revision: str
    time: Instant
