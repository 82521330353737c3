"""Read published redispatch instances (schema ``redispatch-instance/1``) as problems.

Their objective differs from ours in one documented switch: shortage or overload has a price in one objective with the
spread, and orders are divisible down to their minimum ratio instead of in whole lots.

An ``area`` instance has a need inside an area that is relieved by orders ``down`` inside, balanced by ``up`` outside.
A ``grid`` instance has a DC network with line limits, some of them overloaded before any order.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from optimizer.problems.redispatch import (
    FloatArray,
    RedispatchLimits,
    RedispatchNeeds,
    RedispatchOrders,
    RedispatchProblem,
)

LOT_MW = 0.1
TICK = 0.01


def read_instance(path: Path) -> RedispatchProblem:
    """Read one instance."""
    data = json.loads(path.read_text(encoding="utf-8"))
    steps = int(data["n_periods"])
    if data["family"] == "area":
        places = {"inside": 0, "outside": 1}
        where = [places[bid["area"]] for bid in data["bids"]]
        share = np.zeros((1, 2, steps))
        share[0, 0] = 1.0
        required = np.array([data["need_mw"]]) / LOT_MW
        needs = RedispatchNeeds(
            ids=("need",), relieved_by=np.array([1], dtype=np.int64), required_lots=required, share=share
        )
        limits = RedispatchLimits(
            ids=(), share=np.zeros((0, 2)), up_lots=np.zeros((0, steps)), down_lots=np.zeros((0, steps))
        )
        price = float(data["shortage_price"])
    else:
        where = [data["buses"].index(bid["bus"]) for bid in data["bids"]]
        needs = RedispatchNeeds(
            ids=(),
            relieved_by=np.zeros(0, dtype=np.int64),
            required_lots=np.zeros((0, steps)),
            share=np.zeros((0, len(data["buses"]), steps)),
        )
        limits = _line_limits(data)
        price = float(data["overload_price"])
    return RedispatchProblem(
        steps=steps,
        step_h=float(data["period_minutes"]) / 60.0,
        lot_mw=LOT_MW,
        price_tick_eur_per_mwh=TICK,
        orders=_orders(data["bids"], where),
        needs=needs,
        limits=limits,
        excess_price_eur_per_mwh=None,
        divisible=True,
        shortfall_price_eur_per_mwh=price,
    )


def transfer_factors(buses: int, lines: list[tuple[int, int, float]]) -> FloatArray:
    """Power transfer distribution factors of a DC network, shape (lines, buses).

    Args:
        buses: number of buses; the first is the reference, which balanced changes do not notice.
        lines: from bus, to bus, reactance.
    """
    incidence = np.zeros((len(lines), buses))
    for k, (start, end, _) in enumerate(lines):
        incidence[k, start], incidence[k, end] = 1.0, -1.0
    weighted = incidence / np.array([[x] for _, _, x in lines])
    laplacian = incidence.T @ weighted
    factors = np.zeros((len(lines), buses))
    factors[:, 1:] = np.linalg.solve(laplacian[1:, 1:], weighted[:, 1:].T).T
    return factors


def _line_limits(data: dict[str, Any]) -> RedispatchLimits:
    index = {bus: k for k, bus in enumerate(data["buses"])}
    lines = [(index[line["from"]], index[line["to"]], float(line["x"])) for line in data["lines"]]
    factors = transfer_factors(len(index), lines)
    flow = factors @ np.array(data["baseline_mw"]).T
    limit = np.array([[float(line["limit"])] for line in data["lines"]])
    return RedispatchLimits(
        ids=tuple(str(line["id"]) for line in data["lines"]),
        share=-factors,
        up_lots=(limit - flow) / LOT_MW,
        down_lots=(limit + flow) / LOT_MW,
    )


def _orders(bids: list[dict[str, Any]], where: list[int]) -> RedispatchOrders:
    sign = np.array([1 if bid["direction"] == "down" else -1 for bid in bids], dtype=np.int64)
    units, least, steps, lots, start = [], [], list[int](), list[float](), [0]
    groups: dict[str, int] = {}
    for bid in bids:
        profile = sorted((int(t), float(mw)) for t, mw in bid["profile"].items())
        peak = max(mw for _, mw in profile) / LOT_MW
        units.append(peak)
        least.append(peak * float(bid["min_ratio"]))
        steps += [t for t, _ in profile]
        lots += [mw / LOT_MW / peak for _, mw in profile]
        start.append(len(steps))
        if "group" in bid:
            groups.setdefault(bid["group"], len(groups))
    count = len(bids)
    return RedispatchOrders(
        ids=tuple(str(bid["id"]) for bid in bids),
        sign=sign,
        place=np.array(where, dtype=np.int64),
        units=np.array(units),
        minimum_units=np.array(least),
        profile_start=np.array(start, dtype=np.int64),
        profile_step=np.array(steps, dtype=np.int64),
        profile_lots=np.array(lots),
        tier_start=np.arange(count + 1, dtype=np.int64),
        tier_units=np.array(units),
        tier_price_ticks=np.array([round(float(bid["price"]) / TICK) for bid in bids], dtype=np.int64),
        group=np.array([groups.get(bid.get("group", ""), -1) for bid in bids], dtype=np.int64),
        parent=np.full(count, -1, dtype=np.int64),
        precedence=np.arange(count, dtype=np.int64),
    )
