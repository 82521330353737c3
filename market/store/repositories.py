"""Repositories: domain objects in and out of tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, Generic, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Row, Table, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from market.domain.connection import CongestionArea
from market.domain.lifecycle import OrderState
from market.domain.need import Need
from market.domain.order import Order
from market.domain.schedule import Schedule
from market.domain.tender import Tender
from market.errors import ConflictError, NotFoundError
from market.ports import (
    AwardRecord,
    ClearingRecord,
    ClearingSummary,
    DispatchRecord,
    Page,
    QualifiedConnection,
    StoredBid,
    StoredOrder,
)
from market.store import mapping, tables

T = TypeVar("T")
Values = Mapping[str, Any]

_PARAMETERS: Final = 500


@dataclass(frozen=True, slots=True)
class TableReader(Generic[T]):
    """Reads the things of one table by key."""

    connection: Connection
    kind: str
    table: Table
    from_row: Callable[[Row[Any]], T]

    @property
    def key(self) -> Column[Any]:
        """The primary key."""
        return next(iter(self.table.primary_key.columns))

    def get(self, id: str) -> T:
        """Read one, or raise `NotFoundError`."""
        found = self.find(id)
        if found is None:
            raise NotFoundError(self.kind, id)
        return found

    def find(self, id: str) -> T | None:
        """Read one, or None."""
        row = self.connection.execute(select(self.table).where(self.key == id)).one_or_none()
        return None if row is None else self.from_row(row)

    def page(self, *, after: str | None, size: int, **equal: str | None) -> Page[T]:
        """Read up to ``size`` things in order of key."""
        query = select(self.table).order_by(self.key).limit(size + 1)
        if after is not None:
            query = query.where(self.key > after)
        for name, value in equal.items():
            if value is not None:
                query = query.where(self.table.c[name] == value)
        rows = self.connection.execute(query).all()
        more = len(rows) > size
        return Page(
            items=tuple(self.from_row(row) for row in rows[:size]),
            next_after=getattr(rows[size - 1], self.key.name) if more else None,
        )

    def _select(self, *conditions: Any) -> tuple[T, ...]:
        rows = self.connection.execute(select(self.table).where(*conditions).order_by(self.key))
        return tuple(self.from_row(row) for row in rows)

    def _insert(self, rows: Sequence[Values]) -> None:
        try:
            with self.connection.begin_nested():
                self.connection.execute(insert(self.table), rows)
        except IntegrityError as error:
            ids = [row[self.key.name] for row in rows]
            taken = next((id for id in ids if self.find(id) is not None), None)
            if taken is None:
                raise
            raise ConflictError(self.kind, taken, state="registered already", needed="choose another id") from error


@dataclass(frozen=True, slots=True)
class TableCollection(TableReader[T]):
    """Reads and adds the things of one table."""

    to_row: Callable[[T], Values]
    now: datetime

    def add(self, *items: T) -> None:
        """Store new things."""
        stamp = {"created_at": self.now} if "created_at" in self.table.c else {}
        if items:
            self._insert([{**stamp, **self.to_row(item)} for item in items])


class ConnectionTable(TableCollection[QualifiedConnection]):
    """Connections and the areas they lie in."""

    __slots__ = ()

    def add(self, *items: QualifiedConnection) -> None:
        """Store connections and their places in the grid."""
        super().add(*items)
        places = [{"ean": i.connection.ean, "area_id": area_id} for i in items for area_id in i.connection.area_ids]
        if places:
            self.connection.execute(insert(tables.connection_areas), places)

    def inside(self, area_id: str) -> tuple[QualifiedConnection, ...]:
        """Every connection that lies in an area."""
        places = tables.connection_areas
        return self._select(self.key.in_(select(places.c.ean).where(places.c.area_id == area_id)))

    def among(self, eans: Sequence[str]) -> tuple[QualifiedConnection, ...]:
        """Those of the given EANs that exist."""
        return tuple(item for part in _parts(eans) for item in self._select(self.key.in_(part)))


class NeedTable(TableCollection[Need]):
    """Needs."""

    __slots__ = ()

    def clearing_of(self, id: str) -> str | None:
        """Id of the clearing that decided on a need."""
        links = tables.clearing_needs
        found: str | None = self.connection.scalar(select(links.c.clearing_id).where(links.c.need_id == id))
        return found


class TenderTable(TableCollection[Tender]):
    """Tenders."""

    __slots__ = ()

    def clearing_of(self, id: str) -> str | None:
        """Id of the clearing that decided on a tender."""
        clearings = tables.clearings
        found: str | None = self.connection.scalar(select(clearings.c.id).where(clearings.c.tender_id == id))
        return found


class BidTable(TableCollection[StoredBid]):
    """Bids."""

    __slots__ = ()

    def of_tender(self, tender_id: str) -> tuple[StoredBid, ...]:
        """Every bid of a tender."""
        return self._select(self.table.c.tender_id == tender_id)

    def count(self, tender_id: str) -> int:
        """Number of bids of a tender."""
        query = select(func.count()).select_from(self.table).where(self.table.c.tender_id == tender_id)
        return self.connection.scalar(query) or 0


class OrderTable(TableCollection[StoredOrder]):
    """The order book."""

    __slots__ = ()

    def live_between(self, start: datetime, end: datetime) -> tuple[StoredOrder, ...]:
        """Orders in the book that touch a span of time."""
        columns = self.table.c
        return self._select(columns.state == OrderState.SUBMITTED.value, columns.start < end, columns.end > start)

    def accept(self, orders: Sequence[Order]) -> None:
        """Mark orders as accepted, and what is left of their exclusive groups as excluded."""
        columns = self.table.c
        for part in _parts([order.id for order in orders]):
            if self._move(columns.id.in_(part), OrderState.ACCEPTED) != len(part):
                raise ConflictError("order", part[0], state="no longer in the book", needed="clear again")
        for part in _parts([order.exclusive_group for order in orders if order.exclusive_group is not None]):
            self._move(columns.exclusive_group.in_(part), OrderState.EXCLUDED)

    def _move(self, which: ColumnElement[bool], state: OrderState) -> int:
        live = which & (self.table.c.state == OrderState.SUBMITTED.value)
        return self.connection.execute(update(self.table).where(live).values(state=state.value)).rowcount

    def decided(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of the given orders on which a clearing has decided."""
        order_id = tables.awards.c.order_id
        return frozenset(
            found
            for part in _parts(ids)
            for found in self.connection.scalars(select(order_id).where(order_id.in_(part)))
        )


class ClearingTable(TableReader[ClearingRecord]):
    """Clearings with their awards."""

    __slots__ = ()

    def add(self, record: ClearingRecord, awards: Sequence[AwardRecord]) -> None:
        """Store a clearing, what it decides on and its awards."""
        summary = record.summary
        try:
            self._insert([mapping.clearing_to_row(record)])
            for need_id in summary.need_ids:
                link = {"clearing_id": summary.id, "need_id": need_id}
                self.connection.execute(insert(tables.clearing_needs), link)
        except IntegrityError as error:
            kind, subject = ("tender", summary.tender_id) if summary.tender_id else ("need", summary.need_ids[0])
            raise ConflictError(kind, subject, state="cleared", needed="a clearing is final") from error
        rows = [mapping.award_to_row(award) for award in awards]
        if rows:
            self.connection.execute(insert(tables.awards), rows)

    def summaries(self, *, after: str | None, size: int) -> Page[ClearingSummary]:
        """Read part of the list, without snapshots and awards."""
        slim = TableReader(self.connection, self.kind, self.table, partial(_read_summary, self.connection))
        return slim.page(after=after, size=size)


class DispatchTable(TableCollection[DispatchRecord]):
    """Dispatches with their schedules."""

    __slots__ = ()

    def add(self, *items: DispatchRecord) -> None:
        """Store dispatches and their schedules."""
        schedules = [item.schedule for item in items if item.schedule is not None]
        open_schedules(self.connection, self.now).add(*schedules)
        super().add(*items)


class ScheduleTable(TableCollection[Schedule]):
    """Schedules."""

    __slots__ = ()

    def latest(self, ean: str) -> Schedule | None:
        """The schedule stored last for a connection."""
        columns = self.table.c
        newest = select(self.table).where(columns.ean == ean).order_by(columns.created_at.desc(), columns.id.desc())
        row = self.connection.execute(newest.limit(1)).one_or_none()
        return None if row is None else self.from_row(row)


@dataclass(frozen=True, slots=True, kw_only=True)
class SqlUnit:
    """Every repository on one transaction."""

    areas: TableCollection[CongestionArea]
    connections: ConnectionTable
    needs: NeedTable
    tenders: TenderTable
    bids: BidTable
    orders: OrderTable
    clearings: ClearingTable
    awards: TableReader[AwardRecord]
    schedules: ScheduleTable
    dispatches: DispatchTable


def open_unit(connection: Connection, now: datetime) -> SqlUnit:
    """Put every repository on one transaction that happens now."""
    m, t = mapping, tables
    read_clearing, read_dispatch = partial(_read_clearing, connection), partial(_read_dispatch, connection, now)
    return SqlUnit(
        areas=TableCollection(connection, "area", t.areas, m.area_from_row, m.area_to_row, now),
        connections=ConnectionTable(
            connection, "connection", t.connections, m.connection_from_row, m.connection_to_row, now
        ),
        needs=NeedTable(connection, "need", t.needs, m.need_from_row, m.need_to_row, now),
        tenders=TenderTable(connection, "tender", t.tenders, m.tender_from_row, m.tender_to_row, now),
        bids=BidTable(connection, "bid", t.bids, m.bid_from_row, m.bid_to_row, now),
        orders=OrderTable(connection, "order", t.orders, m.order_from_row, m.order_to_row, now),
        clearings=ClearingTable(connection, "clearing", t.clearings, read_clearing),
        awards=TableReader(connection, "award", t.awards, m.award_from_row),
        schedules=open_schedules(connection, now),
        dispatches=DispatchTable(connection, "dispatch", t.dispatches, read_dispatch, m.dispatch_to_row, now),
    )


def open_schedules(connection: Connection, now: datetime) -> ScheduleTable:
    """Put the repository of schedules on a transaction."""
    read, write = mapping.schedule_from_row, mapping.schedule_to_row
    return ScheduleTable(connection, "schedule", tables.schedules, read, write, now)


def _read_need_ids(connection: Connection, clearing_id: str) -> tuple[str, ...]:
    links = tables.clearing_needs.c
    found = select(links.need_id).where(links.clearing_id == clearing_id).order_by(links.need_id)
    return tuple(connection.scalars(found))


def _read_summary(connection: Connection, row: Row[Any]) -> ClearingSummary:
    return mapping.summary_from_row(row, _read_need_ids(connection, row.id))


def _read_clearing(connection: Connection, row: Row[Any]) -> ClearingRecord:
    awards = tables.awards.c
    bodies = select(awards.body).where(awards.clearing_id == row.id).order_by(awards.bid_id, awards.order_id)
    return mapping.clearing_from_row(row, _read_need_ids(connection, row.id), list(connection.scalars(bodies)))


def _read_dispatch(connection: Connection, now: datetime, row: Row[Any]) -> DispatchRecord:
    schedule = None if row.schedule_id is None else open_schedules(connection, now).get(row.schedule_id)
    return mapping.dispatch_from_row(row, schedule)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut a list into parts that fit into one statement."""
    for begin in range(0, len(ids), _PARAMETERS):
        yield ids[begin : begin + _PARAMETERS]
