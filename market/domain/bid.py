"""Bids: what a company offers in a tender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BidStep:
    """One step of a bid: an increment of MW with its own prices.

    Steps are cumulative: a step can be accepted only when the steps before it are accepted in full.

    Attributes:
        quantity_mw: size of the increment, a multiple of the tender's lot.
        availability_eur_per_mw_h: price per MW and hour of window for being available.
        activation_eur_per_mwh: price per MWh activated.
    """

    quantity_mw: Decimal
    availability_eur_per_mw_h: Decimal
    activation_eur_per_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Bid:
    """An offer of flexibility by one provider in one tender.

    Attributes:
        id: id of the bid, unique in its tender.
        tender_id: tender that it answers.
        csp: congestion service provider that submits it.
        company: company whose assets deliver.
        eans: connections behind which the assets stand.
        windows: ids of the tender's windows in which it is offered; accepted MW may differ per window.
        steps: cumulative steps of MW with their prices.
        submitted_at: aware time of submission.
        minimum_mw: least MW that may be accepted in a window; 0 for freely divisible, the whole quantity for
            all-or-nothing.
        service_fee_eur_per_mw: one-off fee per MW contracted, counted once on the largest MW over the windows.
        max_run_h: longest uninterrupted activation of a MW, in whole quarter-hours; None when unlimited.
        min_rest_h: rest between two activations of the same MW, in whole quarter-hours; None when a MW is activated at
            most once in each occurrence of a window.
        lead_time_h: notice the provider needs before delivery.
        exclusive_group: at most one bid of a group is accepted; None for none.
        technology: kind of asset, such as "battery", "gas engine" or "demand response".
        emission_kg_per_mwh: CO2 emission of an activated MWh.
    """

    id: str
    tender_id: str
    csp: str
    company: str
    eans: tuple[str, ...]
    windows: tuple[str, ...]
    steps: tuple[BidStep, ...]
    submitted_at: datetime
    minimum_mw: Decimal = Decimal(0)
    service_fee_eur_per_mw: Decimal = Decimal(0)
    max_run_h: Decimal | None = None
    min_rest_h: Decimal | None = None
    lead_time_h: Decimal = Decimal(0)
    exclusive_group: str | None = None
    technology: str = "demand response"
    emission_kg_per_mwh: Decimal = Decimal(0)

    @property
    def quantity_mw(self) -> Decimal:
        """MW offered: the sum of the steps."""
        return sum((step.quantity_mw for step in self.steps), Decimal(0))
