"""Solving through the core gives the optimum of the whole, and its bound is a bound whatever the duals are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csr_array

from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.model.restrict import restrict_program
from optimizer.solver.core import bound_by_duals, minimise_by_core
from optimizer.solver.neighbourhood import improve_by_parts
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession

EXACT = SolverOptions(relative_gap=0.0, absolute_gap=1e-6)


def draw_program(rng: np.random.Generator) -> Program:
    """A covering and packing program with integer and continuous columns; the last columns pay for any gap."""
    columns, rows = 40, 8
    matrix = rng.integers(0, 4, (rows, columns)) * (rng.random((rows, columns)) < 0.4)
    matrix = np.hstack([matrix, np.eye(rows)]).astype(np.float64)
    total = columns + rows
    return Program(
        name="drawn",
        objectives=(Objective(name="cost", costs=np.append(rng.integers(1, 30, columns), np.full(rows, 200.0)) * 1.0),),
        column_lower=np.zeros(total),
        column_upper=np.append(rng.integers(1, 4, columns), np.full(rows, 100.0)) * 1.0,
        integer=np.append(rng.random(columns) < 0.8, np.zeros(rows, dtype=np.bool_)),
        rows=csr_array(matrix),
        row_lower=rng.integers(5, 20, rows).astype(np.float64),
        row_upper=np.full(rows, 60.0),
        column_labels=Labels(("x",) * total, tuple((k,) for k in range(total))),
        row_labels=Labels(("r",) * rows, tuple((k,) for k in range(rows))),
    )


def solve_directly(program: Program) -> float:
    session = HighsSession(EXACT)
    session.load(program)
    incumbent = session.run().incumbent
    assert incumbent is not None
    return incumbent.objective


@pytest.mark.parametrize("first_core", [1, 10, 1000])
def test_core_equals_the_whole(first_core: int) -> None:
    for seed in range(12):
        program = draw_program(np.random.default_rng(seed))
        best = solve_directly(program)
        relaxable = program.integer.copy()
        relaxable[::2] = False
        found = minimise_by_core(
            program, program.objectives[0], EXACT, first_core=first_core, relaxable=relaxable
        ).outcome
        assert found.incumbent is not None
        assert found.stop.proven
        assert found.incumbent.objective == pytest.approx(best, abs=1e-5)
        assert found.bound is not None
        assert found.bound <= best + 1e-6
        values = found.incumbent.values
        assert np.abs(values - np.round(values))[program.integer].max() == 0.0
        activity = program.rows @ values
        assert (activity >= program.row_lower - 1e-5).all()
        assert (activity <= program.row_upper + 1e-5).all()


def test_any_duals_give_a_bound() -> None:
    for seed in range(30):
        rng = np.random.default_rng(seed)
        program = draw_program(rng)
        best = solve_directly(program)
        duals = rng.normal(0, 5, program.row_count)
        assert bound_by_duals(program, program.objectives[0], duals).bound <= best + 1e-9


def test_an_infeasible_program_is_infeasible_through_the_core() -> None:
    program = draw_program(np.random.default_rng(0))
    impossible = replace(program, row_lower=np.full(program.row_count, 1e4), row_upper=np.full(program.row_count, 1e5))
    assert minimise_by_core(impossible, program.objectives[0], EXACT).outcome.stop is Stop.INFEASIBLE


def test_restricted_program_keeps_what_is_fixed_in_its_constants() -> None:
    rng = np.random.default_rng(3)
    program = draw_program(rng)
    values = np.floor(program.column_upper / 2)
    keep = rng.random(program.columns) < 0.3
    part = restrict_program(program, keep, values)
    cost = part.objectives[0].costs @ values[keep] + part.objectives[0].offset
    assert cost == pytest.approx(program.objectives[0].costs @ values)
    whole = {str(label): value for label, value in zip(program.row_labels, program.rows @ values, strict=True)}
    for k, label in enumerate(part.row_labels):
        shift = whole[str(label)] - float((part.rows @ values[keep])[k])
        row = int(label.index[0])
        assert part.row_lower[k] == pytest.approx(program.row_lower[row] - shift)


def test_parts_improve_and_never_worsen() -> None:
    program = draw_program(np.random.default_rng(5))
    objective = program.objectives[0]
    start = np.zeros(program.columns)
    start[-program.row_count :] = program.row_lower
    better = improve_by_parts(
        program, objective, start, draw=lambda rng: rng.random(program.columns) < 0.6, seconds=0.3
    )
    assert objective.costs @ better < objective.costs @ start
    assert objective.costs @ better >= solve_directly(program) - 1e-6
    assert (program.rows @ better >= program.row_lower - 1e-5).all()
