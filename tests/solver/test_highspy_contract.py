"""What we rely on in highspy, including what it does wrong: a new version that differs turns one of these red."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import highspy
import numpy as np
import pytest
from highspy import HighsModelStatus, HighsStatus

INF = float("inf")


def quiet() -> Any:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", 1)
    return highs


def passed(
    highs: Any,
    costs: Sequence[float],
    bounds: Sequence[tuple[float, float]],
    rows: Sequence[tuple[float, Sequence[float], float]],
    *,
    integer: bool = False,
    offset: float = 0.0,
) -> Any:
    """Hand a dense little model to HiGHS and return what it says."""
    columns = len(costs)
    entries = [(j, a) for _, row, _ in rows for j, a in enumerate(row) if a != 0.0]
    starts = np.cumsum([0, *(sum(a != 0.0 for a in row) for _, row, _ in rows)])
    return highs.passModel(
        columns,
        len(rows),
        len(entries),
        int(highspy.MatrixFormat.kRowwise),
        int(highspy.ObjSense.kMinimize),
        offset,
        np.array(costs, dtype=np.float64),
        np.array([b[0] for b in bounds], dtype=np.float64),
        np.array([b[1] for b in bounds], dtype=np.float64),
        np.array([row[0] for row in rows], dtype=np.float64),
        np.array([row[2] for row in rows], dtype=np.float64),
        starts.astype(np.int32),
        np.array([j for j, _ in entries], dtype=np.int32),
        np.array([a for _, a in entries], dtype=np.float64),
        np.full(columns, int(integer), dtype=np.int32),
    )


def positions(*values: int) -> Any:
    return np.array(values, dtype=np.int32)


def test_the_version_is_the_one_all_this_was_seen_with() -> None:
    assert highspy.Highs().version().startswith("1.15.")


def test_an_unknown_option_is_an_error_status_and_no_exception() -> None:
    highs = quiet()
    assert highs.setOptionValue("mip_rel_gapp", 0.1) == HighsStatus.kError
    assert highs.getOptionValue("mip_rel_gapp")[0] == HighsStatus.kError
    assert highs.setOptionValue("mip_rel_gap", "small") == HighsStatus.kError
    assert highs.setOptionValue("mip_rel_gap", 0.1) == HighsStatus.kOk
    assert highs.getOptionValue("mip_rel_gap") == (HighsStatus.kOk, 0.1)


def test_costs_and_coefficients_that_are_no_numbers_are_accepted() -> None:
    highs = quiet()
    assert passed(highs, [float("nan"), 1], [(0, 1)] * 2, [(1, [1, 1], INF)]) == HighsStatus.kOk
    assert passed(highs, [1, 1], [(0, 1)] * 2, [(1, [float("nan"), 1], INF)]) == HighsStatus.kOk
    assert highs.run() == HighsStatus.kOk
    assert highs.getModelStatus() == HighsModelStatus.kOptimal
    assert highs.changeColsCost(1, positions(0), np.array([float("nan")])) == HighsStatus.kOk
    assert np.isnan(highs.getLp().col_cost_[0])


def test_a_row_above_infinity_is_refused_and_the_rows_after_it_shift() -> None:
    highs = quiet()
    passed(highs, [1, 1], [(0, 1)] * 2, [])
    for lower, upper in ((0.0, 1.0), (INF, INF), (0.5, 2.0)):
        highs.addRow(lower, upper, 1, positions(0), np.ones(1))
    assert highs.getNumRow() == 2
    assert list(highs.getLp().row_lower_) == [0.0, 0.5]
    several = highs.addRows(
        2, np.array([INF, 0.0]), np.array([INF, 1.0]), 2, positions(0, 1), positions(0, 1), np.ones(2)
    )
    assert several == HighsStatus.kError
    assert highs.getNumRow() == 2


def test_crossed_bounds_are_a_warning_and_then_infeasible() -> None:
    highs = quiet()
    assert passed(highs, [1], [(2, 1)], [(0, [1], INF)]) == HighsStatus.kWarning
    highs.run()
    assert highs.getModelStatus() == HighsModelStatus.kInfeasible


def test_tiny_coefficients_are_dropped_with_a_warning_and_huge_ones_refused() -> None:
    highs = quiet()
    assert passed(highs, [1, 1], [(0, 1)] * 2, [(1, [1e-10, 1], INF)]) == HighsStatus.kWarning
    assert list(highs.getLp().a_matrix_.value_) == [1.0]
    assert passed(highs, [1, 1], [(0, 1)] * 2, [(1, [1e16, 1], INF)]) == HighsStatus.kError


def test_bounds_from_1e20_on_are_infinite() -> None:
    highs = quiet()
    passed(highs, [-1], [(0, 1e20)], [])
    highs.run()
    assert highs.getModelStatus() == HighsModelStatus.kUnbounded


def test_changes_by_position_take_any_order_but_no_position_twice() -> None:
    highs = quiet()
    passed(highs, [1, 2, 3], [(0, 1)] * 3, [(1, [1, 1, 1], INF)])
    assert highs.changeColsCost(2, positions(2, 0), np.array([30.0, 10.0])) == HighsStatus.kOk
    assert list(highs.getLp().col_cost_) == [10.0, 2.0, 30.0]
    assert highs.changeColsCost(2, positions(0, 0), np.array([7.0, 8.0])) == HighsStatus.kError
    assert highs.changeColsCost(1, positions(3), np.array([7.0])) == HighsStatus.kError
    assert list(highs.getLp().col_cost_) == [10.0, 2.0, 30.0]


def test_the_constant_of_the_objective_is_in_value_and_bound() -> None:
    highs = quiet()
    passed(highs, [-1, -1], [(0, 3)] * 2, [(-INF, [2, 2], 7)], integer=True, offset=100.0)
    highs.run()
    info = highs.getInfo()
    assert info.objective_function_value == pytest.approx(97)
    assert info.mip_dual_bound == pytest.approx(97)
    assert info.mip_node_count >= 0
    assert highs.changeObjectiveOffset(10.0) == HighsStatus.kOk
    highs.run()
    assert highs.getInfo().objective_function_value == pytest.approx(7)
    assert highs.getObjectiveOffset() == (HighsStatus.kOk, 10.0)


def test_a_model_without_columns_is_empty_even_if_its_rows_contradict() -> None:
    highs = quiet()
    assert passed(highs, [], [], [(1, [], 2)]) == HighsStatus.kOk
    highs.run()
    assert highs.getModelStatus() == HighsModelStatus.kModelEmpty


def test_the_time_limit_counts_per_run_although_the_clock_runs_on() -> None:
    weights = np.random.default_rng(1).integers(0, 100, (5, 40))
    highs = quiet()
    rows = [(float(w.sum() // 2), list(map(float, w)), float(w.sum() // 2)) for w in weights]
    passed(highs, [1.0] * 40, [(0, 1)] * 40, rows, integer=True)
    highs.setOptionValue("time_limit", 0.2)
    clock = [highs.getRunTime()]
    for _ in range(3):
        highs.run()
        assert highs.getModelStatus() == HighsModelStatus.kTimeLimit
        clock.append(highs.getRunTime())
    assert all(0.15 < spent < 1.5 for spent in np.diff(clock))
    info = highs.getInfo()
    assert int(info.primal_solution_status) == int(highspy.SolutionStatus.kSolutionStatusNone)
    assert np.isfinite(info.mip_dual_bound)
    assert len(highs.getSolution().col_value) == 40  # numbers, but of no solution


def test_duals_are_those_of_a_minimisation_and_only_for_linear_programs() -> None:
    highs = quiet()
    passed(highs, [2, 3], [(0, 3.5), (0, INF)], [(4, [1, 1], INF), (6, [1, 3], INF)])
    highs.run()
    solution = highs.getSolution()
    assert solution.dual_valid
    assert list(solution.row_dual) == pytest.approx([1.5, 0.5])
    passed(highs, [2, 3], [(0, 3.5), (0, INF)], [(4, [1, 1], INF), (6, [1, 3], INF)], integer=True)
    highs.run()
    assert not highs.getSolution().dual_valid


def test_the_infeasible_subsystem_of_a_linear_program_is_irreducible() -> None:
    highs = quiet()
    passed(highs, [0, 0], [(0, 1), (0, 5)], [(-INF, [0, 1], 9), (3, [1, 0], INF), (0, [1, 1], INF)])
    highs.setOptionValue("iis_strategy", 2 | 4)
    status, found = highs.getIis()
    assert status == HighsStatus.kOk
    assert found.valid_
    assert list(found.row_index_) == [1]
    involved = [
        int(column)
        for column, bound in zip(found.col_index_, found.col_bound_, strict=True)
        if int(bound) != int(highspy.IisBoundStatus.kIisBoundStatusFree)
    ]
    assert involved == [0]


def test_strategies_of_the_infeasible_subsystem_have_the_numbers_we_add_up() -> None:
    assert highspy.IisStrategy.kIisStrategyFromLp.value == 2
    assert highspy.IisStrategy.kIisStrategyIrreducible.value == 4


def test_on_integer_columns_the_infeasible_subsystem_names_rows_that_do_not_contradict() -> None:
    highs = quiet()
    passed(highs, [0, 0], [(0, INF)] * 2, [(3, [2, 2], 3), (-9, [1, -1], 9)], integer=True)
    highs.setOptionValue("iis_strategy", 2 | 4)
    status, found = highs.getIis()
    assert status == HighsStatus.kWarning
    assert not found.valid_


def test_an_exception_out_of_a_callback_leaves_the_object_unable_to_run() -> None:
    highs = quiet()
    weights = np.random.default_rng(1).integers(0, 100, (5, 40))
    rows = [(float(w.sum() // 2), list(map(float, w)), float(w.sum() // 2)) for w in weights]
    passed(highs, [1.0] * 40, [(0, 1)] * 40, rows, integer=True)

    def broken(event: Any) -> None:
        raise RuntimeError("broken")

    highs.cbMipInterrupt.subscribe(broken)
    with pytest.raises(RuntimeError, match="broken"):
        highs.run()
    highs.cbMipInterrupt.unsubscribe(broken)
    assert highs.run() == HighsStatus.kError


TWO_THREAD_SETTINGS = """
import highspy, numpy as np
def solve(threads):
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", threads)
    highs.addVars(2, np.zeros(2), np.full(2, 9.0))
    highs.changeColsCost(2, np.array([0, 1], dtype=np.int32), -np.ones(2))
    highs.addRow(-highspy.kHighsInf, 7.0, 2, np.array([0, 1], dtype=np.int32), np.full(2, 2.0))
    return highs.run().name
print(solve(1), solve(1), solve(2), solve(1))
"""


def test_another_number_of_threads_after_the_first_solve_makes_the_run_fail() -> None:
    run = subprocess.run([sys.executable, "-c", TWO_THREAD_SETTINGS], check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["kOk", "kOk", "kError", "kOk"]


def test_keyboard_interrupts_are_handled_with_locks_of_the_class_and_we_leave_that_alone() -> None:
    one, other = quiet(), quiet()
    assert one._Highs__solver_stopped is other._Highs__solver_stopped
    top = Path(__file__).parents[2]
    users = [
        path.relative_to(top)
        for package in ("optimizer", "market", "api", "benchmarks")
        for path in (top / package).rglob("*.py")
        if "HandleKeyboardInterrupt" in path.read_text() or "HandleUserInterrupt" in path.read_text()
    ]
    assert users == []
