"""The one place that names concrete adapters."""

from __future__ import annotations

from api.settings import Settings
from market.clock import Clock, SystemClock
from market.errors import StoreError
from market.identity import Uuid7Source
from market.services.market import Market
from market.store import database


def open_market(settings: Settings, *, clock: Clock | None = None) -> Market:
    """Open the market in the database that is set, at the newest revision.

    Raises:
        StoreError: the database cannot be read or needs an upgrade.
    """
    engine = database.connect(settings.database_url)
    try:
        database.require_newest_revision(engine)
    except StoreError:
        engine.dispose()
        raise
    used = clock or SystemClock()
    return Market(
        store=database.SqlStore(engine, used),
        clock=used,
        new_id=Uuid7Source(used),
        solve_limit_s=settings.solve_limit_s,
    )


def upgrade_database(settings: Settings) -> tuple[str | None, str]:
    """Bring the database that is set to the newest revision; return the revision before and after.

    Raises:
        StoreError: the database cannot be read.
    """
    engine = database.connect(settings.database_url)
    try:
        return database.revision(engine), database.upgrade(engine)
    finally:
        engine.dispose()


def schema_revision() -> str:
    """Revision of the database this version works with."""
    return database.newest_revision()
