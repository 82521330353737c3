"""Needs for redispatch."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.bodies import Known, StrictRoute
from api.deps import AskedPage, UsedMarket, page_answer
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, created
from api.schemas.answers import NeedAnswer, PageAnswer
from api.schemas.conversion import to_domain
from api.schemas.redispatch import NeedTerms
from market.domain.need import Need
from market.ports import Unit
from market.services.market import Market
from market.services.needs import announce_need, state_of_need
from market.snapshot import JsonValue, to_plain

router = APIRouter(route_class=StrictRoute, tags=["redispatch"])


@router.post("/needs", status_code=201, response_model=NeedAnswer, responses=REFUSALS)
def post_need(terms: NeedTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Announce a need: MW of relief per quarter-hour in one area."""
    need = to_domain(Need, terms, id=market.new_id())
    announce_need(market, need, known=known)
    with market.store.read() as unit:
        return created(f"/v1/needs/{need.id}", _need_answer(market, unit, need))


@router.get("/needs", response_model=PageAnswer[NeedAnswer], responses=READ_REFUSALS)
def list_needs(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List needs, oldest first."""
    with market.store.read() as unit:
        found = unit.needs.page(after=page.after, size=page.limit)
        return answer(page_answer(found, [_need_answer(market, unit, need) for need in found.items]))


@router.get("/needs/{need_id}", response_model=NeedAnswer, responses=READ_REFUSALS)
def get_need(need_id: str, market: UsedMarket) -> JSONResponse:
    """Read a need with its state."""
    with market.store.read() as unit:
        return answer(_need_answer(market, unit, unit.needs.get(need_id)))


def _need_answer(market: Market, unit: Unit, need: Need) -> JsonValue:
    state, clearing_id = state_of_need(market, unit, need), unit.needs.clearing_of(need.id)
    return {**to_plain(need), "state": to_plain(state), "clearing_id": clearing_id}
