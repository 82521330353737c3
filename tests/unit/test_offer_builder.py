"""Orders and tender bids built from curves: lots, minimum acceptance, alternatives, payback, assumptions, refusals."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import RefusedInputError
from market.offers.assumptions import Reliability, measure_reliability
from market.offers.bid_builder import Block, OrderRequest, Payback, build_orders, claim_assets
from market.offers.ledger import ExclusivityLedger
from market.offers.lot_prices import price_lots, read_lot_costs
from market.offers.tender_bids import TenderBidRequest, build_bid
from market.offers.two_part import INCIDENTAL_HOURS, STRUCTURAL_HOURS, TwoPartPrice
from market.region.costs import compute_compensation, compute_nitrogen_fee
from market.region.parameters import load_parameters
from market.rules.order_rules import check_order_book
from market.settlement.baseline import BaselineMethod
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.offers.supply_curve import trace_supply_curve
from optimizer.problems.assets import Battery
from optimizer.problems.series import FloatArray
from optimizer.results.offers import CurvePoint, SupplyCurve
from tests.offer_portfolios import GRID, SUBMITTED, baselines_of, draw_sites, pool_of, stated
from tests.site_examples import site_of
from tests.tenders import make_tender, make_window

D = Decimal
LOT = D("0.1")


def synthetic(costs: dict[float, float], *, convex: bool = False, hours: int = 1) -> SupplyCurve:
    steps = np.zeros(72, dtype=np.bool_)
    steps[20 : 20 + 4 * hours] = True
    points = tuple(
        CurvePoint(
            volume_kw=kw, cost_eur=eur, bound_eur=None, slope_eur_per_kw=0.0, power_kw=np.where(steps, 500.0 - kw, 0.0)
        )
        for kw, eur in sorted(costs.items())
    )
    return SupplyCurve(
        steps=steps,
        step_h=0.25,
        baseline_kw=np.where(steps, 500.0, 0.0),
        reference_kw=np.where(steps, 500.0, 0.0),
        reference_cost_eur=0.0,
        convex=convex,
        min_kw=0.0,
        max_kw=max(costs),
        points=points,
        infeasible_kw=(),
        gap_eur=0.0 if convex else None,
    )


def request_of(*curves: SupplyCurve, **changes: object) -> OrderRequest:
    made = OrderRequest(
        offer_id="offer",
        portfolio=pool_of(draw_sites(1), "300"),
        grid=GRID,
        change=Change.LESS,
        blocks=tuple(Block(curve=curve) for curve in curves),
        assumptions=stated(BaselineMethod.UNCONTROLLED),
        submitted_at=SUBMITTED,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_the_study_s_fees_to_the_euro_and_how_hours_move_them() -> None:
    parameters = load_parameters()
    nitrogen = TwoPartPrice.of(compute_nitrogen_fee(parameters, STRUCTURAL_HOURS))
    assert round(nitrogen.at_hours(STRUCTURAL_HOURS)) == 488  # 0.5 MW, 50,000 EUR, 300 EUR/MWh
    for capex, fee in ((280_000, 62), (160_000, 35)):  # CHP overhaul; battery, both per MW
        parts = TwoPartPrice.of(
            compute_compensation(
                parameters,
                power_mw=D(1),
                capex_eur=D(capex),
                variable_eur_per_mwh=D(0),
                hours_per_year=STRUCTURAL_HOURS,
                staff=False,
            )
        )
        assert round(parts.at_hours(STRUCTURAL_HOURS)) == fee
    # At 1 MW the fixed part alone is about 72 EUR/MWh over 1,040 hours and 298 over 250.
    one = TwoPartPrice.of(
        compute_compensation(
            parameters,
            power_mw=D(1),
            capex_eur=D(50_000),
            variable_eur_per_mwh=D(0),
            hours_per_year=STRUCTURAL_HOURS,
        )
    )
    assert round(one.at_hours(STRUCTURAL_HOURS)) == 72
    assert round(one.at_hours(INCIDENTAL_HOURS)) == 298
    with pytest.raises(ValueError, match="hours"):
        one.at_hours(D(0))


@given(
    st.lists(st.integers(0, 4000), min_size=1, max_size=8),
    st.integers(0, 3),
    st.sampled_from([D(1), D("0.25"), D(4)]),
)
def test_every_quantity_that_can_be_accepted_is_paid_at_least_its_cost(
    jumps: list[int], missing: int, hours: Decimal
) -> None:
    total, costs = D(0), {}
    for lots, jump in enumerate(jumps, start=1):
        total += D(jump) / 100
        costs[lots] = total
    if missing and missing in costs and len(costs) > missing:
        del costs[missing]
    steps = price_lots(costs, lot_mw=LOT, hours=hours, added=TwoPartPrice(), hours_per_year=D(250))
    prices = [step.eur_per_mwh for step in steps]
    assert prices == sorted(prices)
    each = [step.eur_per_mwh for step in steps for _ in range(step.lots)]
    assert len(each) == max(costs)
    for accepted in range(steps[0].lots, len(each) + 1):
        paid = sum(each[:accepted], D(0)) * LOT * hours
        assert paid >= costs[accepted]


def test_start_costs_become_a_minimum_acceptance_and_slopes_become_steps() -> None:
    curve = synthetic({0: 0, 100: 30.0, 200: 32.0, 300: 36.0, 400: 52.0})
    offer = build_orders(request_of(curve))
    (order,) = offer.orders
    assert (order.quantity_mw, order.minimum_acceptance_mw) == (D("0.4"), D("0.3"))
    assert [(s.quantity_mw, s.price_eur_per_mwh) for s in order.price_steps] == [
        (D("0.3"), D("120.00")),
        (D("0.1"), D("160.00")),
    ]
    assert (order.start, order.quarter_hours) == (GRID.at(20), 4)
    assert check_order_book(offer.orders, grid=None, lot_mw=LOT, minimum_mw=LOT) == ()
    assert offer.members == tuple(m.ean for m in pool_of(draw_sites(1)).members)
    assert dict(offer.assumptions.lines())["baseline"].startswith("uncontrolled")


def test_holes_are_never_offered() -> None:
    curve = synthetic({0: 0, 100: 5.0, 300: 9.0, 400: 12.0})  # 200 kW cannot be delivered exactly
    (order,) = build_orders(request_of(curve)).orders
    assert order.minimum_acceptance_mw == D("0.3")
    with pytest.raises(RefusedInputError, match=r"delivers 200\.0 kW"):
        build_orders(request_of(curve, quantity_mw=D("0.2")))


def test_block_lengths_become_exclusive_alternatives_and_claim_assets_once() -> None:
    request = request_of(synthetic({0: 0, 400: 8.0}, convex=True), synthetic({0: 0, 200: 8.0}, convex=True, hours=3))
    offer = build_orders(request)
    assert [(o.quarter_hours, o.quantity_mw, o.exclusive_group) for o in offer.orders] == [
        (4, D("0.4"), "offer"),
        (12, D("0.2"), "offer"),
    ]
    assert check_order_book(offer.orders, grid=None, lot_mw=LOT, minimum_mw=LOT) == ()
    claims = claim_assets(offer, request.portfolio, Change.LESS)
    per_asset = {asset: 0.0 for claim in claims for asset, _ in claim.kw}
    for asset, start in claims[0].kw:
        if start == GRID.at(20):
            per_asset[asset] = claims[0].kw[asset, start]
    assert sum(per_asset.values()) == pytest.approx(400.0)
    ledger = ExclusivityLedger({(asset, Change.LESS): kw for asset, kw in per_asset.items()})
    ledger.submit(claims)
    again = build_orders(replace(request, offer_id="again"))
    with pytest.raises(RefusedInputError, match="can give"):
        ledger.submit(claim_assets(again, request.portfolio, Change.LESS))


def test_more_consumption_becomes_a_buy_that_is_paid_for_its_cost() -> None:
    curve = synthetic({0: 0, 100: 3.0, 200: 10.0})
    (order,) = build_orders(request_of(curve, change=Change.MORE)).orders
    assert order.side.value == "buy"
    assert [s.price_eur_per_mwh for s in order.price_steps] == [D("-30.00"), D("-70.00")]
    assert check_order_book([order], grid=None, lot_mw=LOT, minimum_mw=LOT) == ()


def test_yearly_costs_and_margin_are_added_by_hours_committed() -> None:
    curve = synthetic({0: 0, 100: 3.0}, convex=True)
    added = TwoPartPrice(variable_eur_per_mwh=D(5), fixed_eur_per_mw_year=D(26_000))
    prices = [
        build_orders(request_of(curve, added=added, hours_per_year=hours)).orders[0].limit_price_eur_per_mwh
        for hours in (STRUCTURAL_HOURS, INCIDENTAL_HOURS)
    ]
    assert prices == [D("60.00"), D("139.00")]


def pull_forward() -> tuple[SupplyCurve, FloatArray]:
    battery = Battery(
        id="battery",
        capacity_kwh=600.0,
        charge_kw=400.0,
        discharge_kw=400.0,
        initial_kwh=600.0,
        final_kwh=600.0,
        charge_efficiency=1.0,
        discharge_efficiency=1.0,
    )
    price = np.where(np.arange(72) < 40, 0.3, 0.1)
    site = site_of([battery], GRID, offtake_price_eur_per_kwh=price, feed_in_price_eur_per_kwh=np.zeros(72))
    window = OfferWindow(steps=GRID.inside([(time(17), time(18))]))
    curve = trace_supply_curve([site], window, np.zeros(72)).curve
    assert curve is not None
    return curve, curve.power_at(300.0)


def test_the_payback_is_reported_and_can_be_linked_as_an_order() -> None:
    curve, _ = pull_forward()
    own = build_orders(request_of(curve, quantity_mw=D("0.3")))
    rebound = own.rebound_kw["offer"]
    assert rebound.sum() * 0.25 == pytest.approx(300.0, abs=1e-3)
    assert rebound[:24].sum() == 0.0
    assert len(own.orders) == 1
    linked = build_orders(request_of(curve, quantity_mw=D("0.3"), payback=Payback.LINKED))
    sell, buy = linked.orders
    assert sell.minimum_acceptance_mw == sell.quantity_mw == D("0.3")
    assert buy.parent_order == sell.id
    assert buy.side.value == "buy"
    assert buy.start > sell.end - timedelta(minutes=1)
    energy = sum(buy.power_mw, D(0)) / 4
    assert D(0) < energy <= D("0.3")
    assert check_order_book(linked.orders, grid=None, lot_mw=LOT, minimum_mw=LOT) == ()


def test_a_bid_below_its_stated_reliability_is_refused() -> None:
    days = Reliability(deliverable_kw=np.array([90.0, 110.0, 150.0, 210.0, 230.0, 260.0, 270.0, 320.0, 330.0, 340.0]))
    assert (days.volume_at(D("0.9")), days.volume_at(D("0.5")), days.volume_at(D(1))) == (110.0, 260.0, 90.0)
    assert days.share_at(210.0) == D("0.700")
    block = Block(curve=synthetic({0: 0, 100: 1.0, 200: 2.0, 300: 3.0}, convex=True), reliability=days)
    base = request_of(blocks=(block,), assumptions=stated(BaselineMethod.UNCONTROLLED, "0.7"))
    offer = build_orders(base)
    assert offer.orders[0].quantity_mw == D("0.2")
    assert offer.deliverable_share == {"offer": D("0.700")}
    with pytest.raises(RefusedInputError) as refused:
        build_orders(replace(base, quantity_mw=D("0.3")))
    assert refused.value.findings[0].rule == "offer.reliability"
    assert "30.0% of days" in refused.value.findings[0].message
    with pytest.raises(RefusedInputError, match=r"90\.0 kW"):
        build_orders(replace(base, assumptions=stated(BaselineMethod.UNCONTROLLED, "1")))


def test_reliability_is_measured_by_planning_every_scenario_day() -> None:
    days = [draw_sites(seed) for seed in range(4)]
    window = OfferWindow(steps=GRID.inside([(time(18), time(19))]), delivery=Delivery.AT_LEAST)
    baselines = [sum(baselines_of(d, BaselineMethod.UNCONTROLLED).values(), np.zeros(72)) for d in days]
    found = measure_reliability(days, [window] * 4, baselines)
    for k, day in enumerate(days):
        curve = trace_supply_curve(day, window, baselines[k], points=2).curve
        assert curve is not None
        assert found.deliverable_kw[k] == pytest.approx(curve.max_kw, abs=1e-6)
    assert found.share_at(float(np.sort(found.deliverable_kw)[1])) == D("0.750")


def test_gaps_small_portfolios_and_wrong_grids_are_all_reported() -> None:
    gap = synthetic({0: 0, 100: 1.0})
    torn = replace(gap, steps=np.isin(np.arange(72), [20, 22]))
    short = replace(gap, steps=np.ones(5, dtype=np.bool_))
    small = pool_of(draw_sites(1)[:1], "60")
    with pytest.raises(RefusedInputError) as refused:
        build_orders(request_of(torn, short, portfolio=small, quantity_mw=D("0.15")))
    rules = {f.rule for f in refused.value.findings}
    assert {"portfolio.minimum", "offer.block.gap", "offer.block.grid", "offer.lots"} <= rules
    with pytest.raises(RefusedInputError, match="at least one block"):
        build_orders(request_of())


def test_a_tender_bid_splits_its_price_and_copies_the_limits_of_the_assets() -> None:
    tender = make_tender(windows=(make_window(weekdays=(1, 2, 3, 4, 5)),), notice_h=D(24))
    request = TenderBidRequest(
        bid_id="bid",
        tender=tender,
        windows=("evening",),
        portfolio=pool_of(draw_sites(1)),
        block=Block(curve=synthetic({0: 0, 100: 1.0, 200: 2.0, 300: 6.0}, convex=True)),
        assumptions=stated(BaselineMethod.COMPARABLE_DAYS),
        submitted_at=SUBMITTED,
        added=TwoPartPrice(variable_eur_per_mwh=D(2), fixed_eur_per_mw_year=D(36_500)),
        notice_h=D(12),
        rest_h=D(3),
    )
    offer = build_bid(request)
    assert offer.committed_hours == 5
    # 36,500 EUR per MW and year, 7 of 365 days, 5 hours: 140 EUR per MW and hour.
    assert [(s.quantity_mw, s.availability_eur_per_mw_h, s.activation_eur_per_mwh) for s in offer.bid.steps] == [
        (D("0.1"), D("140.00"), D("12.00")),
        (D("0.1"), D("140.00"), D("12.00")),
        (D("0.1"), D("140.00"), D("42.00")),
    ]
    assert (offer.bid.max_run_h, offer.bid.min_rest_h, offer.bid.lead_time_h) == (D("1.0"), D(3), D(12))
    with pytest.raises(RefusedInputError) as refused:
        build_bid(replace(request, windows=("morning",), notice_h=D(48)))
    assert {f.rule for f in refused.value.findings} == {"offer.window", "offer.notice"}


def test_lot_costs_come_from_points_where_the_curve_is_not_convex() -> None:
    curve = synthetic({0: 0, 100: 3.0, 250: 4.0, 300: 9.0})
    assert read_lot_costs(curve, LOT, 300.0) == {1: D(3), 3: D(9)}
    assert read_lot_costs(replace(curve, convex=True), LOT, 260.0).keys() == {1, 2}
