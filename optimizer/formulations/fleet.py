"""The session-level model of a fleet: every session on every step, written out.

It is what the coordinator and the hand-written arrays of `optimizer.fleet.session_program` are proven against.

Sets
    i    sessions; m those with a minimum; b bidirectional sessions; t steps of the session's own window
    r    limits with a finite level on step t; a areas with a peak price
Data
    price[t] EUR/kWh, h step in hours; P[i] kW, E[i] grid energy in kWh that can be received, m[i] minimum kW
    level[r, t] kW with base load taken off, s[r] = +1 upper or -1 lower, penalty[r, t] EUR/kWh
    C[b], D[b] kW, n[b] one-way efficiency, size[b], first[b], target[b] kWh
Variables
    power[i, t]       kW drawn by a session, 0..P
    on[m, t]          whether a session with a minimum charges; binary
    charge[b, t], discharge[b, t]   kW, 0..C and 0..D
    stored[b, t]      kWh at the end of step t, 0..size, at least target at departure
    charging[b, t]    whether the battery may draw rather than feed; binary, only where asked for
    excess[r, t]      kW beyond a priced limit
    peak[a]           kW, highest power of the area with its base load
Constraints
    energy[i]         sum of power = E / h
    below[m, t]       power <= P on;          above[m, t]  power >= m on, from the second step of the session
    stays_off[m, t]   on[t] <= on[t - 1], from the second step
    balance[b, t]     stored[t] = stored[t - 1] + h (n charge - discharge / n)
    draws[b, t]       charge <= C charging;   feeds[b, t]  discharge <= D (1 - charging)
    limit[r, t]       s (power in the area and inside it) - excess <= level
    highest[a, t]     power in the area + base load <= peak
Objective
    cost              h sum(price power) + h sum(penalty excess) + sum(peak price peak)
Source
    own; sessions with a minimum as in Brinkel et al., Nature Communications 2024 (s41467-024-48477-w).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyomo.environ as pyo

from optimizer.fleet.limit_rows import LimitRows
from optimizer.fleet.session_program import receivable_kwh
from optimizer.problems.fleet import FleetProblem


def build_fleet(problem: FleetProblem, exclusive: Iterable[tuple[int, int]] = ()) -> pyo.ConcreteModel:
    """Write the session-level model.

    Args:
        problem: a checked problem.
        exclusive: pairs (bidirectional session, step) on which charging and discharging exclude each other.
    """
    model = pyo.ConcreteModel(name="fleet")
    _add_sessions(model, problem)
    _add_minimum(model, problem)
    _add_bidirectional(model, problem, sorted(exclusive))
    _add_limits(model, problem)
    _add_cost(model, problem)
    return model


def _add_sessions(model: pyo.ConcreteModel, problem: FleetProblem) -> None:
    sessions = problem.sessions
    index = [(i, t) for i in range(len(sessions)) for t in range(sessions.arrival[i], sessions.departure[i])]
    model.power = pyo.Var(index, bounds=lambda _, i, _t: (0.0, float(sessions.power_kw[i])))
    received = receivable_kwh(problem) / problem.step_h

    def fill(block: pyo.ConcreteModel, i: int) -> pyo.Expression:
        return sum(block.power[i, t] for t in _window(sessions, i)) == float(received[i])

    model.energy = pyo.Constraint(range(len(sessions)), rule=fill)


def _add_minimum(model: pyo.ConcreteModel, problem: FleetProblem) -> None:
    sessions = problem.sessions
    chosen = [int(i) for i in np.flatnonzero(sessions.minimum_kw > 0)]
    every = [(i, t) for i in chosen for t in _window(sessions, i)]
    later = [(i, t) for i, t in every if t > sessions.arrival[i]]
    model.on = pyo.Var(every, domain=pyo.Binary)
    model.below = pyo.Constraint(
        every, rule=lambda m, i, t: m.power[i, t] - float(sessions.power_kw[i]) * m.on[i, t] <= 0.0
    )
    model.above = pyo.Constraint(
        later, rule=lambda m, i, t: m.power[i, t] - float(sessions.minimum_kw[i]) * m.on[i, t] >= 0.0
    )
    model.stays_off = pyo.Constraint(later, rule=lambda m, i, t: m.on[i, t] - m.on[i, t - 1] <= 0.0)


def _add_bidirectional(model: pyo.ConcreteModel, problem: FleetProblem, exclusive: list[tuple[int, int]]) -> None:
    cars, h = problem.bidirectional, problem.step_h
    index = [(b, t) for b in range(len(cars)) for t in _window(cars, b)]

    def stored_bounds(_: pyo.ConcreteModel, b: int, t: int) -> tuple[float, float]:
        last = t == cars.departure[b] - 1
        return (max(0.0, float(cars.target_kwh[b])) if last else 0.0, float(cars.capacity_kwh[b]))

    model.charge = pyo.Var(index, bounds=lambda _, b, _t: (0.0, float(cars.charge_kw[b])))
    model.discharge = pyo.Var(index, bounds=lambda _, b, _t: (0.0, float(cars.discharge_kw[b])))
    model.stored = pyo.Var(index, bounds=stored_bounds)

    def balance(m: pyo.ConcreteModel, b: int, t: int) -> pyo.Expression:
        efficiency = float(cars.efficiency[b])
        flow = h * efficiency * m.charge[b, t] - h / efficiency * m.discharge[b, t]
        if t == cars.arrival[b]:
            return m.stored[b, t] - flow == float(cars.arrival_kwh[b])
        return m.stored[b, t] - m.stored[b, t - 1] - flow == 0.0

    model.balance = pyo.Constraint(index, rule=balance)
    model.charging = pyo.Var(exclusive, domain=pyo.Binary)
    model.draws = pyo.Constraint(
        exclusive, rule=lambda m, b, t: m.charge[b, t] - float(cars.charge_kw[b]) * m.charging[b, t] <= 0.0
    )
    model.feeds = pyo.Constraint(
        exclusive,
        rule=lambda m, b, t: (
            m.discharge[b, t] + float(cars.discharge_kw[b]) * m.charging[b, t] <= float(cars.discharge_kw[b])
        ),
    )


def _add_limits(model: pyo.ConcreteModel, problem: FleetProblem) -> None:
    rows = LimitRows.of(problem)
    fleet = [_fleet_power(model, problem, area) for area in range(problem.areas)]
    limits = [k for k in range(len(rows)) if rows.source[k] >= 0]
    name = {k: (int(rows.source[k]), int(rows.step[k])) for k in limits}
    model.excess = pyo.Var([name[k] for k in limits if rows.priced[k]], bounds=(0.0, None))
    model.peak = pyo.Var(
        [int(a) for a in rows.peak_area],
        bounds=lambda _, a: (float(rows.peak_floor_kw[list(rows.peak_area).index(a)]), None),
    )
    model.limit = pyo.Constraint([name[k] for k in limits])
    for k in limits:
        left = float(rows.sign[k]) * fleet[rows.area[k]][rows.step[k]]
        if rows.priced[k]:
            left = left - model.excess[name[k]]
        # A row without variables cannot be kept or broken by the fleet: the run judges it beforehand.
        if not isinstance(left, float):
            model.limit[name[k]] = left <= float(rows.level_kw[k])
    model.highest = pyo.Constraint(pyo.Any)
    for k in np.flatnonzero(rows.source < 0).tolist():
        area, step = int(rows.area[k]), int(rows.step[k])
        model.highest[area, step] = fleet[area][step] - model.peak[area] <= float(rows.level_kw[k])


def _fleet_power(model: pyo.ConcreteModel, problem: FleetProblem, area: int) -> list[pyo.Expression]:
    """Power of the fleet of an area and of the areas inside it, per step."""
    total: list[pyo.Expression] = [0.0] * problem.grid.steps
    inside = LimitRows.of(problem).covers[:, area]
    for i in np.flatnonzero(inside[problem.sessions.area]):
        for t in _window(problem.sessions, int(i)):
            total[t] = total[t] + model.power[int(i), t]
    for b in np.flatnonzero(inside[problem.bidirectional.area]):
        for t in _window(problem.bidirectional, int(b)):
            total[t] = total[t] + model.charge[int(b), t] - model.discharge[int(b), t]
    return total


def _add_cost(model: pyo.ConcreteModel, problem: FleetProblem) -> None:
    h, price = problem.step_h, [float(p) for p in problem.price_eur_per_kwh]
    rows = LimitRows.of(problem)
    energy = sum(h * price[t] * model.power[i, t] for i, t in model.power)
    both = sum(h * price[t] * (model.charge[b, t] - model.discharge[b, t]) for b, t in model.charge)
    excess = sum(h * float(problem.limits.price_eur_per_kwh[r, t]) * model.excess[r, t] for r, t in model.excess)
    peak = sum(float(p) * model.peak[int(a)] for a, p in zip(rows.peak_area, rows.peak_price, strict=True))
    model.cost = pyo.Objective(expr=energy + both + excess + peak)


def _window(sessions: object, i: int) -> range:
    return range(int(sessions.arrival[i]), int(sessions.departure[i]))  # type: ignore[attr-defined]
