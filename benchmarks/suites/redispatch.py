"""Suite ``redispatch``: from an order book to a verified clearing, against plain Pyomo and HiGHS.

Generated books come from `benchmarks.generators.redispatch_books`; ``open`` is the way from market orders to arrays.
Published instances (``--data`` folder with ``area_*.json`` and ``grid_*.json``) are cleared under their own objective,
one price for shortage or overload and divisible orders; their best known values are the targets.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.generators.redispatch_books import GeneratedBook, generate_book
from benchmarks.generators.redispatch_instances import read_instance
from benchmarks.measure import Clock, Figures
from benchmarks.peers.textbook_redispatch import solve_stages
from benchmarks.registry import Case, Generator, Target
from market.clearing.redispatch import RedispatchOptions, open_book, price_excess
from optimizer.errors import VerificationError
from optimizer.formulations.redispatch import build_redispatch
from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.problems.checks_redispatch import check_redispatch
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import RedispatchResult
from optimizer.runs.redispatch import conclude, solve_redispatch
from optimizer.runs.redispatch_explain import RedispatchQuestions
from optimizer.runs.redispatch_limits import clear_with_needed_limits
from optimizer.runs.redispatch_session import RedispatchSession
from optimizer.runs.redispatch_stages import RedispatchRun
from optimizer.verify.redispatch import verify_redispatch

TIME_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A generated profile and the gap that is proven on it."""

    profile: str
    gap: float


def generator(profile: str) -> Generator:
    """Generate books of one profile."""

    def generate(orders: int, seed: int, _data: Path | None) -> GeneratedBook:
        return generate_book(profile, orders=orders, seed=seed)

    return generate


def clear(gap: float) -> Callable[[GeneratedBook, Clock], Figures]:
    """Clear a generated book with ours."""

    def engine(book: GeneratedBook, clock: Clock) -> Figures:
        problem = _open(book, clock)
        with clock.phase("build", in_total=False):
            compile_redispatch(problem)
        return _figures(_clear(problem, clock, RedispatchRun(relative_gap=gap, time_limit_s=TIME_LIMIT_S, ties=False)))

    return engine


def clear_by_textbook(gap: float) -> Callable[[GeneratedBook, Clock], Figures]:
    """Clear a generated book with the Pyomo formulation and Pyomo's interface to HiGHS."""

    def engine(book: GeneratedBook, clock: Clock) -> Figures:
        problem = _open(book, clock)
        with clock.phase("build"):
            model = build_redispatch(problem)
        with clock.phase("solve"):
            values = solve_stages(model, relative_gap=gap, time_limit_s=TIME_LIMIT_S)
        return {
            "shortfall": (values.get("least_shortfall", np.nan), "lots x steps"),
            "cost": (values.get("least_cost", np.nan), "EUR"),
        }

    return engine


def clear_again(book: GeneratedBook, clock: Clock) -> Figures:
    """Clear, then withdraw three accepted orders one after the other and accept a set proven within 5 %."""
    problem = _open(book, clock)
    session = RedispatchSession(problem, RedispatchRun(relative_gap=1e-3, ties=False, time_limit_s=TIME_LIMIT_S))
    rng = np.random.default_rng(0)
    gaps, times = [0.0], 0
    for _ in range(3):
        taken = [session.problem.orders.ids[k] for k in np.flatnonzero(session.result.units > 0).tolist()]
        if not taken:
            break
        times += 1
        with clock.phase("again", in_total=False):
            result = session.withdraw([taken[int(rng.integers(len(taken)))]], within=0.05)
        stage = result.stages[-1]
        gaps.append((stage.gap or 0.0) / max(abs(stage.objective), 1e-9))
    return {
        "seconds per withdrawal": (clock.cpu.get("again", 0.0) / max(times, 1), "CPU s"),
        "largest gap": (max(gaps), "relative"),
    }


def price_losers(book: GeneratedBook, clock: Clock) -> Figures:
    """Exact winning prices of all losing orders, at most 300."""
    problem = _open(book, clock)
    result = solve_redispatch(problem, RedispatchRun(ties=False))
    losers = np.flatnonzero(result.units <= 0)[:300].tolist()
    with clock.phase("explain"):
        questions = RedispatchQuestions(problem)
        prices = [questions.winning_price_ticks(order) for order in losers]
    return {
        "losers": (float(len(losers)), "orders"),
        "with a price": (float(sum(price is not None for price in prices)), "orders"),
    }


def instance(name: str) -> Generator:
    """Read a published instance."""

    def generate(_size: int, _seed: int, data: Path | None) -> RedispatchProblem:
        if data is None:
            raise ValueError(f"{name} needs the folder of published instances")
        return read_instance(data / f"{name}.json")

    return generate


def clear_instance(problem: RedispatchProblem, clock: Clock) -> Figures:
    """Clear a published instance to a relative gap of 1e-6."""
    return _figures(_clear(problem, clock, RedispatchRun(relative_gap=1e-6, ties=False)))


def _open(book: GeneratedBook, clock: Clock) -> RedispatchProblem:
    options = RedispatchOptions()
    with clock.phase("open"):
        opened = open_book(book.needs, book.orders, book.connections, headroom=book.headroom, options=options)
        return price_excess(opened.problem, options)


def _clear(problem: RedispatchProblem, clock: Clock, run: RedispatchRun) -> RedispatchResult:
    with clock.phase("validate"):
        faults = check_redispatch(problem)
    with clock.phase("solve"):
        cleared = clear_with_needed_limits(problem, run)
        result = conclude(problem, cleared.units, cleared.stages, cleared.unique)
    with clock.phase("verify"):
        faults += verify_redispatch(problem, result)
    if faults:
        raise VerificationError(faults)
    return result


def _figures(result: RedispatchResult) -> Figures:
    cost = result.stages[-1]
    return {
        "shortfall": (float(result.shortfall_lots.sum()), "lots x steps"),
        "cost": (cost.objective, "EUR"),
        "bound": (np.nan if cost.bound is None else cost.bound, "EUR"),
        "gap": (np.nan if cost.gap is None else cost.gap / max(abs(cost.objective), 1e-9), "relative"),
    }


def _book(promise: Promise, sizes: tuple[int, ...], *targets: Target, largest: int) -> Case:
    return Case(
        name=promise.profile,
        source="benchmarks.generators.redispatch_books, calibration in its docstring",
        sizes=sizes,
        generate=generator(promise.profile),
        engines={"ours": clear(promise.gap), "textbook": clear_by_textbook(promise.gap)},
        rival="textbook",
        agree={} if promise.profile == "blocks" else {"shortfall": 1e-6, "cost": 3 * promise.gap},
        targets=targets,
        largest={"textbook": largest},
    )


def _published(name: str, size: int, best_eur: float, seconds: float) -> Case:
    return Case(
        name=name,
        source="redispatch-instance/1; best known value of an independent model with HiGHS 1.15.1",
        sizes=(size,),
        generate=instance(name),
        engines={"ours": clear_instance},
        targets=(
            Target(engine="ours", phase="total", at_most=seconds),
            Target(engine="ours", phase="result", metric="cost", at_most=best_eur * (1 + 1e-6)),
            Target(engine="ours", phase="result", metric="bound", at_least=best_eur * (1 - 2e-6)),
        ),
        needs_data=True,
    )


def _fast(size: int, seconds: float) -> Target:
    return Target(engine="ours", phase="total", sizes=(size,), at_most=seconds)


def _proven(size: int, gap: float) -> Target:
    return Target(engine="ours", phase="result", metric="gap", sizes=(size,), at_most=gap)


CASES = (
    _book(Promise(profile="gopacs_dso", gap=1e-6), (10, 60), _fast(60, 0.5), _proven(60, 1e-6), largest=60),
    _book(Promise(profile="gopacs_tso", gap=1e-6), (10, 120), _fast(120, 0.5), _proven(120, 1e-6), largest=120),
    _book(
        Promise(profile="national", gap=1e-3),
        (60, 10_000, 100_000),
        _fast(10_000, 3.0),
        _proven(10_000, 1e-3),
        _fast(100_000, 60.0),
        _proven(100_000, 1e-3),
        Target(engine="ours", phase="total", metric="peak memory", sizes=(100_000,), at_most=4000.0),
        largest=10_000,
    ),
    _book(Promise(profile="blocks", gap=3e-2), (20, 1_000), _fast(1_000, 60.0), _proven(1_000, 3e-2), largest=1_000),
    Case(
        name="clear again",
        source="gopacs_tso book, three accepted orders withdrawn in turn",
        sizes=(30, 1_000),
        generate=generator("gopacs_tso"),
        engines={"ours": clear_again},
        targets=(Target(engine="ours", phase="result", metric="seconds per withdrawal", sizes=(1_000,), at_most=0.2),),
    ),
    Case(
        name="price losers",
        source="gopacs_tso book, every losing order",
        sizes=(20, 300),
        generate=generator("gopacs_tso"),
        engines={"ours": price_losers},
        targets=(Target(engine="ours", phase="explain", sizes=(300,), at_most=30.0),),
    ),
    _published("area_100x4_s104", 100, 1019.639, 0.5),
    _published("area_1000x96_s1096", 1000, 4767.833, 0.5),
    _published("area_5000x96_s5096", 5000, 11205.589, 2.0),
    _published("grid_case24_100x4_s104", 100, 157814.052, 0.5),
    _published("grid_case24_1000x24_grp_s7", 1000, 95994.793, 10.0),
    _published("grid_case118_1000x24_s6", 1000, 109746.708, 10.0),
    _published("grid_case24_1000x96_s1096", 1000, 1005605.571, 60.0),
)
