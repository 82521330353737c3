"""Split a program into parts that share no row: each can be solved alone, and proofs add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from optimizer.model.labels import Labels
from optimizer.model.program import FloatArray, Objective, Program


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Component:
    """One independent part of a program.

    Attributes:
        program: the part; it carries the constant of the whole only in the first component.
        columns: its columns in the whole.
    """

    program: Program
    columns: np.ndarray[tuple[int], np.dtype[np.int64]]


def split_program(program: Program) -> tuple[Component, ...]:
    """Split a program along the connected components of its rows, in order of their first column."""
    coefficients = program.rows.tocoo()
    columns = program.columns
    size = columns + program.row_count
    graph = csr_array(
        (np.ones(program.nonzeros), (coefficients.col, columns + coefficients.row)),
        shape=(size, size),
    )
    _, label = connected_components(graph, directed=False)
    column_order = np.argsort(label[:columns], kind="stable")
    row_order = np.argsort(label[columns:], kind="stable")
    names, first = np.unique(label[:columns], return_index=True)
    parts: list[Component] = []
    for position, name in enumerate(names[np.argsort(first)]):
        here = column_order[slice(*np.searchsorted(label[:columns][column_order], [name, name + 1]))]
        under = row_order[slice(*np.searchsorted(label[columns:][row_order], [name, name + 1]))]
        parts.append(Component(program=_part(program, here, under, keep_offset=position == 0), columns=here))
    return tuple(parts)


def join_values(components: tuple[Component, ...], values: list[FloatArray]) -> FloatArray:
    """Put the values of all parts together, shape (columns of the whole,)."""
    whole = np.zeros(sum(len(part.columns) for part in components))
    for part, own in zip(components, values, strict=True):
        whole[part.columns] = own
    return whole


def _part(program: Program, columns: np.ndarray, rows: np.ndarray, *, keep_offset: bool) -> Program:
    matrix = csr_array(program.rows[rows][:, columns])
    matrix.sort_indices()
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return Program(
        name=program.name,
        objectives=tuple(
            Objective(name=o.name, costs=o.costs[columns], offset=o.offset if keep_offset else 0.0)
            for o in program.objectives
        ),
        column_lower=program.column_lower[columns],
        column_upper=program.column_upper[columns],
        integer=program.integer[columns],
        rows=matrix,
        row_lower=program.row_lower[rows],
        row_upper=program.row_upper[rows],
        column_labels=_labels(program.column_labels, columns),
        row_labels=_labels(program.row_labels, rows),
    )


def _labels(labels: Labels, positions: np.ndarray) -> Labels:
    return Labels(tuple(labels.blocks[int(k)] for k in positions), tuple(labels.indices[int(k)] for k in positions))
