"""The labelled comparison of two programs finds any single difference, and none where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from optimizer.model.diff import program_differences
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from tests.example_programs import INF, make_program


def example() -> Program:
    return make_program(
        costs=[[1, 2, 3], [0, 1, 0]],
        bounds=[(0, INF), (-INF, 4), (0, 1)],
        rows=[(-INF, [1, 1, 0], 5), (2, [0, 1, -1], 2)],
        integer=[False, False, True],
    )


def shuffled(program: Program, columns: list[int], rows: list[int]) -> Program:
    """The same program with columns and rows in another order."""
    return replace(
        program,
        objectives=tuple(replace(o, costs=o.costs[columns]) for o in program.objectives),
        column_lower=program.column_lower[columns],
        column_upper=program.column_upper[columns],
        integer=program.integer[columns],
        rows=csr_array(program.rows[rows][:, columns]),
        row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows],
        column_labels=Labels(("x",) * len(columns), tuple((k,) for k in columns)),
        row_labels=Labels(("row",) * len(rows), tuple((k,) for k in rows)),
    )


def changed(values: np.ndarray, position: int, value: float) -> np.ndarray:
    copy = values.copy()
    copy[position] = value
    return copy


def test_order_does_not_matter_and_infinite_bounds_are_equal() -> None:
    assert program_differences(example(), example()) == ()
    assert program_differences(example(), shuffled(example(), [2, 0, 1], [1, 0])) == ()


def test_every_single_change_is_found_and_named() -> None:
    p = example()
    stage, second = p.objectives
    dense = p.rows.toarray()
    dense[1, 0] = 0.5
    cases = {
        "lower bound of x[0]": replace(p, column_lower=changed(p.column_lower, 0, -1)),
        "upper bound of x[0]": replace(p, column_upper=changed(p.column_upper, 0, 9)),
        "integrality of x[1]": replace(p, integer=np.array([False, True, True])),
        "row lower of row[0]": replace(p, row_lower=changed(p.row_lower, 0, 0)),
        "row upper of row[1]": replace(p, row_upper=changed(p.row_upper, 1, 3)),
        "cost of x[2] in stage0": replace(p, objectives=(replace(stage, costs=changed(stage.costs, 2, 4)), second)),
        "offset of stage1": replace(p, objectives=(stage, replace(second, offset=1.0))),
        "objectives: 2 and 1": replace(p, objectives=(stage,)),
        "coefficient of x[0] in row[1]": replace(p, rows=csr_array(dense)),
    }
    for words, other in cases.items():
        for differences in (program_differences(p, other), program_differences(other, p)):
            assert len(differences) == 1, (words, differences)
        assert words in program_differences(p, other)[0]


def test_columns_and_rows_of_one_side_only_are_named() -> None:
    p = example()
    other = replace(p, column_labels=Labels(("x", "x", "y"), ((0,), (1,), (2,))))
    assert program_differences(p, other) == ("column x[2] only in the first", "column y[2] only in the second")
    shorter = replace(p, rows=csr_array(p.rows[[0]]), row_lower=p.row_lower[:1], row_upper=p.row_upper[:1],
                      row_labels=Labels(("row",), ((0,),)))  # fmt: skip
    assert program_differences(p, shorter) == ("row row[1] only in the first",)


def test_a_label_that_occurs_twice_is_no_label() -> None:
    p = replace(example(), column_labels=Labels(("x", "x", "x"), ((0,), (0,), (2,))))
    assert program_differences(p, p) == ("label x[0] occurs 2 times", "label x[0] occurs 2 times")


@pytest.mark.parametrize(("size", "differences"), [(1e-12, 0), (1e-6, 1)])
def test_noise_is_no_difference(size: float, differences: int) -> None:
    p = example()
    goal = Objective(name="stage0", costs=p.objectives[0].costs + np.array([size, 0, 0]))
    assert len(program_differences(p, replace(p, objectives=(goal, p.objectives[1])))) == differences
