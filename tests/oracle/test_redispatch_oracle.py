"""The clearing equals enumeration on small books with every feature switched on and off."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.baselines.exhaustive_redispatch import enumerate_redispatch
from optimizer.runs.redispatch import solve_redispatch
from tests.small_redispatch import Features, draw_problem

BOOKS_PER_BATCH = 50


@pytest.mark.parametrize("batch", range(20))
def test_books_against_enumeration(batch: int) -> None:
    for seed in range(batch * BOOKS_PER_BATCH, (batch + 1) * BOOKS_PER_BATCH):
        rng = np.random.default_rng(seed)
        features = Features.draw(rng)
        problem = draw_problem(rng, features)
        best = enumerate_redispatch(problem)
        result = solve_redispatch(problem)
        told = f"seed {seed}, {features}"
        assert result.units.tolist() == best.units.tolist(), told
        assert result.shortfall_lots.sum() == pytest.approx(best.shortfall, abs=1e-9), told
        assert result.proven, told
        cost = next(stage for stage in result.stages if stage.name == "least_cost")
        assert cost.objective == pytest.approx(best.cost_eur, abs=1e-9), told
        assert cost.bound == pytest.approx(best.cost_eur, abs=1e-6), told
        assert result.unique == (best.optima == 1), told


def test_the_books_are_not_trivial() -> None:
    """Enough books trade, stay short, take more than needed and have several optima."""
    seen = {"traded": 0, "short": 0, "excess": 0, "ties": 0}
    for seed in range(300):
        rng = np.random.default_rng(seed)
        best = enumerate_redispatch(draw_problem(rng, Features.draw(rng)))
        seen["traded"] += best.activations > 0
        seen["short"] += best.shortfall > 0
        seen["excess"] += best.excess > 0
        seen["ties"] += best.optima > 1
    assert seen["traded"] > 120
    assert seen["short"] > 100
    assert seen["excess"] > 20
    assert seen["ties"] > 15
