"""The work of ``flexclear fleet plan``: read in parts, plan, write as it is made, show."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from api.cli.fleet_files import Sink, open_schedule_file, read_limits, read_session_parts
from api.cli.output import ExitCode, Output
from api.cli.progress import ProgressLine
from optimizer.fleet.coordinator import RoundListener
from optimizer.fleet.executor import dask_cluster
from optimizer.problems.fleet import FleetProblem, Sessions
from optimizer.results.fleet import FleetPlan, Round
from optimizer.runs.fleet import FleetOptions, plan_fleet
from optimizer.runs.fleet_stream import StreamOutcome, plan_fleet_stream
from optimizer.solver.outcome import Stop


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetCommand:
    """What was asked on the command line; see ``flexclear fleet plan --help``."""

    sessions: Path
    limit: Path
    out: Path | None
    chart: Path | None
    skip_invalid: bool
    relative_gap: float
    time_limit_s: float | None
    scheduler: str | None


def plan_from(command: FleetCommand, *, as_json: bool) -> ExitCode:
    """Plan the sessions of a file and show the outcome."""
    output = Output(as_json)
    with output.answering():
        problem = read_limits(command.limit)
        options = FleetOptions(
            relative_gap=command.relative_gap, time_limit_s=command.time_limit_s, skip_invalid=command.skip_invalid
        )
        with (
            open_schedule_file(command.out, problem.grid) as sink,
            ProgressLine(f"planning {command.sessions.name}") as progress,
        ):

            def watch(at: Round) -> bool:
                return progress.watch(f"round {at.number}", at.cost_eur, at.bound_eur)

            if _some_search(command.sessions, problem):
                outcome = _plan_whole(command, problem, options, sink, watch)
            else:
                outcome = plan_fleet_stream(
                    problem,
                    lambda: read_session_parts(command.sessions, problem.grid),
                    sink,
                    options=options,
                    listener=watch,
                )
        _show(output, problem, outcome)
        if command.chart is not None and outcome.plan is not None:
            draw_fleet(problem, outcome.plan, command.chart)
    if outcome.plan is None and outcome.stop is Stop.INFEASIBLE:
        return ExitCode.INFEASIBLE
    return ExitCode.DONE if outcome.plan is not None and outcome.stop.proven else ExitCode.UNPROVEN


def draw_fleet(problem: FleetProblem, plan: FleetPlan, path: Path) -> None:
    """Draw the power of the fleet on top of the base load, against the limit."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots()
    starts = np.array([start.replace(tzinfo=None) for start in problem.grid.local_starts()], dtype="datetime64[s]")
    base = problem.base_load_kw[0]
    axes.fill_between(starts, base, step="post", color="0.8", label="base load")
    axes.fill_between(starts, base, base + plan.power_kw[0], step="post", color="tab:blue", label="sessions")
    finite = np.where(np.isfinite(problem.limits.power_kw[0]), problem.limits.power_kw[0], np.nan)
    axes.step(starts, finite, where="post", color="tab:red", label="limit")
    axes.set_ylabel("kW")
    axes.legend()
    figure.autofmt_xdate()
    figure.savefig(path)


def _some_search(path: Path, problem: FleetProblem) -> bool:
    """Whether any session has a minimum current, so that it cannot be planned in a stream."""
    return any(bool((part.minimum_kw > 0).any()) for part in read_session_parts(path, problem.grid))


def _plan_whole(
    command: FleetCommand, problem: FleetProblem, options: FleetOptions, sink: Sink, watch: RoundListener
) -> StreamOutcome:
    sessions = Sessions.join(read_session_parts(command.sessions, problem.grid))
    with _executor(command.scheduler) as executor:
        found = plan_fleet(replace(problem, sessions=sessions), options=options, listener=watch, executor=executor)
    if found.plan is not None:
        sink(found.rows, found.problem.sessions, found.plan.schedules)
    return StreamOutcome(
        stop=found.stop,
        plan=found.plan,
        bound_eur=found.bound_eur,
        findings=found.findings,
        sessions=len(found.rows),
        virtual_sessions=0,
        rounds=found.rounds,
        seconds=found.seconds,
    )


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor | None]:
    if scheduler is None:
        yield None
        return
    with dask_cluster(scheduler) as executor:
        yield executor


def _show(output: Output, problem: FleetProblem, outcome: StreamOutcome) -> None:
    if outcome.findings:
        title = "No plan keeps every limit" if outcome.plan is None else "Left out or short"
        output.show_findings(title, outcome.findings)
    plan = outcome.plan
    gap = None
    if plan is not None and outcome.bound_eur is not None:
        gap = max(0.0, plan.cost_eur - outcome.bound_eur) / max(abs(plan.cost_eur), 1e-10)
    if output.as_json:
        output.write_json(
            {
                "status": outcome.stop,
                "sessions": outcome.sessions,
                "virtual_sessions": outcome.virtual_sessions,
                "cost_eur": None if plan is None else round(plan.cost_eur, 6),
                "bound_eur": None if outcome.bound_eur is None else round(outcome.bound_eur, 6),
                "relative_gap": gap,
                "start": problem.grid.start.isoformat(),
                "power_kw": [] if plan is None else np.round(plan.power_kw[0], 3).tolist(),
                "excess_kw": [] if plan is None else np.round(plan.excess_kw[0], 3).tolist(),
            }
        )
        return
    output.console.print(f"{outcome.sessions:,} sessions as {outcome.virtual_sessions:,} virtual sessions")
    if plan is not None:
        energy = float(plan.power_kw[0].sum()) * problem.step_h
        output.console.print(
            f"{outcome.stop.value}: {plan.cost_eur:,.2f} EUR for {energy:,.0f} kWh, "
            f"peak {plan.power_kw[0].max():,.1f} kW"
        )
        if plan.excess_kw.any():
            output.console.print(f"paid to pass the limit by up to {plan.excess_kw.max():,.1f} kW")
    if outcome.bound_eur is not None and gap is not None:
        output.console.print(f"bound {outcome.bound_eur:,.2f} EUR, proven gap {gap:.1e}, {len(outcome.rounds)} rounds")
