"""Result of a redispatch clearing on the floor of numbers: units per order, coverage, cost and the proof."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problems.redispatch import FloatArray, RedispatchProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class StageResult:
    """One stage of the lexicographic optimum.

    Attributes:
        name: name of the objective.
        unit: unit of the figures.
        objective: value reached, recomputed from whole units.
        bound: proven lower bound, or None; equal to the objective when no whole value lies between them.
        tolerance: what later stages may give away on this objective.
        proven: whether the gap that was asked for is proven.
        seconds: wall-clock time in the solver.
        nodes: branch-and-bound nodes.
    """

    name: str
    unit: str
    objective: float
    bound: float | None
    tolerance: float
    proven: bool
    seconds: float
    nodes: int

    @property
    def gap(self) -> float | None:
        """Objective minus bound."""
        return None if self.bound is None else max(0.0, self.objective - self.bound)

    @property
    def exact(self) -> bool:
        """Whether no better value exists: objective and bound are the same."""
        return self.gap == 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchResult:
    """A balanced set of orders.

    Attributes:
        units: units taken per order, shape (N,).
        relief_lots: relief per need and step, shape (M, T).
        shortfall_lots: relief missing, shape (M, T).
        excess_lots: relief above the need, shape (M, T).
        overload_lots: change beyond each limit, shape (L, T); zero unless limits are soft.
        spread_cost_eur: sells minus buys at their own prices.
        stages: the proof, stage by stage.
        unique: whether the set was proven the only optimum before the time stamps had to decide; None when not asked.
        solver: solver and version.
    """

    units: FloatArray
    relief_lots: FloatArray
    shortfall_lots: FloatArray
    excess_lots: FloatArray
    overload_lots: FloatArray
    spread_cost_eur: float
    stages: tuple[StageResult, ...]
    unique: bool | None
    solver: str

    @property
    def proven(self) -> bool:
        """Whether every stage is proven."""
        return all(stage.proven for stage in self.stages)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RedispatchFigures:
    """What a choice of units amounts to; shapes as in `RedispatchResult`."""

    relief_lots: FloatArray
    shortfall_lots: FloatArray
    excess_lots: FloatArray
    overload_lots: FloatArray
    spread_cost_eur: float


def evaluate(problem: RedispatchProblem, units: FloatArray) -> RedispatchFigures:
    """Work out coverage and cost of a choice of units, shape (N,)."""
    needs, limits, steps = problem.needs, problem.limits, problem.steps
    relief = (problem.relief() @ units).reshape(len(needs), steps)
    change = problem.limit_change(units)
    above = np.maximum(change - limits.up_lots, 0.0) + np.maximum(-limits.down_lots - change, 0.0)
    return RedispatchFigures(
        relief_lots=relief,
        shortfall_lots=np.maximum(needs.required_lots - relief, 0.0),
        excess_lots=np.maximum(relief - needs.required_lots, 0.0),
        overload_lots=above,
        spread_cost_eur=spread_cost_eur(problem, units),
    )


def spread_cost_eur(problem: RedispatchProblem, units: FloatArray) -> float:
    """Cost of a choice of units, each order's cheapest tiers first, summed in whole granules."""
    orders = problem.orders
    of = orders.tier_order
    before = np.cumsum(orders.tier_units) - orders.tier_units
    before -= before[orders.tier_start[:-1]][of] if len(of) else 0.0
    taken = np.clip(units[of] - before, 0.0, orders.tier_units)
    granules = -orders.sign[of] * orders.tier_price_ticks * orders.unit_lot_steps[of] * taken
    return float(granules.sum()) * problem.granule_eur
