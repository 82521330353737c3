"""Use cases around needs: announce one, tell its state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from market.domain.lifecycle import GateState, need_state
from market.domain.money import LOT_MW
from market.domain.need import Need
from market.errors import RefusedInputError
from market.ports import Unit
from market.rules.order_rules import check_needs
from market.services.grid import unknown_area
from market.services.market import Market
from market.services.places import merged, without_prefix
from optimizer.findings import Finding

LONGEST_SPAN: Final = timedelta(days=31)
"""What is cleared at once: a month, far beyond what redispatch asks for."""


def announce_need(market: Market, need: Need, *, known: Sequence[Finding] = ()) -> None:
    """Announce a need for redispatch.

    Raises:
        RefusedInputError: the need has faults; all are reported.
        ConflictError: a need with that id exists.
    """
    with market.store.write() as unit:
        rules = without_prefix(check_needs([need], LOT_MW), "needs[0].")
        rules += without_prefix(check_span([need]), "needs[0].")
        findings = merged(known, [*rules, *_gate_faults(need), *unknown_area(unit, need.area_id, "area_id")])
        if findings:
            raise RefusedInputError(findings)
        unit.needs.add(need)


def check_span(needs: Sequence[Need]) -> tuple[Finding, ...]:
    """Find needs that reach further than is cleared at once, counted from the start of the first."""
    first = min((need.start for need in needs), default=None)
    return tuple(
        Finding(
            rule="need.span",
            path=f"needs[{k}].required_mw",
            message=f"need {need.id} ends more than {LONGEST_SPAN.days} days after the first need starts",
            ids=(need.id,),
            value=need.end.isoformat(),
            limit=f"{LONGEST_SPAN.days} days",
        )
        for k, need in enumerate(needs)
        if first is not None and need.end - first > LONGEST_SPAN
    )


def state_of_need(market: Market, unit: Unit, need: Need) -> GateState:
    """State of a stored need now."""
    cleared = unit.needs.clearing_of(need.id) is not None
    return need_state(need, cleared=cleared, now=market.clock.now())


def _gate_faults(need: Need) -> list[Finding]:
    if need.bids_from is None or need.bids_until is None or need.bids_from < need.bids_until:
        return []
    message = "the gate closes before it opens"
    return [Finding(rule="need.gate.order", path="bids_until", message=message, value=need.bids_until.isoformat())]
