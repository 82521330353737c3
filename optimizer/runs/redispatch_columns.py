"""Read orders back from the columns of a redispatch program."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.model.program import Program
from optimizer.problems.redispatch import FloatArray, IntArray, RedispatchProblem


def column_orders(program: Program) -> IntArray:
    """Order of every column, -1 for columns of needs and limits, shape (columns,)."""
    labels = program.column_labels
    pairs = zip(labels.blocks, labels.indices, strict=True)
    return np.array([index[0] if block in {"take", "used"} else -1 for block, index in pairs], dtype=np.int64)


def unit_matrix(problem: RedispatchProblem, program: Program) -> csr_array[Any, Any]:
    """Matrix that turns column values into units per order, shape (N, columns)."""
    orders = problem.orders
    order = column_orders(program)
    used = np.array([block == "used" for block in program.column_labels.blocks], dtype=np.bool_)
    counts = order >= 0
    counts[used] = orders.indivisible[order[used]]
    columns = np.flatnonzero(counts)
    values = np.where(used[columns], orders.units[order[columns]], 1.0)
    return csr_array((values, (order[columns], columns)), shape=(len(orders), program.columns))


def column_values(problem: RedispatchProblem, program: Program, units: FloatArray) -> FloatArray:
    """Values of the columns of orders at a choice of units, first price tier first, shape (columns,)."""
    orders = problem.orders
    of = orders.tier_order
    before = np.cumsum(orders.tier_units) - orders.tier_units
    before -= before[orders.tier_start[:-1]][of] if len(of) else 0.0
    taken = np.clip(units[of] - before, 0.0, orders.tier_units)
    values = np.zeros(program.columns)
    for column, (block, index) in enumerate(
        zip(program.column_labels.blocks, program.column_labels.indices, strict=True)
    ):
        if block == "take":
            values[column] = taken[orders.tier_start[index[0]] + index[1]]
        elif block == "used":
            values[column] = float(units[index[0]] > 0)
    return values


def single_takes(program: Program) -> NDArray[np.bool_]:
    """Columns that count units: once every yes or no is decided they nearly always come out whole."""
    return np.array([block == "take" for block in program.column_labels.blocks], dtype=np.bool_)
