"""The arrays written by hand are the formulation, label by label."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.formulations.redispatch import build_redispatch
from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.model.compile import compile_model
from optimizer.model.diff import program_differences
from tests.small_redispatch import Features, draw_problem


@pytest.mark.parametrize("batch", range(4))
def test_arrays_equal_the_formulation(batch: int) -> None:
    for seed in range(batch * 40, (batch + 1) * 40):
        rng = np.random.default_rng([7, seed])
        problem = draw_problem(rng, Features.draw(rng))
        if seed % 3 == 0:
            problem = replace(problem, divisible=True)
        if seed % 5 == 0:
            problem = replace(problem, shortfall_price_eur_per_mwh=5000.0)
        if seed % 7 == 0 and len(problem.limits):
            up = problem.limits.up_lots.copy()
            up[0] = np.inf
            problem = replace(problem, limits=replace(problem.limits, up_lots=up, down_lots=up.copy()))
        count = seed % 2 == 0
        by_hand = compile_redispatch(problem, count_activations=count)
        reference = compile_model(build_redispatch(problem, count_activations=count))
        assert program_differences(by_hand, reference) == (), f"seed {seed}"
        assert [o.name for o in by_hand.objectives] == [o.name for o in reference.objectives]
