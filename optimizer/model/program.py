"""`Program`: one mixed-integer linear program as frozen, labelled arrays, always a minimisation."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import ModelError
from optimizer.model.labels import Labels

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Objective:
    """One linear objective to be minimised.

    Attributes:
        name: name of the objective in its formulation.
        costs: coefficient per column, shape (columns,).
        offset: constant term.
    """

    name: str
    costs: FloatArray
    offset: float = 0.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Program:
    """A labelled program: minimise ``costs @ x + offset`` with ``row_lower <= rows @ x <= row_upper``.

    Several objectives make a lexicographic program: stage by stage in the order given.

    Attributes:
        name: name of the model.
        objectives: one or more objectives.
        column_lower: lower bound per column; may be -inf.
        column_upper: upper bound per column; may be +inf.
        integer: True where the column is integer.
        rows: CSR matrix of shape (rows, columns).
        row_lower: lower bound per row; may be -inf.
        row_upper: upper bound per row; may be +inf.
        column_labels: label per column.
        row_labels: label per row.
    """

    name: str
    objectives: tuple[Objective, ...]
    column_lower: FloatArray
    column_upper: FloatArray
    integer: NDArray[np.bool_]
    rows: csr_array[Any, Any]
    row_lower: FloatArray
    row_upper: FloatArray
    column_labels: Labels
    row_labels: Labels

    def __post_init__(self) -> None:
        check_program(self)
        for array in (
            self.column_lower,
            self.column_upper,
            self.integer,
            self.row_lower,
            self.row_upper,
            self.rows.data,
        ):
            array.setflags(write=False)
        for objective in self.objectives:
            objective.costs.setflags(write=False)

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.column_lower)

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return len(self.row_lower)

    @property
    def nonzeros(self) -> int:
        """Number of coefficients in the rows."""
        return int(self.rows.nnz)

    def fingerprint(self) -> str:
        """SHA-256 of everything numerical, for certificates and benchmark rows."""
        digest = hashlib.sha256()
        for objective in self.objectives:
            digest.update(objective.costs.tobytes() + np.float64(objective.offset).tobytes())
        for array in (self.column_lower, self.column_upper, self.integer, self.row_lower, self.row_upper):
            digest.update(array.tobytes())
        digest.update(self.rows.indptr.tobytes() + self.rows.indices.tobytes() + self.rows.data.tobytes())
        return digest.hexdigest()


def check_program(program: Program) -> None:
    """Refuse what the solver would accept silently: NaN, infinite coefficients, impossible bounds.

    Raises:
        ModelError: with the label of the first offending column or row.
    """
    if not program.objectives:
        raise ModelError(f"{program.name}: a program has at least one objective")
    columns, rows = len(program.column_lower), len(program.row_lower)
    shapes = {
        "column_upper": (len(program.column_upper), columns),
        "integer": (len(program.integer), columns),
        "row_upper": (len(program.row_upper), rows),
        "rows": (program.rows.shape, (rows, columns)),
        "column_labels": (len(program.column_labels), columns),
        "row_labels": (len(program.row_labels), rows),
        **{f"costs of {o.name}": (len(o.costs), columns) for o in program.objectives},
    }
    for what, (seen, expected) in shapes.items():
        if seen != expected:
            raise ModelError(f"{program.name}: {what} has size {seen}, expected {expected}")
    for objective in program.objectives:
        _refuse(
            program,
            ~np.isfinite(objective.costs),
            program.column_labels,
            f"cost in {objective.name} is not finite",
        )
        if not np.isfinite(objective.offset):
            raise ModelError(f"{program.name}: offset of {objective.name} is not finite")
    coefficient_rows = np.repeat(np.arange(rows), np.diff(program.rows.indptr))
    bad = coefficient_rows[~np.isfinite(program.rows.data)]
    if len(bad):
        raise ModelError(f"{program.name}: coefficient in {program.row_labels[int(bad[0])]} is not finite")
    for lower, upper, labels in (
        (program.column_lower, program.column_upper, program.column_labels),
        (program.row_lower, program.row_upper, program.row_labels),
    ):
        _refuse(program, np.isnan(lower) | np.isnan(upper), labels, "bound is not a number")
        _refuse(program, (lower == np.inf) | (upper == -np.inf), labels, "bound excludes every value")


def _refuse(program: Program, bad: NDArray[np.bool_], labels: Labels, what: str) -> None:
    if bad.any():
        raise ModelError(f"{program.name}: {labels[int(np.argmax(bad))]}: {what}")
