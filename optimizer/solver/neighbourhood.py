"""Improve a solution by solving small parts of the program exactly, the rest held where it is.

Where branch and bound finds no solution at all, such as on books of overlapping all-or-none blocks in exact balance,
moving a hundred columns at a time still does. It proves nothing; the bound comes from elsewhere.

Source: large neighbourhood search, Shaw 1998, "Using constraint programming and local search methods to solve vehicle
routing problems".
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from optimizer.model.program import FloatArray, Objective, Program
from optimizer.model.restrict import restrict_program
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession

PART_GAP = 2e-2
PART_SECONDS = 4.0

Neighbourhood = Callable[[np.random.Generator], NDArray[np.bool_]]


def improve_by_parts(
    program: Program,
    objective: Objective,
    values: FloatArray,
    *,
    draw: Neighbourhood,
    seconds: float,
    seed: int = 0,
) -> FloatArray:
    """Improve a feasible solution for a while; never returns a worse one.

    Args:
        program: the program.
        objective: what to minimise.
        values: a feasible solution, shape (columns,).
        draw: draws the columns that may move next, shape (columns,).
        seconds: wall-clock time to spend.
        seed: seed of the generator handed to ``draw``.
    """
    rng = np.random.default_rng(seed)
    whole = replace(program, objectives=(objective,))
    best, cost = values.copy(), float(objective.costs @ values)
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        free = draw(rng)
        part = restrict_program(whole, free, best)
        session = HighsSession()
        session.load(part)
        session.warm_start(best[free])
        outcome = session.run(SolverOptions(relative_gap=PART_GAP, time_limit_s=min(PART_SECONDS, left), restart=False))
        if outcome.incumbent is None:
            continue
        moved = outcome.incumbent.values
        moved = np.where(part.integer, np.round(moved), moved)
        gain = float(objective.costs[free] @ (best[free] - moved))
        if gain > 1e-6 * max(1.0, abs(cost)):
            best[free] = moved
            cost -= gain
    return best
