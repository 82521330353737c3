"""The service itself: is it well, and what can be asked of it."""

from __future__ import annotations

from importlib.metadata import version
from importlib.resources import files

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse

from api.deps import UsedMarket
from api.routes.answers import answer
from api.schemas.answers import HealthAnswer

router = APIRouter(tags=["service"])
pages = APIRouter(include_in_schema=False)


@router.get("/health", response_model=HealthAnswer)
def get_health(request: Request, market: UsedMarket) -> JSONResponse:
    """Tell whether the service and its database work."""
    with market.store.read() as unit:
        unit.areas.page(after=None, size=1)
    return answer(
        {
            "status": "ok",
            "version": version("flexclear"),
            "database_revision": request.app.state.revision,
            "time": market.clock.now(),
        }
    )


@pages.get("/docs")
def get_docs() -> HTMLResponse:
    """Show every route with a form to try it; the page needs nothing from elsewhere."""
    return HTMLResponse(files("api").joinpath("web/docs.html").read_text("utf-8"))


@pages.get("/")
def get_root() -> RedirectResponse:
    """Lead a visitor to the documentation."""
    return RedirectResponse("/docs")
