"""A fleet of charging sessions under shared limits, as arrays.

Sign convention: consumption is positive power. Power is in kW at the grid side, energy in kWh in the battery, prices
in EUR/kWh. Steps are counted from the start of the grid; a departure is the first step without the car, so that a
session that crosses midnight is just a pair of step numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from optimizer.timegrid import TimeGrid

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int32]

UPPER = 1
LOWER = -1


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Sessions:
    """Charging sessions; every array has shape (sessions,).

    Attributes:
        arrival: first step in which the car is plugged in.
        departure: first step in which it is gone.
        energy_kwh: energy to be added to the battery before departure.
        power_kw: greatest power at the grid side.
        efficiency: battery energy per grid energy, in (0, 1].
        area: position of the area in which the session takes place.
        minimum_kw: least power while charging; 0 for a session that may pause. A session with a minimum starts at
            arrival (its first step may be below the minimum) and does not restart once it has stopped.
    """

    arrival: IntArray
    departure: IntArray
    energy_kwh: FloatArray
    power_kw: FloatArray
    efficiency: FloatArray
    area: IntArray
    minimum_kw: FloatArray

    @classmethod
    def of(
        cls,
        arrival: ArrayLike,
        departure: ArrayLike,
        energy_kwh: ArrayLike,
        power_kw: ArrayLike,
        *,
        efficiency: ArrayLike = 1.0,
        area: ArrayLike = 0,
        minimum_kw: ArrayLike = 0.0,
    ) -> Self:
        """Build sessions from anything array-like; scalars hold for every session."""
        first = np.asarray(arrival, dtype=np.int32)

        def floats(values: ArrayLike) -> FloatArray:
            return np.array(np.broadcast_to(np.asarray(values, dtype=np.float64), first.shape))

        def integers(values: ArrayLike) -> IntArray:
            return np.array(np.broadcast_to(np.asarray(values, dtype=np.int32), first.shape))

        return cls(
            arrival=integers(first),
            departure=integers(departure),
            energy_kwh=floats(energy_kwh),
            power_kw=floats(power_kw),
            efficiency=floats(efficiency),
            area=integers(area),
            minimum_kw=floats(minimum_kw),
        )

    def __len__(self) -> int:
        return len(self.arrival)

    @property
    def grid_kwh(self) -> FloatArray:
        """Energy to be drawn from the grid."""
        return self.energy_kwh / self.efficiency

    def full_steps(self, step_h: float) -> FloatArray:
        """Steps at full power that the energy takes, not rounded."""
        return self.grid_kwh / (self.power_kw * step_h)

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Put several tables below each other."""
        listed = list(parts)
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in listed]) for f in fields(cls)})

    def take(self, rows: ArrayLike) -> Self:
        """The sessions at these rows (positions, a mask or a slice)."""
        chosen = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class BidirectionalSessions:
    """Sessions that may feed back, and stationary batteries (plugged in on every step); arrays of shape (sessions,).

    Attributes:
        arrival: first step plugged in.
        departure: first step gone.
        charge_kw: greatest power drawn from the grid.
        discharge_kw: greatest power fed into the grid, positive.
        efficiency: one-way efficiency, in (0, 1], for charging and for discharging.
        capacity_kwh: size of the battery.
        arrival_kwh: energy in the battery at arrival.
        target_kwh: least energy in the battery at departure.
        area: position of the area.
    """

    arrival: IntArray
    departure: IntArray
    charge_kw: FloatArray
    discharge_kw: FloatArray
    efficiency: FloatArray
    capacity_kwh: FloatArray
    arrival_kwh: FloatArray
    target_kwh: FloatArray
    area: IntArray

    @classmethod
    def none(cls) -> Self:
        """No bidirectional sessions."""
        whole, real = np.zeros(0, dtype=np.int32), np.zeros(0)
        return cls(
            arrival=whole,
            departure=whole,
            charge_kw=real,
            discharge_kw=real,
            efficiency=real,
            capacity_kwh=real,
            arrival_kwh=real,
            target_kwh=real,
            area=whole,
        )

    def __len__(self) -> int:
        return len(self.arrival)

    def take(self, rows: ArrayLike) -> Self:
        """The sessions at these rows."""
        chosen = rows if isinstance(rows, slice) else np.asarray(rows)
        return type(self)(**{f.name: getattr(self, f.name)[chosen] for f in fields(self)})


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AreaLimits:
    """Limits on the power of areas, hard or at a price.

    One row says: on every step the power of the area (its fleet, the fleets of the areas inside it, and its own base
    load) stays at or below (direction +1) or at or above (direction -1) a level. Where the price is infinite the row
    is hard, where it is finite every kWh beyond the level costs it, and a level that is infinite says nothing. Several
    rows on one area make a convex cost curve; a cleared obligation is a row relative to the baseline.

    Attributes:
        area: position of the area per row, shape (rows,).
        direction: +1 upper or -1 lower, shape (rows,).
        power_kw: level, shape (rows, steps).
        price_eur_per_kwh: price beyond the level, shape (rows, steps).
    """

    area: IntArray
    direction: IntArray
    power_kw: FloatArray
    price_eur_per_kwh: FloatArray

    @classmethod
    def of(
        cls, power_kw: ArrayLike, steps: int, *, area: int = 0, price: ArrayLike = np.inf, direction: int = UPPER
    ) -> Self:
        """One row: a limit for one area; scalars hold on every step."""
        shape = (1, steps)
        return cls(
            area=np.array([area], dtype=np.int32),
            direction=np.array([direction], dtype=np.int32),
            power_kw=np.array(np.broadcast_to(np.asarray(power_kw, dtype=np.float64), shape)),
            price_eur_per_kwh=np.array(np.broadcast_to(np.asarray(price, dtype=np.float64), shape)),
        )

    @classmethod
    def obligation(
        cls,
        baseline_kw: ArrayLike,
        volume_kw: ArrayLike,
        steps: int,
        *,
        direction: int,
        area: int = 0,
        price: ArrayLike = np.inf,
    ) -> Self:
        """A cleared obligation: consume at least ``volume_kw`` less (direction +1) or more (-1) than the baseline.

        Steps with volume 0 carry no obligation. Use ``UPPER`` for a reduction, because it caps the power, and
        ``LOWER`` for an increase.
        """
        volume = np.broadcast_to(np.asarray(volume_kw, dtype=np.float64), (steps,))
        level = np.broadcast_to(np.asarray(baseline_kw, dtype=np.float64), (steps,)) - direction * volume
        return cls.of(
            np.where(volume > 0, level, direction * np.inf), steps, area=area, price=price, direction=direction
        )

    @classmethod
    def curve(cls, threshold_kw: ArrayLike, extra_price: Sequence[float], steps: int, *, area: int = 0) -> Self:
        """A convex cost curve: above the k-th threshold every kWh costs ``extra_price[k]`` more than below it.

        Args:
            threshold_kw: thresholds, shape (pieces,) or (pieces, steps), rising.
            extra_price: price added at each threshold in EUR/kWh, positive.
            steps: number of steps.
            area: position of the area.
        """
        levels = np.asarray(threshold_kw, dtype=np.float64)
        return cls.join(cls.of(level, steps, area=area, price=p) for level, p in zip(levels, extra_price, strict=True))

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Put the rows of several limits below each other."""
        listed = list(parts)
        return cls(**{f.name: np.concatenate([getattr(part, f.name) for part in listed]) for f in fields(cls)})

    def __len__(self) -> int:
        return len(self.area)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FleetProblem:
    """Plan every session at least cost within all limits.

    Attributes:
        grid: time steps.
        sessions: sessions that only charge.
        price_eur_per_kwh: price of energy per step, shape (steps,).
        limits: limits per area.
        parent: area that contains each area, -1 for none, shape (areas,); a parent comes before its children.
        base_load_kw: load of each area beside its fleet and beside the areas inside it, shape (areas, steps); it
            counts for the area itself and every area around it.
        bidirectional: sessions that may feed back, and batteries.
        peak_price_eur_per_kw: price of the highest power of each area over the horizon, shape (areas,).
    """

    grid: TimeGrid
    sessions: Sessions
    price_eur_per_kwh: FloatArray
    limits: AreaLimits
    parent: IntArray
    base_load_kw: FloatArray
    bidirectional: BidirectionalSessions
    peak_price_eur_per_kw: FloatArray

    @classmethod
    def of(
        cls,
        grid: TimeGrid,
        sessions: Sessions,
        price_eur_per_kwh: ArrayLike,
        *,
        limits: AreaLimits | Sequence[AreaLimits] = (),
        parent: ArrayLike = (-1,),
        base_load_kw: ArrayLike = 0.0,
        bidirectional: BidirectionalSessions | None = None,
        peak_price_eur_per_kw: ArrayLike = 0.0,
    ) -> Self:
        """Build a problem; one area without limits and without base load unless stated."""
        steps = grid.steps
        tree = np.asarray(parent, dtype=np.int32)
        rows = [limits] if isinstance(limits, AreaLimits) else list(limits)
        nothing = AreaLimits.of(np.inf, steps)
        return cls(
            grid=grid,
            sessions=sessions,
            price_eur_per_kwh=np.array(np.broadcast_to(np.asarray(price_eur_per_kwh, dtype=np.float64), (steps,))),
            limits=AreaLimits.join(rows) if rows else nothing,
            parent=tree,
            base_load_kw=np.array(np.broadcast_to(np.asarray(base_load_kw, dtype=np.float64), (len(tree), steps))),
            bidirectional=bidirectional or BidirectionalSessions.none(),
            peak_price_eur_per_kw=np.array(
                np.broadcast_to(np.asarray(peak_price_eur_per_kw, dtype=np.float64), (len(tree),))
            ),
        )

    @property
    def areas(self) -> int:
        """Number of areas."""
        return len(self.parent)

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.grid.step_h

    def area_sums(self, power_kw: FloatArray) -> FloatArray:
        """Add to each area what the areas inside it hold; (areas, ...) in, the same shape out."""
        total = np.array(power_kw, dtype=np.float64)
        for area in range(self.areas - 1, -1, -1):
            if self.parent[area] >= 0:
                total[self.parent[area]] += total[area]
        return total

    def ancestors(self, area: int) -> tuple[int, ...]:
        """The area itself and every area around it, inside first."""
        chain = [area]
        while self.parent[chain[-1]] >= 0:
            chain.append(int(self.parent[chain[-1]]))
        return tuple(chain)
