"""Files that can be cleared as they are: everything a clearing needs in one document, with the names of the API."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields, replace
from decimal import Decimal
from typing import Any, Final

from pydantic import Field

from api.schemas.conversion import to_connection, to_domain, to_headroom, to_rules
from api.schemas.documents import Document
from api.schemas.grid import ConnectionRecord
from api.schemas.redispatch import HeadroomTerms, NeedRecord, OrderRecord, RedispatchRules
from api.schemas.site_reader import read_site
from api.schemas.sites import SiteTerms
from api.schemas.tenders import BidRecord, TenderRecord
from api.schemas.validation import Judged, judge
from api.schemas.values import Ean, Model
from market.clearing.redispatch import RedispatchOptions, open_book
from market.domain.bid import Bid
from market.domain.connection import Connection
from market.domain.need import Headroom, Need
from market.domain.order import Order
from market.domain.tender import Tender
from market.domain.tender_award import BidReason
from market.errors import RefusedInputError
from market.ports import QualifiedConnection
from market.rules.tender_rules import check_bids, check_qualified, check_tender, refusals
from market.services.needs import check_span
from market.services.places import about, moved
from optimizer.errors import InvalidProblemError
from optimizer.findings import Finding
from optimizer.problems.site import SiteProblem

_OF_PRICE: Final = (BidReason.ABOVE_AVAILABILITY_CEILING, BidReason.ABOVE_ACTIVATION_CEILING)
_LISTED: Final = re.compile(r"(?P<name>\w+)\[(?P<index>\d+)\]")
_DEPENDENT_RULES: Final[Mapping[str, tuple[str, ...]]] = {
    "connections": ("bid.outside_area", "bid.not_qualified", "bid.minimum_above_need"),
    "needs": ("need.none", "order.day"),
    "orders": ("order.parent.unknown",),
    "assets": ("site.batch.sequence",),
}
"""Rules that may find fault with one list only because items of another were left out."""


class TenderFile(Model):
    """A tender with its bids and the connections they name."""

    connections: list[ConnectionRecord]
    tender: TenderRecord
    bids: list[BidRecord]


class RedispatchFile(Model):
    """Needs with an order book and the connections it names."""

    connections: list[ConnectionRecord]
    needs: list[NeedRecord]
    orders: list[OrderRecord]
    headroom: list[HeadroomTerms] = Field(default_factory=list)
    obliged_eans: list[Ean] = Field(default_factory=list)
    rules: RedispatchRules = Field(default_factory=RedispatchRules)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderBook:
    """What a tender is cleared from.

    Attributes:
        tender: the tender.
        bids: all bids.
        connections: connections that bids name, with what they are qualified for.
    """

    tender: Tender
    bids: tuple[Bid, ...]
    connections: tuple[QualifiedConnection, ...]

    @property
    def places(self) -> tuple[Connection, ...]:
        """The connections alone."""
        return tuple(item.connection for item in self.connections)

    @property
    def qualified_mw(self) -> Mapping[str, Decimal]:
        """MW that each connection is qualified for."""
        return {item.connection.ean: item.qualified_mw for item in self.connections}


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchBook:
    """What needs are cleared from.

    Attributes:
        needs: the needs.
        orders: the order book.
        connections: which EAN lies in which areas.
        headroom: room in other areas and on lines.
        obliged_eans: connections with a bid obligation.
        options: rules of the clearing.
    """

    needs: tuple[Need, ...]
    orders: tuple[Order, ...]
    connections: tuple[Connection, ...]
    headroom: tuple[Headroom, ...]
    obliged_eans: tuple[str, ...]
    options: RedispatchOptions


def read_tender_file(document: Document) -> TenderBook:
    """Read a tender file.

    Raises:
        RefusedInputError: with everything that is wrong with it, form and meaning together.
    """
    judged = judge(TenderFile, document.value, ("connections", "bids"))
    findings = [*document.findings, *judged.findings]
    if judged.model is None:
        raise RefusedInputError(findings)
    file = judged.model
    book = TenderBook(
        tender=to_domain(Tender, file.tender),
        bids=tuple(to_domain(Bid, bid, tender_id=file.tender.id) for bid in file.bids),
        connections=tuple(to_connection(item) for item in file.connections),
    )
    findings += _not_said_before(judged, [*_repeated_eans(book.connections), *_tender_findings(book, judged)])
    if findings:
        raise RefusedInputError(findings)
    return book


def read_redispatch_file(document: Document) -> RedispatchBook:
    """Read a redispatch file.

    Raises:
        RefusedInputError: with everything that is wrong with it, form and meaning together.
    """
    judged = judge(RedispatchFile, document.value, ("connections", "needs", "orders", "headroom"))
    findings = [*document.findings, *judged.findings]
    if judged.model is None:
        raise RefusedInputError(findings)
    file = judged.model
    places = tuple(to_connection(item) for item in file.connections)
    readable = not any(f.path.startswith("rules") for f in judged.findings)
    book = RedispatchBook(
        needs=tuple(to_domain(Need, need) for need in file.needs),
        orders=tuple(to_domain(Order, order) for order in file.orders),
        connections=tuple(item.connection for item in places),
        headroom=tuple(to_headroom(room) for room in file.headroom),
        obliged_eans=tuple(file.obliged_eans),
        options=to_rules(file.rules) if readable else RedispatchOptions(),
    )
    findings += _not_said_before(judged, [*_repeated_eans(places), *_book_findings(book)])
    if findings:
        raise RefusedInputError(findings)
    return book


def read_site_file(document: Document) -> SiteProblem:
    """Read a site file.

    Raises:
        RefusedInputError: with everything that is wrong with it, form and meaning together.
    """
    judged = judge(SiteTerms, document.value, ("assets", "windows"))
    findings = [*document.findings, *judged.findings]
    problem = None
    if judged.model is not None:
        problem, faults = read_site(judged.model)
        findings += _not_said_before(judged, faults)
    if findings or problem is None:
        raise RefusedInputError(findings)
    return problem


def _tender_findings(book: TenderBook, judged: Judged[TenderFile]) -> Iterator[Finding]:
    faults = [*moved(check_tender(book.tender), "", "tender."), *check_bids(book.tender, book.bids)]
    yield from faults
    for k, item in enumerate(book.connections):
        places = {f"qualified_mw[{item.connection.ean}]": f"connections[{k}].qualified_mw"}
        for finding in check_qualified({item.connection.ean: item.qualified_mw}):
            yield replace(finding, path=places.get(finding.path, finding.path))
    if any(finding.path.startswith("tender") for finding in (*faults, *judged.findings)):
        return
    qualified_mw = {ean: mw if mw.is_finite() else Decimal(0) for ean, mw in book.qualified_mw.items()}
    for k, bid in enumerate(book.bids):
        path = f"bids[{k}]"
        readable = _readable(bid)
        sound = readable == bid and not any(finding.path.startswith(path) for finding in faults)
        if readable.steps:
            found = refusals(book.tender, readable, connections=book.places, qualified_mw=qualified_mw)
            yield from moved(
                (finding for reason, finding in found if sound or reason in _OF_PRICE), f"bids[{bid.id}]", path
            )


def _readable(bid: Bid) -> Bid:
    """A bid without what is no number, so that the rest can be held against the tender."""
    steps = tuple(step for step in bid.steps if all(value.is_finite() for value in astuple(step)))
    numbers: dict[str, Any] = {
        field.name: field.default
        for field in fields(bid)
        if isinstance(value := getattr(bid, field.name), Decimal) and not value.is_finite()
    }
    return replace(bid, steps=steps, **numbers)


def _book_findings(book: RedispatchBook) -> tuple[Finding, ...]:
    if too_far_apart := check_span(book.needs):
        return too_far_apart
    try:
        open_book(book.needs, book.orders, book.connections, headroom=book.headroom, options=book.options)
    except InvalidProblemError as error:
        return moved(error.findings, "options.", "rules.")
    return ()


def _repeated_eans(connections: Sequence[QualifiedConnection]) -> Iterable[Finding]:
    seen: set[str] = set()
    for k, item in enumerate(connections):
        ean = item.connection.ean
        if ean in seen:
            path = f"connections[{k}].ean"
            yield Finding(rule="connection.unique", path=path, message=f"connection {ean} occurs twice", ids=(ean,))
        seen.add(ean)


def _not_said_before(judged: Judged[Model], findings: Iterable[Finding]) -> Iterable[Finding]:
    """Put findings of meaning where they stand in the file.

    Those about something that was not readable, or that may only follow from what was left out, are not worth saying.
    """
    said = {finding.path for finding in judged.findings}
    doubtful = {rule for name in judged.thinned for rule in _DEPENDENT_RULES.get(name, ())}
    for finding in findings:
        placed = _in_document(finding, judged.kept)
        if finding.rule not in doubtful and not about(placed.path, said):
            yield placed


def _in_document(finding: Finding, kept: Mapping[str, Sequence[int]]) -> Finding:
    found = _LISTED.match(finding.path)
    if found is None or found["name"] not in kept:
        return finding
    position = kept[found["name"]][int(found["index"])]
    return moved([finding], found[0], f"{found['name']}[{position}]")[0]
