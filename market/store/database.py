"""The database: engine, transactions and the way its schema is brought up to date."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import DatabaseError, OperationalError

from market.clock import Clock
from market.errors import StoreError
from market.ports import Unit
from market.store.repositories import open_unit

MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_TIMEOUT_MS: Final = 10_000
_WRITES: Final = "flexclear_writes"


def connect(url: str) -> Engine:
    """Open a database; SQLite gets write-ahead logging, foreign keys and one transaction at a time that writes.

    Args:
        url: SQLAlchemy address, such as ``sqlite:///flexclear.sqlite3``.
    """
    engine = create_engine(make_url(url))
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def upgrade(engine: Engine) -> str:
    """Bring the schema to the newest revision, from an empty database or from any older one; return the revision."""
    with engine.execution_options(**{_WRITES: True}).connect() as connection, connection.begin():
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return newest_revision()


def newest_revision() -> str:
    """Revision this version of the software works with."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def revision(engine: Engine) -> str | None:
    """Revision a database is at; None when it has never been upgraded."""
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except DatabaseError as error:
        raise StoreError(f"the database cannot be read: {error.orig}") from error


def require_newest_revision(engine: Engine) -> None:
    """Refuse a database of another revision.

    Raises:
        StoreError: with what to do about it.
    """
    found, wanted = revision(engine), newest_revision()
    if found != wanted:
        raise StoreError(f"the database is at revision {found or 'none'}, not {wanted}: run `flexclear db upgrade`")


class SqlStore:
    """The market in a relational database."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._writing = engine.execution_options(**{_WRITES: True})
        self._clock = clock

    @contextmanager
    def read(self) -> Iterator[Unit]:
        """Open a consistent view that writes nothing."""
        with _reachable(), self._engine.connect() as connection:
            yield open_unit(connection, self._clock.now())

    @contextmanager
    def write(self) -> Iterator[Unit]:
        """Open a transaction: kept as a whole when the block ends, undone as a whole when it raises."""
        with _reachable(), self._writing.begin() as connection:
            yield open_unit(connection, self._clock.now())

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


@contextmanager
def _reachable() -> Iterator[None]:
    """Say in the market's words that the database is busy, full or gone."""
    try:
        yield
    except OperationalError as error:
        raise StoreError(f"the database cannot be worked with now: {error.orig}") from error


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    cursor = connection.cursor()
    for setting in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.execute(f"PRAGMA busy_timeout = {_BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock when a transaction that will write begins, so that none fails halfway for want of it."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
