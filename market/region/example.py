"""The example region's main job: need and orders, tender and bids, both cleared, and the schedules that follow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np

from market.clearing.delivery import Promise, add_promises, promises_of_redispatch, promises_of_tender
from market.clearing.redispatch import clear_redispatch
from market.clearing.tender import clear_tender
from market.domain.award import RedispatchClearing
from market.domain.bid import Bid
from market.domain.connection import CongestionArea, Connection
from market.domain.need import Need
from market.domain.order import Order
from market.domain.tender import Tender
from market.domain.tender_award import TenderClearing
from market.region.event import build_need, build_orders
from market.region.parameters import Parameters, load_parameters
from market.region.place import COMPANIES, build_area, build_connections
from market.region.season import build_bids, build_tender, compute_qualified_mw
from market.region.sites import build_sites
from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.site import SiteProblem
from optimizer.results.site import SitePlan
from optimizer.runs.site import SiteOutcome, dispatch_site
from optimizer.timegrid import local_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleRegion:
    """What is put into the market.

    Attributes:
        parameters: every figure with its source.
        area: the congested substation.
        connections: connections inside and outside it.
        need: redispatch need of the event day.
        orders: the book of that day.
        tender: tender of one summer.
        bids: its bids.
    """

    parameters: Parameters
    area: CongestionArea
    connections: tuple[Connection, ...]
    need: Need
    orders: tuple[Order, ...]
    tender: Tender
    bids: tuple[Bid, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteDay:
    """One connection on one day.

    Attributes:
        connection: the connection.
        baseline: uncontrolled plan; cut off at the contracted capacity it is the named baseline of every promise.
        promises: what the connection owes that day.
        problem: the site with its promises as a window.
        outcome: the plan that keeps them, with its proof.
    """

    connection: Connection
    baseline: SitePlan
    promises: tuple[Promise, ...]
    problem: SiteProblem
    outcome: SiteOutcome


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExampleResult:
    """What comes out.

    Attributes:
        region: the input.
        redispatch: cleared event.
        event_day: the four sites on the day of the event.
        tender: cleared tender.
        tender_day: the four sites on the first day of the season, with every window called.
    """

    region: ExampleRegion
    redispatch: RedispatchClearing
    event_day: tuple[SiteDay, ...]
    tender: TenderClearing
    tender_day: tuple[SiteDay, ...]


def load_example_region() -> ExampleRegion:
    """Load the region from its sourced figures."""
    parameters = load_parameters()
    tender = build_tender(parameters)
    return ExampleRegion(
        parameters=parameters,
        area=build_area(parameters),
        connections=build_connections(parameters),
        need=build_need(parameters),
        orders=build_orders(parameters),
        tender=tender,
        bids=build_bids(parameters, tender),
    )


def run_example(region: ExampleRegion) -> ExampleResult:
    """Clear the event and the tender, and plan every asset so that the awards are kept."""
    parameters = region.parameters
    redispatch = clear_redispatch([region.need], region.orders, region.connections)
    tender = clear_tender(
        region.tender,
        region.bids,
        connections=region.connections,
        qualified_mw=compute_qualified_mw(region.bids),
    )
    inside = [parameters.text(f"{company}.ean") for company in COMPANIES]
    season_day = parameters.day("tender.day")
    owed_in_season = promises_of_tender(tender, region.tender, region.bids, season_day)
    return ExampleResult(
        region=region,
        redispatch=redispatch,
        event_day=plan_day(
            region,
            parameters.day("event.day"),
            parameters.instant("event.announced"),
            promises_of_redispatch(redispatch, inside),
        ),
        tender=tender,
        tender_day=plan_day(region, season_day, _day_ahead_noon(season_day), owed_in_season),
    )


def plan_day(region: ExampleRegion, day: date, announced: datetime, promises: Sequence[Promise]) -> tuple[SiteDay, ...]:
    """Plan the four sites for one day so that their promises are kept against the uncontrolled baseline.

    Args:
        region: the region.
        day: local day whose 07:00 starts the plan.
        announced: aware time at which the awards are known.
        promises: what is owed that day.
    """
    sites = build_sites(region.parameters, day, announced)
    days = []
    for connection in region.connections:
        if connection.ean not in sites:
            continue
        site = sites[connection.ean]
        baseline = plan_uncontrolled(site)
        owed = tuple(promise for promise in promises if promise.ean == connection.ean)
        problem = add_promises(site, np.minimum(baseline.offtake_kw, site.contracted_offtake_kw), owed)
        days.append(
            SiteDay(
                connection=connection,
                baseline=baseline,
                promises=owed,
                problem=problem,
                outcome=dispatch_site(problem),
            )
        )
    return tuple(days)


def _day_ahead_noon(day: date) -> datetime:
    return local_instant(day - timedelta(days=1), time(12))
