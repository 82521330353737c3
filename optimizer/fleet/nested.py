"""Fleets in many nested areas: streets keep their own limits, the coordinator sees what lies above them.

First the fleet is coordinated as if streets had no limits, which is quick because sessions then add up per transformer;
its duals prove a bound and are where the full coordination starts, close to where it ends.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.coordinator import Coordination, CoordinationOptions, Coordinator, RoundListener
from optimizer.fleet.limit_rows import LimitRows
from optimizer.fleet.oracles.limited_areas import LimitedAreasOracle
from optimizer.fleet.oracles.pausable import Disaggregation, PausableOracle
from optimizer.fleet.pricing import Pricing
from optimizer.fleet.virtual_sessions import aggregate
from optimizer.problems.fleet import FleetProblem
from optimizer.results.fleet import Schedules

MANY_AREAS = 16
SMOOTHING = 0.6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class NestedCoordination:
    """A coordination of nested areas and the way back to sessions.

    Attributes:
        found: what the coordinator knows.
        schedules: makes the schedules of the sessions.
        unkept: areas whose own limits no mixture has kept yet.
    """

    found: Coordination
    schedules: Callable[[], Schedules]
    unkept: tuple[int, ...]


def bottom_areas(problem: FleetProblem) -> NDArray[np.bool_]:
    """Mark areas without areas inside them, shape (areas,)."""
    bottom = np.ones(problem.areas, dtype=np.bool_)
    bottom[problem.parent[problem.parent >= 0]] = False
    return bottom


def suits_nesting(problem: FleetProblem) -> bool:
    """Whether many areas at the bottom have limits of their own and only pausable sessions and no peak prices."""
    bottom = bottom_areas(problem)
    limited = np.unique(problem.limits.area[np.isfinite(problem.limits.power_kw).any(axis=1)])
    return bool(
        bottom[limited].sum() >= MANY_AREAS
        and (problem.parent[limited[bottom[limited]]] >= 0).all()
        and not len(problem.bidirectional)
        and not (problem.sessions.minimum_kw > 0).any()
        and not problem.peak_price_eur_per_kw[bottom].any()
    )


def coordinate_nested(
    problem: FleetProblem, options: CoordinationOptions, listener: RoundListener | None = None
) -> NestedCoordination:
    """Coordinate a fleet whose bottom areas have limits of their own."""
    bottom = bottom_areas(problem)
    rows = LimitRows.of(problem)
    energy = problem.price_eur_per_kwh * problem.step_h
    above = rows.take(~bottom[rows.area], peaks=True)
    coarse = Coordinator(
        above,
        Pricing([_without_bottom(problem, bottom)]),
        energy,
        replace(options, relative_gap=2.0 * options.relative_gap),
    ).run()
    pausable = PausableOracle(aggregate([problem.sessions], problem.grid.steps, problem.step_h))
    oracle = LimitedAreasOracle(pausable, rows.take(bottom[rows.area], peaks=False), problem.parent)
    coordinator = Coordinator(above, Pricing([oracle]), energy, replace(options, smoothing=SMOOTHING))
    found = coordinator.run(listener, (), coarse.duals)

    def schedules() -> Schedules:
        mixture = oracle.mixture([detail[0] for detail in found.details], found.weights)
        return Disaggregation(pausable, problem.step_h, mixture).schedules(problem.sessions)

    return NestedCoordination(found=found, schedules=schedules, unkept=tuple(sorted(oracle.unkept)))


def _without_bottom(problem: FleetProblem, bottom: NDArray[np.bool_]) -> PausableOracle:
    """The sessions as if they stood in the areas around theirs."""
    area = problem.sessions.area
    moved = np.where(bottom[area] & (problem.parent[area] >= 0), problem.parent[area], area).astype(np.int32)
    return PausableOracle(aggregate([replace(problem.sessions, area=moved)], problem.grid.steps, problem.step_h))
