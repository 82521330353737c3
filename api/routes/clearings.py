"""Clearings and the awards that follow from them."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import Known, StrictRoute
from api.deps import AskedPage, PageQuery, SolvingTurn, UsedMarket, page_answer
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, clearing_summary, created
from api.schemas.answers import AwardAnswer, ClearingAnswer, ClearingSummaryAnswer, PageAnswer
from api.schemas.conversion import to_headroom, to_rules
from api.schemas.redispatch import HeadroomTerms, RedispatchRules
from api.schemas.values import Ean, Id, Model
from market.errors import RefusedInputError
from market.ports import AwardRecord, ClearingRecord
from market.services.clearings import clear_stored_needs, clear_stored_tender
from market.services.market import Market
from market.services.places import moved
from market.snapshot import JsonValue, to_plain
from optimizer.errors import InvalidProblemError
from optimizer.findings import Finding

router = APIRouter(route_class=StrictRoute, tags=["clearings"])


class ClearingTerms(Model):
    """What to clear: one tender, or one or more needs with the rules of redispatch."""

    tender_id: Id | None = None
    need_ids: Annotated[list[Id], Field(max_length=1000)] = Field(default_factory=list)
    headroom: list[HeadroomTerms] = Field(default_factory=list, description="room in other areas and on lines")
    obliged_eans: list[Ean] = Field(default_factory=list, description="connections with a bid obligation")
    rules: RedispatchRules = Field(default_factory=RedispatchRules)


class AwardQuery(PageQuery):
    """Which awards to read."""

    clearing_id: str | None = None
    bid_id: str | None = None
    order_id: str | None = None
    csp: str | None = None


@router.post(
    "/clearings",
    status_code=201,
    response_model=ClearingAnswer,
    responses=REFUSALS,
    dependencies=[SolvingTurn],
)
def post_clearing(terms: ClearingTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Clear a tender or needs whose gate is closed; the outcome is stored once and never changes."""
    findings = [*known, *_subject_faults(terms)]
    if findings:
        raise RefusedInputError(findings)
    record = _clear_needs(market, terms) if terms.tender_id is None else clear_stored_tender(market, terms.tender_id)
    return created(f"/v1/clearings/{record.summary.id}", _clearing_answer(record))


@router.get("/clearings", response_model=PageAnswer[ClearingSummaryAnswer], responses=READ_REFUSALS)
def list_clearings(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List clearings, oldest first."""
    with market.store.read() as unit:
        found = unit.clearings.summaries(after=page.after, size=page.limit)
    return answer(page_answer(found, [clearing_summary(item) for item in found.items]))


@router.get("/clearings/{clearing_id}", response_model=ClearingAnswer, responses=READ_REFUSALS)
def get_clearing(clearing_id: str, market: UsedMarket, snapshot: bool = False) -> JSONResponse:
    """Read a clearing with its awards and certificate; with `snapshot=true` also what it was computed from."""
    with market.store.read() as unit:
        record = unit.clearings.get(clearing_id)
    return answer({**_clearing_answer(record), **({"snapshot": record.snapshot} if snapshot else {})})


@router.get("/awards", response_model=PageAnswer[AwardAnswer], responses=READ_REFUSALS)
def list_awards(query: Annotated[AwardQuery, Query()], market: UsedMarket) -> JSONResponse:
    """List awards, oldest first, of everyone or of one clearing, bid, order or provider."""
    with market.store.read() as unit:
        found = unit.awards.page(
            after=query.after,
            size=query.limit,
            clearing_id=query.clearing_id,
            bid_id=query.bid_id,
            order_id=query.order_id,
            csp=query.csp,
        )
    return answer(page_answer(found, [_award_answer(record) for record in found.items]))


@router.get("/awards/{award_id}", response_model=AwardAnswer, responses=READ_REFUSALS)
def get_award(award_id: str, market: UsedMarket) -> JSONResponse:
    """Read an award."""
    with market.store.read() as unit:
        return answer(_award_answer(unit.awards.get(award_id)))


def _clear_needs(market: Market, terms: ClearingTerms) -> ClearingRecord:
    try:
        return clear_stored_needs(
            market,
            terms.need_ids,
            headroom=[to_headroom(room) for room in terms.headroom],
            obliged_eans=terms.obliged_eans,
            options=to_rules(terms.rules),
        )
    except InvalidProblemError as error:
        raise RefusedInputError(moved(error.findings, "options.", "rules.")) from error


def _subject_faults(terms: ClearingTerms) -> list[Finding]:
    if (terms.tender_id is None) == (not terms.need_ids):
        message = "a clearing names either one tender_id or some need_ids"
        return [Finding(rule="clearing.subject", path="", message=message)]
    redispatch_only = terms.headroom or terms.obliged_eans or terms.rules != RedispatchRules()
    if terms.tender_id is not None and redispatch_only:
        message = "headroom, obliged_eans and rules belong to needs; the rules of a tender are published with it"
        return [Finding(rule="clearing.rules", path="tender_id", message=message)]
    return []


def _clearing_answer(record: ClearingRecord) -> dict[str, JsonValue]:
    return {**clearing_summary(record.summary), "result": to_plain(record.result)}


def _award_answer(record: AwardRecord) -> JsonValue:
    return to_plain(record)
