"""Clearing again after a withdrawal equals enumeration of the smaller book."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.baselines.exhaustive_redispatch import enumerate_redispatch
from optimizer.problems.redispatch import drop_orders
from optimizer.runs.redispatch_session import RedispatchSession
from optimizer.runs.redispatch_stages import RedispatchRun
from tests.small_redispatch import Features, draw_problem


@pytest.mark.parametrize("gap", [0.0, 0.2])
def test_withdrawals_one_after_the_other(gap: float) -> None:
    for seed in range(60):
        rng = np.random.default_rng([5, seed])
        session = RedispatchSession(
            draw_problem(rng, Features.draw(rng)), RedispatchRun(relative_gap=gap, ties=gap == 0.0)
        )
        for _ in range(2):
            names = session.problem.orders.ids
            if len(names) < 2:
                break
            name = names[int(rng.integers(len(names)))]
            gone = np.array([other == name for other in names])
            smaller, _ = drop_orders(session.problem, gone)
            result = session.withdraw([name])
            best = enumerate_redispatch(smaller)
            assert session.problem.orders.ids == smaller.orders.ids
            assert result.shortfall_lots.sum() == pytest.approx(best.shortfall, abs=1e-9)
            cost = result.stages[-1] if result.stages[-1].name == "least_cost" else result.stages[-2]
            assert cost.bound is not None
            assert cost.bound <= best.cost_eur + 1e-6
            assert cost.objective >= best.cost_eur - 1e-6
            assert cost.objective - best.cost_eur <= gap * abs(cost.objective) + 1e-4
            if gap == 0.0:
                assert result.units.tolist() == best.units.tolist()


def test_an_unknown_order_is_refused() -> None:
    rng = np.random.default_rng(1)
    session = RedispatchSession(draw_problem(rng, Features.draw(rng)))
    with pytest.raises(KeyError):
        session.withdraw(["nobody"])
