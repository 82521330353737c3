"""The HTTP application."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from threading import Lock
from typing import Any

from fastapi import APIRouter, FastAPI

from api.problems import describe_problems, install_problem_handlers
from api.routes import clearings, dispatches, grid, needs, orders, service, tenders
from api.settings import Settings
from api.wiring import open_market, schema_revision
from market.clock import Clock

DESCRIPTION = """\
Clears flexibility tenders and redispatch to a proven optimum and plans the assets behind a connection.

Times are RFC 3339 in UTC, MW and euro decimal text, ids opaque. Lists are pages: give `next_cursor` back as `cursor`.
Every refusal is `application/problem+json` with all its `findings`.
"""


def create_app(settings: Settings | None = None, *, clock: Clock | None = None) -> FastAPI:
    """Build the application; the database is opened when it starts.

    Args:
        settings: settings; those of the environment unless given.
        clock: what gates are closed by; the clock of the server unless given.
    """
    used = settings or Settings()

    @asynccontextmanager
    async def open_for_requests(app: FastAPI) -> AsyncIterator[None]:
        app.state.market = open_market(used, clock=clock)
        app.state.revision = schema_revision()
        yield
        app.state.market.store.close()

    app = _Service(
        title="flexclear",
        version=version("flexclear"),
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=open_for_requests,
    )
    app.state.settings = used
    app.state.solving = Lock()
    v1 = APIRouter(prefix="/v1")
    for module in (grid, needs, orders, tenders, clearings, dispatches, service):
        v1.include_router(module.router)
    app.include_router(v1)
    app.include_router(service.pages)
    install_problem_handlers(app)
    return app


class _Service(FastAPI):
    """An application whose description says that every refusal is a problem."""

    def openapi(self) -> dict[str, Any]:
        """Describe the API, once, when it is first asked for."""
        if self.openapi_schema is None:
            describe_problems(super().openapi())
        return super().openapi()
