"""A conflict is irreducible: leave any one constraint out and the contradiction is gone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from optimizer.errors import SolverError
from optimizer.model.labels import Label, Labels
from optimizer.model.program import Program
from optimizer.solver.explain import find_conflict
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession
from tests.example_programs import INF, knapsack, make_program, market_split


def row(k: int) -> Label:
    return Label("row", (k,))


def column(k: int) -> Label:
    return Label("x", (k,))


def with_rows(program: Program, kept: list[int]) -> Program:
    """The program with only some of its rows."""
    return replace(
        program,
        rows=csr_array(program.rows[kept]),
        row_lower=program.row_lower[kept],
        row_upper=program.row_upper[kept],
        row_labels=Labels(("row",) * len(kept), tuple((k,) for k in kept)),
    )


def is_infeasible(program: Program) -> bool:
    session = HighsSession()
    session.load(replace(program, objectives=(replace(program.objectives[0], costs=np.zeros(program.columns)),)))
    return session.run().stop is Stop.INFEASIBLE


def assert_irreducible(program: Program, kept: list[int]) -> None:
    assert is_infeasible(with_rows(program, kept))
    for left_out in kept:
        assert not is_infeasible(with_rows(program, [k for k in kept if k != left_out]))


def test_a_linear_conflict_names_rows_and_bounds() -> None:
    program = make_program(
        costs=[1, 1, 0],
        bounds=[(0, 1), (0, 1), (0, INF)],
        rows=[(-INF, [1, 0, 1], 7), (3, [1, 1, 0], INF), (-1, [1, -1, 0], 1)],
    )
    conflict = find_conflict(program)
    assert conflict.constraints == (row(1),)
    assert conflict.bounds == (column(0), column(1))
    assert not conflict.integrality
    assert conflict.irreducible


def test_two_rows_against_each_other() -> None:
    program = make_program(
        costs=[0, 0], bounds=[(-INF, INF)] * 2, rows=[(5, [1, 1], INF), (0, [1, -1], 0), (-INF, [1, 1], 4)]
    )
    conflict = find_conflict(program)
    assert conflict.constraints == (row(0), row(2))
    assert conflict.bounds == ()


def test_crossed_bounds_of_a_column() -> None:
    conflict = find_conflict(make_program(costs=[1], bounds=[(2, 1)]))
    assert (conflict.constraints, conflict.bounds) == ((), (column(0),))


def test_only_whole_numbers_contradict() -> None:
    program = make_program(
        costs=[1, 1, 0],
        bounds=[(0, 9), (0, 9), (0, 9)],
        rows=[(-INF, [1, 0, 1], 7), (3, [2, 2, 0], 3), (-9, [1, -1, 0], 9), (0, [0, 1, 1], INF)],
        integer=[True] * 3,
    )
    conflict = find_conflict(program)
    assert conflict.integrality
    assert conflict.irreducible
    assert conflict.constraints == (row(1),)
    assert conflict.bounds == ()


def test_two_rows_that_only_whole_numbers_cannot_satisfy_together() -> None:
    program = make_program(
        costs=[0, 0],
        bounds=[(0, 1), (0, 1)],
        rows=[(0, [1, 1], 2), (0, [1, -1], 0), (-INF, [1, 0], 1), (1, [1, 1], 1), (0, [0, 1], INF)],
        integer=[True] * 2,
    )
    conflict = find_conflict(program)
    assert conflict.integrality
    assert conflict.constraints == (row(1), row(3))


def test_costs_without_end_do_not_hide_the_conflict() -> None:
    program = make_program(
        costs=[-1, 0, 0],
        bounds=[(0, INF), (0, 1), (0, 1)],
        rows=[(0, [1, 0, 0], INF), (1, [0, 2, 2], 1)],
        integer=[True] * 3,
    )
    assert find_conflict(program).constraints == (row(1),)


@settings(max_examples=40)
@given(
    matrix=st.lists(st.lists(st.integers(-3, 3), min_size=3, max_size=3), min_size=2, max_size=7),
    lower=st.lists(st.integers(-4, 4), min_size=7, max_size=7),
    width=st.lists(st.sampled_from([0, 0, 1, 3]), min_size=7, max_size=7),
    whole=st.booleans(),
)
def test_whatever_contradicts_is_explained_irreducibly(
    matrix: list[list[int]], lower: list[int], width: list[int], whole: bool
) -> None:
    program = make_program(
        costs=[0] * 3,
        bounds=[(0, 3)] * 3,
        rows=[(low, coefficients, low + w) for coefficients, low, w in zip(matrix, lower, width, strict=False)],
        integer=[whole] * 3,
    )
    assume(is_infeasible(program))
    conflict = find_conflict(program)
    kept = [label.index[0] for label in conflict.constraints]
    if conflict.integrality:
        assert not is_infeasible(replace(program, integer=np.zeros(3, dtype=np.bool_)))
        assert_irreducible(program, kept)
    else:
        involved = [label.index[0] for label in conflict.bounds]
        loose_lower, loose_upper = np.full(3, -INF), np.full(3, INF)
        loose_lower[involved], loose_upper[involved] = 0.0, 3.0
        relaxed = replace(
            program, integer=np.zeros(3, dtype=np.bool_), column_lower=loose_lower, column_upper=loose_upper
        )
        assert_irreducible(relaxed, kept)


@pytest.mark.parametrize(
    "program",
    [
        knapsack(),
        make_program(costs=[1], bounds=[(0, 1)]),
        make_program(costs=[-1], bounds=[(0, INF)], rows=[(0, [1], INF)], integer=[True]),  # without end
    ],
)
def test_a_feasible_program_has_no_conflict(program: Program) -> None:
    with pytest.raises(SolverError, match="feasible"):
        find_conflict(program)


def test_a_test_that_runs_out_of_time_says_so() -> None:
    conflict = find_conflict(market_split(), seconds_per_test=0.1)
    assert conflict.integrality
    assert not conflict.irreducible
    assert conflict.constraints == tuple(row(k) for k in range(5))
