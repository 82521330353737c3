"""`Program` refuses what the solver would swallow, stays as it is, and is told apart by its fingerprint."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import ModelError
from optimizer.model.labels import Label, Labels
from optimizer.model.program import Objective, Program
from tests.example_programs import INF, knapsack, make_program

NAN = float("nan")


@pytest.mark.parametrize(
    ("build", "words"),
    [
        (lambda: make_program(costs=[NAN, 1], bounds=[(0, 1)] * 2), r"x\[0\]: cost in stage0 is not finite"),
        (lambda: make_program(costs=[1, INF], bounds=[(0, 1)] * 2), r"x\[1\]: cost"),
        (lambda: make_program(costs=[1], bounds=[(0, 1)], offset=NAN), "offset of stage0"),
        (lambda: make_program(costs=[1], bounds=[(NAN, 1)]), r"x\[0\]: bound is not a number"),
        (lambda: make_program(costs=[1], bounds=[(INF, INF)]), r"x\[0\]: bound excludes every value"),
        (lambda: make_program(costs=[1], bounds=[(-INF, -INF)]), r"x\[0\]: bound excludes every value"),
        (lambda: make_program(costs=[1], bounds=[(0, 1)], rows=[(0, [1], 1), (0, [NAN], 1)]), r"in row\[1\] is not"),
        (lambda: make_program(costs=[1], bounds=[(0, 1)], rows=[(0, [-INF], 1)]), r"in row\[0\] is not finite"),
        (lambda: make_program(costs=[1], bounds=[(0, 1)], rows=[(INF, [1], INF)]), r"row\[0\]: bound excludes"),
        (lambda: make_program(costs=[1], bounds=[(0, 1)], rows=[(NAN, [1], 1)]), r"row\[0\]: bound is not a number"),
        (lambda: replace(knapsack(), objectives=()), "at least one objective"),
        (lambda: replace(knapsack(), column_upper=np.ones(3)), "column_upper has size 3, expected 4"),
        (lambda: replace(knapsack(), row_labels=Labels((), ())), "row_labels has size 0, expected 1"),
        (
            lambda: replace(knapsack(), objectives=(Objective(name="goal", costs=np.ones(5)),)),
            "costs of goal has size 5",
        ),
    ],
)
def test_a_program_that_is_no_program_is_refused_by_name(build: Callable[[], Program], words: str) -> None:
    with pytest.raises(ModelError, match=words):
        build()


def test_a_program_cannot_be_changed_behind_the_solvers_back() -> None:
    program = knapsack()
    for array in (program.column_lower, program.row_upper, program.rows.data, program.objectives[0].costs):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1.0


def test_counts() -> None:
    program = make_program(costs=[1, 2], bounds=[(0, 1)] * 2, rows=[(0, [1, 0], 1), (0, [1, 1], 1), (0, [0, 0], 1)])
    assert (program.columns, program.row_count, program.nonzeros) == (2, 3, 3)


@pytest.mark.parametrize(
    "other",
    [
        make_program(costs=[-3, -4, -5, -6], bounds=[(0, 1)] * 4, rows=[(-INF, [2, 3, 4, 5], 8)]),
        make_program(costs=[-3, -4, -5, -7], bounds=[(0, 1)] * 4, rows=[(-INF, [2, 3, 4, 5], 8)], integer=[True] * 4),
        make_program(costs=[-3, -4, -5, -6], bounds=[(0, 1)] * 4, rows=[(-INF, [2, 3, 4, 5], 9)], integer=[True] * 4),
        make_program(costs=[-3, -4, -5, -6], bounds=[(0, 1)] * 4, rows=[(-INF, [2, 3, 4, 6], 8)], integer=[True] * 4),
        make_program(costs=[-3, -4, -5, -6], bounds=[(0, 2)] * 4, rows=[(-INF, [2, 3, 4, 5], 8)], integer=[True] * 4),
        make_program(
            costs=[-3, -4, -5, -6],
            bounds=[(0, 1)] * 4,
            rows=[(-INF, [2, 3, 4, 5], 8)],
            integer=[True] * 4,
            offset=1.0,
        ),
    ],
)
def test_fingerprints_differ_when_any_number_does(other: Program) -> None:
    assert knapsack().fingerprint() == knapsack().fingerprint()
    assert knapsack().fingerprint() != other.fingerprint()


def test_labels_name_positions() -> None:
    labels = Labels(("power", "power", "cost"), (("a", 0), ("a", 1), ()))
    assert list(labels) == [labels[0], labels[1], labels[2]] == [Label("power", ("a", 0)), labels[1], Label("cost")]
    assert [str(label) for label in labels] == ["power[a,0]", "power[a,1]", "cost"]
    assert labels.positions("power") == {("a", 0): 0, ("a", 1): 1}
    assert labels.positions("cost") == {(): 2}
    assert labels.positions("heat") == {}
    assert len(labels) == 3
