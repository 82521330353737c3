from __future__ import annotations

import numpy as np
import pytest

from optimizer.baselines.exhaustive_tender import count_choices, enumerate_optimum
from optimizer.problems.tender import TenderProblem
from optimizer.runs.tender import TenderRun, solve_tender
from optimizer.solver.outcome import Stop
from tests.tender_problems import draw_problem


def small_problem(seed: int) -> TenderProblem:
    """Draw until trying everything is quick."""
    rng = np.random.default_rng(seed)
    while True:
        problem = draw_problem(rng)
        if count_choices(problem) <= 600:
            return problem


def check_against_everything(problem: TenderProblem, seed: int) -> bool:
    best, outcome = enumerate_optimum(problem), solve_tender(problem)
    if best is None:
        assert outcome.result is None, seed
        assert outcome.stages[0].outcome.stop is Stop.INFEASIBLE, seed
        return False
    cost, precedence, lots = best
    assert outcome.result is not None, seed
    assert outcome.proven, seed
    assert outcome.result.cost_eur == pytest.approx(cost, abs=1e-5), (seed, outcome.result.lots, lots)
    assert outcome.bound_eur == pytest.approx(cost, abs=1e-3), seed
    position = problem.offer_bid[problem.line_offer] + 1
    assert int(outcome.result.lots @ position) == precedence, (seed, outcome.result.lots, lots)
    return bool(outcome.result.lots.any())


@pytest.mark.parametrize("block", range(6))
def test_optimum_equals_trying_everything(block: int) -> None:
    awarded = [check_against_everything(small_problem(seed), seed) for seed in range(block * 20, block * 20 + 20)]
    assert sum(awarded) > 3


@pytest.mark.parametrize("seed", range(3))
def test_twelve_bids(seed: int) -> None:
    check_against_everything(draw_problem(np.random.default_rng(900 + seed), bids=12), seed)


def test_the_stack_is_never_better_than_the_optimum() -> None:
    beaten = 0
    for seed in range(60):
        run = TenderRun(small_problem(seed))
        result, stack = run.clear().result, run.evaluate_stack()
        if result is None or stack is None:
            continue
        assert stack.cost_eur >= result.cost_eur - 1e-5
        beaten += stack.cost_eur > result.cost_eur + 1e-5
    assert beaten > 6
