"""Restrict a program to some of its columns, the others being fixed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.model.labels import Labels
from optimizer.model.program import FloatArray, Objective, Program

SATISFIED = 1e-9


def restrict_program(program: Program, keep: NDArray[np.bool_], values: FloatArray) -> Program:
    """Fix columns at their values and leave them out; labels of what remains stay as they are.

    Slicing the arrays is cheaper than fixing bounds: the solver never sees what is fixed. Rows that lose all their
    columns are left out when they hold.

    Args:
        program: the program.
        keep: True for columns that stay, shape (columns,).
        values: values of the columns that do not, shape (columns,).
    """
    columns = np.flatnonzero(keep)
    fixed = np.where(keep, 0.0, values)
    shift = program.rows @ fixed
    matrix = csr_array(program.rows[:, columns])
    lower, upper = program.row_lower - shift, program.row_upper - shift
    holds = (lower <= SATISFIED) & (upper >= -SATISFIED)
    rows = np.flatnonzero((np.diff(matrix.indptr) > 0) | ~holds)
    matrix = csr_array(matrix[rows])
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return Program(
        name=program.name,
        objectives=tuple(
            Objective(name=o.name, costs=o.costs[columns], offset=o.offset + float(o.costs @ fixed))
            for o in program.objectives
        ),
        column_lower=program.column_lower[columns],
        column_upper=program.column_upper[columns],
        integer=program.integer[columns],
        rows=matrix,
        row_lower=lower[rows],
        row_upper=upper[rows],
        column_labels=_pick(program.column_labels, columns),
        row_labels=_pick(program.row_labels, rows),
    )


def _pick(labels: Labels, positions: NDArray[np.int64]) -> Labels:
    chosen = positions.tolist()
    return Labels(tuple(labels.blocks[k] for k in chosen), tuple(labels.indices[k] for k in chosen))
