"""Bids: what a company offers in a tender."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
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
        ramp_h: time to full power.
        linked_group: all bids of a group are accepted or none; None for none.
        all_windows: contracted with the same MW in each of its windows or not at all.
        available_from: first day of delivery, for capacity that is yet to be built; None for the whole season.
        available_until: last day of delivery, the end of the term or the opt-out date; None for the whole season.
        delivery: share of a called MW that can be relied on (derating).
        energy_mwh_per_day: energy the whole quantity can deliver in a day; the accepted part has its share of it.
        activations_per_day: activations of a MW in a day.
        activations_per_week: activations of a MW in a calendar week.
        activations_per_year: activations of a MW in a calendar year.
        hours_per_year: full-power hours in a calendar year, such as a permit or nitrogen room allows.
        feeds_in: whether it is extra feed-in rather than reduced consumption.
        keeps_market_access: whether it keeps access to other markets, which counts against the national limit.
        subsidy_eur: investment subsidy received for the whole quantity.
        reissue_share: share of its MW that may be given to the waiting list while it is contracted.
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
    ramp_h: Decimal = Decimal(0)
    linked_group: str | None = None
    all_windows: bool = False
    available_from: date | None = None
    available_until: date | None = None
    delivery: Decimal = Decimal(1)
    energy_mwh_per_day: Decimal | None = None
    activations_per_day: Decimal | None = None
    activations_per_week: Decimal | None = None
    activations_per_year: Decimal | None = None
    hours_per_year: Decimal | None = None
    feeds_in: bool = False
    keeps_market_access: bool = False
    subsidy_eur: Decimal = Decimal(0)
    reissue_share: Decimal = Decimal("0.5")

    @property
    def quantity_mw(self) -> Decimal:
        """MW offered: the sum of the steps."""
        return sum((step.quantity_mw for step in self.steps), Decimal(0))
