"""Use cases around tenders: publish one, submit sealed bids, look at them once the gate is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from market.clearing.fingerprint import fingerprint
from market.domain.bid import Bid
from market.domain.lifecycle import GateState, tender_state
from market.domain.tender import Tender
from market.errors import ConflictError, RefusedInputError
from market.ports import QualifiedConnection, StoredBid, Unit
from market.rules.tender_rules import check_submission, check_tender
from market.services.grid import unknown_area
from market.services.market import Market
from market.services.places import merged, moved
from optimizer.findings import Finding


def publish_tender(market: Market, tender: Tender, *, known: Sequence[Finding] = ()) -> None:
    """Publish a tender; bids are taken from now until it closes.

    Raises:
        RefusedInputError: the tender has faults; all are reported.
        ConflictError: a tender with that id exists.
    """
    now = market.clock.now()
    with market.store.write() as unit:
        rules = [*check_tender(tender), *unknown_area(unit, tender.area_id, "area_id")]
        if tender.closes_at <= now:
            message = f"the gate would close at {tender.closes_at.isoformat()}, which has passed"
            rules.append(Finding(rule="tender.closes_at.future", path="closes_at", message=message))
        findings = merged(known, rules)
        if findings:
            raise RefusedInputError(findings)
        unit.tenders.add(tender)


def submit_bids(
    market: Market, tender_id: str, bids: Sequence[Bid], *, known: Sequence[Finding] = ()
) -> tuple[StoredBid, ...]:
    """Submit one or more bids to an open tender: all are stored or none.

    Args:
        market: the market.
        tender_id: the tender.
        bids: bids with their ids and times of submission.
        known: what is known to be wrong with their form; its places are in ``bids[k]``.

    Returns:
        What was stored, as receipts.

    Raises:
        NotFoundError: there is no such tender.
        ConflictError: the tender does not take bids (any more), or an id is taken.
        RefusedInputError: bids have faults or could not take part; everything is reported.
    """
    with market.store.write() as unit:
        tender = unit.tenders.get(tender_id)
        state = state_of_tender(market, unit, tender)
        if state is not GateState.OPEN:
            raise ConflictError("tender", tender_id, state=state, needed="bids are taken while it is open")
        eans = sorted({ean for bid in bids for ean in bid.eans})
        places = {item.connection.ean: item for item in unit.connections.among(eans)}
        rules = [f for k, bid in enumerate(bids) for f in _findings_of(tender, bid, places, f"bids[{k}]")]
        findings = merged(known, rules)
        if findings:
            raise RefusedInputError(findings)
        stored = tuple(StoredBid(bid=bid, content_hash=fingerprint(bid)) for bid in bids)
        unit.bids.add(*stored)
    return stored


def read_bids(market: Market, unit: Unit, tender_id: str) -> Tender:
    """Open the bids of a tender for reading.

    Raises:
        NotFoundError: there is no such tender.
        ConflictError: they are sealed until the gate closes.
    """
    tender = unit.tenders.get(tender_id)
    state = state_of_tender(market, unit, tender)
    if state is GateState.OPEN:
        raise ConflictError("tender", tender_id, state=state, needed="bids stay sealed until its gate closes")
    return tender


def state_of_tender(market: Market, unit: Unit, tender: Tender) -> GateState:
    """State of a stored tender now."""
    cleared = unit.tenders.clearing_of(tender.id) is not None
    return tender_state(tender, cleared=cleared, now=market.clock.now())


def _findings_of(tender: Tender, bid: Bid, places: Mapping[str, QualifiedConnection], path: str) -> tuple[Finding, ...]:
    unknown = [
        Finding(rule="connection.unknown", path=f"{path}.eans[{k}]", message=f"there is no connection {ean}", value=ean)
        for k, ean in enumerate(bid.eans)
        if ean not in places
    ]
    found = [places[ean] for ean in dict.fromkeys(bid.eans) if ean in places]
    rules = check_submission(
        tender,
        bid,
        connections=[item.connection for item in found],
        qualified_mw={item.connection.ean: item.qualified_mw for item in found},
    )
    if unknown:  # that a connection is unknown says all about where it stands and what it is qualified for
        rules = tuple(f for f in rules if f.rule not in ("bid.outside_area", "bid.not_qualified"))
    return (*unknown, *moved(moved(rules, "bids[0]", path), f"bids[{bid.id}]", path))
