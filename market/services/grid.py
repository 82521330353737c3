"""Use cases around the grid: declare areas, register connections.

Every use case that stores something takes what is already ``known`` to be wrong with the form of its input, adds what
the rules of the market find, and refuses for all of it at once.
"""

from __future__ import annotations

from collections.abc import Sequence

from market.domain.connection import CongestionArea
from market.errors import RefusedInputError
from market.ports import QualifiedConnection, Unit
from market.services.market import Market
from optimizer.findings import Finding


def declare_area(market: Market, area: CongestionArea, *, known: Sequence[Finding] = ()) -> None:
    """Declare a congestion area.

    Raises:
        RefusedInputError: there are known faults of form.
        ConflictError: an area with that id exists.
    """
    if known:
        raise RefusedInputError(known)
    with market.store.write() as unit:
        unit.areas.add(area)


def register_connection(market: Market, item: QualifiedConnection, *, known: Sequence[Finding] = ()) -> None:
    """Register a connection with the areas it lies in and what it is qualified for.

    Raises:
        RefusedInputError: an area is unknown or the qualified MW are negative.
        ConflictError: the EAN is registered already.
    """
    with market.store.write() as unit:
        findings = [*known]
        for k, area_id in enumerate(item.connection.area_ids):
            findings += unknown_area(unit, area_id, f"area_ids[{k}]")
        if item.qualified_mw.is_finite() and item.qualified_mw < 0:
            findings.append(
                Finding(
                    rule="connection.qualified_mw",
                    path="qualified_mw",
                    message=f"a connection cannot be qualified for {item.qualified_mw} MW",
                    value=str(item.qualified_mw),
                    limit="0",
                )
            )
        if len(set(item.connection.area_ids)) < len(item.connection.area_ids):
            findings.append(Finding(rule="connection.area.unique", path="area_ids", message="an area is named twice"))
        if findings:
            raise RefusedInputError(findings)
        unit.connections.add(item)


def unknown_area(unit: Unit, area_id: str, path: str) -> tuple[Finding, ...]:
    """Find a reference to an area that was never declared."""
    if unit.areas.find(area_id) is not None:
        return ()
    return (Finding(rule="area.unknown", path=path, message=f"there is no area {area_id}", value=area_id),)
