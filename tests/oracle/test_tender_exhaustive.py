from __future__ import annotations

import numpy as np
import pytest

from optimizer.baselines.exhaustive_tender import MOST_CHOICES, count_choices, enumerate_optimum
from optimizer.runs.tender import TenderRun, solve_tender
from tests.tender_problems import draw_problem


@pytest.mark.parametrize("block", range(8))
def test_optimum_equals_trying_everything(block: int) -> None:
    for seed in range(block * 25, block * 25 + 25):
        problem = draw_problem(np.random.default_rng(seed))
        if count_choices(problem) > MOST_CHOICES // 30:
            problem = draw_problem(np.random.default_rng(10_000 + seed))
        cost, precedence, lots = enumerate_optimum(problem)
        outcome = solve_tender(problem)
        assert outcome.result is not None
        assert outcome.proven, seed
        assert outcome.result.cost_eur == pytest.approx(cost, abs=1e-6), seed
        assert outcome.bound_eur == pytest.approx(cost, abs=1e-3), seed
        position = problem.offer_bid[problem.line_offer] + 1
        assert int(outcome.result.lots @ position) == precedence, (seed, outcome.result.lots, lots)


def test_the_stack_is_never_better_than_the_optimum() -> None:
    beaten = 0
    for seed in range(100):
        run = TenderRun(draw_problem(np.random.default_rng(seed)))
        result = run.clear().result
        assert result is not None
        stack = run.evaluate_stack()
        assert stack.cost_eur >= result.cost_eur - 1e-6
        beaten += stack.cost_eur > result.cost_eur + 1e-6
    assert beaten > 20
