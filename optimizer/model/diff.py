"""Compare two programs label by label: the proof that arrays written by hand say what the formulation says."""

from __future__ import annotations

from collections import Counter

import numpy as np

from optimizer.model.labels import Label
from optimizer.model.program import Program


def program_differences(left: Program, right: Program, *, tolerance: float = 1e-9) -> tuple[str, ...]:
    """Name every difference in columns, rows, bounds, integrality, costs and coefficients; empty when equal."""
    found: list[str] = []
    for labels in (left.column_labels, left.row_labels, right.column_labels, right.row_labels):
        found += [f"label {label} occurs {count} times" for label, count in Counter(labels).items() if count > 1]
    found += _set_difference("column", set(left.column_labels), set(right.column_labels))
    found += _set_difference("row", set(left.row_labels), set(right.row_labels))
    if found:
        return tuple(found)
    column_of = {label: k for k, label in enumerate(right.column_labels)}
    columns = np.array([column_of[label] for label in left.column_labels], dtype=np.int64)
    row_of = {label: k for k, label in enumerate(right.row_labels)}
    rows = np.array([row_of[label] for label in left.row_labels], dtype=np.int64)
    for what, a, b, labels in (
        ("lower bound", left.column_lower, right.column_lower[columns], left.column_labels),
        ("upper bound", left.column_upper, right.column_upper[columns], left.column_labels),
        ("integrality", left.integer.astype(float), right.integer[columns].astype(float), left.column_labels),
        ("row lower", left.row_lower, right.row_lower[rows], left.row_labels),
        ("row upper", left.row_upper, right.row_upper[rows], left.row_labels),
    ):
        with np.errstate(invalid="ignore"):  # inf - inf: equal infinities are caught by the comparison before it
            different = ~((a == b) | (np.abs(a - b) <= tolerance))
        found += [f"{what} of {labels[int(k)]}: {a[k]} and {b[k]}" for k in np.flatnonzero(different)]
    for one, other in zip(left.objectives, right.objectives, strict=False):
        different = np.abs(one.costs - other.costs[columns]) > tolerance
        found += [
            f"cost of {left.column_labels[int(k)]} in {one.name}: {one.costs[k]} and {other.costs[columns][k]}"
            for k in np.flatnonzero(different)
        ]
        if abs(one.offset - other.offset) > tolerance:
            found.append(f"offset of {one.name}: {one.offset} and {other.offset}")
    if len(left.objectives) != len(right.objectives):
        found.append(f"objectives: {len(left.objectives)} and {len(right.objectives)}")
    gap = (left.rows - right.rows[rows][:, columns]).tocoo()
    for r, c, value in zip(gap.row, gap.col, gap.data, strict=True):
        if abs(value) > tolerance:
            found.append(f"coefficient of {left.column_labels[int(c)]} in {left.row_labels[int(r)]} differs by {value}")
    return tuple(found)


def _set_difference(kind: str, left: set[Label], right: set[Label]) -> list[str]:
    only_left = [f"{kind} {label} only in the first" for label in sorted(left - right, key=str)]
    return only_left + [f"{kind} {label} only in the second" for label in sorted(right - left, key=str)]
