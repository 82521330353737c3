"""Mapping: one function to a row and one from a row for every kind of thing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row

from market.domain.award import RedispatchAward, RedispatchClearing
from market.domain.bid import Bid
from market.domain.connection import CongestionArea
from market.domain.lifecycle import ClearingStatus, OrderState
from market.domain.need import Need
from market.domain.order import Order
from market.domain.schedule import Schedule
from market.domain.tender import Tender
from market.domain.tender_award import TenderAward, TenderClearing
from market.ports import (
    AwardRecord,
    ClearingRecord,
    ClearingSummary,
    DispatchRecord,
    QualifiedConnection,
    StoredBid,
    StoredOrder,
)
from market.snapshot import decimal_text, from_plain, to_plain

Values = dict[str, Any]
AnyRow = Row[Any]


def area_to_row(area: CongestionArea) -> Values:
    """Write an area."""
    return {"id": area.id, "body": to_plain(area)}


def area_from_row(row: AnyRow) -> CongestionArea:
    """Read an area."""
    return from_plain(CongestionArea, row.body)


def connection_to_row(item: QualifiedConnection) -> Values:
    """Write a connection; its areas are written beside it."""
    return {
        "ean": item.connection.ean,
        "qualified_mw": decimal_text(item.qualified_mw),
        "body": to_plain(item.connection),
    }


def connection_from_row(row: AnyRow) -> QualifiedConnection:
    """Read a connection."""
    return from_plain(QualifiedConnection, {"connection": row.body, "qualified_mw": row.qualified_mw})


def need_to_row(need: Need) -> Values:
    """Write a need."""
    return {"id": need.id, "area_id": need.area_id, "start": need.start, "end": need.end, "body": to_plain(need)}


def need_from_row(row: AnyRow) -> Need:
    """Read a need."""
    return from_plain(Need, row.body)


def tender_to_row(tender: Tender) -> Values:
    """Write a tender."""
    return {
        "id": tender.id,
        "area_id": tender.area_id,
        "closes_at": tender.closes_at,
        "body": to_plain(tender),
    }


def tender_from_row(row: AnyRow) -> Tender:
    """Read a tender."""
    return from_plain(Tender, row.body)


def bid_to_row(item: StoredBid) -> Values:
    """Write a bid."""
    return {
        "id": item.bid.id,
        "tender_id": item.bid.tender_id,
        "csp": item.bid.csp,
        "submitted_at": item.bid.submitted_at,
        "content_hash": item.content_hash,
        "body": to_plain(item.bid),
    }


def bid_from_row(row: AnyRow) -> StoredBid:
    """Read a bid."""
    return StoredBid(bid=from_plain(Bid, row.body), content_hash=row.content_hash)


def order_to_row(item: StoredOrder) -> Values:
    """Write an order."""
    return {
        "id": item.order.id,
        "ean": item.order.ean,
        "csp": item.order.csp,
        "exclusive_group": item.order.exclusive_group,
        "start": item.order.start,
        "end": item.order.end,
        "submitted_at": item.order.submitted_at,
        "state": item.state.value,
        "content_hash": item.content_hash,
        "body": to_plain(item.order),
    }


def order_from_row(row: AnyRow) -> StoredOrder:
    """Read an order."""
    return StoredOrder(order=from_plain(Order, row.body), state=OrderState(row.state), content_hash=row.content_hash)


def clearing_to_row(record: ClearingRecord) -> Values:
    """Write a clearing without its awards, which have rows of their own."""
    summary = record.summary
    body = to_plain(record.result)
    del body["awards"]
    return {
        "id": summary.id,
        "tender_id": summary.tender_id,
        "status": summary.status.value,
        "input_hash": summary.input_hash,
        "snapshot": record.snapshot,
        "created_at": summary.created_at,
        "body": body,
    }


def summary_from_row(row: AnyRow, need_ids: tuple[str, ...]) -> ClearingSummary:
    """Read what a list shows of a clearing."""
    return ClearingSummary(
        id=row.id,
        tender_id=row.tender_id,
        need_ids=need_ids,
        status=ClearingStatus(row.status),
        input_hash=row.input_hash,
        created_at=row.created_at,
    )


def clearing_from_row(row: AnyRow, need_ids: tuple[str, ...], awards: Sequence[Any]) -> ClearingRecord:
    """Read a clearing together with the bodies of its awards."""
    body = {**row.body, "awards": awards}
    return ClearingRecord(
        summary=summary_from_row(row, need_ids),
        snapshot=row.snapshot,
        result=from_plain(RedispatchClearing, body) if row.tender_id is None else from_plain(TenderClearing, body),
    )


def award_to_row(record: AwardRecord) -> Values:
    """Write an award."""
    award = record.award
    return {
        "id": record.id,
        "clearing_id": record.clearing_id,
        "bid_id": award.bid_id if isinstance(award, TenderAward) else None,
        "order_id": award.order_id if isinstance(award, RedispatchAward) else None,
        "csp": award.csp,
        "body": to_plain(award),
    }


def award_from_row(row: AnyRow) -> AwardRecord:
    """Read an award."""
    award: TenderAward | RedispatchAward
    award = from_plain(RedispatchAward, row.body) if row.bid_id is None else from_plain(TenderAward, row.body)
    return AwardRecord(id=row.id, clearing_id=row.clearing_id, award=award)


def schedule_to_row(schedule: Schedule) -> Values:
    """Write a schedule."""
    return {
        "id": schedule.id,
        "ean": schedule.ean,
        "start": schedule.start,
        "quarter_hours": len(schedule.power_kw),
        "cause": schedule.cause,
        "body": to_plain(schedule),
    }


def schedule_from_row(row: AnyRow) -> Schedule:
    """Read a schedule."""
    return from_plain(Schedule, row.body)


def dispatch_to_row(record: DispatchRecord) -> Values:
    """Write a dispatch; its schedule is written beside it."""
    body: Mapping[str, Any] = to_plain(record)
    own = ("id", "ean", "status", "input_hash", "snapshot", "created_at", "schedule")
    return {
        "id": record.id,
        "ean": record.ean,
        "schedule_id": None if record.schedule is None else record.schedule.id,
        "status": record.status,
        "input_hash": record.input_hash,
        "snapshot": record.snapshot,
        "created_at": record.created_at,
        "body": {name: value for name, value in body.items() if name not in own},
    }


def dispatch_from_row(row: AnyRow, schedule: Schedule | None) -> DispatchRecord:
    """Read a dispatch together with its schedule."""
    own = {name: getattr(row, name) for name in ("id", "ean", "status", "input_hash", "snapshot", "created_at")}
    return from_plain(DispatchRecord, {**row.body, **own, "schedule": schedule})
