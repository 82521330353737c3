"""Suite ``tender``: real windows, a season proven to 1e-4, five years by cuts, prices of losers.

``nged`` replays a British operator's windows (``--data`` with the folder of ``offers.parquet``) under three rules and
counts rejections found and false rejections; money is GBP for an hour of service of every window. ``season`` and
``regional`` are drawn, see `benchmarks.generators.tenders`. The size is the number of bids. ``written out`` is the same
model with every call of every event as a variable.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from benchmarks.generators.tenders import GeneratedTender, generate_tender
from benchmarks.measure import Clock, Figures
from benchmarks.registry import Case, Target
from market.clearing.tender import Method, choose_engine
from market.clearing.tender_prices import winning_price
from market.clearing.tender_problem import TenderBook, write_book
from market.replay.nged import (
    ReplayWindow,
    accept_optimum,
    accept_under_cap,
    accept_up_to_crossing,
    read_windows,
)
from optimizer.runs.tender import TenderRun
from optimizer.runs.tender_decomposed import DecomposedTender
from optimizer.solver.options import SolverOptions


def season(bids: int, seed: int, _data: Path | None) -> GeneratedTender:
    """Draw one winter with ten scenarios."""
    return generate_tender("season", bids, seed)


def regional(bids: int, seed: int, _data: Path | None) -> GeneratedTender:
    """Draw five years with twenty scenarios of 1,000 congested hours."""
    return generate_tender("regional", bids, seed)


def nged(_size: int, _seed: int, data: Path | None) -> tuple[ReplayWindow, ...]:
    """Read the replay."""
    if data is None:
        raise ValueError("the replay needs --data with the folder of offers.parquet")
    return read_windows(data / "offers.parquet")


def write(made: GeneratedTender) -> TenderBook:
    """Write the problem of a drawn tender."""
    return write_book(made.tender, made.bids, made.qualified_mw)


def solve_by_cuts(made: GeneratedTender, clock: Clock, gap: float) -> Figures:
    """Prove the optimum by cuts, read back every call and verify."""
    with clock.phase("write"):
        problem = write(made).problem
    with clock.phase("build"):
        engine = DecomposedTender(problem)
    with clock.phase("solve"):
        outcome = engine.search(relative_gap=gap, read=False)
    if outcome.lots is None:
        raise RuntimeError(f"no award: {outcome.stop}")
    with clock.phase("verify"):
        result = engine.evaluate(outcome.lots)
    return {
        "cost": (result.cost_eur, "EUR"),
        "proven gap": (outcome.relative_gap, "1"),
        "rounds": (float(outcome.rounds), "rounds"),
        "calls written out": (float(len(problem.need_mw) * problem.lines), "decisions"),
        "shortfall cost": (result.shortfall_eur, "EUR"),
    }


def solve_season(made: GeneratedTender, clock: Clock) -> Figures:
    """Prove to 1e-4."""
    return solve_by_cuts(made, clock, 1e-4)


def solve_regional(made: GeneratedTender, clock: Clock) -> Figures:
    """Prove to 0.5 %."""
    return solve_by_cuts(made, clock, 5e-3)


def solve_written_out(made: GeneratedTender, clock: Clock) -> Figures:
    """Write every call of every event out and hand the whole to the solver."""
    with clock.phase("write"):
        problem = write(made).problem
    with clock.phase("build"):
        run = TenderRun(problem, SolverOptions(relative_gap=1e-4, absolute_gap=1e-4))
    with clock.phase("solve"):
        outcome = run.clear()
    if outcome.result is None:
        raise RuntimeError("no award")
    return {"cost": (outcome.result.cost_eur, "EUR")}


def price_losers(made: GeneratedTender, clock: Clock) -> Figures:
    """Find the exact price at which every losing bid would have won."""
    book = write(made)
    with clock.phase("clear", in_total=False):
        engine = choose_engine(book.problem, Method.CUTS)
        outcome = engine.clear()
    if outcome.result is None:
        raise RuntimeError("no award")
    lots = outcome.result.lots
    losers = [
        b for k, b in enumerate(book.bids) if not lots[book.problem.offer_bid[book.problem.line_offer] == k].any()
    ]
    with clock.phase("prices"):
        prices = [
            winning_price(made.tender, book, engine, bid, outcome.result.cost_eur, made.qualified_mw) for bid in losers
        ]
    won = [float(p) for p in prices if p is not None]
    return {
        "losers": (float(len(losers)), "bids"),
        "with a winning price": (float(len(won)), "bids"),
        "mean winning price": (sum(won) / max(1, len(won)), "EUR/MW/h"),
    }


def replay(windows: Sequence[ReplayWindow], clock: Clock) -> Figures:
    """Decide every window by three rules and compare with the operator's decisions."""
    with clock.phase("optimum"):
        optimum = accept_optimum(windows)
    rules = {
        "up to crossing": frozenset(i for w in windows for i in accept_up_to_crossing(w)),
        "hard cap": frozenset(i for w in windows for i in accept_under_cap(w)),
        "optimum": optimum,
    }
    figures: dict[str, tuple[float, str]] = {
        "windows": (float(len(windows)), "windows"),
        "windows with rejections": (float(sum(any(not o.accepted for o in w.offers) for w in windows)), "windows"),
        "offers": (float(sum(len(w.offers) for w in windows)), "offers"),
        "rejections": (float(sum(not o.accepted for w in windows for o in w.offers)), "offers"),
    }
    for name, accepted in rules.items():
        found = sum(not o.accepted and o.id not in accepted for w in windows for o in w.offers)
        wrong = sum(o.accepted and o.id not in accepted for w in windows for o in w.offers)
        same = sum(
            any(not o.accepted for o in w.offers) and all(o.accepted == (o.id in accepted) for o in w.offers)
            for w in windows
        )
        figures[f"{name}: rejections found"] = (float(found), "offers")
        figures[f"{name}: false rejections"] = (float(wrong), "offers")
        figures[f"{name}: windows with rejections reproduced"] = (float(same), "windows")
    figures |= _savings(windows, optimum)
    return figures


def _savings(windows: Sequence[ReplayWindow], optimum: frozenset[str]) -> dict[str, tuple[float, str]]:
    """What the operator paid for an hour where it covered as much as offers reach, against the optimum there."""
    paid = best = 0.0
    for window in windows:
        reach = min(window.tendered_kw, sum(o.capacity_kw for o in window.offers))
        if sum(o.capacity_kw for o in window.offers if o.accepted) < reach - 1e-6:
            continue
        paid += sum(o.capacity_kw / 1000 * o.price for o in window.offers if o.accepted)
        best += sum(o.capacity_kw / 1000 * o.price for o in window.offers if o.id in optimum)
    return {"paid where covered": (paid, "GBP/h"), "optimum there": (best, "GBP/h"), "saved": (paid - best, "GBP/h")}


CASES = (
    Case(
        name="season",
        source="benchmarks.generators.tenders, profile season",
        sizes=(4, 12, 50),
        generate=season,
        engines={"ours": solve_season, "written out": solve_written_out},
        largest={"written out": 12},
        rival="written out",
        agree={"cost": 2e-4},
        targets=(
            Target(engine="ours", phase="total", at_most=5.0, sizes=(50,)),
            Target(engine="ours", phase="total", at_most_ratio=0.05, sizes=(12,)),
        ),
    ),
    Case(
        name="prices of losers",
        source="benchmarks.generators.tenders, profile season",
        sizes=(5, 50),
        generate=season,
        engines={"ours": price_losers},
        targets=(Target(engine="ours", phase="prices", at_most=30.0, sizes=(50,)),),
    ),
    Case(
        name="regional",
        source="benchmarks.generators.tenders, profile regional",
        sizes=(4, 200),
        generate=regional,
        engines={"ours": solve_regional},
        targets=(
            Target(engine="ours", phase="total", at_most=600.0, sizes=(200,)),
            Target(engine="ours", phase="total", metric="peak memory", at_most=6000.0, sizes=(200,)),
            Target(engine="ours", phase="result", metric="proven gap", at_most=5e-3),
        ),
    ),
    Case(
        name="nged",
        source="NGED flexibility trades data and results, 24 Aug 2023 and later, NGED open data licence",
        sizes=(1,),
        generate=nged,
        engines={"ours": replay},
        needs_data=True,
        targets=(Target(engine="ours", phase="total", at_most=2.0),),
    ),
)
