"""The order book; what an order asks is shown once a clearing has decided on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import Field

from api.bodies import Known, StrictRoute
from api.deps import AskedPage, UsedMarket, page_answer
from api.routes.answers import READ_REFUSALS, REFUSALS, answer, created, receipt
from api.schemas.answers import OrderAnswer, PageAnswer, Receipt, Receipts
from api.schemas.conversion import to_domain
from api.schemas.redispatch import OrderTerms
from api.schemas.values import Model
from market.domain.order import Order
from market.errors import RefusedInputError
from market.ports import StoredOrder, Unit
from market.services.market import Market
from market.services.orders import submit_orders
from market.services.places import moved, without_prefix
from market.snapshot import JsonValue, to_plain

router = APIRouter(route_class=StrictRoute, tags=["redispatch"])


class BulkOrders(Model):
    """Orders that are stored together or not at all."""

    orders: Annotated[list[OrderTerms], Field(min_length=1, max_length=10_000)]


@router.post("/orders", status_code=201, response_model=Receipt, responses=REFUSALS)
def post_order(terms: OrderTerms, market: UsedMarket, known: Known) -> JSONResponse:
    """Submit an order; the answer is a receipt with its hash."""
    order = _to_order(market, terms)
    try:
        stored = submit_orders(market, [order], known=moved(known, "", "orders[0]."))
    except RefusedInputError as error:
        raise RefusedInputError(without_prefix(error.findings, "orders[0].")) from error
    return created(f"/v1/orders/{order.id}", receipt(order.id, stored[0]))


@router.post("/orders/bulk", status_code=201, response_model=Receipts, responses=REFUSALS)
def post_orders(bulk: BulkOrders, market: UsedMarket, known: Known) -> JSONResponse:
    """Submit many orders: all are stored or none."""
    stored = submit_orders(market, [_to_order(market, terms) for terms in bulk.orders], known=known)
    return created("/v1/orders", {"receipts": [receipt(item.order.id, item) for item in stored]})


@router.get("/orders", response_model=PageAnswer[OrderAnswer], responses=READ_REFUSALS)
def list_orders(page: AskedPage, market: UsedMarket) -> JSONResponse:
    """List orders, oldest first."""
    with market.store.read() as unit:
        found = unit.orders.page(after=page.after, size=page.limit)
        return answer(page_answer(found, _order_answers(unit, found.items)))


@router.get("/orders/{order_id}", response_model=OrderAnswer, responses=READ_REFUSALS)
def get_order(order_id: str, market: UsedMarket) -> JSONResponse:
    """Read an order with its state."""
    with market.store.read() as unit:
        return answer(_order_answers(unit, [unit.orders.get(order_id)])[0])


def _to_order(market: Market, terms: OrderTerms) -> Order:
    """Build an order as received now; a group is the provider's own, so that no other can join or disturb it."""
    order = to_domain(Order, terms, id=market.new_id(), submitted_at=market.clock.now())
    group = order.exclusive_group
    return order if group is None else replace(order, exclusive_group=f"{order.csp}/{group}")


def _order_answers(unit: Unit, items: Sequence[StoredOrder]) -> list[JsonValue]:
    decided = unit.orders.decided([item.order.id for item in items])
    return [
        {
            "id": item.order.id,
            "state": item.state.value,
            "submitted_at": to_plain(item.order.submitted_at),
            "content_hash": item.content_hash,
            "terms": to_plain(item.order) if item.order.id in decided else None,
        }
        for item in items
    ]
