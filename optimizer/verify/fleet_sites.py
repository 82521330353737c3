"""Judge a plan of several sites: every site inside its own constraints, every shared limit kept, from arrays alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.findings import Finding
from optimizer.problems.fleet import FleetProblem, FloatArray

TOLERANCE = 1e-6


class Constraints(Protocol):
    """What a site must keep: ``row_lower <= rows @ x <= row_upper``, column bounds and integrality."""

    @property
    def rows(self) -> csr_array[Any, Any]: ...  # noqa: D102
    @property
    def row_lower(self) -> FloatArray: ...  # noqa: D102
    @property
    def row_upper(self) -> FloatArray: ...  # noqa: D102
    @property
    def column_lower(self) -> FloatArray: ...  # noqa: D102
    @property
    def column_upper(self) -> FloatArray: ...  # noqa: D102
    @property
    def integer(self) -> NDArray[np.bool_]: ...  # noqa: D102


def verify_sites(
    problem: FleetProblem,
    area: Sequence[int],
    constraints: Sequence[Constraints],
    values: Sequence[FloatArray],
    power_kw: FloatArray,
) -> tuple[Finding, ...]:
    """Return every fault of a plan of sites; empty when it holds.

    Args:
        problem: areas and limits.
        area: area of each site.
        constraints: what each site must keep.
        values: solution of each site.
        power_kw: power of each site, shape (sites, steps).
    """
    found = [
        Finding(
            rule="site.constraints", path=f"sites[{k}]", message=f"site {k} breaks its own constraints", ids=(str(k),)
        )
        for k, (each, x) in enumerate(zip(constraints, values, strict=True))
        if not _keeps(each, x)
    ]
    power = np.zeros((problem.areas, problem.grid.steps))
    np.add.at(power, np.asarray(area), power_kw)
    limits, total = problem.limits, problem.area_sums(power + problem.base_load_kw)
    beyond = limits.direction[:, None] * (total[limits.area] - limits.power_kw)
    finite = np.where(np.isfinite(limits.power_kw), np.abs(limits.power_kw), 0.0)
    hard = ~np.isfinite(limits.price_eur_per_kwh)
    for row, step in np.argwhere(hard & (beyond > TOLERANCE * np.maximum(1.0, finite))):
        found.append(
            Finding(
                rule="area.limit",
                path=f"limits[{row}]",
                message=f"limit {row} is passed by {beyond[row, step]:.6g} kW in step {step}",
                ids=(str(row),),
            )
        )
    return tuple(found)


def _keeps(each: Constraints, x: FloatArray) -> bool:
    slack = TOLERANCE * np.maximum(1.0, np.abs(x))
    use = each.rows @ x
    size = TOLERANCE * np.maximum(1.0, abs(each.rows) @ np.abs(x))
    inside = (x >= each.column_lower - slack).all() and (x <= each.column_upper + slack).all()
    rows = (use >= each.row_lower - size).all() and (use <= each.row_upper + size).all()
    whole = (np.abs(x - np.round(x))[each.integer] <= TOLERANCE).all()
    return bool(inside and rows and whole)
