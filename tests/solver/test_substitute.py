"""Substituting a defined column changes neither the optimum nor what can be reached, only the size of the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from optimizer.errors import ModelError
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.model.substitute import substitute_columns
from optimizer.solver.session import HighsSession

JOBS, STEPS = 4, 3


def _program(powers: list[list[int]], prices: list[int], given: list[int], cap: int) -> Program:
    """Whole-number jobs per step and one offtake per step, ``power x - scale offtake = -given``, and a mixed row."""
    columns = JOBS * STEPS + STEPS
    rows = np.zeros((2 * STEPS + 1, columns))
    for t in range(STEPS):
        rows[t, t * JOBS : (t + 1) * JOBS] = powers[t]
        rows[t, JOBS * STEPS + t] = -2.0
        rows[STEPS + t, t * JOBS : (t + 1) * JOBS] = 1.0
    rows[2 * STEPS, JOBS * STEPS :] = 1.0
    rows[2 * STEPS, 0] = 1.0
    return Program(
        name="jobs",
        objectives=(Objective(name="cost", costs=np.array([0.0] * JOBS * STEPS + prices, dtype=float), offset=3.0),),
        column_lower=np.zeros(columns),
        column_upper=np.array([3.0] * JOBS * STEPS + [float(cap)] * STEPS),
        integer=np.array([True] * JOBS * STEPS + [False] * STEPS),
        rows=csr_array(rows),
        row_lower=np.array([-float(g) for g in given] + [2.0] * STEPS + [-np.inf]),
        row_upper=np.array([-float(g) for g in given] + [np.inf] * STEPS + [2.0 * cap]),
        column_labels=Labels(("x",) * columns, tuple((k,) for k in range(columns))),
        row_labels=Labels(("r",) * (2 * STEPS + 1), tuple((k,) for k in range(2 * STEPS + 1))),
    )


OFFTAKE = np.arange(JOBS * STEPS, JOBS * STEPS + STEPS)
BALANCE = np.arange(STEPS)


@settings(max_examples=60)
@given(
    powers=st.lists(st.lists(st.integers(0, 9), min_size=JOBS, max_size=JOBS), min_size=STEPS, max_size=STEPS),
    prices=st.lists(st.integers(-5, 9), min_size=STEPS, max_size=STEPS),
    given_kw=st.lists(st.integers(0, 4), min_size=STEPS, max_size=STEPS),
    cap=st.integers(2, 12),
)
def test_same_optimum(powers: list[list[int]], prices: list[int], given_kw: list[int], cap: int) -> None:
    program = _program(powers, prices, given_kw, cap)
    smaller = substitute_columns(program, OFFTAKE, BALANCE)
    assert smaller.program.columns == JOBS * STEPS
    whole, part = HighsSession(), HighsSession()
    whole.load(program)
    part.load(smaller.program)
    expected, found = whole.run(), part.run()
    assert expected.stop.proven == found.stop.proven
    if expected.incumbent is None or found.incumbent is None:
        assert expected.incumbent is found.incumbent
        return
    assert found.incumbent.objective == pytest.approx(expected.incumbent.objective, abs=1e-6)
    restored = smaller.restore(found.incumbent.values)
    activity = program.rows @ restored
    assert (activity >= program.row_lower - 1e-6).all()
    assert (activity <= program.row_upper + 1e-6).all()
    assert (restored <= program.column_upper + 1e-6).all()
    objective = program.objectives[0]
    assert objective.costs @ restored + objective.offset == pytest.approx(found.incumbent.objective, abs=1e-6)


def test_only_columns_that_a_row_defines_are_substituted() -> None:
    program = _program([[1] * JOBS] * STEPS, [1] * STEPS, [0] * STEPS, 5)
    with pytest.raises(ModelError, match="only continuous columns of equality rows"):
        substitute_columns(program, OFFTAKE, BALANCE + STEPS)
    with pytest.raises(ModelError, match="only continuous columns"):
        substitute_columns(program, np.array([0]), np.array([0]))
    with pytest.raises(ModelError, match="does not define its column"):
        substitute_columns(replace(program, integer=np.zeros(program.columns, bool)), OFFTAKE, BALANCE[::-1].copy())
