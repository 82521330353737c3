"""The shared rows of a fleet: every limit and every peak, one row per step, all written as "at most"."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.fleet import UPPER, FleetProblem, FloatArray

LongArray = NDArray[np.int64]

_PER_ROW = ("source", "area", "step", "sign", "level_kw", "price_eur_per_kw")


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LimitRows:
    """Rows ``sign * power of the fleet in the area <= level + slack``; arrays have one entry per row.

    Attributes:
        source: row of `AreaLimits`, or -1 for a peak row.
        area: area.
        step: step.
        sign: +1 for an upper, -1 for a lower limit.
        level_kw: right-hand side, with base load taken off.
        price_eur_per_kw: price of a kW of slack during one step; infinite where the row is hard.
        covers: whether the power of an area counts in another, shape (areas inside, areas around).
        peak_floor_kw: a bound that no peak can be below, for each area with a peak price, in order of area.
        peak_price: price per kW of peak for those areas.
        peak_area: those areas.
    """

    source: LongArray
    area: LongArray
    step: LongArray
    sign: FloatArray
    level_kw: FloatArray
    price_eur_per_kw: FloatArray
    covers: NDArray[np.bool_]
    peak_floor_kw: FloatArray
    peak_price: FloatArray
    peak_area: LongArray

    @classmethod
    def of(cls, problem: FleetProblem) -> LimitRows:
        """Write down the rows of a problem; levels at infinity are left out."""
        limits, steps = problem.limits, problem.grid.steps
        base = problem.area_sums(problem.base_load_kw)
        row, step = np.nonzero(np.isfinite(limits.power_kw))
        sign = limits.direction[row].astype(np.float64)
        area = limits.area[row].astype(np.int64)
        peak_area = np.flatnonzero(problem.peak_price_eur_per_kw > 0)
        return cls(
            source=np.concatenate([row, np.full(len(peak_area) * steps, -1)]),
            area=np.concatenate([area, np.repeat(peak_area, steps)]),
            step=np.concatenate([step, np.tile(np.arange(steps), len(peak_area))]),
            sign=np.concatenate([sign, np.ones(len(peak_area) * steps)]),
            level_kw=np.concatenate([sign * (limits.power_kw[row, step] - base[area, step]), -base[peak_area].ravel()]),
            price_eur_per_kw=np.concatenate(
                [limits.price_eur_per_kwh[row, step] * problem.step_h, np.full(len(peak_area) * steps, np.inf)]
            ),
            covers=_covers(problem),
            peak_floor_kw=_peak_floor(problem, base)[peak_area],
            peak_price=problem.peak_price_eur_per_kw[peak_area],
            peak_area=peak_area,
        )

    def __len__(self) -> int:
        return len(self.source)

    @property
    def priced(self) -> NDArray[np.bool_]:
        """Rows whose slack has a price."""
        return np.isfinite(self.price_eur_per_kw)

    @property
    def peak_of_row(self) -> LongArray:
        """Position among the peaks per row, -1 for a limit."""
        found = np.searchsorted(self.peak_area, self.area)
        return np.where(self.source < 0, found, -1)

    def take(self, chosen: NDArray[np.bool_], *, peaks: bool) -> LimitRows:
        """Some of the limit rows, with or without the peaks."""
        keep = np.flatnonzero(chosen & (self.source >= 0) | (peaks & (self.source < 0)))
        nothing = np.zeros(0)
        return replace(
            self,
            **{name: getattr(self, name)[keep] for name in _PER_ROW},
            peak_floor_kw=self.peak_floor_kw if peaks else nothing,
            peak_price=self.peak_price if peaks else nothing,
            peak_area=self.peak_area if peaks else nothing.astype(np.int64),
        )

    def of_area(self, area: int) -> LimitRows:
        """The limit rows of one area, as if it were the only one."""
        found = self.take(self.area == area, peaks=False)
        return replace(found, area=np.zeros(len(found), dtype=np.int64), covers=np.ones((1, 1), dtype=np.bool_))

    def energy_prices(self, price_eur_per_kw: FloatArray, duals: FloatArray) -> FloatArray:
        """Price that each area's fleet sees: energy minus the duals of every row around it, shape (areas, steps)."""
        own = np.zeros((self.covers.shape[0], len(price_eur_per_kw)))
        np.add.at(own, (self.area, self.step), self.sign * duals)
        return price_eur_per_kw[None, :] - self.covers.astype(np.float64) @ own

    def use(self, area_power_kw: FloatArray) -> FloatArray:
        """Left-hand side per row for the power of each area with all inside it, shape (areas, steps)."""
        return self.sign * area_power_kw[self.area, self.step]


def excess_of(problem: FleetProblem, area_power_kw: FloatArray) -> FloatArray:
    """Power beyond every limit row of the problem, shape (rows, steps); zero where the limit is kept."""
    limits = problem.limits
    total = (area_power_kw + problem.area_sums(problem.base_load_kw))[limits.area]
    beyond = np.where(limits.direction[:, None] == UPPER, total - limits.power_kw, limits.power_kw - total)
    return np.maximum(beyond, 0.0)


def cost_of(problem: FleetProblem, area_power_kw: FloatArray, excess_kw: FloatArray) -> float:
    """Cost of a plan in euro: energy, priced excess and peaks."""
    roots = problem.parent < 0
    energy = float((area_power_kw[roots].sum(axis=0) * problem.price_eur_per_kwh).sum()) * problem.step_h
    priced = np.isfinite(problem.limits.price_eur_per_kwh)
    slack = float((excess_kw[priced] * problem.limits.price_eur_per_kwh[priced]).sum()) * problem.step_h
    peak = (area_power_kw + problem.area_sums(problem.base_load_kw)).max(axis=1)
    return energy + slack + float(peak @ problem.peak_price_eur_per_kw)


def _covers(problem: FleetProblem) -> NDArray[np.bool_]:
    covers = np.zeros((problem.areas, problem.areas), dtype=np.bool_)
    for area in range(problem.areas):
        covers[area, list(problem.ancestors(area))] = True
    return covers


def _peak_floor(problem: FleetProblem, base_kw: FloatArray) -> FloatArray:
    """No peak is below the highest base load less everything that can be fed back."""
    fed = np.zeros(problem.areas)
    np.add.at(fed, problem.bidirectional.area, problem.bidirectional.discharge_kw)
    return np.asarray(base_kw.max(axis=1) - problem.area_sums(fed[:, None])[:, 0], dtype=np.float64)
