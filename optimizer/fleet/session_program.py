"""The session-level model of a fleet as arrays: what `optimizer.formulations.fleet` says, without the time to say it.

The formulation builds and compiles in seconds where these arrays take milliseconds, so small fleets would spend most of
their time in algebra; a test compares the two label by label on fleets with every option on and off.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.fleet.limit_rows import LimitRows
from optimizer.model.labels import LabelIndex, Labels
from optimizer.model.program import Objective, Program
from optimizer.problems.checks_fleet import missing_kwh
from optimizer.problems.fleet import BidirectionalSessions, FleetProblem, FloatArray, Sessions

LongArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SessionColumns:
    """Where the variables of the sessions are.

    Attributes:
        power: columns of `power` in order of session and step.
        charge: columns of `charge`.
        discharge: columns of `discharge`.
        stored: columns of `stored`.
    """

    power: slice
    charge: slice
    discharge: slice
    stored: slice


@dataclass(slots=True, eq=False)
class _Arrays:
    """Columns and rows under construction."""

    lower: list[FloatArray] = field(default_factory=list)
    upper: list[FloatArray] = field(default_factory=list)
    cost: list[FloatArray] = field(default_factory=list)
    integer: list[NDArray[np.bool_]] = field(default_factory=list)
    column_blocks: list[str] = field(default_factory=list)
    column_indices: list[LabelIndex] = field(default_factory=list)
    row_lower: list[FloatArray] = field(default_factory=list)
    row_upper: list[FloatArray] = field(default_factory=list)
    row_blocks: list[str] = field(default_factory=list)
    row_indices: list[LabelIndex] = field(default_factory=list)
    entries: list[tuple[LongArray, LongArray, FloatArray]] = field(default_factory=list)

    def add_columns(
        self,
        block: str,
        indices: Iterable[LabelIndex],
        lower: FloatArray,
        upper: FloatArray,
        cost: FloatArray,
        *,
        integer: bool = False,
    ) -> slice:
        first = len(self.column_blocks)
        self.column_indices += indices
        self.column_blocks += [block] * len(lower)
        self.lower.append(lower)
        self.upper.append(upper)
        self.cost.append(cost)
        self.integer.append(np.full(len(lower), integer))
        return slice(first, first + len(lower))

    def add_rows(
        self,
        block: str,
        indices: Iterable[LabelIndex],
        lower: FloatArray,
        upper: FloatArray,
        *parts: tuple[LongArray, LongArray, FloatArray],
    ) -> None:
        """Add rows; each part holds (row from 0, column, coefficient)."""
        first = len(self.row_blocks)
        self.row_indices += indices
        self.row_blocks += [block] * len(lower)
        self.row_lower.append(lower)
        self.row_upper.append(upper)
        self.entries += [(row + first, column, value) for row, column, value in parts]

    def finish(self) -> Program:
        shape = (len(self.row_blocks), len(self.column_blocks))
        row, column, value = (np.concatenate(parts) for parts in zip(*self.entries, strict=True))
        rows = csr_array((value, (row, column)), shape=shape)
        rows.sort_indices()
        return Program(
            name="fleet",
            objectives=(Objective(name="cost", costs=np.concatenate(self.cost)),),
            column_lower=np.concatenate(self.lower),
            column_upper=np.concatenate(self.upper),
            integer=np.concatenate(self.integer),
            rows=rows,
            row_lower=np.concatenate(self.row_lower),
            row_upper=np.concatenate(self.row_upper),
            column_labels=Labels(tuple(self.column_blocks), tuple(self.column_indices)),
            row_labels=Labels(tuple(self.row_blocks), tuple(self.row_indices)),
        )


def receivable_kwh(problem: FleetProblem) -> FloatArray:
    """Grid energy each session gets: what it needs, or all it can get while it stays."""
    sessions = problem.sessions
    return (sessions.energy_kwh - missing_kwh(sessions, problem.step_h)) / sessions.efficiency


def build_session_program(
    problem: FleetProblem, exclusive: Iterable[tuple[int, int]] = ()
) -> tuple[Program, SessionColumns]:
    """Write the session-level model of a checked problem as a program.

    Args:
        problem: a checked problem.
        exclusive: pairs (bidirectional session, step) on which charging and discharging exclude each other.
    """
    arrays = _Arrays()
    price = problem.price_eur_per_kwh * problem.step_h
    session, step = window_steps(problem.sessions)
    power = arrays.add_columns(
        "power",
        zip(session.tolist(), step.tolist(), strict=True),
        np.zeros(len(session)),
        problem.sessions.power_kw[session],
        price[step],
    )
    received = receivable_kwh(problem) / problem.step_h
    arrays.add_rows(
        "energy",
        ((i,) for i in range(len(received))),
        received,
        received,
        (session, _places(power), np.ones(len(session))),
    )
    _add_minimum(arrays, problem.sessions, session, step, power)
    columns = _add_bidirectional(arrays, problem, price, power, sorted(exclusive))
    _add_limits(arrays, problem, columns)
    return arrays.finish(), columns


def window_steps(sessions: Sessions | BidirectionalSessions) -> tuple[LongArray, LongArray]:
    """Session and step of every pair inside a window, in order of session and step."""
    length = (sessions.departure - sessions.arrival).astype(np.int64)
    session = np.repeat(np.arange(len(length)), length)
    within = np.arange(len(session)) - np.repeat(np.cumsum(length) - length, length)
    return session, sessions.arrival[session] + within


def _places(columns: slice) -> LongArray:
    return np.arange(columns.start, columns.stop, dtype=np.int64)


def _add_minimum(arrays: _Arrays, sessions: Sessions, session: LongArray, step: LongArray, power: slice) -> None:
    chosen = np.flatnonzero(sessions.minimum_kw[session] > 0)
    if not len(chosen):
        return
    i, t, of_power = session[chosen], step[chosen], power.start + chosen
    names = list(zip(i.tolist(), t.tolist(), strict=True))
    count = len(chosen)
    on = _places(arrays.add_columns("on", names, np.zeros(count), np.ones(count), np.zeros(count), integer=True))
    one, every = np.ones(count), np.arange(count)
    arrays.add_rows(
        "below",
        names,
        np.full(count, -np.inf),
        np.zeros(count),
        (every, of_power, one),
        (every, on, -sessions.power_kw[i]),
    )
    later = np.flatnonzero(t > sessions.arrival[i])
    some, after = np.arange(len(later)), [names[k] for k in later]
    arrays.add_rows(
        "above",
        after,
        np.zeros(len(later)),
        np.full(len(later), np.inf),
        (some, of_power[later], np.ones(len(later))),
        (some, on[later], -sessions.minimum_kw[i[later]]),
    )
    arrays.add_rows(
        "stays_off",
        after,
        np.full(len(later), -np.inf),
        np.zeros(len(later)),
        (some, on[later], np.ones(len(later))),
        (some, on[later] - 1, np.full(len(later), -1.0)),
    )


def _add_bidirectional(
    arrays: _Arrays, problem: FleetProblem, price: FloatArray, power: slice, exclusive: list[tuple[int, int]]
) -> SessionColumns:
    cars, h = problem.bidirectional, problem.step_h
    b, t = window_steps(cars)
    names, count = list(zip(b.tolist(), t.tolist(), strict=True)), len(b)
    zero, every = np.zeros(count), np.arange(count)
    charge = arrays.add_columns("charge", names, zero, cars.charge_kw[b], price[t])
    discharge = arrays.add_columns("discharge", names, zero, cars.discharge_kw[b], -price[t])
    last = t == cars.departure[b] - 1
    least = np.where(last, np.maximum(cars.target_kwh[b], 0.0), 0.0)
    stored = arrays.add_columns("stored", names, least, cars.capacity_kwh[b], zero)
    first = t == cars.arrival[b]
    level = np.where(first, cars.arrival_kwh[b], 0.0)
    later = np.flatnonzero(~first)
    if count:
        arrays.add_rows(
            "balance",
            names,
            level,
            level,
            (every, _places(stored), np.ones(count)),
            (later, stored.start + later - 1, np.full(len(later), -1.0)),
            (every, _places(charge), -h * cars.efficiency[b]),
            (every, _places(discharge), h / cars.efficiency[b]),
        )
    if exclusive:
        _add_exclusive(arrays, cars, names, exclusive, charge, discharge)
    return SessionColumns(power=power, charge=charge, discharge=discharge, stored=stored)


def _add_exclusive(
    arrays: _Arrays,
    cars: BidirectionalSessions,
    names: list[tuple[int, int]],
    exclusive: list[tuple[int, int]],
    charge: slice,
    discharge: slice,
) -> None:
    count, some = len(exclusive), np.arange(len(exclusive))
    place = {name: k for k, name in enumerate(names)}
    at = np.array([place[name] for name in exclusive])
    b = np.array([name[0] for name in exclusive])
    charging = _places(
        arrays.add_columns("charging", exclusive, np.zeros(count), np.ones(count), np.zeros(count), integer=True)
    )
    free, one = np.full(count, -np.inf), np.ones(count)
    arrays.add_rows(
        "draws",
        exclusive,
        free,
        np.zeros(count),
        (some, charge.start + at, one),
        (some, charging, -cars.charge_kw[b]),
    )
    arrays.add_rows(
        "feeds",
        exclusive,
        free,
        cars.discharge_kw[b],
        (some, discharge.start + at, one),
        (some, charging, cars.discharge_kw[b]),
    )


def _add_limits(arrays: _Arrays, problem: FleetProblem, columns: SessionColumns) -> None:
    rows = LimitRows.of(problem)
    limit = np.flatnonzero(rows.source >= 0)
    parts = _fleet_entries(problem, rows, columns, limit)
    touched = np.zeros(len(limit), dtype=np.bool_)
    for row, _, _ in parts:
        touched[row] = True
    touched |= rows.priced[limit]
    keep = np.flatnonzero(touched)
    if len(keep) < len(limit):
        limit = limit[keep]
        parts = _fleet_entries(problem, rows, columns, limit)
    names = list(zip(rows.source[limit].tolist(), rows.step[limit].tolist(), strict=True))
    priced = np.flatnonzero(rows.priced[limit])
    excess = arrays.add_columns(
        "excess",
        [names[k] for k in priced],
        np.zeros(len(priced)),
        np.full(len(priced), np.inf),
        rows.price_eur_per_kw[limit[priced]],
    )
    arrays.add_rows(
        "limit",
        names,
        np.full(len(limit), -np.inf),
        rows.level_kw[limit],
        *parts,
        (priced, _places(excess), np.full(len(priced), -1.0)),
    )
    highest = np.flatnonzero(rows.source < 0)
    if len(highest):
        peak = arrays.add_columns(
            "peak",
            [(int(a),) for a in rows.peak_area],
            rows.peak_floor_kw,
            np.full(len(rows.peak_area), np.inf),
            rows.peak_price,
        )
        arrays.add_rows(
            "highest",
            list(zip(rows.area[highest].tolist(), rows.step[highest].tolist(), strict=True)),
            np.full(len(highest), -np.inf),
            rows.level_kw[highest],
            *_fleet_entries(problem, rows, columns, highest),
            (np.arange(len(highest)), peak.start + rows.peak_of_row[highest], np.full(len(highest), -1.0)),
        )


def _fleet_entries(
    problem: FleetProblem, rows: LimitRows, columns: SessionColumns, chosen: LongArray
) -> list[tuple[LongArray, LongArray, FloatArray]]:
    """Entries of the fleet's power in the chosen shared rows, as (place among the chosen, column, coefficient)."""
    session, step = window_steps(problem.sessions)
    car, at = window_steps(problem.bidirectional)
    found: list[tuple[LongArray, LongArray, FloatArray]] = []
    keys = rows.source[chosen] * problem.areas + rows.area[chosen]
    for key in np.unique(keys):
        these = np.flatnonzero(keys == key)
        area, sign = int(rows.area[chosen[these[0]]]), float(rows.sign[chosen[these[0]]])
        place = np.full(problem.grid.steps, -1, dtype=np.int64)
        place[rows.step[chosen[these]]] = these
        for where, when, block, factor in (
            (problem.sessions.area[session], step, columns.power, 1.0),
            (problem.bidirectional.area[car], at, columns.charge, 1.0),
            (problem.bidirectional.area[car], at, columns.discharge, -1.0),
        ):
            inside = np.flatnonzero(rows.covers[where, area] & (place[when] >= 0))
            if len(inside):
                found.append((place[when[inside]], block.start + inside, np.full(len(inside), sign * factor)))
    return found
