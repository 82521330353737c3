"""Three nodes, three lines, thirty generators: cost-based redispatch with published costs 0, 58 000 and 9 000.

Figures from ASSUME, tests/test_redispatch.py::test_three_nodes_redispatch (github.com/assume-framework/assume, commit
b0a4943d). Generators 5..34 cost 5..34 EUR/MWh and have 1000 MW each, ten per node; the lines are equal and carry
5000 MW. Two of the cases have several equally dear optima, so costs and flows within limits are compared, not volumes.
"""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.generators.redispatch_instances import transfer_factors
from optimizer.problems.redispatch import (
    RedispatchLimits,
    RedispatchNeeds,
    RedispatchOrders,
    RedispatchProblem,
)
from optimizer.runs.redispatch import solve_redispatch

LIMIT_MW = 5000.0
FULL = [1000.0]
CASES = {
    "no congestion": (
        [*FULL * 7, 600.0, 0.0, 0.0, *FULL * 7, 0.0, 0.0, 0.0, *FULL * 7, 600.0, 0.0, 0.0],
        [2400.0, 2400.0, 17400.0],
        0.0,
    ),
    "copper plate": ([*FULL * 22, 200.0, *[0.0] * 7], [2400.0, 2400.0, 17400.0], 58_000.0),
    "copper plate 2": ([*FULL * 23, 200.0, *[0.0] * 6], [4400.0, 4400.0, 14400.0], 9_000.0),
}


def make_problem(schedule: list[float], demand: list[float]) -> RedispatchProblem:
    price = np.arange(5, 35)
    node = np.repeat([0, 1, 2], 10)
    planned = np.array(schedule)
    room = np.concatenate([1000.0 - planned, planned])
    side = np.repeat([-1, 1], 30)
    offered = np.flatnonzero(room > 0)
    count = len(offered)
    factors = transfer_factors(3, [(0, 1, 0.01), (0, 2, 0.01), (1, 2, 0.01)])
    injection = np.bincount(node, weights=planned) - np.array(demand)
    flow = (factors @ injection)[:, None]
    return RedispatchProblem(
        steps=1,
        step_h=1.0,
        lot_mw=1.0,
        price_tick_eur_per_mwh=1.0,
        orders=RedispatchOrders(
            ids=tuple(f"g{price[k % 30]}{'up' if k < 30 else 'down'}" for k in offered.tolist()),
            sign=side[offered],
            place=np.tile(node, 2)[offered],
            units=room[offered],
            minimum_units=np.zeros(count),
            profile_start=np.arange(count + 1),
            profile_step=np.zeros(count, dtype=np.int64),
            profile_lots=np.ones(count),
            tier_start=np.arange(count + 1),
            tier_units=room[offered],
            tier_price_ticks=np.tile(price, 2)[offered],
            group=np.full(count, -1),
            parent=np.full(count, -1),
            precedence=np.arange(count),
        ),
        needs=RedispatchNeeds(
            ids=(), relieved_by=np.zeros(0, dtype=np.int64), required_lots=np.zeros((0, 1)), share=np.zeros((0, 3, 1))
        ),
        limits=RedispatchLimits(
            ids=("12", "13", "23"), share=-factors, up_lots=LIMIT_MW - flow, down_lots=LIMIT_MW + flow
        ),
        excess_price_eur_per_mwh=None,
        divisible=True,
        shortfall_price_eur_per_mwh=10_000.0,
    )


@pytest.mark.parametrize("case", CASES)
def test_cost_of_the_triangle(case: str) -> None:
    schedule, demand, cost = CASES[case]
    result = solve_redispatch(make_problem(schedule, demand))
    assert result.spread_cost_eur == pytest.approx(cost, abs=1e-3)
    assert result.overload_lots.max() == pytest.approx(0.0, abs=1e-4)
    assert result.proven
