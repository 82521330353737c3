"""Areas and connections, and the schedules of a connection."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.bodies import Known, StrictRoute
from api.deps import AskedPage, UsedMarket, page_answer
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, created, schedule_answer
from api.schemas.answers import ConnectionAnswer, PageAnswer, ScheduleAnswer
from api.schemas.conversion import to_connection, to_domain
from api.schemas.grid import AreaRecord, AreaTerms, ConnectionRecord
from market.domain.connection import CongestionArea
from market.errors import NotFoundError
from market.ports import QualifiedConnection
from market.services.grid import declare_area, register_connection
from market.snapshot import JsonValue, to_plain

router = APIRouter(route_class=StrictRoute, tags=["grid"])


@router.post("/areas", status_code=201, response_model=AreaRecord, responses=REFUSALS)
def post_area(terms: AreaTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Declare a congestion area."""
    area = to_domain(CongestionArea, terms, id=market.new_id())
    declare_area(market, area, known=known)
    return created(f"/v1/areas/{area.id}", area)


@router.get("/areas", response_model=PageAnswer[AreaRecord], responses=READ_REFUSALS)
def list_areas(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List congestion areas."""
    with market.store.read() as unit:
        found = unit.areas.page(after=page.after, size=page.limit)
    return answer(page_answer(found, [to_plain(area) for area in found.items]))


@router.get("/areas/{area_id}", response_model=AreaRecord, responses=READ_REFUSALS)
def get_area(area_id: str, market: UsedMarket) -> JSONResponse:
    """Read a congestion area."""
    with market.store.read() as unit:
        return answer(unit.areas.get(area_id))


@router.post("/connections", status_code=201, response_model=ConnectionAnswer, responses=REFUSALS)
def post_connection(terms: ConnectionRecord, market: UsedMarket, known: Known) -> JSONResponse:
    """Register a connection with the areas it lies in and what it is qualified for."""
    item = to_connection(terms)
    register_connection(market, item, known=known)
    return created(f"/v1/connections/{terms.ean}", _connection_answer(item))


@router.get("/connections", response_model=PageAnswer[ConnectionAnswer], responses=READ_REFUSALS)
def list_connections(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List connections by EAN."""
    with market.store.read() as unit:
        found = unit.connections.page(after=page.after, size=page.limit)
    return answer(page_answer(found, [_connection_answer(item) for item in found.items]))


@router.get("/connections/{ean}", response_model=ConnectionAnswer, responses=READ_REFUSALS)
def get_connection(ean: str, market: UsedMarket) -> JSONResponse:
    """Read a connection."""
    with market.store.read() as unit:
        return answer(_connection_answer(unit.connections.get(ean)))


@router.get("/connections/{ean}/schedules", response_model=PageAnswer[ScheduleAnswer], responses=READ_REFUSALS)
def list_schedules(ean: str, page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List the schedules of a connection, oldest first."""
    with market.store.read() as unit:
        unit.connections.get(ean)
        found = unit.schedules.page(after=page.after, size=page.limit, ean=ean)
    return answer(page_answer(found, [schedule_answer(schedule) for schedule in found.items]))


@router.get("/connections/{ean}/schedule", response_model=ScheduleAnswer, responses=READ_REFUSALS)
def get_latest_schedule(ean: str, market: UsedMarket) -> JSONResponse:
    """Read the schedule of a connection that was made last."""
    with market.store.read() as unit:
        unit.connections.get(ean)
        schedule = unit.schedules.latest(ean)
    if schedule is None:
        raise NotFoundError("schedule", ean)
    return answer(schedule_answer(schedule))


@router.get("/schedules/{schedule_id}", response_model=ScheduleAnswer, responses=READ_REFUSALS)
def get_schedule(schedule_id: str, market: UsedMarket) -> JSONResponse:
    """Read a schedule."""
    with market.store.read() as unit:
        return answer(schedule_answer(unit.schedules.get(schedule_id)))


def _connection_answer(item: QualifiedConnection) -> JsonValue:
    return {**to_plain(item.connection), "qualified_mw": to_plain(item.qualified_mw)}
