"""From awards to schedules: what each connection promised, and the plan of its assets that keeps the promise.

A promise is relief against a named baseline: in every quarter-hour the connection takes at least that much less from
the grid than the baseline says. It enters the site's dispatch as one more congestion window; the assets decide how.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

import numpy as np

from market.domain.award import RedispatchClearing
from market.domain.bid import Bid
from market.domain.money import split_exactly
from market.domain.order import Side
from market.domain.schedule import AssetSchedule, Schedule
from market.domain.tender import Tender
from market.domain.tender_award import TenderClearing
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.results.site import SitePlan
from optimizer.timegrid import TimeGrid
from optimizer.units import KW_PER_MW

WATT_KW = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """Relief one connection owes on one award.

    Attributes:
        award_id: order or bid it follows from.
        ean: connection.
        starts: aware UTC starts of the quarter-hours in which it is owed.
        relief_mw: relief per quarter-hour of ``starts``.
    """

    award_id: str
    ean: str
    starts: tuple[datetime, ...]
    relief_mw: tuple[Decimal, ...]


def promises_of_redispatch(clearing: RedispatchClearing, eans: Iterable[str]) -> tuple[Promise, ...]:
    """List what accepted sells of the given connections owe.

    A sell on a consuming connection is consumption left out. Accepted buys add consumption and owe no relief.
    """
    wanted = set(eans)
    return tuple(
        Promise(
            award_id=award.order_id,
            ean=award.ean,
            starts=TimeGrid(start=award.start, steps=len(award.power_mw)).starts(),
            relief_mw=award.power_mw,
        )
        for award in clearing.awards
        if award.ean in wanted and award.side is Side.SELL and award.accepted_mw > 0
    )


def promises_of_tender(clearing: TenderClearing, tender: Tender, bids: Sequence[Bid], day: date) -> tuple[Promise, ...]:
    """List what accepted bids owe when every window of one local day is called.

    The MW of a bid with several connections are split over them in equal parts, exact to the tender's lot.
    """
    windows = {window.id: window for window in tender.windows}
    bid_of = {bid.id: bid for bid in bids}
    grid = TimeGrid.of_local_day(day)
    promises = []
    for award in clearing.awards:
        eans = bid_of[award.bid_id].eans
        for part in award.windows:
            window = windows[part.window_id]
            if day.isoweekday() not in window.weekdays:
                continue
            inside = grid.inside([(window.local_from, window.local_to)])
            starts = tuple(grid.at(int(step)) for step in np.flatnonzero(inside))
            shares = split_exactly(part.accepted_mw, [Decimal(1)] * len(eans), tender.lot_mw)
            promises += [
                Promise(award_id=award.bid_id, ean=ean, starts=starts, relief_mw=(share,) * len(starts))
                for ean, share in zip(eans, shares, strict=True)
            ]
    return tuple(promises)


def add_promises(
    site: SiteProblem, baseline_kw: np.typing.NDArray[np.float64], promises: Iterable[Promise]
) -> SiteProblem:
    """Put the promises of a connection into its dispatch as a hard congestion window.

    Args:
        site: the site without promises.
        baseline_kw: offtake of the named baseline per step, shape (steps,).
        promises: promises; those of other connections and outside the grid are left out.

    Returns:
        The site with one more window, or the same site when nothing is owed.
    """
    relief_kw = np.zeros(site.grid.steps)
    causes = []
    for promise in promises:
        if promise.ean != site.id:
            continue
        causes.append(promise.award_id)
        for start, relief_mw in zip(promise.starts, promise.relief_mw, strict=True):
            if site.grid.start <= start < site.grid.end:
                relief_kw[site.grid.index_of(start)] += float(relief_mw) * KW_PER_MW
    owed = relief_kw > 0
    if not owed.any():
        return site
    window = CongestionWindow(
        id="award " + ", ".join(sorted(set(causes))), steps=owed, limit_kw=np.where(owed, baseline_kw - relief_kw, 0.0)
    )
    return replace(site, windows=(*site.windows, window))


def build_schedule(plan: SitePlan, grid: TimeGrid, *, schedule_id: str, cause: str) -> Schedule:
    """Turn a plan into a schedule in whole watts, asset by asset."""
    return Schedule(
        id=schedule_id,
        ean=plan.site_id,
        start=grid.start,
        assets=tuple(
            AssetSchedule(
                asset_id=asset.asset_id,
                kind=asset.kind,
                power_kw=tuple(Decimal(float(kw)).quantize(WATT_KW) + 0 for kw in asset.power_kw),
            )
            for asset in plan.assets
        ),
        cause=cause,
    )
