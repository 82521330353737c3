"""Use cases around the order book: submit orders, and gather the book for a clearing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from market.clearing.fingerprint import fingerprint
from market.domain.lifecycle import OrderState
from market.domain.money import LOT_MW
from market.domain.need import Need
from market.domain.order import Order
from market.errors import RefusedInputError
from market.ports import StoredOrder, Unit
from market.rules.order_rules import check_order_book, cover_days
from market.services.market import Market
from market.services.places import merged
from optimizer.findings import Finding

LINK_RULE = "order.parent.unknown"


def submit_orders(market: Market, orders: Sequence[Order], *, known: Sequence[Finding] = ()) -> tuple[StoredOrder, ...]:
    """Submit one or more orders to the book: all are stored or none.

    Args:
        market: the market.
        orders: orders with their ids and times of submission.
        known: what is known to be wrong with their form; its places are in ``orders[k]``.

    Returns:
        What was stored, as receipts.

    Raises:
        RefusedInputError: orders have faults; everything is reported.
        ConflictError: an id is taken.
    """
    with market.store.write() as unit:
        rules = [*_book_faults(unit, orders), *_place_faults(unit, orders), *_late_faults(market, orders)]
        findings = merged(known, rules)
        if findings:
            raise RefusedInputError(findings)
        stored = tuple(
            StoredOrder(order=order, state=OrderState.SUBMITTED, content_hash=fingerprint(order)) for order in orders
        )
        unit.orders.add(*stored)
    return stored


def gather_book(unit: Unit, needs: Sequence[Need]) -> tuple[Order, ...]:
    """Gather the orders that can take part in clearing some needs: those in the book, within the days of the needs.

    An order whose parent was accepted before stands on its own; one whose parent cannot take part cannot either.
    """
    days = cover_days(needs)
    if days is None:
        return ()
    live = unit.orders.live_between(min(n.start for n in needs), max(n.end for n in needs))
    book = {item.order.id: item.order for item in live}
    for order in list(book.values()):
        _add_parents(unit, book, order)
    book = {id: order for id, order in book.items() if days.start <= order.start and order.end <= days.end}
    while orphans := [o.id for o in book.values() if o.parent_order is not None and o.parent_order not in book]:
        for id in orphans:
            del book[id]
    return tuple(book[id] for id in sorted(book))


def _add_parents(unit: Unit, book: dict[str, Order], order: Order) -> None:
    """Add the orders an order depends on, or free it from one that was accepted before."""
    while order.parent_order is not None and order.parent_order not in book:
        parent = unit.orders.find(order.parent_order)
        if parent is None or parent.state is OrderState.EXCLUDED:
            return
        if parent.state is OrderState.ACCEPTED:
            book[order.id] = replace(order, parent_order=None)
            return
        book[parent.order.id] = order = parent.order


def _book_faults(unit: Unit, orders: Sequence[Order]) -> Iterator[Finding]:
    for finding in check_order_book(orders, grid=None, lot_mw=LOT_MW, minimum_mw=LOT_MW):
        if finding.rule == LINK_RULE and _takes_children(unit, finding.ids[1]):
            continue
        yield finding


def _takes_children(unit: Unit, id: str) -> bool:
    parent = unit.orders.find(id)
    return parent is not None and parent.state is OrderState.SUBMITTED


def _place_faults(unit: Unit, orders: Sequence[Order]) -> Iterator[Finding]:
    known = {item.connection.ean for item in unit.connections.among(sorted({order.ean for order in orders}))}
    for k, order in enumerate(orders):
        if order.ean not in known:
            message = f"there is no connection {order.ean}"
            yield Finding(rule="connection.unknown", path=f"orders[{k}].ean", message=message, value=order.ean)


def _late_faults(market: Market, orders: Sequence[Order]) -> Iterator[Finding]:
    now = market.clock.now()
    for k, order in enumerate(orders):
        if order.start <= now:
            message = f"the order would start at {order.start.isoformat()}, which has passed"
            yield Finding(rule="order.start.future", path=f"orders[{k}].start", message=message)
