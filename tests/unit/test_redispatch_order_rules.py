"""Faults of an order book are all found at once; facts of the market become reason codes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.clearing.redispatch import ExcessPolicy, RedispatchOptions, clear_redispatch
from market.domain.award import OrderReason
from market.domain.need import Congestion, Effectivity, Headroom
from market.domain.order import PriceStep
from optimizer.errors import InvalidProblemError
from tests.redispatch_books import CONNECTIONS, INSIDE, OUTSIDE, START, make_need, make_order

QUARTER = timedelta(minutes=15)


def rules_of(orders: list[Any], **keywords: Any) -> set[str]:
    with pytest.raises(InvalidProblemError) as caught:
        clear_redispatch([make_need(["1.0"])], orders, CONNECTIONS, **keywords)
    return {finding.rule for finding in caught.value.findings}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"quantity_mw": Decimal(0)}, "order.quantity.positive"),
        ({"quantity_mw": Decimal("-1.0")}, "order.quantity.positive"),
        ({"quantity_mw": Decimal("NaN")}, "order.quantity.positive"),
        ({"quantity_mw": Decimal("0.55")}, "order.quantity.lots"),
        ({"quantity_mw": Decimal("0.05")}, "order.quantity.minimum"),
        ({"minimum_acceptance_mw": Decimal("0.6")}, "order.minimum.above_quantity"),
        ({"minimum_acceptance_mw": Decimal("-0.1")}, "order.minimum.lots"),
        ({"minimum_acceptance_mw": Decimal("0.25")}, "order.minimum.lots"),
        ({"limit_price_eur_per_mwh": Decimal("NaN")}, "order.price.number"),
        ({"limit_price_eur_per_mwh": Decimal("Infinity")}, "order.price.number"),
        ({"limit_price_eur_per_mwh": Decimal("10000")}, "order.price.range"),
        ({"limit_price_eur_per_mwh": Decimal("50.005")}, "order.price.tick"),
        ({"start": START + timedelta(minutes=5)}, "order.start.quarter"),
        ({"start": START + timedelta(days=1)}, "order.day"),
        ({"start": datetime(2026, 3, 10, 22, 30, tzinfo=UTC), "quarter_hours": 3}, "order.day"),
        ({"start": datetime(2026, 3, 10, 16, 0)}, "order.time.naive"),  # noqa: DTZ001
        ({"quarter_hours": 0}, "order.length"),
        ({"profile_mw": (Decimal("0.5"), Decimal("0.5"))}, "order.profile.length"),
        ({"profile_mw": (Decimal("0.4"),)}, "order.profile.peak"),
        ({"profile_mw": (Decimal("0.33"),)}, "order.profile.lots"),
        ({"price_steps": (PriceStep(quantity_mw=Decimal("0.2"), price_eur_per_mwh=Decimal(50)),)}, "order.steps.sum"),
        ({"parent_order": "nobody"}, "order.parent.unknown"),
        ({"parent_order": "o"}, "order.parent.circle"),
        ({"exclusive_group": ""}, "order.group"),
    ],
)
def test_a_fault_is_found(changes: dict[str, Any], rule: str) -> None:
    order = replace(make_order("o", "sell", "0.5", "50"), **changes)
    assert rule in rules_of([order])


def test_price_steps_must_climb_and_start_at_the_limit() -> None:
    steps = (
        PriceStep(quantity_mw=Decimal("0.2"), price_eur_per_mwh=Decimal(60)),
        PriceStep(quantity_mw=Decimal("0.3"), price_eur_per_mwh=Decimal(50)),
    )
    assert rules_of([make_order("o", "sell", "0.5", "55", price_steps=steps)]) == {
        "order.steps.order",
        "order.steps.first",
    }


def test_steps_must_not_cut_a_profile() -> None:
    steps = (
        PriceStep(quantity_mw=Decimal("0.2"), price_eur_per_mwh=Decimal(50)),
        PriceStep(quantity_mw=Decimal("0.3"), price_eur_per_mwh=Decimal(60)),
    )
    profile = (Decimal("0.5"), Decimal("0.3"))
    order = make_order("o", "sell", "0.5", "50", quarter_hours=2, profile_mw=profile, price_steps=steps)
    assert rules_of([order]) == {"order.steps.profile"}


def test_all_faults_come_at_once() -> None:
    first = make_order("same", "sell", "0.5", "50", parent_order="child")
    second = make_order("same", "buy", "-1", "NaN")
    child = make_order("child", "sell", "0.5", "50", parent_order="same", exclusive_group="g")
    found = rules_of([first, second, child])
    assert {"order.id", "order.quantity.positive", "order.price.number"} <= found


def test_circles_and_excluded_parents() -> None:
    a = make_order("a", "sell", "0.5", "50", parent_order="b", exclusive_group="g")
    b = make_order("b", "sell", "0.5", "50", parent_order="a", exclusive_group="g")
    assert rules_of([a, b]) == {"order.parent.circle"}
    c = make_order("c", "sell", "0.5", "50", parent_order="d", exclusive_group="g")
    d = make_order("d", "sell", "0.5", "50", exclusive_group="g")
    assert rules_of([c, d]) == {"order.parent.excluded"}


def test_faults_of_needs_headroom_and_options() -> None:
    need = make_need(
        ["1.05"], effectivities=(Effectivity(ean=INSIDE, share=Decimal("1.5")),), start=START + timedelta(minutes=1)
    )
    room = Headroom(id="room", start=START, up_mw=(Decimal(-1),), down_mw=())
    options = RedispatchOptions(lot_mw=Decimal("0.1"), excess_policy=ExcessPolicy.PRICED)
    with pytest.raises(InvalidProblemError) as caught:
        clear_redispatch([need, need], [], CONNECTIONS, headroom=[room], options=options)
    assert {finding.rule for finding in caught.value.findings} == {
        "need.id",
        "need.required",
        "need.start",
        "need.effectivity",
        "headroom.value",
        "headroom.length",
        "options.excess_price",
    }
    with pytest.raises(InvalidProblemError):
        clear_redispatch([], [], CONNECTIONS)


def test_facts_become_reason_codes() -> None:
    gate = START - timedelta(hours=1)
    need = make_need(["1.0"], bids_until=gate)
    orders = [
        make_order("fine", "buy", "1.0", "20"),
        make_order("counter", "sell", "1.0", "80"),
        make_order("late", "buy", "1.0", "90", submitted_at=gate + timedelta(seconds=1)),
        make_order("elsewhere", "buy", "1.0", "90", ean="000000000000000000"),
        make_order("wrong", "sell", "1.0", "1", ean=INSIDE),
        make_order("outside", "buy", "1.0", "90", ean=OUTSIDE),
        make_order("other time", "buy", "1.0", "90", start=START + 8 * QUARTER),
        make_order("expired", "buy", "1.0", "90", valid_until=gate - QUARTER),
        make_order("child", "sell", "1.0", "1", parent_order="wrong"),
    ]
    clearing = clear_redispatch([need], orders, CONNECTIONS, options=RedispatchOptions(cleared_at=gate))
    assert {award.order_id: award.reason for award in clearing.awards} == {
        "fine": OrderReason.ACCEPTED,
        "counter": OrderReason.ACCEPTED,
        "late": OrderReason.LATE,
        "elsewhere": OrderReason.UNKNOWN_CONNECTION,
        "wrong": OrderReason.WRONG_SIDE,
        "outside": OrderReason.WRONG_SIDE,
        "other time": OrderReason.OUTSIDE_NEED,
        "expired": OrderReason.EXPIRED,
        "child": OrderReason.PARENT_NOT_ACCEPTED,
    }
    assert len(clearing.findings) == 7


def test_lead_time_counts_from_the_clearing() -> None:
    options = RedispatchOptions(cleared_at=START - QUARTER, lead_time_quarter_hours=2)
    clearing = clear_redispatch(
        [make_need(["1.0"])], [make_order("o", "buy", "1.0", "20")], CONNECTIONS, options=options
    )
    assert clearing.awards[0].reason is OrderReason.LATE


def test_an_order_must_rest_before_the_clearing() -> None:
    need, order = make_need(["1.0"]), make_order("o", "buy", "1.0", "20", submitted_at=START - 4 * QUARTER)
    rested = RedispatchOptions(cleared_at=START - 2 * QUARTER, resting_seconds=1800)
    assert clear_redispatch([need], [order], CONNECTIONS, options=rested).awards[0].reason is not OrderReason.LATE
    hasty = RedispatchOptions(cleared_at=START - 2 * QUARTER, resting_seconds=1801)
    assert clear_redispatch([need], [order], CONNECTIONS, options=hasty).awards[0].reason is OrderReason.LATE


def test_consumption_congestion_turns_the_sides() -> None:
    need = make_need(["1.0"], congestion=Congestion.CONSUMPTION)
    orders = [
        make_order("inside", "sell", "1.0", "80", ean=INSIDE),
        make_order("outside", "buy", "1.0", "30", ean=OUTSIDE),
        make_order("wrong", "buy", "1.0", "90", ean=INSIDE),
    ]
    clearing = clear_redispatch([need], orders, CONNECTIONS)
    assert {a.order_id: a.reason for a in clearing.awards} == {
        "inside": OrderReason.ACCEPTED,
        "outside": OrderReason.ACCEPTED,
        "wrong": OrderReason.WRONG_SIDE,
    }
    assert clearing.spread_cost_eur == Decimal("12.50")
