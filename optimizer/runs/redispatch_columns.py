"""Read orders back from the columns of a redispatch program."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.model.program import Program
from optimizer.problems.redispatch import IntArray, RedispatchProblem


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


def single_takes(program: Program) -> NDArray[np.bool_]:
    """Columns that count units: once every yes or no is decided they nearly always come out whole."""
    return np.array([block == "take" for block in program.column_labels.blocks], dtype=np.bool_)
