"""Use case: put the example region through the market as its days would have gone, once; reproduce it later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from market.clearing.delivery import build_schedule
from market.domain.award import RedispatchClearing
from market.domain.tender_award import TenderClearing
from market.ports import QualifiedConnection
from market.region.example import ExampleResult, SiteDay
from market.region.season import compute_qualified_mw
from market.services.clearings import clear_stored_needs, clear_stored_tender
from market.services.grid import declare_area, register_connection
from market.services.market import Market
from market.services.needs import announce_need
from market.services.orders import submit_orders
from market.services.tenders import publish_tender, submit_bids


@dataclass(frozen=True, slots=True)
class _StoppedClock:
    """A clock that stands at the moment a step of the example took place."""

    instant: datetime

    def now(self) -> datetime:
        """Aware UTC time."""
        return self.instant.astimezone(UTC)


def keep_example(market: Market, result: ExampleResult) -> bool:
    """Store the example region with its clearings and schedules unless it is there already.

    Every step runs through the same use cases as everybody's, at the time it would have happened.

    Args:
        market: the market.
        result: the region, cleared in memory.

    Returns:
        Whether what is stored equals what was computed, to the cent.

    Raises:
        ConflictError: the store holds something else under an id of the example.
    """
    region = result.region
    with market.store.read() as unit:
        missing = unit.areas.find(region.area.id) is None
    if missing:
        _play_tender(market, result)
        _play_event(market, result)
    with market.store.read() as unit:
        event_id = unit.needs.clearing_of(region.need.id)
        tender_id = unit.tenders.clearing_of(region.tender.id)
        if event_id is None or tender_id is None:
            return False
        event, tender = unit.clearings.get(event_id).result, unit.clearings.get(tender_id).result
    return (
        isinstance(event, RedispatchClearing)
        and isinstance(tender, TenderClearing)
        and event.awards == result.redispatch.awards
        and tender.awards == result.tender.awards
    )


def _play_tender(market: Market, result: ExampleResult) -> None:
    region, tender = result.region, result.region.tender
    qualified = compute_qualified_mw(region.bids)
    opened = _at(market, min(bid.submitted_at for bid in region.bids))
    declare_area(opened, region.area)
    for connection in region.connections:
        mw = qualified.get(connection.ean, Decimal(0))
        register_connection(opened, QualifiedConnection(connection=connection, qualified_mw=mw))
    publish_tender(opened, tender)
    for bid in sorted(region.bids, key=lambda bid: bid.submitted_at):
        submit_bids(_at(market, bid.submitted_at), tender.id, [bid])
    closed = _at(market, tender.closes_at + timedelta(minutes=1))
    clearing = clear_stored_tender(closed, tender.id)
    _keep_schedules(closed, result.tender_day, clearing.summary.id)


def _play_event(market: Market, result: ExampleResult) -> None:
    region = result.region
    need = region.need
    announce_need(_at(market, need.bids_from or need.start), need)
    for moment in sorted({order.submitted_at for order in region.orders}):
        submit_orders(_at(market, moment), [order for order in region.orders if order.submitted_at == moment])
    gate = _at(market, (need.bids_until or need.start) + timedelta(seconds=1))
    clearing = clear_stored_needs(gate, [need.id])
    _keep_schedules(gate, result.event_day, clearing.summary.id)


def _keep_schedules(market: Market, days: Sequence[SiteDay], clearing_id: str) -> None:
    with market.store.write() as unit:
        for site in days:
            if site.outcome.plan is not None:
                schedule_id = market.new_id()
                plan, grid = site.outcome.plan, site.problem.grid
                unit.schedules.add(build_schedule(plan, grid, schedule_id=schedule_id, cause=clearing_id))


def _at(market: Market, instant: datetime) -> Market:
    return replace(market, clock=_StoppedClock(instant))
