"""Compile a Pyomo model to a `Program`.

Pyomo's own standard-form compiler does the walking; what it drops or splits is put right here: a constraint with two
sides becomes one ranged row again, and a contradiction without variables is named by its constraint.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler
from scipy.sparse import csr_array

from optimizer.errors import ModelError
from optimizer.model.labels import LabelIndex, Labels
from optimizer.model.program import FloatArray, Objective, Program


def compile_model(model: pyo.ConcreteModel) -> Program:
    """Turn a Pyomo model into a frozen, labelled program.

    Active objectives are all turned into minimisations and keep their order of declaration, which is the order of
    the lexicographic stages. Variables that occur nowhere are left out; fixed variables become constants.

    Raises:
        ModelError: the model is not linear, has a variable that is neither continuous nor integer, or contradicts
            itself without any variable left to choose.
    """
    try:
        form = LinearStandardFormCompiler().write(model, mixed_form=True)
    except (InfeasibleConstraintException, ValueError) as error:
        raise ModelError(f"{model.name}: {error}") from error
    costs = np.asarray(form.c.todense(), dtype=np.float64).reshape(len(form.objectives), len(form.columns))
    lower, upper = _column_bounds(form.columns)
    keep, row_lower, row_upper = _ranged_rows(form.rows, np.asarray(form.rhs, dtype=np.float64))
    rows = csr_array(form.A)[keep] if len(keep) else csr_array((0, len(form.columns)), dtype=np.float64)
    rows.sort_indices()
    rows.indices, rows.indptr = rows.indices.astype(np.int32), rows.indptr.astype(np.int32)
    return Program(
        name=str(model.name),
        objectives=tuple(
            Objective(name=str(objective.name), costs=costs[k].copy(), offset=float(form.c_offset[k]))
            for k, objective in enumerate(form.objectives)
        ),
        column_lower=lower,
        column_upper=upper,
        integer=_integrality(str(model.name), form.columns),
        rows=rows,
        row_lower=row_lower,
        row_upper=row_upper,
        column_labels=_labels(form.columns),
        row_labels=_labels([form.rows[k].constraint for k in keep]),
    )


def _column_bounds(columns: list[pyo.Var]) -> tuple[FloatArray, FloatArray]:
    bounds = [v.bounds for v in columns]
    lower = np.array([-np.inf if b[0] is None else b[0] for b in bounds], dtype=np.float64)
    upper = np.array([np.inf if b[1] is None else b[1] for b in bounds], dtype=np.float64)
    return lower, upper


def _integrality(model: str, columns: list[pyo.Var]) -> NDArray[np.bool_]:
    """Mark the integer columns; a domain such as {1, 5, 10} would silently become 1..10 and is refused."""
    for variable in columns:
        if not (variable.is_continuous() or variable.is_integer()):
            raise ModelError(f"{model}: {variable.name} is neither continuous nor integer")
    return np.array([variable.is_integer() for variable in columns], dtype=np.bool_)


def _ranged_rows(entries: list, rhs: FloatArray) -> tuple[list[int], FloatArray, FloatArray]:  # type: ignore[type-arg]
    """Fold the two rows of a two-sided constraint into one; multiplier 0 is an equality, +1 upper, -1 lower."""
    keep: list[int] = []
    lower: list[float] = []
    upper: list[float] = []
    for k, (constraint, side) in enumerate(entries):
        if keep and entries[keep[-1]].constraint is constraint:
            lower[-1] = float(rhs[k]) if side < 0 else lower[-1]
            upper[-1] = float(rhs[k]) if side > 0 else upper[-1]
            continue
        keep.append(k)
        lower.append(float(rhs[k]) if side <= 0 else -np.inf)
        upper.append(float(rhs[k]) if side >= 0 else np.inf)
    return keep, np.array(lower, dtype=np.float64), np.array(upper, dtype=np.float64)


def _labels(components: list[pyo.Var]) -> Labels:
    names: dict[int, str] = {}
    blocks: list[str] = []
    indices: list[LabelIndex] = []
    for data in components:
        parent = data.parent_component()
        name = names.get(id(parent))
        if name is None:
            name = names.setdefault(id(parent), str(parent.name))
        index = data.index()
        blocks.append(name)
        indices.append(() if index is None else index if isinstance(index, tuple) else (index,))
    return Labels(tuple(blocks), tuple(indices))
