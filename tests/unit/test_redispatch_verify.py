"""The judge catches every way a redispatch result can be wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.problems.redispatch import (
    RedispatchLimits,
    RedispatchNeeds,
    RedispatchOrders,
    RedispatchProblem,
    no_gain_prices,
)
from optimizer.results.redispatch import RedispatchResult
from optimizer.runs.redispatch import conclude, solve_redispatch
from optimizer.verify.redispatch import verify_redispatch


def make_problem() -> RedispatchProblem:
    """Two buys inside, a sell and its child outside; one step; need of five lots; a limit on the outside."""
    orders = RedispatchOrders(
        ids=("buy", "block", "sell", "child", "rival"),
        sign=np.array([1, 1, -1, -1, -1]),
        place=np.array([0, 0, 1, 1, 1]),
        units=np.array([4.0, 3.0, 4.0, 4.0, 4.0]),
        minimum_units=np.array([0.0, 2.0, 0.0, 0.0, 0.0]),
        profile_start=np.arange(6),
        profile_step=np.zeros(5, dtype=np.int64),
        profile_lots=np.ones(5),
        tier_start=np.arange(6),
        tier_units=np.array([4.0, 3.0, 4.0, 4.0, 4.0]),
        tier_price_ticks=np.array([2000, 1000, 5000, 6000, 7000]),
        group=np.array([-1, -1, 0, -1, 0]),
        parent=np.array([-1, -1, -1, 2, -1]),
        precedence=np.arange(5),
    )
    problem = RedispatchProblem(
        steps=1,
        step_h=0.25,
        lot_mw=0.1,
        price_tick_eur_per_mwh=0.01,
        orders=orders,
        needs=RedispatchNeeds(
            ids=("need",),
            relieved_by=np.array([1]),
            required_lots=np.array([[5.0]]),
            share=np.array([[[1.0], [0.0]]]),
        ),
        limits=RedispatchLimits(
            ids=("outside",), share=np.array([[0.0, 1.0]]), up_lots=np.array([[9.0]]), down_lots=np.array([[6.0]])
        ),
        excess_price_eur_per_mwh=None,
    )
    return replace(problem, excess_price_eur_per_mwh=no_gain_prices(problem))


def test_the_optimum_stands() -> None:
    problem = make_problem()
    result = solve_redispatch(problem)
    assert result.units.tolist() == [3.0, 2.0, 4.0, 1.0, 0.0]
    assert verify_redispatch(problem, result) == ()


@pytest.mark.parametrize(
    ("units", "rule"),
    [
        ([3.0, 2.0, 4.0, 0.0, 0.0], "result.balance"),
        ([2.5, 2.0, 4.0, 0.5, 0.0], "result.lots"),
        ([5.0, 0.0, 4.0, 1.0, 0.0], "result.quantity"),
        ([4.0, 1.0, 4.0, 1.0, 0.0], "result.minimum"),
        ([2.0, 2.0, 0.0, 4.0, 0.0], "result.parent"),
        ([3.0, 2.0, 1.0, 0.0, 4.0], "result.group"),
        ([4.0, 3.0, 4.0, 3.0, 0.0], "result.limit"),
    ],
)
def test_wrong_units_are_named(units: list[float], rule: str) -> None:
    problem = make_problem()
    result = conclude(problem, np.array(units), (), None)
    assert rule in {finding.rule for finding in verify_redispatch(problem, result)}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"spread_cost_eur": 1.0}, "result.cost"),
        ({"relief_lots": np.array([[6.0]])}, "result.relief"),
        ({"shortfall_lots": np.array([[1.0]])}, "result.shortfall"),
        ({"excess_lots": np.array([[np.nan]])}, "result.excess"),
        ({"units": np.array([np.nan] * 5)}, "result.units"),
        ({"units": np.zeros(4)}, "result.units"),
    ],
)
def test_wrong_figures_are_named(change: dict[str, object], rule: str) -> None:
    problem = make_problem()
    result = solve_redispatch(problem)
    wrong: RedispatchResult = replace(result, **change)  # type: ignore[arg-type]
    assert rule in {finding.rule for finding in verify_redispatch(problem, wrong)}
