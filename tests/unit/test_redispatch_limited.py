"""A clearing under a time limit always has a set, says what is proven, and never calls it more."""

from __future__ import annotations

import numpy as np

from optimizer.runs.redispatch import solve_redispatch
from optimizer.runs.redispatch_stages import RedispatchRun
from optimizer.solver.session import Progress
from optimizer.verify.redispatch import verify_redispatch
from tests.small_redispatch import Features, draw_problem


def test_no_time_still_gives_a_set_with_an_honest_proof() -> None:
    for seed in range(20):
        rng = np.random.default_rng([6, seed])
        problem = draw_problem(rng, Features.draw(rng))
        best = solve_redispatch(problem, RedispatchRun(ties=False))
        hasty = solve_redispatch(problem, RedispatchRun(ties=False, time_limit_s=0.0))
        assert verify_redispatch(problem, hasty) == ()
        for stage in hasty.stages:
            assert stage.bound is None or stage.bound <= stage.objective
        first, optimum = hasty.stages[0], best.stages[0]
        assert first.objective >= optimum.objective
        assert first.bound is None or first.bound <= optimum.objective + 1e-9
        if first.proven:
            assert first.objective == optimum.objective


def test_a_listener_hears_the_stages_and_can_stop_them() -> None:
    heard: list[str] = []
    rng = np.random.default_rng(2)
    problem = draw_problem(rng, Features.draw(rng))

    def listen(stage: str, _: Progress) -> bool:
        heard.append(stage)
        return True

    solve_redispatch(problem, RedispatchRun(listener=listen))
    stopped = solve_redispatch(problem, RedispatchRun(listener=lambda _stage, _progress: False))
    assert verify_redispatch(problem, stopped) == ()
    assert set(heard) <= {"least_shortfall", "least_excess", "least_cost"}
