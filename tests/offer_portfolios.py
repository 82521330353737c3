"""Generated portfolios with everything between their flexibility and an offer, for tests of the bid builder."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal

import numpy as np

from market.offers.assumptions import Assumptions
from market.offers.portfolio import Member, Portfolio
from market.settlement.baseline import BaselineEvidence, BaselineMethod, compute_baseline
from optimizer.offers.offer_window import Delivery
from optimizer.problems.assets import Asset, Batch, Battery, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.timegrid import TimeGrid
from tests.site_examples import WINTER_DAY, grid_from, site_of

GRID = grid_from(WINTER_DAY, time(12), steps=72)
POOL_EAN = "871999000000000995"
SUBMITTED = datetime(2027, 2, 2, 8, 0, tzinfo=UTC)


def stated(method: BaselineMethod, reliability: str = "1", delivery: Delivery = Delivery.EXACT) -> Assumptions:
    return Assumptions(
        baseline=method, baseline_statement="as computed", delivery=delivery, reliability=Decimal(reliability)
    )


def draw_sites(seed: int, *, whole: bool = False, grid: TimeGrid = GRID) -> tuple[SiteProblem, ...]:
    """Two to four connections with cars, batteries, utilities and, if asked, whole batches."""
    draw = np.random.default_rng(seed)
    price = 0.12 + 0.08 * draw.random(grid.steps) + 0.15 * grid.inside([(time(17), time(21))])
    sites = []
    for k in range(int(draw.integers(2, 5))):
        assets: list[Asset] = []
        for c in range(int(draw.integers(4, 12))):
            arrival = int(draw.integers(8, 30))
            departure = int(draw.integers(44, 72))
            power = float(draw.choice([7.4, 11.0, 22.0]))
            assets.append(
                ChargingSession(
                    id=f"car-{c}",
                    arrival_step=arrival,
                    departure_step=departure,
                    energy_kwh=float(draw.uniform(0.1, 0.6)) * power * (departure - arrival) / 4,
                    power_kw=power,
                )
            )
        if draw.random() < 0.6:
            assets.append(
                Battery(
                    id="battery",
                    capacity_kwh=200.0,
                    charge_kw=100.0,
                    discharge_kw=100.0,
                    initial_kwh=100.0,
                    final_kwh=100.0,
                    wear_eur_per_kwh=0.02,
                )
            )
        if draw.random() < 0.5:
            assets.append(Utility(id="nitrogen", power_kw=np.full(grid.steps, 80.0), substitute_eur_per_kwh=0.5))
        if whole and k == 0:
            assets.append(
                Batch(
                    id="batch",
                    profile_kw=np.full(8, 150.0),
                    earliest_start_step=14,
                    latest_start_step=34,
                    planned_start_step=int(draw.integers(18, 26)),
                    move_cost_eur=25.0,
                )
            )
        site = site_of(assets, grid, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=0.4 * price)
        sites.append(replace(site, id=f"8719990000000001{k:02d}"))
    return tuple(sites)


def pool_of(sites: tuple[SiteProblem, ...], capability_kw: str = "100") -> Portfolio:
    return Portfolio(
        ean=POOL_EAN,
        name="pool",
        csp="csp",
        members=tuple(
            Member(
                ean=site.id,
                asset_ids=tuple(asset.id for asset in site.assets),
                capability_kw=Decimal(capability_kw),
                area_ids=("area",),
            )
            for site in sites
        ),
    )


def baselines_of(sites: tuple[SiteProblem, ...], method: BaselineMethod) -> dict[str, FloatArray]:
    return {site.id: compute_baseline(method, BaselineEvidence(site=site)).power_kw for site in sites}
