"""A served API for tests: the real application on a real port of this process, with a clock that tests move."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from time import monotonic, sleep
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

from api.app import create_app
from api.settings import Settings
from api.wiring import upgrade_database
from tests import edge_documents as documents

PATIENCE_S = 30.0


class HandClock:
    """A clock that stands until a test moves it."""

    def __init__(self) -> None:
        self.instant = datetime(2027, 5, 24, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def move_to(self, text: str) -> None:
        self.instant = datetime.fromisoformat(text).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Service:
    """A running service."""

    app: FastAPI
    client: httpx.Client
    clock: HandClock
    database: Path
    ids: dict[str, str] = field(default_factory=dict)

    def post(self, path: str, body: Any, expect: int = 201) -> httpx.Response:
        answer = self.client.post(path, json=body)
        assert answer.status_code == expect, answer.text
        return answer

    def get(self, path: str, expect: int = 200) -> Any:
        answer = self.client.get(path)
        assert answer.status_code == expect, answer.text
        return answer.json()

    def rows(self) -> dict[str, int]:
        """Number of rows per table, read past the application."""
        with closing(sqlite3.connect(self.database)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
            return {name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for (name,) in tables}

    def declare_grid(self) -> None:
        """Declare the area and the three connections of the example documents."""
        area = self.post("/v1/areas", {"name": "Vaart", "operator": "Netbeheerder"}).json()["id"]
        self.ids["area"] = area
        for connection in documents.CONNECTIONS:
            places = [area for _ in connection.get("area_ids", [])]
            self.post("/v1/connections", {**connection, "area_ids": places})

    def announce_need(self, **changes: Any) -> str:
        body = {**documents.without(documents.NEED, "id"), "area_id": self.ids["area"], **changes}
        return str(self.post("/v1/needs", body).json()["id"])

    def publish_tender(self, **changes: Any) -> str:
        body = {**documents.without(documents.TENDER, "id"), "area_id": self.ids["area"], **changes}
        return str(self.post("/v1/tenders", body).json()["id"])


def bid(number: int = 0, **changes: Any) -> Any:
    """One of the example bids as it is submitted."""
    return {**documents.without(documents.BIDS[number], "id", "submitted_at"), **changes}


def order(number: int = 0, **changes: Any) -> Any:
    """One of the example orders as it is submitted."""
    return {**documents.without(documents.ORDERS[number], "id", "submitted_at"), **changes}


@cache
def _empty_database() -> bytes:
    """An upgraded database without rows."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "empty.sqlite3"
        upgrade_database(Settings(database_url=f"sqlite:///{file}"))
        return file.read_bytes()


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Service]:
    """Run the application on a free port until the block ends."""
    database = folder / "market.sqlite3"
    used = Settings(database_url=f"sqlite:///{database}", **settings)
    database.write_bytes(_empty_database())
    clock = HandClock()
    app = create_app(used, clock=clock)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="on"))
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    began = monotonic()
    while not server.started:
        assert thread.is_alive(), "the server ended before it started"
        assert monotonic() - began < PATIENCE_S, "the server did not start"
        sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        yield Service(app=app, client=client, clock=clock, database=database)
    server.should_exit = True
    thread.join(PATIENCE_S)
    assert not thread.is_alive(), "the server did not stop"
