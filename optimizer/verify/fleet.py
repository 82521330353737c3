"""Judge a fleet plan from the problem and the plan alone: every session, every limit, every euro.

Nothing of the aggregation, the coordinator or the solver is used. Schedules are read block by block, so that judging a
million sessions takes seconds and no second copy.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding
from optimizer.problems.fleet import BidirectionalSessions, FleetProblem, FloatArray, Sessions
from optimizer.results.fleet import FleetPlan, Schedules

TOLERANCE = 1e-6
BLOCK_SESSIONS = 50_000
NAMED_SESSIONS = 100

LongArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Schedules of some sessions that lie together."""

    rows: LongArray
    owner: LongArray
    step: LongArray
    power: FloatArray
    begins: LongArray


def verify_fleet(problem: FleetProblem, plan: FleetPlan) -> tuple[Finding, ...]:
    """Return every fault of a plan; empty when it holds."""
    sessions, cars = problem.sessions, problem.bidirectional
    found = [*_shape_faults(sessions, plan.schedules, "session"), *_shape_faults(cars, plan.bidirectional, "battery")]
    if found:
        return tuple(found)
    power = np.zeros((problem.areas, problem.grid.steps))
    for block in _blocks(sessions, plan.schedules):
        found += _judge_sessions(problem, plan.missing_kwh, block)
        power += _area_power(problem, sessions, block)
    for block in _blocks(cars, plan.bidirectional):
        found += _battery_faults(problem, block)
        power += _area_power(problem, cars, block)
    power = problem.area_sums(power)
    return (*found, *verify_totals(problem, plan, power))


def verify_sessions(problem: FleetProblem, schedules: Schedules, missing_kwh: FloatArray) -> tuple[Finding, ...]:
    """Return every fault of the schedules of a problem's sessions alone, for a fleet that is judged in parts."""
    found = list(_shape_faults(problem.sessions, schedules, "session"))
    if found:
        return tuple(found)
    for block in _blocks(problem.sessions, schedules):
        found += _judge_sessions(problem, missing_kwh, block)
    return tuple(found)


def _shape_faults(sessions: Sessions | BidirectionalSessions, schedules: Schedules, kind: str) -> tuple[Finding, ...]:
    length = (sessions.departure - sessions.arrival).astype(np.int64)
    order = np.argsort(schedules.start, kind="stable")
    right = (
        len(schedules) == len(sessions)
        and np.array_equal(schedules.arrival, sessions.arrival)
        and np.array_equal(schedules.departure, sessions.departure)
        and np.array_equal(schedules.start[order], np.cumsum(length[order]) - length[order])
        and len(schedules.power_kw) == int(length.sum())
        and bool(np.isfinite(schedules.power_kw).all())
    )
    if right:
        return ()
    return (_fault(f"{kind}.schedule.shape", f"{kind}s", f"the plan does not hold one finite schedule per {kind}"),)


def _blocks(sessions: Sessions | BidirectionalSessions, schedules: Schedules) -> Iterator[_Block]:
    order = np.argsort(schedules.start, kind="stable")
    for at in range(0, len(order), BLOCK_SESSIONS):
        rows = order[at : at + BLOCK_SESSIONS]
        length = (sessions.departure[rows] - sessions.arrival[rows]).astype(np.int64)
        ends = np.cumsum(length)
        first = int(schedules.start[rows[0]])
        owner = np.repeat(np.arange(len(rows)), length)
        step = np.arange(int(ends[-1])) + np.repeat(sessions.arrival[rows] - (ends - length), length)
        yield _Block(rows, owner, step, schedules.power_kw[first : first + int(ends[-1])], ends - length)


def _area_power(problem: FleetProblem, sessions: Sessions | BidirectionalSessions, block: _Block) -> FloatArray:
    steps = problem.grid.steps
    cell = sessions.area[block.rows].astype(np.int64)[block.owner] * steps + block.step
    return np.asarray(np.bincount(cell, block.power, problem.areas * steps), dtype=np.float64).reshape(
        problem.areas, steps
    )


def _judge_sessions(problem: FleetProblem, missing_kwh: FloatArray, block: _Block) -> list[Finding]:
    sessions = problem.sessions.take(block.rows)
    energy = np.add.reduceat(block.power, block.begins) * problem.step_h * sessions.efficiency
    off = np.abs(energy + missing_kwh[block.rows] - sessions.energy_kwh)
    can = np.minimum(
        sessions.energy_kwh,
        (sessions.departure - sessions.arrival) * problem.step_h * sessions.power_kw * sessions.efficiency,
    )
    slack = TOLERANCE * np.maximum(1.0, sessions.power_kw)
    wrong = {
        "session.energy": off > TOLERANCE * np.maximum(1.0, sessions.energy_kwh),
        "session.missing": np.abs(sessions.energy_kwh - can - missing_kwh[block.rows]) > TOLERANCE,
        "session.power.least": np.minimum.reduceat(block.power, block.begins) < -slack,
        "session.power.most": np.maximum.reduceat(block.power, block.begins) > sessions.power_kw + slack,
        "session.minimum": _breaks_minimum(sessions, block),
    }
    words = {
        "session.energy": "does not receive its energy",
        "session.missing": "misses another energy than the plan says",
        "session.power.least": "has negative power",
        "session.power.most": "has more than its power",
        "session.minimum": "falls below its minimum or restarts",
    }
    return [
        _fault(rule, f"sessions[{row}]", f"session {row} {words[rule]}", str(row))
        for rule, mask in wrong.items()
        for row in block.rows[np.flatnonzero(mask)[:NAMED_SESSIONS]]
    ]


def _breaks_minimum(sessions: Sessions, block: _Block) -> NDArray[np.bool_]:
    """From its second step on a session with a minimum is at or above it until it stops for good."""
    if not (sessions.minimum_kw > 0).any():
        return np.zeros(len(sessions), dtype=np.bool_)
    least = sessions.minimum_kw[block.owner]
    later = block.step > sessions.arrival[block.owner]
    running = block.power > TOLERANCE
    low = running & later & (block.power < least - TOLERANCE)
    before = np.concatenate([[False], running[:-1]])
    restart = running & later & ~before
    # The first step may hold anything, zero too, while the session is on: only a later gap is a stop.
    second = block.step == sessions.arrival[block.owner] + 1
    bad = (low | (restart & ~second)) & (least > 0)
    marks = np.zeros(len(sessions), dtype=np.bool_)
    marks[block.owner[bad]] = True
    return marks


def _battery_faults(problem: FleetProblem, block: _Block) -> list[Finding]:
    cars, h = problem.bidirectional.take(block.rows), problem.step_h
    efficiency = cars.efficiency[block.owner]
    stored_flow = np.where(block.power >= 0, block.power * efficiency, block.power / efficiency) * h
    running = np.cumsum(stored_flow)
    before = running[block.begins] - stored_flow[block.begins]
    stored = cars.arrival_kwh[block.owner] + running - before[block.owner]
    slack = TOLERANCE * np.maximum(1.0, cars.capacity_kwh)
    ends = np.concatenate([block.begins[1:], [len(block.power)]]) - 1
    wrong = {
        "battery.charge": np.maximum.reduceat(block.power, block.begins) > cars.charge_kw + slack,
        "battery.discharge": np.minimum.reduceat(block.power, block.begins) < -cars.discharge_kw - slack,
        "battery.full": np.maximum.reduceat(stored, block.begins) > cars.capacity_kwh + slack,
        "battery.empty": np.minimum.reduceat(stored, block.begins) < -slack,
        "battery.target": stored[ends] < cars.target_kwh - slack,
    }
    return [
        _fault(rule, f"bidirectional[{row}]", f"battery {row} breaks {rule.split('.')[1]}", str(row))
        for rule, mask in wrong.items()
        for row in block.rows[np.flatnonzero(mask)[:NAMED_SESSIONS]]
    ]


def verify_totals(problem: FleetProblem, plan: FleetPlan, power: FloatArray) -> list[Finding]:
    """Return every fault of limits, excess and cost for the power of each area with all inside it, (areas, steps)."""
    found: list[Finding] = []
    scale = TOLERANCE * np.maximum(1.0, np.abs(power).max(initial=0.0))
    if plan.power_kw.shape != power.shape or np.abs(plan.power_kw - power).max(initial=0.0) > scale:
        found.append(_fault("area.power", "power_kw", "the power of an area is not the sum of its sessions"))
    limits, total = problem.limits, power + problem.area_sums(problem.base_load_kw)
    beyond = np.maximum(limits.direction[:, None] * (total[limits.area] - limits.power_kw), 0.0)
    tight = TOLERANCE * np.maximum(1.0, np.abs(np.where(np.isfinite(limits.power_kw), limits.power_kw, 0.0)))
    hard = ~np.isfinite(limits.price_eur_per_kwh)
    for row, step in np.argwhere(hard & (beyond > tight)):
        found.append(
            _fault(
                "area.limit",
                f"limits[{row}]",
                f"limit {row} of area {limits.area[row]} is passed by {beyond[row, step]:.6g} kW in step {step}",
                str(row),
            )
        )
    used = np.where(hard, 0.0, beyond)
    if plan.excess_kw.shape != used.shape or (np.abs(np.where(hard, 0.0, plan.excess_kw) - used) > 10 * tight).any():
        found.append(_fault("area.excess", "excess_kw", "the plan does not report the limits it pays for"))
    price = np.where(hard, 0.0, limits.price_eur_per_kwh)
    energy = float(power[problem.parent < 0].sum(axis=0) @ problem.price_eur_per_kwh) * problem.step_h
    cost = energy + float((used * price).sum()) * problem.step_h
    cost += float(total.max(axis=1) @ problem.peak_price_eur_per_kw)
    size = float(np.abs(power[problem.parent < 0].sum(axis=0)) @ np.abs(problem.price_eur_per_kwh)) * problem.step_h
    if abs(cost - plan.cost_eur) > TOLERANCE * max(1.0, size, abs(cost)):
        found.append(_fault("fleet.cost", "cost_eur", f"the plan costs {cost:.6f} euro, not {plan.cost_eur:.6f}"))
    return found


def _fault(rule: str, path: str, message: str, *ids: str) -> Finding:
    return Finding(rule=rule, path=path, message=message, ids=ids)
