"""Dispatch: plan the assets behind a connection."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from api.bodies import Known, StrictRoute
from api.deps import SolvingTurn, UsedMarket, UsedSettings
from api.problems import TOO_LARGE, ProblemError
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, created, schedule_answer
from api.schemas.answers import DispatchAnswer
from api.schemas.conversion import to_snapshot
from api.schemas.site_reader import read_site
from api.schemas.sites import SiteTerms
from market.errors import RefusedInputError
from market.ports import DispatchRecord
from market.services.dispatches import dispatch_connection
from market.services.places import merged
from market.snapshot import JsonValue, to_plain
from optimizer.findings import Finding

router = APIRouter(route_class=StrictRoute, tags=["schedules"])


@router.post(
    "/dispatches",
    status_code=201,
    response_model=DispatchAnswer,
    responses=REFUSALS,
    dependencies=[SolvingTurn],
)
def post_dispatch(terms: SiteTerms, market: UsedMarket, settings: UsedSettings, known: Known) -> JSONResponse:
    """Plan the assets of a registered connection at least cost; infeasible is an answer that says why."""
    size = len(terms.assets) * terms.quarter_hours
    if size > settings.max_asset_quarter_hours:
        finding = Finding(
            rule="site.size",
            path="assets",
            message=f"{len(terms.assets)} assets over {terms.quarter_hours} quarter-hours are too much at once",
            value=str(size),
            limit=str(settings.max_asset_quarter_hours),
        )
        raise ProblemError(TOO_LARGE, [finding])
    site, faults = read_site(terms)
    findings = merged(known, faults)
    if findings or site is None:
        raise RefusedInputError(findings)
    record = dispatch_connection(market, site, to_snapshot(terms), cause=terms.cause)
    return created(f"/v1/dispatches/{record.id}", _dispatch_answer(record))


@router.get("/dispatches/{dispatch_id}", response_model=DispatchAnswer, responses=READ_REFUSALS)
def get_dispatch(dispatch_id: str, market: UsedMarket) -> JSONResponse:
    """Read a dispatch."""
    with market.store.read() as unit:
        return answer(_dispatch_answer(unit.dispatches.get(dispatch_id)))


def _dispatch_answer(record: DispatchRecord) -> JsonValue:
    plain = to_plain(record)
    del plain["snapshot"]
    return {**plain, "schedule": None if record.schedule is None else schedule_answer(record.schedule)}
