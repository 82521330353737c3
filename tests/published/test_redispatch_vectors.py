"""The golden redispatch vectors hold under both excess policies."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from market.clearing.redispatch import ExcessPolicy, RedispatchOptions, clear_redispatch
from market.domain.order import Order, Side
from tests.redispatch_books import CONNECTIONS, INSIDE, OUTSIDE, START, make_need

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "market_vectors.json").read_text())["redispatch"]


def read_order(position: int, entry: dict[str, Any]) -> Order:
    return Order(
        id=f"o{position}",
        side=Side(entry["side"]),
        ean=INSIDE if entry["in"] else OUTSIDE,
        csp="csp",
        quantity_mw=Decimal(str(entry["q"])),
        minimum_acceptance_mw=Decimal(str(entry.get("min", 0))),
        limit_price_eur_per_mwh=Decimal(str(entry["p"])),
        start=START + timedelta(minutes=15) * entry["t0"],
        quarter_hours=entry["t1"] - entry["t0"],
        submitted_at=START - timedelta(hours=1),
    )


@pytest.mark.parametrize("policy", [ExcessPolicy.NO_GAIN, ExcessPolicy.STRICT])
@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: v["name"].split()[0])
def test_vector(vector: dict[str, Any], policy: ExcessPolicy) -> None:
    need = make_need([str(mw) for mw in vector["need_mw"]])
    orders = [read_order(k, entry) for k, entry in enumerate(vector["orders"])]
    clearing = clear_redispatch([need], orders, CONNECTIONS, options=RedispatchOptions(excess_policy=policy))
    expected = vector["expected_r8"]
    assert clearing.shortfall_mwh == Decimal(str(expected["shortfall_mwh"]))
    assert clearing.spread_cost_eur == Decimal(str(expected["spread_cost_eur"]))
    excess = sum((mw for mw in clearing.needs[0].excess_mw), Decimal(0)) * Decimal("0.25")
    assert excess == Decimal(str(expected["excess_mwh"]))
    accepted = [float(award.accepted_mw) for award in clearing.awards]
    assert accepted in expected["solutions_mw"]
    assert clearing.certificate.proven
    assert clearing.bought_mw == clearing.sold_mw


def test_cheapest_first_column() -> None:
    """What the stack gives in the published table: A the optimum, C 0.2 MW short, F nothing, G 0.3 MW."""
    seen = {}
    for vector in VECTORS:
        need = make_need([str(mw) for mw in vector["need_mw"]])
        orders = [read_order(k, entry) for k, entry in enumerate(vector["orders"])]
        stack = clear_redispatch([need], orders, CONNECTIONS).certificate.cheapest_first
        seen[vector["name"][0]] = None if stack is None else (stack.shortfall_mwh, stack.spread_cost_eur)
    assert seen["A"] == (Decimal(0), Decimal("17.25"))
    assert seen["C"] is not None
    assert seen["C"][0] == Decimal("0.05")
    assert seen["F"] is None
    assert seen["G"] == (Decimal(0), Decimal("-4.50"))
