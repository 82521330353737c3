"""Winning prices and contributions agree with enumeration on small books."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.baselines.exhaustive_redispatch import enumerate_redispatch
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.runs.redispatch_explain import RedispatchQuestions
from tests.small_redispatch import Features, draw_problem

FEATURES = Features(tiers=False, shares=False, limits=1, needs=1)


def at_price(problem: RedispatchProblem, order: int, ticks: float) -> RedispatchProblem:
    prices = problem.orders.tier_price_ticks.copy()
    prices[problem.orders.tier_start[order]] = round(ticks)
    return replace(problem, orders=replace(problem.orders, tier_price_ticks=prices))


@pytest.mark.parametrize("batch", range(4))
def test_a_loser_wins_just_below_its_price_and_not_above(batch: int) -> None:
    seen = 0
    for seed in range(batch * 15, (batch + 1) * 15):
        rng = np.random.default_rng([3, seed])
        problem = draw_problem(rng, FEATURES)
        best = enumerate_redispatch(problem)
        questions = RedispatchQuestions(problem)
        for order in np.flatnonzero(best.units == 0).tolist():
            price = questions.winning_price_ticks(order)
            better = -float(problem.orders.sign[order])
            if price is None:
                bribed = at_price(problem, order, -1e6 * better)
                assert enumerate_redispatch(bribed).units[order] == 0, f"seed {seed}, order {order}"
                continue
            seen += 1
            # a whole tick on either side of the root
            wins = np.floor(price - 1e-6) if better > 0 else np.ceil(price + 1e-6)
            taken = enumerate_redispatch(at_price(problem, order, wins)).units[order]
            refused = enumerate_redispatch(at_price(problem, order, wins + 2 * better)).units[order]
            assert taken > 0, f"seed {seed}, order {order}, price {price}"
            assert refused == 0, f"seed {seed}, order {order}, price {price}"
    assert seen > 5


def test_contribution_is_the_optimum_without_the_order() -> None:
    for seed in range(30):
        rng = np.random.default_rng([4, seed])
        problem = draw_problem(rng, replace(FEATURES, groups=False, parents=False))
        best = enumerate_redispatch(problem)
        questions = RedispatchQuestions(problem)
        for order in np.flatnonzero(best.units > 0).tolist():
            banned = replace(problem.orders, units=problem.orders.units.copy())
            least = problem.orders.minimum_units.copy()
            units = problem.orders.units.copy()
            units[order] = 0.0
            least[order] = 0.0
            banned = replace(problem.orders, units=units, minimum_units=least)
            without = enumerate_redispatch(replace(problem, orders=banned))
            answer = questions.contribution(order)
            assert answer.shortfall_lots == pytest.approx(without.shortfall - best.shortfall, abs=1e-6)
            assert answer.cost_eur == pytest.approx(without.cost_eur - best.cost_eur, abs=1e-5)
