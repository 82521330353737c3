"""Use cases around clearings: clear a tender, clear needs. A clearing is stored whole, once, and never changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from market.clearing.redispatch import RedispatchOptions, clear_redispatch
from market.clearing.tender import clear_tender
from market.domain.award import ClearingState, RedispatchClearing
from market.domain.lifecycle import ClearingStatus, GateState
from market.domain.need import Headroom
from market.domain.order import Order
from market.domain.tender_award import TenderClearing
from market.errors import ConflictError, RefusedInputError, UnprovenError
from market.ports import AwardRecord, ClearingRecord, ClearingSummary
from market.services.market import Market, Watch, relay
from market.services.needs import check_span, state_of_need
from market.services.orders import gather_book
from market.services.tenders import state_of_tender
from market.snapshot import JsonValue, to_plain
from optimizer.runs.tender import EXACT


def clear_stored_tender(market: Market, tender_id: str, *, watch: Watch | None = None) -> ClearingRecord:
    """Clear a tender whose gate is closed and store the outcome.

    Raises:
        NotFoundError: there is no such tender.
        ConflictError: the tender is still open or was cleared before.
        InvalidProblemError: what was published makes no sense; carries all findings.
        SolverError: the search ended without any award.
        UnprovenError: the search ended before the optimum was proven.
        VerificationError: the award did not pass the independent check.
    """
    with market.store.read() as unit:
        tender = unit.tenders.get(tender_id)
        _require_closed("tender", tender_id, state_of_tender(market, unit, tender))
        bids = [item.bid for item in unit.bids.of_tender(tender_id)]
        eans = sorted({ean for bid in bids for ean in bid.eans})
        places = unit.connections.among(eans)
    result = clear_tender(
        tender,
        bids,
        connections=[item.connection for item in places],
        qualified_mw={item.connection.ean: item.qualified_mw for item in places},
        options=replace(EXACT, time_limit_s=market.solve_limit_s),
        listener=None if watch is None else relay(watch, "tender"),
    )
    snapshot = to_plain({"tender": tender, "bids": bids, "connections": places})
    return _store(market, result, snapshot, status_of_tender(result), tender_id=tender_id)


def clear_stored_needs(
    market: Market,
    need_ids: Sequence[str],
    *,
    headroom: Sequence[Headroom] = (),
    obliged_eans: Sequence[str] = (),
    options: RedispatchOptions | None = None,
    watch: Watch | None = None,
) -> ClearingRecord:
    """Clear needs whose gates are closed against the order book and store the outcome.

    Accepted orders leave the book; the others stay in it for other needs.

    Raises:
        NotFoundError: there is no such need.
        ConflictError: a gate is still open, a need was cleared before, or an order was accepted elsewhere meanwhile.
        RefusedInputError: the needs lie too far apart.
        InvalidProblemError: the input has faults; carries all findings.
        SolverError: the search ended without any set of orders.
        UnprovenError: the search ended before the optimum was proven.
        VerificationError: the set did not pass the independent check.
    """
    asked = sorted(set(need_ids))
    with market.store.read() as unit:
        needs = [unit.needs.get(need_id) for need_id in asked]
        if findings := check_span(needs):
            raise RefusedInputError(findings)
        for need in needs:
            state = state_of_need(market, unit, need)
            if state is not GateState.OPEN or need.bids_until is not None:
                _require_closed("need", need.id, state)
        orders = gather_book(unit, needs)
        eans = {o.ean for o in orders} | {e.ean for n in needs for e in n.effectivities} | set(obliged_eans)
        eans |= {ean for room in headroom for ean, _ in room.shares or ()}
        connections = [item.connection for item in unit.connections.among(sorted(eans))]
    rules = replace(options or RedispatchOptions(), cleared_at=market.clock.now(), time_limit_s=market.solve_limit_s)
    result = clear_redispatch(
        needs,
        orders,
        connections,
        headroom=headroom,
        obliged_eans=sorted(set(obliged_eans)),
        options=rules,
        listener=watch,
    )
    snapshot = to_plain(
        {
            "needs": needs,
            "orders": orders,
            "connections": connections,
            "headroom": headroom,
            "obliged_eans": sorted(set(obliged_eans)),
            "options": rules,
        }
    )
    accepted = {award.order_id for award in result.awards if award.accepted_mw > 0}
    return _store(
        market,
        result,
        snapshot,
        status_of_redispatch(result),
        need_ids=asked,
        accepted=[order for order in orders if order.id in accepted],
    )


def status_of_tender(result: TenderClearing) -> ClearingStatus:
    """How a tender clearing ended."""
    if not result.certificate.proven:
        return ClearingStatus.UNPROVEN
    return ClearingStatus.SHORT if result.shortfall_mwh > 0 else ClearingStatus.CLEARED


def status_of_redispatch(result: RedispatchClearing) -> ClearingStatus:
    """How a redispatch clearing ended."""
    if not result.certificate.proven:
        return ClearingStatus.UNPROVEN
    return ClearingStatus.SHORT if result.state is ClearingState.SHORT else ClearingStatus.CLEARED


def _require_closed(kind: str, id: str, state: GateState) -> None:
    if state is GateState.CLEARED:
        raise ConflictError(kind, id, state=state, needed="a clearing is final")
    if state is not GateState.CLOSED:
        raise ConflictError(kind, id, state=state, needed="it can be cleared once its gate is closed")


def _store(
    market: Market,
    result: TenderClearing | RedispatchClearing,
    snapshot: JsonValue,
    status: ClearingStatus,
    *,
    tender_id: str | None = None,
    need_ids: Sequence[str] = (),
    accepted: Sequence[Order] = (),
) -> ClearingRecord:
    if status is ClearingStatus.UNPROVEN:
        raise UnprovenError(result.certificate.seconds)
    summary = ClearingSummary(
        id=market.new_id(),
        tender_id=tender_id,
        need_ids=tuple(need_ids),
        status=status,
        input_hash=result.certificate.input_hash,
        created_at=market.clock.now(),
    )
    record = ClearingRecord(summary=summary, snapshot=snapshot, result=result)
    awards = [AwardRecord(id=market.new_id(), clearing_id=summary.id, award=award) for award in result.awards]
    with market.store.write() as unit:
        unit.clearings.add(record, awards)
        unit.orders.accept(accepted)
    return record
