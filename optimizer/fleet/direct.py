"""Small fleets: the session-level model in one solve.

Interior point with crossover, because the model is a staircase of windows on which the simplex method is several times
slower. Batteries are free to charge and discharge at once in the linear program; where an optimum does, the pair of
step and battery gets its binary and the model is solved again, so no binary exists where none is needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.fleet.session_program import SessionColumns, build_session_program, window_steps
from optimizer.problems.fleet import FleetProblem, FloatArray, IntArray
from optimizer.results.fleet import Schedules
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Outcome, Stop
from optimizer.solver.session import HighsSession, ProgressListener

BOTH_KW = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class DirectSolution:
    """What the session-level model says.

    Attributes:
        outcome: what the solver knows; its bound holds for the model with every exclusion that was needed.
        power_kw: power per pair of session and step of its window, or None.
        net_kw: net power per pair of bidirectional session and step, or None.
        binaries: number of binaries that were needed to keep batteries from doing both at once.
    """

    outcome: Outcome
    power_kw: FloatArray | None
    net_kw: FloatArray | None
    binaries: int


def solve_directly(
    problem: FleetProblem,
    *,
    relative_gap: float = 1e-6,
    time_limit_s: float | None = None,
    listener: ProgressListener | None = None,
) -> DirectSolution:
    """Solve the session-level model of a checked problem with at least one session."""
    exclusive: set[tuple[int, int]] = set()
    options = SolverOptions(
        method="ipm", relative_gap=relative_gap, time_limit_s=time_limit_s, feasibility_tolerance=1e-9
    )
    while True:
        program, columns = build_session_program(problem, exclusive)
        session = HighsSession(options)
        session.load(program)
        outcome = session.run(listener=listener)
        if outcome.incumbent is None:
            return DirectSolution(outcome=outcome, power_kw=None, net_kw=None, binaries=len(exclusive))
        values = outcome.incumbent.values
        both = _does_both(problem, columns, values)
        if both <= exclusive or outcome.stop is Stop.TIME_LIMIT:
            return DirectSolution(
                outcome=outcome,
                power_kw=np.clip(values[columns.power], program.column_lower[columns.power], None),
                net_kw=values[columns.charge] - values[columns.discharge],
                binaries=len(exclusive),
            )
        exclusive |= both


def schedules_in_order(arrival: IntArray, departure: IntArray, power_kw: FloatArray) -> Schedules:
    """Schedules whose flat power is in order of session and step."""
    length = (departure - arrival).astype(np.int64)
    return Schedules(
        start=np.cumsum(length) - length,
        arrival=arrival,
        departure=departure,
        power_kw=power_kw,
    )


def _does_both(problem: FleetProblem, columns: SessionColumns, values: FloatArray) -> set[tuple[int, int]]:
    battery, step = window_steps(problem.bidirectional)
    both = np.flatnonzero(np.minimum(values[columns.charge], values[columns.discharge]) > BOTH_KW)
    return {(int(battery[k]), int(step[k])) for k in both}
