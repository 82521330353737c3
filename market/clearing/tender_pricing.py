"""What accepted bids are paid: one interface for pay-as-bid, uniform and ceiling prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from market.domain.bid import Bid, BidStep
from market.domain.money import to_cents
from market.domain.tender import PricingRule, Tender, TenderWindow
from market.domain.tender_award import WindowAward

PRICE_STEP = Decimal("0.0001")


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedSteps:
    """Accepted MW per step of one bid in one window.

    Attributes:
        bid: the bid.
        window: the window.
        steps: steps with the MW accepted of each, in order.
        hours: hours of the window over the season in which the bid is available.
        called_mwh: energy expected to be called per step.
    """

    bid: Bid
    window: TenderWindow
    steps: tuple[tuple[BidStep, Decimal], ...]
    hours: Decimal
    called_mwh: tuple[Decimal, ...]

    @property
    def accepted_mw(self) -> Decimal:
        """MW contracted."""
        return sum((mw for _, mw in self.steps), Decimal(0))


def price_awards(rule: PricingRule, tender: Tender, accepted: Sequence[AcceptedSteps]) -> tuple[WindowAward, ...]:
    """Set prices and payments under a rule; prices are per window, payments in cents.

    Args:
        rule: pay as bid; uniform: the highest accepted price of the window, which its ceiling caps; or the ceilings.
        tender: the tender.
        accepted: accepted steps per bid and window.
        hours: hours per window over the season.
    """
    return tuple(_window_award(entry, _prices(rule, tender, accepted, entry)) for entry in accepted)


def _prices(
    rule: PricingRule, tender: Tender, accepted: Sequence[AcceptedSteps], entry: AcceptedSteps
) -> tuple[Decimal, Decimal] | None:
    """Availability and activation price of a window, or None where every step keeps its own."""
    if rule is PricingRule.PAY_AS_BID:
        return None
    availability, activation = tender.availability_ceiling_eur_per_mw_h, tender.activation_ceiling_eur_per_mwh
    if rule is PricingRule.CEILING:
        return availability, activation
    rivals = [step for other in accepted if other.window.id == entry.window.id for step, mw in other.steps if mw > 0]
    return (
        min(availability, max(step.availability_eur_per_mw_h for step in rivals)),
        min(activation, max(step.activation_eur_per_mwh for step in rivals)),
    )


def _window_award(entry: AcceptedSteps, prices: tuple[Decimal, Decimal] | None) -> WindowAward:
    mw, called = entry.accepted_mw, sum(entry.called_mwh, Decimal(0))
    use = list(zip(entry.steps, entry.called_mwh, strict=True))
    if prices is None:
        availability = sum((step.availability_eur_per_mw_h * part for step, part in entry.steps), Decimal(0))
        activation = sum((step.activation_eur_per_mwh * mwh for (step, _), mwh in use), Decimal(0))
        plain = sum((step.activation_eur_per_mwh * part for step, part in entry.steps), Decimal(0))
    else:
        availability, activation, plain = prices[0] * mw, prices[1] * called, prices[1] * mw
    return WindowAward(
        window_id=entry.window.id,
        accepted_mw=mw,
        availability_eur_per_mw_h=_per_mw(availability, mw),
        activation_eur_per_mwh=_per_mw(plain, mw),
        availability_eur=to_cents(availability * entry.hours),
        expected_activation_eur=to_cents(activation),
    )


def _per_mw(total: Decimal, mw: Decimal) -> Decimal:
    price = total / mw
    return price if price == price.quantize(PRICE_STEP) else price.quantize(PRICE_STEP)
