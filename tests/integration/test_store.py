"""The store: migrations and tables agree, a transaction is kept whole or not at all, and SQLite is set up as stated."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection as SqlConnection
from sqlalchemy import Engine, event, inspect, text
from sqlalchemy.exc import IntegrityError

from market.domain.connection import CongestionArea, Connection
from market.domain.lifecycle import OrderState
from market.domain.order import Order
from market.errors import ConflictError, NotFoundError, StoreError
from market.identity import Uuid7Source
from market.ports import QualifiedConnection, StoredOrder
from market.region.example import load_example_region, run_example
from market.services.example import keep_example
from market.services.market import Market
from market.store import database
from market.store.tables import metadata
from tests.served import HandClock


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = database.connect(f"sqlite:///{tmp_path / 'market.sqlite3'}")
    database.upgrade(opened)
    yield opened
    opened.dispose()


@pytest.fixture
def store(engine: Engine) -> database.SqlStore:
    return database.SqlStore(engine, HandClock())


AREA = CongestionArea(id="A", name="Vaart", operator="x")


def test_migrations_lead_from_nothing_to_the_tables_of_the_code(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_constraints_are_those_of_the_code(engine: Engine) -> None:
    inspector = inspect(engine)
    for table in metadata.sorted_tables:
        foreign = {key["name"]: key["referred_table"] for key in inspector.get_foreign_keys(table.name)}
        assert foreign == {str(key.name): key.referred_table.name for key in table.foreign_key_constraints}
        assert {index["name"] for index in inspector.get_indexes(table.name)} == {str(i.name) for i in table.indexes}
    assert [check["name"] for check in inspector.get_check_constraints("awards")] == ["ck_awards_one_subject"]


def test_an_upgrade_can_be_repeated_and_a_database_without_it_says_what_to_do(tmp_path: Path) -> None:
    engine = database.connect(f"sqlite:///{tmp_path / 'new.sqlite3'}")
    with pytest.raises(StoreError, match="flexclear db upgrade"):
        database.require_newest_revision(engine)
    assert database.revision(engine) is None
    assert database.upgrade(engine) == database.upgrade(engine) == database.newest_revision()
    database.require_newest_revision(engine)
    engine.dispose()


def test_a_file_that_is_no_database_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "junk.sqlite3").write_bytes(b"x" * 5_000)
    engine = database.connect(f"sqlite:///{tmp_path / 'junk.sqlite3'}")
    with pytest.raises(StoreError, match="not a database"):
        database.revision(engine)
    engine.dispose()


def test_sqlite_keeps_a_log_ahead_and_its_foreign_keys(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.scalar(text("PRAGMA journal_mode")) == "wal"
        assert connection.scalar(text("PRAGMA foreign_keys")) == 1
        assert connection.scalar(text("PRAGMA synchronous")) == 2


def test_a_transaction_that_fails_leaves_nothing(store: database.SqlStore) -> None:
    def add_and_fail() -> None:
        with store.write() as unit:
            unit.areas.add(AREA)
            assert unit.areas.find("A") == AREA
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        add_and_fail()
    with store.read() as unit:
        assert unit.areas.find("A") is None
        with pytest.raises(NotFoundError, match="no area A"):
            unit.areas.get("A")


def test_a_second_thing_under_one_id_is_a_conflict_and_the_transaction_can_go_on(store: database.SqlStore) -> None:
    with store.write() as unit:
        unit.areas.add(AREA)
        with pytest.raises(ConflictError):
            unit.areas.add(replace(AREA, name="other"))
        unit.areas.add(replace(AREA, id="B"))
    with store.read() as unit:
        assert [area.name for area in unit.areas.page(after=None, size=9).items] == ["Vaart", "Vaart"]


def test_a_reference_to_nothing_is_refused_by_the_database_itself(store: database.SqlStore) -> None:
    connection = Connection(ean="871999000000000018", name="x", company="x", area_ids=("nowhere",))
    with pytest.raises(IntegrityError, match="FOREIGN KEY"), store.write() as unit:
        unit.connections.add(QualifiedConnection(connection=connection, qualified_mw=Decimal(1)))


def test_a_reader_sees_the_state_at_which_it_began(store: database.SqlStore) -> None:
    with store.read() as before:
        assert before.areas.find("A") is None
        with store.write() as unit:
            unit.areas.add(AREA)
        assert before.areas.find("A") is None
    with store.read() as after:
        assert after.areas.find("A") == AREA


def test_writers_wait_for_each_other_and_none_is_lost(store: database.SqlStore) -> None:
    """Each writer reads before it writes, which fails at once unless the lock is taken at the beginning."""

    def write(first: int) -> None:
        for number in range(first, first + 10):
            with store.write() as unit:
                assert unit.areas.find(f"{number:03}") is None
                unit.areas.add(replace(AREA, id=f"{number:03}"))

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, (0, 10, 20, 30)))
    with store.read() as unit:
        assert [area.id for area in unit.areas.page(after=None, size=99).items] == [f"{k:03}" for k in range(40)]


def test_a_database_that_is_busy_too_long_is_named_as_such(
    engine: Engine, store: database.SqlStore, tmp_path: Path
) -> None:
    @event.listens_for(engine, "begin")
    def _lose_patience(connection: SqlConnection) -> None:
        connection.exec_driver_sql("PRAGMA busy_timeout = 1")

    with closing(sqlite3.connect(tmp_path / "market.sqlite3")) as other:
        other.execute("BEGIN IMMEDIATE")
        with store.read() as unit:
            assert unit.areas.find("A") is None
        with pytest.raises(StoreError, match="locked"), store.write() as unit:
            unit.areas.add(AREA)


def test_what_is_stored_is_read_back_equal_to_the_last_digit(store: database.SqlStore) -> None:
    """The example region, played through the use cases, holds one of every kind of thing."""
    result = run_example(load_example_region())
    clock = HandClock()
    market = Market(store=store, clock=clock, new_id=Uuid7Source(clock))
    assert keep_example(market, result)
    assert keep_example(market, result), "a second time finds the first and changes nothing"
    region = result.region
    with store.read() as unit:
        assert unit.areas.get(region.area.id) == region.area
        assert unit.needs.get(region.need.id) == region.need
        assert unit.tenders.get(region.tender.id) == region.tender
        for bid in region.bids:
            assert unit.bids.get(bid.id).bid == bid
        for order in region.orders:
            assert unit.orders.get(order.id).order == order
        clearings = unit.clearings.summaries(after=None, size=9).items
        assert len(clearings) == 2
        for summary in clearings:
            record = unit.clearings.get(summary.id)
            assert record.summary == summary
            assert record.result.certificate.input_hash == summary.input_hash
        for connection in region.connections:
            schedule = unit.schedules.latest(connection.ean)
            assert schedule is None or unit.schedules.get(schedule.id) == schedule


def test_an_order_is_accepted_once(store: database.SqlStore) -> None:
    region = load_example_region()
    order: Order = region.orders[0]
    place = next(c for c in region.connections if c.ean == order.ean)
    with store.write() as unit:
        unit.areas.add(region.area)
        unit.connections.add(QualifiedConnection(connection=place, qualified_mw=Decimal(0)))
        unit.orders.add(StoredOrder(order=order, state=OrderState.SUBMITTED, content_hash="x"))
        unit.orders.accept([order])
    with pytest.raises(ConflictError, match="no longer in the book"), store.write() as unit:
        unit.orders.accept([order])
