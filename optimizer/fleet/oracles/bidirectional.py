"""Bidirectional sessions and batteries: a small linear program per class, patched with new prices.

A class is a handful of batteries of one area. Where a response would charge and discharge at once (possible only at
prices below zero), that pair gets a binary and the class is solved again; nowhere else is there one.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace

import numpy as np

from optimizer.errors import SolverError
from optimizer.fleet.direct import BOTH_KW, schedules_in_order
from optimizer.fleet.oracles.oracle import Response
from optimizer.fleet.session_program import SessionColumns, build_session_program, window_steps
from optimizer.fleet.virtual_sessions import LongArray
from optimizer.model.program import Program
from optimizer.problems.fleet import (
    AreaLimits,
    BidirectionalSessions,
    FleetProblem,
    FloatArray,
    IntArray,
    Sessions,
)
from optimizer.results.fleet import Schedules
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent
from optimizer.solver.session import HighsSession

CLASS_SIZE = 20


class BidirectionalOracle:
    """Bidirectional sessions of a fleet in classes."""

    exact = True

    def __init__(self, problem: FleetProblem, *, class_size: int = CLASS_SIZE) -> None:
        self._cars = problem.bidirectional
        self._steps = problem.grid.steps
        self._step_h = problem.step_h
        order = np.lexsort((self._cars.departure, self._cars.arrival, self._cars.area))
        self._classes: Sequence[_BatteryClass] = [
            _BatteryClass(problem, rows)
            for area_rows in np.split(order, np.flatnonzero(np.diff(self._cars.area[order])) + 1)
            for rows in np.array_split(area_rows, max(1, -(-len(area_rows) // class_size)))
            if len(rows)
        ]

    @property
    def group_area(self) -> IntArray:
        """Area of each class."""
        return np.array([c.area for c in self._classes], dtype=np.int32)

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Solve every class at these prices; the detail is the net power per class, battery and step."""
        answers = [c.respond(price_eur_per_kw[c.area]) for c in self._classes]
        return Response(
            power_kw=np.stack([c.total(net) for c, (net, _) in zip(self._classes, answers, strict=True)]),
            own_cost_eur=np.zeros(len(answers)),
            bound_eur=np.array([bound for _, bound in answers]),
            detail=tuple(net for net, _ in answers),
        )

    def split(self, parts: int) -> tuple[BidirectionalOracle, ...]:
        """Cut by classes."""
        listed = list(self._classes)
        return tuple(
            self._of_classes(listed[int(cut[0]) : int(cut[-1]) + 1])
            for cut in np.array_split(np.arange(len(listed)), min(parts, len(listed)))
        )

    def join(self, details: Sequence[Sequence[FloatArray]]) -> Sequence[FloatArray]:
        """Net power of the classes of all parts."""
        return tuple(net for part in details for net in part)

    def _of_classes(self, classes: Sequence[_BatteryClass]) -> BidirectionalOracle:
        part = copy(self)
        part._classes = classes
        return part

    def schedules(self, details: Sequence[Sequence[FloatArray]], weights: FloatArray) -> Schedules:
        """Mix the net power of every battery, charging less where the mixture would overfill it."""
        session, _ = window_steps(self._cars)
        power = np.zeros(len(session))
        first = np.searchsorted(session, np.arange(len(self._cars)))
        for k, each in enumerate(self._classes):
            mixed = sum(weights[k, j] * details[j][k] for j in np.flatnonzero(weights[k]).tolist())
            length = (self._cars.departure - self._cars.arrival)[each.rows].astype(np.int64)
            places = np.concatenate(
                [np.arange(first[row], first[row] + n) for row, n in zip(each.rows, length, strict=True)]
            )
            power[places] = mixed
        kept = keep_within_capacity(self._cars, power, self._step_h)
        return schedules_in_order(self._cars.arrival, self._cars.departure, kept)


def keep_within_capacity(cars: BidirectionalSessions, power_kw: FloatArray, step_h: float) -> FloatArray:
    """Charge less wherever a battery would overfill; net power per pair of battery and step, in order of both.

    Mixing schedules that charge with schedules that discharge loses less energy than each of them, so a mixture can
    only hold too much, never too little.
    """
    length = (cars.departure - cars.arrival).astype(np.int64)
    first = np.cumsum(length) - length
    kept, stored = power_kw.copy(), cars.arrival_kwh.copy()
    for step in range(int(length.max(initial=0))):
        here = np.flatnonzero(length > step)
        at = first[here] + step
        power, efficiency = kept[at], cars.efficiency[here]
        room = (cars.capacity_kwh[here] - stored[here]) / (efficiency * step_h)
        power = np.where(power > 0, np.minimum(power, np.maximum(room, 0.0)), power)
        stored[here] += np.where(power > 0, power * efficiency, power / efficiency) * step_h
        kept[at] = power
    return kept


class _BatteryClass:
    """One linear program over a few batteries of one area."""

    def __init__(self, problem: FleetProblem, rows: LongArray) -> None:
        cars = problem.bidirectional.take(rows)
        self.rows = rows
        self.area = int(cars.area[0])
        nothing = np.zeros(0)
        self._problem = replace(
            problem,
            sessions=Sessions.of(nothing, nothing, nothing, nothing),
            bidirectional=replace(cars, area=np.zeros(len(cars), dtype=np.int32)),
            limits=AreaLimits.of(np.inf, problem.grid.steps),
            parent=np.array([-1], dtype=np.int32),
            base_load_kw=np.zeros((1, problem.grid.steps)),
            peak_price_eur_per_kw=np.zeros(1),
        )
        self._battery, self._step = window_steps(cars)
        self._program, self._columns = build_session_program(self._problem)

    def respond(self, price: FloatArray) -> tuple[FloatArray, float]:
        """Net power per pair of battery and step, and the least cost, at these prices."""
        found = self._solve(self._program, self._columns, price)
        both = np.minimum(found.values[self._columns.charge], found.values[self._columns.discharge]) > BOTH_KW
        columns = self._columns
        if both.any():
            exclusive = [(int(b), int(t)) for b, t in zip(self._battery, self._step, strict=True) if price[t] < 0]
            program, columns = build_session_program(self._problem, exclusive)
            found = self._solve(program, columns, price)
        return found.values[columns.charge] - found.values[columns.discharge], found.objective

    def total(self, net_kw: FloatArray) -> FloatArray:
        """Power of the class per step of the grid."""
        return np.asarray(np.bincount(self._step, net_kw, self._problem.grid.steps), dtype=np.float64)

    def _solve(self, program: Program, columns: SessionColumns, price: FloatArray) -> Incumbent:
        costs = np.zeros(program.columns)
        costs[columns.charge], costs[columns.discharge] = price[self._step], -price[self._step]
        # A fresh session each time: a warm one would answer ties by its history, and differently on another worker.
        session = HighsSession(SolverOptions(relative_gap=1e-9, feasibility_tolerance=1e-9))
        session.load(program)
        session.set_objective("prices", costs, 0.0)
        outcome = session.run()
        if outcome.incumbent is None:
            raise SolverError(f"a class of batteries ended with {outcome.stop.value}")
        return outcome.incumbent
