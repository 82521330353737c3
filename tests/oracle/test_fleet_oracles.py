"""Every oracle against the session-level model at the same prices."""

from __future__ import annotations

import numpy as np
import pytest

from optimizer.fleet.oracles.minimum_current import MinimumCurrentOracle
from optimizer.fleet.oracles.pausable import PausableOracle
from optimizer.fleet.session_program import build_session_program
from optimizer.fleet.virtual_sessions import aggregate
from optimizer.problems.fleet import FleetProblem, Sessions
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession
from tests.fleet_examples import quarter_hours, random_sessions

STEPS = 14


def _prices(seed: int, kind: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    rng = np.random.default_rng(seed)
    drawn = {
        "plain": rng.uniform(0.01, 0.3, STEPS),
        "negative": rng.uniform(-0.3, 0.3, STEPS),
        "ties": rng.choice([0.0, 0.1], STEPS),
    }
    return np.asarray(drawn[kind], dtype=np.float64)


def _direct_cost(sessions: Sessions, price: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    problem = FleetProblem.of(quarter_hours(STEPS), sessions, price / 0.25)
    program, _ = build_session_program(problem)
    session = HighsSession(SolverOptions(relative_gap=0.0, absolute_gap=1e-9))
    session.load(program)
    incumbent = session.run().incumbent
    assert incumbent is not None
    return incumbent.objective


@pytest.mark.parametrize("kind", ["plain", "negative", "ties"])
@pytest.mark.parametrize("seed", range(8))
def test_pausable_sessions_take_the_optimum(seed: int, kind: str) -> None:
    sessions, price = random_sessions(seed, 9, STEPS), _prices(seed, kind)
    response = PausableOracle(aggregate([sessions], STEPS, 0.25)).respond(price[None, :])
    assert response.bound_eur.sum() == pytest.approx(_direct_cost(sessions, price), abs=1e-7)
    assert (response.power_kw * price).sum() == pytest.approx(response.bound_eur.sum(), abs=1e-9)


@pytest.mark.parametrize("kind", ["plain", "negative", "ties"])
@pytest.mark.parametrize("seed", range(12))
def test_sessions_with_a_minimum_take_the_optimum(seed: int, kind: str) -> None:
    drawn = random_sessions(seed, 9, STEPS, minimum=True)
    sessions, price = drawn.take(drawn.minimum_kw > 0), _prices(seed, kind)
    oracle = MinimumCurrentOracle(sessions, STEPS, 0.25)
    response = oracle.respond(price[None, :])
    power = oracle.fill(price[None, :], response.detail)
    assert response.bound_eur.sum() == pytest.approx(_direct_cost(sessions, price), abs=1e-7)
    assert (response.power_kw * price).sum() == pytest.approx(response.bound_eur.sum(), abs=1e-9)
    assert power.sum(axis=1) * 0.25 == pytest.approx(sessions.grid_kwh, abs=1e-9)
    assert (power <= sessions.power_kw[:, None] + 1e-9).all()
