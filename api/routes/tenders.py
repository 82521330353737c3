"""Tenders and their bids, which stay sealed until the gate closes."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import Known, StrictRoute
from api.deps import AskedPage, UsedMarket, page_answer
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, created, receipt
from api.schemas.answers import BidAnswer, PageAnswer, Receipt, Receipts, TenderAnswer
from api.schemas.conversion import to_domain
from api.schemas.tenders import BidTerms, TenderTerms
from api.schemas.values import Model
from market.domain.bid import Bid
from market.domain.tender import Tender
from market.errors import NotFoundError, RefusedInputError
from market.ports import StoredBid, Unit
from market.services.market import Market
from market.services.places import moved, without_prefix
from market.services.tenders import publish_tender, read_bids, state_of_tender, submit_bids
from market.snapshot import JsonValue, to_plain

router = APIRouter(route_class=StrictRoute, tags=["tenders"])


class BulkBids(Model):
    """Bids that are stored together or not at all."""

    bids: Annotated[list[BidTerms], Field(min_length=1, max_length=10_000)]


@router.post("/tenders", status_code=201, response_model=TenderAnswer, responses=REFUSALS)
def post_tender(terms: TenderTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Publish a tender; it is open for bids until `closes_at`."""
    tender = to_domain(Tender, terms, id=market.new_id())
    publish_tender(market, tender, known=known)
    with market.store.read() as unit:
        return created(f"/v1/tenders/{tender.id}", _tender_answer(market, unit, tender))


@router.get("/tenders", response_model=PageAnswer[TenderAnswer], responses=READ_REFUSALS)
def list_tenders(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List tenders, oldest first."""
    with market.store.read() as unit:
        found = unit.tenders.page(after=page.after, size=page.limit)
        return answer(page_answer(found, [_tender_answer(market, unit, tender) for tender in found.items]))


@router.get("/tenders/{tender_id}", response_model=TenderAnswer, responses=READ_REFUSALS)
def get_tender(tender_id: str, market: UsedMarket) -> JSONResponse:
    """Read a tender with its state and the number of bids received."""
    with market.store.read() as unit:
        return answer(_tender_answer(market, unit, unit.tenders.get(tender_id)))


@router.post("/tenders/{tender_id}/bids", status_code=201, response_model=Receipt, responses=REFUSALS)
def post_bid(tender_id: str, terms: BidTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Submit a bid to an open tender; the answer is a receipt with its hash."""
    bid = _to_bid(market, tender_id, terms)
    try:
        stored = submit_bids(market, tender_id, [bid], known=moved(known, "", "bids[0]."))
    except RefusedInputError as error:
        raise RefusedInputError(without_prefix(error.findings, "bids[0].")) from error
    return created(f"/v1/tenders/{tender_id}/bids/{bid.id}", receipt(bid.id, stored[0]))


@router.post("/tenders/{tender_id}/bids/bulk", status_code=201, response_model=Receipts, responses=REFUSALS)
def post_bids(tender_id: str, bulk: BulkBids, market: UsedMarket, known: Known) -> JSONResponse:
    """Submit many bids to an open tender: all are stored or none."""
    bids = [_to_bid(market, tender_id, terms) for terms in bulk.bids]
    stored = submit_bids(market, tender_id, bids, known=known)
    return created(f"/v1/tenders/{tender_id}/bids", {"receipts": [receipt(item.bid.id, item) for item in stored]})


@router.get(
    "/tenders/{tender_id}/bids",
    response_model=PageAnswer[BidAnswer],
    responses={**READ_REFUSALS, 409: REFUSALS[409]},
)
def list_bids(tender_id: str, page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List the bids of a tender whose gate is closed."""
    with market.store.read() as unit:
        read_bids(market, unit, tender_id)
        found = unit.bids.page(after=page.after, size=page.limit, tender_id=tender_id)
    return answer(page_answer(found, [_bid_answer(item) for item in found.items]))


@router.get(
    "/tenders/{tender_id}/bids/{bid_id}",
    response_model=BidAnswer,
    responses={**READ_REFUSALS, 409: REFUSALS[409]},
)
def get_bid(tender_id: str, bid_id: str, market: UsedMarket) -> JSONResponse:
    """Read a bid of a tender whose gate is closed."""
    with market.store.read() as unit:
        read_bids(market, unit, tender_id)
        item = unit.bids.get(bid_id)
    if item.bid.tender_id != tender_id:
        raise NotFoundError("bid", bid_id)
    return answer(_bid_answer(item))


def _to_bid(market: Market, tender_id: str, terms: BidTerms) -> Bid:
    """Build a bid as received now; groups are the provider's own, so that no other can join or disturb them."""
    bid = to_domain(Bid, terms, id=market.new_id(), tender_id=tender_id, submitted_at=market.clock.now())
    return replace(
        bid,
        exclusive_group=None if bid.exclusive_group is None else f"{bid.csp}/{bid.exclusive_group}",
        linked_group=None if bid.linked_group is None else f"{bid.csp}/{bid.linked_group}",
    )


def _bid_answer(item: StoredBid) -> JsonValue:
    return {**to_plain(item.bid), "content_hash": item.content_hash}


def _tender_answer(market: Market, unit: Unit, tender: Tender) -> JsonValue:
    return {
        **to_plain(tender),
        "state": to_plain(state_of_tender(market, unit, tender)),
        "bids_received": unit.bids.count(tender.id),
        "clearing_id": unit.tenders.clearing_of(tender.id),
    }
