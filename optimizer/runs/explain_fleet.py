"""Say in words which limits of a fleet no plan can keep."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.findings import Finding
from optimizer.fleet.coordinator import Coordination
from optimizer.fleet.limit_rows import excess_of
from optimizer.problems.fleet import FleetProblem, FloatArray


def unkept_limits(problem: FleetProblem, area_power_kw: FloatArray, *, only_empty: bool = False) -> tuple[Finding, ...]:
    """Hard limits that the least infeasible plan passes, in words; or only those on which no session has a say."""
    limits, grid = problem.limits, problem.grid
    hard = ~np.isfinite(limits.price_eur_per_kwh)
    excess = np.where(hard, excess_of(problem, area_power_kw), 0.0)
    beyond = excess > 1e-6 * np.maximum(1.0, np.abs(np.where(np.isfinite(limits.power_kw), limits.power_kw, 0.0)))
    if only_empty:
        beyond &= ~_plugged_in(problem)[limits.area]
    listed: Sequence[tuple[int, int]] = [(int(r), int(t)) for r, t in np.argwhere(beyond)]
    side = {1: "exceed", -1: "fall below"}
    return tuple(
        Finding(
            rule="limit.kept",
            path=f"limits[{row}].power_kw[{step}]",
            message=f"area {limits.area[row]} must {side[int(limits.direction[row])]} its limit of "
            f"{limits.power_kw[row, step]:.6g} kW by {excess[row, step]:.6g} kW at {grid.at(step).isoformat()}: "
            "no plan of these sessions avoids it",
            ids=(str(limits.area[row]),),
            value=f"{excess[row, step]:.6g}",
            limit=f"{limits.power_kw[row, step]:.6g}",
        )
        for row, step in listed
    )


def _plugged_in(problem: FleetProblem) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """Whether anything is plugged in, per area (with those inside) and step."""
    change = np.zeros((problem.areas, problem.grid.steps + 1))
    for listed in (problem.sessions, problem.bidirectional):
        np.add.at(change, (listed.area, listed.arrival), 1.0)
        np.add.at(change, (listed.area, listed.departure), -1.0)
    present: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = problem.area_sums(np.cumsum(change, axis=1)[:, :-1]) > 0
    return present


def name_unkept_above(found: Coordination, problem: FleetProblem) -> tuple[Finding, ...]:
    """Say that the areas above cannot keep their limits, without naming a least amount per step."""
    return (
        Finding(
            rule="limit.kept",
            path="limits",
            message="the limits of the areas around the streets cannot all be kept, whatever the sessions do; "
            f"the best bound reached is {found.bound_eur:.2f} euro",
            ids=tuple(str(a) for a in sorted(set(problem.parent[problem.parent >= 0].tolist()))),
        ),
    )
