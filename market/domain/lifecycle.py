"""Life cycles: which state a tender, a need or an order is in, by the clock and by what was decided."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from market.domain.need import Need
from market.domain.tender import Tender


class GateState(StrEnum):
    """State of a tender or a need.

    `ANNOUNCED` before submissions are taken, `OPEN` while they are, `CLOSED` from gate closure on, `CLEARED` once a
    clearing has decided.
    """

    ANNOUNCED = "announced"
    OPEN = "open"
    CLOSED = "closed"
    CLEARED = "cleared"


class OrderState(StrEnum):
    """State of an order: in the book, accepted by a clearing, or out because an exclusive alternative was accepted."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    EXCLUDED = "excluded"


class ClearingStatus(StrEnum):
    """How a clearing ended: need covered, need partly uncovered, or stopped before its optimum was proven."""

    CLEARED = "cleared"
    SHORT = "short"
    UNPROVEN = "unproven"


def tender_state(tender: Tender, *, cleared: bool, now: datetime) -> GateState:
    """State of a tender at a moment; bids are taken before ``closes_at``."""
    if cleared:
        return GateState.CLEARED
    return GateState.OPEN if now < tender.closes_at else GateState.CLOSED


def need_state(need: Need, *, cleared: bool, now: datetime) -> GateState:
    """State of a need at a moment; one without a gate of its own stays open until it is cleared."""
    if cleared:
        return GateState.CLEARED
    if need.bids_from is not None and now < need.bids_from:
        return GateState.ANNOUNCED
    return GateState.OPEN if need.bids_until is None or now < need.bids_until else GateState.CLOSED
