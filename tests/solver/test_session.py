"""The session: load, patch, append, warm start, run, duals with fixed integers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from optimizer.errors import SolverError
from optimizer.model.program import Program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession, Patch
from tests.example_programs import INF, diet, knapsack, make_program, market_split, mixed, solved


def positions(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def values(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=np.float64)


def test_a_linear_program_comes_back_with_bound_and_duals() -> None:
    outcome = solved(diet())
    assert outcome.stop is Stop.OPTIMAL
    assert outcome.stop.proven
    assert outcome.incumbent is not None
    assert outcome.incumbent.row_duals is not None
    assert outcome.incumbent.values == pytest.approx([3, 1])
    assert outcome.incumbent.objective == pytest.approx(9)
    assert outcome.incumbent.row_duals == pytest.approx([1.5, 0.5])
    assert outcome.incumbent.reduced_costs == pytest.approx([0, 0])
    assert (outcome.gap, outcome.relative_gap) == (0, 0)
    assert outcome.report.stage == "stage0"
    assert outcome.report.solver.startswith("HiGHS 1.15")


def test_a_dual_is_the_change_of_the_objective_per_unit_of_row_bound() -> None:
    session = HighsSession()
    session.load(diet())
    before = session.run()
    session.patch(Patch(row_bounds=(positions(0), values(4.1), values(INF))))
    after = session.run()
    assert before.incumbent is not None
    assert before.incumbent.row_duals is not None
    assert after.incumbent is not None
    change = after.incumbent.objective - before.incumbent.objective
    assert change == pytest.approx(0.1 * before.incumbent.row_duals[0])


def test_an_integer_program_has_a_bound_but_no_duals() -> None:
    outcome = solved(knapsack())
    assert outcome.stop is Stop.OPTIMAL
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([0, 1, 0, 1])
    assert outcome.bound == pytest.approx(-10)
    assert outcome.incumbent.row_duals is None
    assert outcome.incumbent.reduced_costs is None


@settings(max_examples=40)
@given(
    worth=st.lists(st.integers(1, 30), min_size=5, max_size=5),
    weight=st.lists(st.integers(1, 20), min_size=5, max_size=5),
    room=st.integers(0, 60),
)
def test_the_optimum_is_that_of_trying_everything(worth: list[int], weight: list[int], room: int) -> None:
    program = make_program(
        costs=[-w for w in worth], bounds=[(0, 1)] * 5, rows=[(-INF, weight, room)], integer=[True] * 5
    )
    best = max(
        sum(w for w, taken in zip(worth, choice, strict=True) if taken)
        for choice in itertools.product([False, True], repeat=5)
        if sum(kg for kg, taken in zip(weight, choice, strict=True) if taken) <= room
    )
    outcome = solved(program, SolverOptions(relative_gap=0.0, absolute_gap=0.0))
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(-best)


@pytest.mark.parametrize(
    ("program", "stop"),
    [
        (make_program(costs=[1], bounds=[(0, 1)], rows=[(2, [1], INF)]), Stop.INFEASIBLE),
        (make_program(costs=[1], bounds=[(2, 1)]), Stop.INFEASIBLE),
        (make_program(costs=[1], bounds=[(0, INF)], rows=[(1, [2], 1)], integer=[True]), Stop.INFEASIBLE),
        (make_program(costs=[-1], bounds=[(0, INF)]), Stop.UNBOUNDED),
        (make_program(costs=[[]], bounds=[], rows=[(1, [], 2)]), Stop.INFEASIBLE),
    ],
)
def test_no_solution_is_an_outcome_without_incumbent_and_never_an_exception(program: Program, stop: Stop) -> None:
    outcome = solved(program)
    assert outcome.stop is stop
    assert not stop.proven
    assert outcome.incumbent is None
    assert outcome.bound is None
    assert outcome.gap is None


def test_an_unbounded_integer_program_is_not_called_optimal() -> None:
    outcome = solved(make_program(costs=[-1], bounds=[(0, INF)], integer=[True]))
    assert outcome.stop in (Stop.UNBOUNDED, Stop.UNKNOWN)
    assert outcome.incumbent is None


@pytest.mark.parametrize("rows", [[], [(-1, [], 1)]])
def test_a_model_with_nothing_left_to_choose_costs_its_constant(rows: list[tuple[float, list[float], float]]) -> None:
    outcome = solved(make_program(costs=[[]], bounds=[], rows=rows, offset=3.5))
    assert outcome.stop is Stop.OPTIMAL
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == 3.5


def test_the_constant_of_the_objective_counts() -> None:
    outcome = solved(replace_offset(diet(), 100.0))
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(109)
    assert outcome.bound == pytest.approx(109)
    outcome = solved(replace_offset(knapsack(), 100.0))
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(90)
    assert outcome.bound == pytest.approx(90)


def replace_offset(program: Program, offset: float) -> Program:
    return replace(program, objectives=(replace(program.objectives[0], offset=offset),))


def test_patches_are_the_same_as_loading_the_changed_program() -> None:
    session = HighsSession()
    session.load(diet())
    session.run()
    session.patch(
        Patch(
            costs=(positions(1, 0), values(1, 5)),  # any order
            column_bounds=(positions(0), values(1), values(2)),
            row_bounds=(positions(1), values(-INF), values(20)),
            offset=2.0,
        )
    )
    again = session.run()
    fresh = solved(
        make_program(costs=[5, 1], bounds=[(1, 2), (0, INF)], rows=[(4, [1, 1], INF), (-INF, [1, 3], 20)], offset=2.0)
    )
    assert again.incumbent is not None
    assert fresh.incumbent is not None
    for incumbent in (again.incumbent, fresh.incumbent):
        assert incumbent.values == pytest.approx([1, 3])
        assert incumbent.objective == pytest.approx(10)


@pytest.mark.parametrize(
    "patch",
    [
        Patch(costs=(positions(0), values(float("nan")))),
        Patch(costs=(positions(0), values(INF))),
        Patch(offset=float("nan")),
        Patch(column_bounds=(positions(0), values(float("nan")), values(1))),
        Patch(column_bounds=(positions(0), values(INF), values(INF))),
        Patch(row_bounds=(positions(0), values(0), values(-INF))),
        Patch(costs=(positions(0, 1), values(1))),
        Patch(column_bounds=(positions(0, 1), values(0, 0), values(1))),
        Patch(row_bounds=(positions(0), values(0, 0), values(1))),
        Patch(costs=(positions(7), values(1))),
        Patch(costs=(positions(0, 0), values(1, 2))),
        Patch(row_bounds=(positions(2), values(0), values(1))),
    ],
)
def test_a_patch_that_makes_no_sense_is_refused_and_changes_nothing(patch: Patch) -> None:
    session = HighsSession()
    session.load(diet())
    with pytest.raises(SolverError):
        session.patch(patch)
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(9)


def test_appended_rows_bind() -> None:
    session = HighsSession()
    session.load(diet())
    session.run()
    session.append_rows(values(-INF, 2), values(2, INF), csr_array(np.array([[1.0, 0.0], [0.0, 1.0]])))
    outcome = session.run()
    assert session.rows == 4
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([2, 2])


def test_appended_columns_are_used() -> None:
    session = HighsSession()
    session.load(diet())
    session.run()
    session.append_columns(values(0.5), values(0), values(INF), csr_array(np.array([[1.0, 1.0]])))
    outcome = session.run()
    assert session.columns == 3
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([0, 0, 6])
    assert outcome.incumbent.objective == pytest.approx(3)


def test_appended_columns_can_be_integer() -> None:
    session = HighsSession()
    session.load(diet())
    session.append_columns(
        values(0.5), values(0), values(INF), csr_array(np.array([[0.8, 1.0]])), integer=np.array([True])
    )
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.row_duals is None
    assert outcome.incumbent.values == pytest.approx([0, 0, 6])
    fixed = session.run_fixed(outcome.incumbent.values)
    assert fixed.incumbent is not None
    assert fixed.incumbent.row_duals is not None


@pytest.mark.parametrize(
    "append",
    [
        lambda s: s.append_rows(values(INF), values(INF), csr_array(np.ones((1, 2)))),
        lambda s: s.append_rows(values(0), values(1), csr_array(np.full((1, 2), np.nan))),
        lambda s: s.append_rows(values(0), values(1), csr_array(np.ones((1, 3)))),
        lambda s: s.append_rows(values(0, 0), values(1), csr_array(np.ones((2, 2)))),
        lambda s: s.append_columns(values(np.nan), values(0), values(1), csr_array(np.ones((1, 2)))),
        lambda s: s.append_columns(values(1), values(0), values(1), csr_array(np.full((1, 2), np.inf))),
        lambda s: s.append_columns(values(1), values(0), values(1), csr_array(np.ones((1, 3)))),
        lambda s: s.append_columns(values(1), values(0, 0), values(1), csr_array(np.ones((1, 2)))),
        lambda s: s.append_columns(
            values(1), values(0), values(1), csr_array(np.ones((1, 2))), integer=np.array([True, True])
        ),
        lambda s: s.warm_start(values(1)),
        lambda s: s.run_fixed(values(1)),
    ],
)
def test_what_does_not_fit_the_live_model_is_refused(append: Callable[[HighsSession], object]) -> None:
    session = HighsSession()
    session.load(diet())
    with pytest.raises(SolverError):
        append(session)
    assert (session.columns, session.rows) == (2, 2)


def test_loading_again_forgets_the_model_before() -> None:
    session = HighsSession()
    session.load(knapsack())
    session.run()
    session.load(diet())
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.row_duals is not None
    assert outcome.incumbent.objective == pytest.approx(9)


def test_another_objective_of_the_program_can_be_loaded_or_set() -> None:
    program = make_program(costs=[[1, 0], [0, 1]], bounds=[(0, 5)] * 2, rows=[(3, [1, 1], INF)])
    session = HighsSession()
    session.load(program, objective=1)
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.values[1] == pytest.approx(0)
    assert outcome.report.stage == "stage1"
    session.set_objective("third", values(-1, -1), 1.0)
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(-9)
    assert outcome.report.stage == "third"


def test_a_warm_start_is_never_lost() -> None:
    program = market_split(columns=30, rows=3)
    rng = np.random.default_rng(7)
    planted = rng.integers(0, 2, 30).astype(np.float64)
    sums = program.rows @ planted
    program = make_program(
        costs=[1.0] * 30,
        bounds=[(0, 1)] * 30,
        rows=[(float(s), list(row), float(s)) for s, row in zip(sums, program.rows.toarray(), strict=True)],
        integer=[True] * 30,
    )
    session = HighsSession(SolverOptions(node_limit=0))
    session.load(program)
    session.warm_start(planted)
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective <= planted.sum()


def test_a_useless_warm_start_does_no_harm() -> None:
    session = HighsSession()
    session.load(knapsack())
    session.warm_start(np.ones(4))
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(-10)


def test_duals_of_a_solved_integer_program_come_from_fixing_its_integers() -> None:
    session = HighsSession()
    session.load(mixed())
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([2, 1])
    fixed = session.run_fixed(outcome.incumbent.values)
    assert fixed.stop is Stop.OPTIMAL
    assert fixed.incumbent is not None
    assert fixed.incumbent.values == pytest.approx([2, 1])
    assert fixed.incumbent.row_duals == pytest.approx([1.0])
    assert fixed.incumbent.reduced_costs is not None
    assert fixed.bound == pytest.approx(5)


def test_the_live_model_is_as_it_was_after_fixing() -> None:
    session = HighsSession()
    session.load(mixed())
    session.run_fixed(values(0, 7))
    session.patch(Patch(column_bounds=(positions(1), values(0), values(0))))
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([3, 0])  # whole machines again, within 0..9
    assert outcome.incumbent.row_duals is None


def test_fixing_a_linear_program_changes_nothing() -> None:
    session = HighsSession()
    session.load(diet())
    outcome = session.run_fixed(values(0, 0))
    assert outcome.incumbent is not None
    assert outcome.incumbent.row_duals == pytest.approx([1.5, 0.5])


def test_fixing_at_impossible_values_is_infeasible_and_is_undone() -> None:
    session = HighsSession()
    session.load(knapsack())
    assert session.run_fixed(np.ones(4)).stop is Stop.INFEASIBLE
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(-10)
