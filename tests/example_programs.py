"""Small programs as arrays, for tests of what happens below the formulations."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.sparse import csr_array

from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import HighsSession

INF = float("inf")


def make_program(
    *,
    costs: Sequence[float] | Sequence[Sequence[float]],
    bounds: Sequence[tuple[float, float]],
    rows: Sequence[tuple[float, Sequence[float], float]] = (),
    integer: Sequence[bool] | None = None,
    offset: float = 0.0,
) -> Program:
    """Build a program; several cost vectors make several stages, ``rows`` are (lower, coefficients, upper)."""
    stages = np.atleast_2d(np.array(costs, dtype=np.float64))
    matrix = np.array([row[1] for row in rows], dtype=np.float64).reshape(len(rows), len(bounds))
    return Program(
        name="example",
        objectives=tuple(
            Objective(name=f"stage{k}", costs=stage.copy(), offset=offset) for k, stage in enumerate(stages)
        ),
        column_lower=np.array([b[0] for b in bounds], dtype=np.float64),
        column_upper=np.array([b[1] for b in bounds], dtype=np.float64),
        integer=np.array(integer if integer is not None else [False] * len(bounds), dtype=np.bool_),
        rows=csr_array(matrix),
        row_lower=np.array([row[0] for row in rows], dtype=np.float64),
        row_upper=np.array([row[2] for row in rows], dtype=np.float64),
        column_labels=Labels(("x",) * len(bounds), tuple((k,) for k in range(len(bounds)))),
        row_labels=Labels(("row",) * len(rows), tuple((k,) for k in range(len(rows)))),
    )


def knapsack() -> Program:
    """Three items: take the second and the fourth of 2, 3, 4, 5 kg within 8 kg; optimum -10 (worth 3, 4, 5, 6)."""
    return make_program(costs=[-3, -4, -5, -6], bounds=[(0, 1)] * 4, rows=[(-INF, [2, 3, 4, 5], 8)], integer=[True] * 4)


def market_split(columns: int = 40, rows: int = 5) -> Program:
    """A feasibility problem nobody solves in a second (Cornuejols and Dawande 1999): no incumbent before the limit."""
    weights = np.random.default_rng(1).integers(0, 100, (rows, columns))
    halves = weights.sum(axis=1) // 2
    return make_program(
        costs=[1.0] * columns,
        bounds=[(0, 1)] * columns,
        rows=[(float(half), list(map(float, row)), float(half)) for half, row in zip(halves, weights, strict=True)],
        integer=[True] * columns,
    )


def solved(program: Program, options: SolverOptions | None = None) -> Outcome:
    """Solve in a session of its own."""
    session = HighsSession(options)
    session.load(program)
    return session.run()


def diet() -> Program:
    """min 2x + 3y: x + y >= 4, x + 3y >= 6, x <= 3.5; optimum (3, 1), 9 EUR, duals 1.5 and 0.5."""
    return make_program(costs=[2, 3], bounds=[(0, 3.5), (0, INF)], rows=[(4, [1, 1], INF), (6, [1, 3], INF)])


def mixed() -> Program:
    """Choose a whole machine of 3 kW (2 EUR) or buy power at 1 EUR/kW to reach 7 kW: two machines and 1 kW."""
    return make_program(costs=[2, 1], bounds=[(0, 9), (0, INF)], rows=[(7, [3, 1], INF)], integer=[True, False])
