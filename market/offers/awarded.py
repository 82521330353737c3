"""From awards back to schedules: what a portfolio owes per quarter-hour, and the plan of its assets that keeps it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from market.clearing.delivery import build_schedule
from market.domain.award import RedispatchAward
from market.domain.order import Side
from market.domain.schedule import Schedule
from market.errors import RefusedInputError
from market.offers.portfolio import Portfolio
from optimizer.findings import Finding
from optimizer.offers.disaggregate import AwardOutcome, GroupAward, spread_award
from optimizer.offers.fairness import Fairness
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.timegrid import TimeGrid
from optimizer.units import KW_PER_MW


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AwardedSchedules:
    """An award as schedules of connections.

    Attributes:
        outcome: the plan, who contributes what, and what is announced as short.
        schedules: one per member connection, in whole watts; empty without a plan.
    """

    outcome: AwardOutcome
    schedules: tuple[Schedule, ...]


def owed_relief_kw(awards: Iterable[RedispatchAward], ean: str, grid: TimeGrid) -> FloatArray:
    """Change a connection owes per quarter-hour of a grid: consume less positive, more negative; shape (steps,)."""
    owed = np.zeros(grid.steps)
    for award in awards:
        if award.ean != ean or award.accepted_mw == 0:
            continue
        sign = 1.0 if award.side is Side.SELL else -1.0
        for k, mw in enumerate(award.power_mw):
            start = TimeGrid(start=award.start, steps=len(award.power_mw)).at(k)
            if mw and grid.start <= start < grid.end:
                owed[grid.index_of(start)] += sign * float(mw) * KW_PER_MW
    return owed


def describe_award(
    portfolio: Portfolio,
    sites: Mapping[str, SiteProblem],
    baselines_kw: Mapping[str, FloatArray],
    owed_kw: FloatArray,
    *,
    delivery: Delivery = Delivery.EXACT,
    fairness: Fairness = Fairness.PROPORTIONAL,
    turn: int = 0,
) -> GroupAward:
    """Join the members of a portfolio, their baselines and what they owe together.

    Args:
        portfolio: who delivers.
        sites: dispatch problem per member connection.
        baselines_kw: baseline per member connection, shape (steps,) each.
        owed_kw: change owed per step, consume less positive, shape (steps,); not all zero.
        delivery: what counts as delivered, as stated in the offer.
        fairness: published rule of the portfolio.
        turn: number of awards before this one.

    Raises:
        RefusedInputError: nothing is owed, a member has no site or baseline, or both directions are owed at once
            although only one kind of delivery can be at least.
    """
    faults = [
        Finding(rule="award.member", path="members", message=f"connection {m.ean} has no site or no baseline")
        for m in portfolio.members
        if m.ean not in sites or m.ean not in baselines_kw
    ]
    less, more = bool((owed_kw > 0).any()), bool((owed_kw < 0).any())
    if not less and not more:
        faults.append(Finding(rule="award.nothing", path="owed_kw", message="the portfolio owes nothing"))
    if less and more and delivery is Delivery.AT_LEAST:
        text = "less and more are both owed on this day; only exact delivery tells what is owed in between"
        faults.append(Finding(rule="award.directions", path="owed_kw", message=text))
    if faults:
        raise RefusedInputError(faults)
    change = Change.LESS if less else Change.MORE
    return GroupAward(
        sites=tuple(sites[m.ean] for m in portfolio.members),
        window=OfferWindow(steps=owed_kw != 0.0, change=change, delivery=delivery),
        relief_kw=change.sign * owed_kw,
        baselines_kw=tuple(baselines_kw[m.ean] for m in portfolio.members),
        capability_kwh=tuple(float(m.capability_kw) for m in portfolio.members),
        fairness=fairness,
        turn=turn,
    )


def schedule_award(award: GroupAward, *, cause: str) -> AwardedSchedules:
    """Plan an award and write one schedule per connection.

    Raises:
        InvalidProblemError: a member has faults.
        VerificationError: the plan did not pass the independent check.
    """
    return write_schedules(spread_award(award), award.sites, cause=cause)


def write_schedules(outcome: AwardOutcome, sites: Sequence[SiteProblem], *, cause: str) -> AwardedSchedules:
    """Write a planned or repaired award as one schedule per connection."""
    if outcome.plan is None:
        return AwardedSchedules(outcome=outcome, schedules=())
    schedules = tuple(
        build_schedule(plan, site.grid, schedule_id=f"{cause}-{plan.site_id}", cause=cause)
        for plan, site in zip(outcome.plan.sites, sites, strict=True)
    )
    return AwardedSchedules(outcome=outcome, schedules=schedules)


def bid_income_eur(awards: Iterable[RedispatchAward], ean: str) -> Decimal:
    """What a connection is paid for its awards, in cents; negative where it pays."""
    return sum((award.amount_eur for award in awards if award.ean == ean), Decimal(0))
