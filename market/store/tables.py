"""Tables: columns for what is searched, joined and guarded by keys; the rest of each object as one JSON document.

Arrays of quarter-hours and nested terms are always read as a whole, so they have no rows of their own. Times are stored
in UTC, decimals as text: neither SQLite nor a driver gets the chance to round them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcDateTime(TypeDecorator[datetime]):
    """Aware times in, aware UTC times out, whatever the database keeps of a zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a naive time; store UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("only aware times are stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Mark what SQLite returns without a zone as the UTC it is."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _id_column() -> Column[str]:
    return Column("id", String(100), primary_key=True)


def _reference(name: str, target: str, *, nullable: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, ForeignKey(target), nullable=nullable, primary_key=primary_key)


def _created_at() -> Column[datetime]:
    return Column("created_at", UtcDateTime, nullable=False)


def _body() -> Column[Any]:
    return Column("body", JSON, nullable=False)


areas = Table("areas", metadata, _id_column(), _created_at(), _body())

connections = Table(
    "connections",
    metadata,
    Column("ean", String(18), primary_key=True),
    Column("qualified_mw", String(40), nullable=False),
    _created_at(),
    _body(),
)

connection_areas = Table(
    "connection_areas",
    metadata,
    _reference("ean", "connections.ean", primary_key=True),
    _reference("area_id", "areas.id", primary_key=True),
)

needs = Table(
    "needs",
    metadata,
    _id_column(),
    _reference("area_id", "areas.id"),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    _created_at(),
    _body(),
)

tenders = Table(
    "tenders",
    metadata,
    _id_column(),
    _reference("area_id", "areas.id"),
    Column("closes_at", UtcDateTime, nullable=False),
    _created_at(),
    _body(),
)

bids = Table(
    "bids",
    metadata,
    _id_column(),
    _reference("tender_id", "tenders.id"),
    Column("csp", Text, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("content_hash", String(80), nullable=False),
    _body(),
    Index(None, "tender_id", "id"),
)

orders = Table(
    "orders",
    metadata,
    _id_column(),
    _reference("ean", "connections.ean"),
    Column("csp", Text, nullable=False),
    Column("exclusive_group", Text, nullable=True),
    Column("start", UtcDateTime, nullable=False),
    Column("end", UtcDateTime, nullable=False),
    Column("submitted_at", UtcDateTime, nullable=False),
    Column("state", String(20), nullable=False),
    Column("content_hash", String(80), nullable=False),
    _body(),
    Index(None, "state", "start"),
    Index(None, "exclusive_group"),
)

clearings = Table(
    "clearings",
    metadata,
    _id_column(),
    Column("tender_id", ForeignKey("tenders.id"), nullable=True, unique=True),
    Column("status", String(20), nullable=False),
    Column("input_hash", String(80), nullable=False),
    Column("snapshot", JSON, nullable=False),
    _created_at(),
    _body(),
)

clearing_needs = Table(
    "clearing_needs",
    metadata,
    _reference("clearing_id", "clearings.id", primary_key=True),
    Column("need_id", ForeignKey("needs.id"), primary_key=True, unique=True),
)

awards = Table(
    "awards",
    metadata,
    _id_column(),
    _reference("clearing_id", "clearings.id"),
    _reference("bid_id", "bids.id", nullable=True),
    _reference("order_id", "orders.id", nullable=True),
    Column("csp", Text, nullable=False),
    _body(),
    CheckConstraint("(bid_id IS NULL) <> (order_id IS NULL)", name="one_subject"),
    Index(None, "clearing_id", "id"),
    Index(None, "csp", "id"),
    Index(None, "bid_id"),
    Index(None, "order_id"),
)

schedules = Table(
    "schedules",
    metadata,
    _id_column(),
    _reference("ean", "connections.ean"),
    Column("start", UtcDateTime, nullable=False),
    Column("quarter_hours", Integer, nullable=False),
    Column("cause", String(100), nullable=False),
    _created_at(),
    _body(),
    Index(None, "ean", "id"),
)

dispatches = Table(
    "dispatches",
    metadata,
    _id_column(),
    _reference("ean", "connections.ean"),
    _reference("schedule_id", "schedules.id", nullable=True),
    Column("status", String(20), nullable=False),
    Column("input_hash", String(80), nullable=False),
    Column("snapshot", JSON, nullable=False),
    _created_at(),
    _body(),
    Index(None, "ean", "id"),
)
