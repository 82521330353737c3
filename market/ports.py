"""Ports: what use cases need from a store, without knowing which one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from market.domain.award import RedispatchAward, RedispatchClearing
from market.domain.bid import Bid
from market.domain.connection import CongestionArea, Connection
from market.domain.lifecycle import ClearingStatus, OrderState
from market.domain.need import Need
from market.domain.order import Order
from market.domain.schedule import Schedule
from market.domain.tender import Tender
from market.domain.tender_award import TenderAward, TenderClearing
from market.snapshot import JsonValue
from optimizer.findings import Finding

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class QualifiedConnection:
    """A registered connection and what the operator qualified it for.

    Attributes:
        connection: the connection.
        qualified_mw: most MW that bids on it may be awarded; zero until it is qualified.
    """

    connection: Connection
    qualified_mw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredBid:
    """A bid as it was received.

    Attributes:
        bid: the bid.
        content_hash: hash of what was received, for the receipt.
    """

    bid: Bid
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order as it was received.

    Attributes:
        order: the order.
        state: in the book or accepted.
        content_hash: hash of what was received, for the receipt.
    """

    order: Order
    state: OrderState
    content_hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingSummary:
    """What a list shows of a clearing.

    Attributes:
        id: id of the clearing.
        tender_id: tender it decides on, or None.
        need_ids: needs it decides on; empty for a tender.
        status: how it ended.
        input_hash: hash of everything it was computed from.
        created_at: aware UTC time.
    """

    id: str
    tender_id: str | None
    need_ids: tuple[str, ...]
    status: ClearingStatus
    input_hash: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearingRecord:
    """One clearing; immutable once stored.

    Attributes:
        summary: what it decides on and how it ended.
        snapshot: its input, as plain JSON values.
        result: awards, cover and certificate.
    """

    summary: ClearingSummary
    snapshot: JsonValue
    result: TenderClearing | RedispatchClearing


@dataclass(frozen=True, slots=True, kw_only=True)
class AwardRecord:
    """The decision of a clearing on one bid or order.

    Attributes:
        id: id of the award.
        clearing_id: clearing that decided.
        award: the decision.
    """

    id: str
    clearing_id: str
    award: TenderAward | RedispatchAward


@dataclass(frozen=True, slots=True, kw_only=True)
class DispatchRecord:
    """One plan of the assets behind a connection, or the reason why there is none.

    Attributes:
        id: id of the dispatch.
        ean: connection.
        status: why the search ended, such as ``optimal`` or ``infeasible``.
        input_hash: hash of the site it was computed from.
        snapshot: that site, as plain JSON values.
        created_at: aware UTC time.
        schedule: schedule that follows; None without a plan.
        cost_eur: cost by kind; empty without a plan.
        bound_eur: proven lower bound on the total cost, or None.
        details: what the assets do besides drawing power and what windows are worth, as plain JSON values.
        slack: preferences given up, one sentence each.
        findings: why there is no plan, in domain words.
    """

    id: str
    ean: str
    status: str
    input_hash: str
    snapshot: JsonValue
    created_at: datetime
    schedule: Schedule | None
    cost_eur: Mapping[str, Decimal]
    bound_eur: Decimal | None
    details: JsonValue
    slack: tuple[str, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Part of a list in order of id.

    Attributes:
        items: the part.
        next_after: id to go on after; None at the end.
    """

    items: tuple[T, ...]
    next_after: str | None


class Reading(Protocol[T]):
    """Things of one kind, by id."""

    def get(self, id: str, /) -> T:
        """Read one.

        Raises:
            NotFoundError: there is none.
        """
        ...

    def find(self, id: str, /) -> T | None:
        """Read one, or None."""
        ...

    def page(self, *, after: str | None, size: int, **equal: str | None) -> Page[T]:
        """Read part of the list whose columns equal the given values; None matches everything."""
        ...


class Collection(Reading[T], Protocol[T]):
    """Things of one kind, by id, to which new ones can be added."""

    def add(self, *items: T) -> None:
        """Store new things.

        Raises:
            ConflictError: something with one of their ids is there already.
        """
        ...


class Connections(Collection[QualifiedConnection], Protocol):
    """Registered connections, by EAN."""

    def inside(self, area_id: str) -> tuple[QualifiedConnection, ...]:
        """Every connection that lies in an area, by EAN."""
        ...

    def among(self, eans: Sequence[str]) -> tuple[QualifiedConnection, ...]:
        """Those of the given EANs that exist, by EAN."""
        ...


class Needs(Collection[Need], Protocol):
    """Announced needs."""

    def clearing_of(self, id: str) -> str | None:
        """Id of the clearing that decided on a need, or None."""
        ...


class Tenders(Collection[Tender], Protocol):
    """Published tenders."""

    def clearing_of(self, id: str) -> str | None:
        """Id of the clearing that decided on a tender, or None."""
        ...


class Bids(Collection[StoredBid], Protocol):
    """Submitted bids."""

    def of_tender(self, tender_id: str) -> tuple[StoredBid, ...]:
        """Every bid of a tender, by id."""
        ...

    def count(self, tender_id: str) -> int:
        """Number of bids of a tender, which may be known while they are sealed."""
        ...


class Orders(Collection[StoredOrder], Protocol):
    """The order book."""

    def live_between(self, start: datetime, end: datetime) -> tuple[StoredOrder, ...]:
        """Orders still in the book that touch a span of time, by id."""
        ...

    def accept(self, orders: Sequence[Order]) -> None:
        """Mark orders as accepted, and what is left of their exclusive groups as excluded.

        Raises:
            ConflictError: one of them left the book before.
        """
        ...

    def decided(self, ids: Sequence[str]) -> frozenset[str]:
        """Those of the given orders on which a clearing has decided."""
        ...


class Clearings(Protocol):
    """Clearings with their awards."""

    def get(self, id: str, /) -> ClearingRecord:
        """Read one, or raise `NotFoundError`."""
        ...

    def summaries(self, *, after: str | None, size: int) -> Page[ClearingSummary]:
        """Read part of the list, without snapshots and awards."""
        ...

    def add(self, record: ClearingRecord, awards: Sequence[AwardRecord], /) -> None:
        """Store a clearing together with the awards of its result.

        Raises:
            ConflictError: its tender or one of its needs was cleared before.
        """
        ...


class Schedules(Collection[Schedule], Protocol):
    """Schedules of connections."""

    def latest(self, ean: str) -> Schedule | None:
        """The schedule stored last for a connection, or None."""
        ...


class Dispatches(Protocol):
    """Plans of the assets behind a connection."""

    def get(self, id: str, /) -> DispatchRecord:
        """Read one, or raise `NotFoundError`."""
        ...

    def add(self, record: DispatchRecord, /) -> None:
        """Store a dispatch together with the schedule that follows from it."""
        ...


class Unit(Protocol):
    """Everything readable and writable within one transaction."""

    @property
    def areas(self) -> Collection[CongestionArea]:
        """Congestion areas."""
        ...

    @property
    def connections(self) -> Connections:
        """Registered connections."""
        ...

    @property
    def needs(self) -> Needs:
        """Announced needs."""
        ...

    @property
    def tenders(self) -> Tenders:
        """Published tenders."""
        ...

    @property
    def bids(self) -> Bids:
        """Submitted bids."""
        ...

    @property
    def orders(self) -> Orders:
        """The order book."""
        ...

    @property
    def clearings(self) -> Clearings:
        """Clearings."""
        ...

    @property
    def awards(self) -> Reading[AwardRecord]:
        """Decisions on bids and orders."""
        ...

    @property
    def schedules(self) -> Schedules:
        """Schedules of connections."""
        ...

    @property
    def dispatches(self) -> Dispatches:
        """Plans of the assets behind a connection."""
        ...


class Store(Protocol):
    """A durable store of the market."""

    def read(self) -> AbstractContextManager[Unit]:
        """Open a consistent view that writes nothing."""
        ...

    def write(self) -> AbstractContextManager[Unit]:
        """Open a transaction: kept as a whole when the block ends, undone as a whole when it raises."""
        ...

    def close(self) -> None:
        """Let go of the database."""
        ...
