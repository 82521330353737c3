"""Stages: the first objective is kept while the next is minimised, within the tolerance that was stated."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.solver.lexicographic import run_stages
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession
from tests.example_programs import INF, make_program, market_split

EXACT = SolverOptions(relative_gap=0.0, absolute_gap=0.0)


def test_the_second_stage_chooses_among_the_optima_of_the_first() -> None:
    program = make_program(
        costs=[[1, 1, 0], [5, 1, 0], [0, 0, 1]], bounds=[(0, 9), (0, 9), (2, 9)], rows=[(4, [1, 1, 0], INF)]
    )
    stages = run_stages(HighsSession(), program, tolerances={})
    assert [stage.name for stage in stages] == ["stage0", "stage1", "stage2"]
    assert [stage.outcome.report.stage for stage in stages] == ["stage0", "stage1", "stage2"]
    assert [s.outcome.incumbent.objective for s in stages if s.outcome.incumbent] == pytest.approx([4, 4, 2])
    assert stages[-1].outcome.incumbent is not None
    assert stages[-1].outcome.incumbent.values == pytest.approx([0, 4, 2])


def test_a_tolerance_is_given_away_and_no_more() -> None:
    program = make_program(costs=[[1, 0], [-1, -1]], bounds=[(2, 9), (0, 3)])
    stages = run_stages(HighsSession(), program, tolerances={"stage0": 0.5})
    assert stages[0].tolerance == 0.5
    assert stages[1].tolerance == 0.0
    assert stages[1].outcome.incumbent is not None
    assert stages[1].outcome.incumbent.values == pytest.approx([2.5, 3])


def test_a_constant_in_the_first_objective_is_not_counted_twice() -> None:
    program = make_program(costs=[[1, 0], [-1, 0]], bounds=[(2, 9), (0, 3)], offset=100.0)
    stages = run_stages(HighsSession(), program, tolerances={})
    assert [s.outcome.incumbent.objective for s in stages if s.outcome.incumbent] == pytest.approx([102, 98])


def test_an_empty_objective_costs_no_row() -> None:
    program = make_program(costs=[[0, 0], [1, 1]], bounds=[(2, 9), (1, 3)])
    session = HighsSession()
    stages = run_stages(session, program, tolerances={})
    assert session.rows == 0
    assert stages[1].outcome.incumbent is not None
    assert stages[1].outcome.incumbent.objective == pytest.approx(3)


def test_infeasibility_ends_the_sequence() -> None:
    program = make_program(costs=[[1], [2]], bounds=[(0, 1)], rows=[(3, [1], INF)])
    stages = run_stages(HighsSession(), program, tolerances={})
    assert [stage.outcome.stop for stage in stages] == [Stop.INFEASIBLE]


def test_a_stage_without_incumbent_ends_the_sequence_and_one_without_proof_hands_on() -> None:
    hard = market_split()
    stages = run_stages(HighsSession(), hard, tolerances={}, options=SolverOptions(time_limit_s=0.1))
    assert [(stage.outcome.stop, stage.outcome.incumbent) for stage in stages] == [(Stop.TIME_LIMIT, None)]
    planted = np.random.default_rng(5).integers(0, 2, 40).astype(np.float64)
    program = make_program(
        costs=[[1.0] * 40, [-1.0] + [0.0] * 39],
        bounds=[(0, 1)] * 40,
        rows=[(float(r @ planted), list(r), float(r @ planted)) for r in hard.rows.toarray()],
        integer=[True] * 40,
    )
    stages = run_stages(HighsSession(), program, tolerances={}, options=SolverOptions(time_limit_s=0.2), start=planted)
    assert len(stages) == 2
    assert stages[0].outcome.stop is Stop.TIME_LIMIT
    for stage in stages:
        assert stage.outcome.incumbent is not None
        assert float(stage.outcome.incumbent.values.sum()) <= planted.sum() + 1e-6


@settings(max_examples=40)
@given(
    first=st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    second=st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    third=st.lists(st.integers(-3, 3), min_size=4, max_size=4),
    least=st.integers(0, 4),
)
def test_stages_agree_with_sorting_every_choice(
    first: list[int], second: list[int], third: list[int], least: int
) -> None:
    program = make_program(
        costs=[first, second, third], bounds=[(0, 1)] * 4, rows=[(least, [1] * 4, INF)], integer=[True] * 4
    )
    stages = run_stages(HighsSession(), program, tolerances={}, options=EXACT)
    found = tuple(round(s.outcome.incumbent.objective) for s in stages if s.outcome.incumbent)
    best = min(
        tuple(sum(c * x for c, x in zip(costs, choice, strict=True)) for costs in (first, second, third))
        for choice in itertools.product([0, 1], repeat=4)
        if sum(choice) >= least
    )
    assert found == best
