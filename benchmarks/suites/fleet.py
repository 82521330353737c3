"""Suite ``fleet``: charging sessions from one to ten million, against the direct model and the peer's arrays.

The peer is the session-level model written as arrays and given to the solver's default method, which is what the
fastest open scheduler does once its own data handling is left out; what it needs with it is in the figures of the
reference instances (seconds of FlexMeasures 1.0.1 on the same files, measured elsewhere). Promises are about processor
seconds, which are those of a quiet machine: everything runs in one thread, but for nested areas, whose promise is about
wall-clock seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.generators.sessions import (
    country_parts,
    empty_country,
    generate_city,
    generate_district_week,
    generate_nested,
    read_reference,
)
from benchmarks.measure import Clock, Figures
from benchmarks.registry import Case, Target
from optimizer.errors import SolverError
from optimizer.fleet.session_program import build_session_program
from optimizer.problems.fleet import FleetProblem, Sessions
from optimizer.results.fleet import Schedules
from optimizer.runs.fleet import FleetOptions, FleetOutcome, plan_fleet
from optimizer.runs.fleet_stream import plan_fleet_stream
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession

REFERENCE_OPTIMA = {
    1: 1.7758327597,
    10: 14.6908747087,
    50: 118.6606697624,
    200: 494.5362872754,
    1_000: 2328.0323060530,
    10_000: 23620.4540989590,
}
REFERENCE_BIDIRECTIONAL = {10: 8.9732300684, 50: 79.1678996790, 200: 385.9739331114}
PEER_SECONDS = {1: 0.05, 10: 0.08, 50: 0.27, 200: 1.05, 1_000: 4.87}
STREETS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A fleet that comes in parts.

    Attributes:
        count: number of sessions.
        seed: seed of its parts.
    """

    count: int
    seed: int


def _given(data: Path | None) -> Path:
    if data is None:
        raise ValueError("this case reads its instances from the folder given with --data")
    return data


def reference(size: int, _seed: int, data: Path | None) -> FleetProblem:
    """Read a reference instance of sessions that only charge."""
    return read_reference(_given(data), f"ev_v1g_N{size}")


def reference_bidirectional(size: int, _seed: int, data: Path | None) -> FleetProblem:
    """Read a reference instance of bidirectional sessions."""
    return read_reference(_given(data), f"ev_v2g_N{size}")


def city(size: int, seed: int, _data: Path | None) -> FleetProblem:
    """Generate a city in one area."""
    return generate_city(size, seed)


def country(size: int, seed: int, _data: Path | None) -> Country:
    """Name a fleet that comes in parts."""
    return Country(count=size, seed=seed)


def nested(size: int, seed: int, _data: Path | None) -> FleetProblem:
    """Generate a city of a thousand streets, fewer where it is small."""
    return generate_nested(size, seed, min(STREETS, size // 200))


def district_week(size: int, seed: int, _data: Path | None) -> FleetProblem:
    """Generate a week of a district at minimum current."""
    return generate_district_week(size, seed)


def solve_with_ours(
    problem: FleetProblem, clock: Clock, gap: float = 1e-6, optima: dict[int, float] | None = None
) -> Figures:
    """Plan with the method chosen by size, schedules of every session and judgement included."""
    with clock.phase("plan"):
        outcome = plan_fleet(problem, options=FleetOptions(relative_gap=gap))
    figures = _figures(outcome)
    known = (optima or {}).get(len(problem.sessions) + len(problem.bidirectional))
    if known is not None:
        figures["distance to reference"] = (abs(figures["cost"][0] - known) / abs(known), "relative")
    for phase in ("aggregate", "coordinate", "disaggregate", "verify"):
        if phase in outcome.seconds:
            figures[f"{phase}, seconds of plan"] = (outcome.seconds[phase], "s")
    return figures


def solve_directly(problem: FleetProblem, clock: Clock, method: str) -> Figures:
    """Write every session on every step as arrays and solve once."""
    with clock.phase("build"):
        program, _ = build_session_program(problem)
    session = HighsSession(SolverOptions(method=method))
    with clock.phase("load"):
        session.load(program)
    with clock.phase("solve"):
        incumbent = session.run().incumbent
    if incumbent is None:
        raise SolverError("the direct model found nothing")
    return {"cost": (incumbent.objective, "EUR"), "columns": (program.columns, "columns")}


def stream_with_ours(wanted: Country, clock: Clock) -> Figures:
    """Plan in two passes; every part's schedules are made, judged and then dropped."""
    problem, handed = empty_country(wanted.count), 0

    def sink(rows: NDArray[np.int64], _sessions: Sessions, _schedules: Schedules) -> None:
        nonlocal handed
        handed += len(rows)

    with clock.phase("plan"):
        outcome = plan_fleet_stream(problem, lambda: country_parts(wanted.count, wanted.seed), sink)
    if outcome.plan is None or outcome.bound_eur is None or handed != wanted.count:
        raise SolverError("the stream did not plan every session")
    gap = (outcome.plan.cost_eur - outcome.bound_eur) / outcome.plan.cost_eur
    return {"cost": (outcome.plan.cost_eur, "EUR"), "gap": (gap, "relative")}


def _figures(outcome: FleetOutcome) -> dict[str, tuple[float, str]]:
    if outcome.plan is None or outcome.relative_gap is None:
        raise SolverError(f"the fleet ended with {outcome.stop.value}")
    return {
        "cost": (outcome.plan.cost_eur, "EUR"),
        "gap": (outcome.relative_gap, "relative"),
        "rounds": (float(len(outcome.rounds)), "rounds"),
    }


CASES = (
    Case(
        name="reference sessions",
        source="reference instances ev_v1g, optima by independent code",
        sizes=(1, 10, 50, 200, 1_000, 10_000),
        generate=reference,
        engines={
            "ours": partial(solve_with_ours, gap=1e-9, optima=REFERENCE_OPTIMA),
            "direct, interior point": partial(solve_directly, method="ipm"),
            "direct, default method": partial(solve_directly, method="choose"),
        },
        rival="direct, default method",
        agree={"cost": 1e-6},
        largest={"direct, interior point": 10_000, "direct, default method": 1_000},
        targets=(
            *(
                Target(engine="ours", phase="total", metric="cpu", sizes=(n,), at_most=s / 5)
                for n, s in PEER_SECONDS.items()
            ),
            Target(engine="ours", phase="total", metric="cpu", sizes=(10_000,), at_most=2.0),
            Target(engine="ours", phase="result", metric="distance to reference", at_most=1e-9),
        ),
        needs_data=True,
    ),
    Case(
        name="reference bidirectional",
        source="reference instances ev_v2g, optima by independent code",
        sizes=(10, 50, 200),
        generate=reference_bidirectional,
        engines={"ours": partial(solve_with_ours, optima=REFERENCE_BIDIRECTIONAL)},
        targets=(
            Target(engine="ours", phase="total", metric="cpu", at_most=2.0),
            Target(engine="ours", phase="result", metric="distance to reference", at_most=1e-9),
        ),
        needs_data=True,
    ),
    Case(
        name="city",
        source="generator generate_city",
        sizes=(200, 2_000, 20_000, 100_000, 1_000_000),
        generate=city,
        engines={
            "ours": solve_with_ours,
            "direct, interior point": partial(solve_directly, method="ipm"),
            "direct, default method": partial(solve_directly, method="choose"),
        },
        rival="direct, interior point",
        agree={"cost": 1e-6},
        largest={"direct, interior point": 2_000, "direct, default method": 2_000},
        targets=(
            Target(engine="ours", phase="total", metric="cpu", sizes=(20_000,), at_most=2.0),
            Target(engine="ours", phase="total", metric="cpu", sizes=(1_000_000,), at_most=10.0),
            Target(engine="ours", phase="total", metric="peak memory", sizes=(1_000_000,), at_most=2_000.0),
            Target(engine="ours", phase="result", metric="gap", at_most=1e-6),
        ),
    ),
    Case(
        name="country, streamed",
        source="generator country_parts",
        sizes=(2_000_000, 10_000_000),
        generate=country,
        engines={"ours": stream_with_ours},
        targets=(
            Target(engine="ours", phase="total", metric="cpu", sizes=(10_000_000,), at_most=120.0),
            Target(engine="ours", phase="total", metric="peak memory", at_most=2_000.0),
            Target(engine="ours", phase="result", metric="gap", at_most=1e-6),
        ),
    ),
    Case(
        name="nested areas",
        source="generator generate_nested: streets under ten transformers under one station",
        sizes=(4_000, 100_000, 1_000_000),
        generate=nested,
        engines={"ours": partial(solve_with_ours, gap=1e-3)},
        targets=(
            Target(engine="ours", phase="total", sizes=(1_000_000,), at_most=120.0),
            Target(engine="ours", phase="result", metric="gap", at_most=1e-3),
        ),
    ),
    Case(
        name="district week at 6 A",
        source="generator generate_district_week",
        sizes=(200, 2_000, 10_000),
        generate=district_week,
        engines={"ours": partial(solve_with_ours, gap=5e-3)},
        targets=(
            Target(engine="ours", phase="total", metric="cpu", sizes=(10_000,), at_most=60.0),
            Target(engine="ours", phase="result", metric="gap", sizes=(2_000, 10_000), at_most=5e-3),
        ),
    ),
)
