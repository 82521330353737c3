"""The arrays of the session-level model say what the formulation says, label by label."""

from __future__ import annotations

import pytest

from optimizer.fleet.session_program import build_session_program
from optimizer.formulations.fleet import build_fleet
from optimizer.model.compile import compile_model
from optimizer.model.diff import program_differences
from optimizer.problems.fleet import FleetProblem
from tests.fleet_examples import random_fleet

OPTIONS = [
    {},
    {"hard": False},
    {"soft": True},
    {"nested": True, "soft": True},
    {"peak": True},
    {"minimum": True},
    {"batteries": 3},
    {"nested": True, "soft": True, "peak": True, "batteries": 3, "minimum": True},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("seed", range(4))
def test_arrays_equal_formulation(seed: int, options: dict[str, bool]) -> None:
    problem: FleetProblem = random_fleet(seed, count=7, steps=10, **options)
    batteries = problem.bidirectional
    exclusive = [(b, int(batteries.arrival[b]) + 1) for b in range(len(batteries))]
    program, _ = build_session_program(problem, exclusive)
    assert program_differences(program, compile_model(build_fleet(problem, exclusive))) == ()
