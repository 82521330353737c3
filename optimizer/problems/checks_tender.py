"""Checks of a tender problem: every fault at once, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import TenderProblem


def check_tender_problem(problem: TenderProblem) -> tuple[Finding, ...]:
    """Find everything that makes a tender problem meaningless; empty when it can be solved."""
    shapes = tuple(_check_shapes(problem))
    if shapes:
        return sort_findings(shapes)
    return sort_findings([*_check_references(problem), *_check_values(problem), *_check_lines(problem)])


def _check_shapes(problem: TenderProblem) -> Iterator[Finding]:
    sizes = {
        "bid": len(problem.bid_ids),
        "offer": len(problem.offer_bid),
        "line": len(problem.line_offer),
        "event": len(problem.event_window),
        "backing": len(problem.backing_bid),
    }
    for name in TenderProblem.__dataclass_fields__:
        family = name.split("_")[0]
        if family not in sizes or name == "bid_ids":
            continue
        expected = sizes[family] + (name == "event_first_step")
        seen = np.shape(getattr(problem, name))
        if seen != (expected,):
            yield _finding("tender.shape", name, f"{name} has shape {seen}, expected ({expected},)")
    if len(problem.window_max_lots) != len(problem.window_ids):
        yield _finding("tender.shape", "window_max_lots", "one maximum is needed per window")
    first = problem.event_first_step
    starts_right = len(first) > 0 and first[0] == 0 and first[-1] == len(problem.need_mw)
    if not starts_right or (np.diff(first) < 1).any():
        yield _finding("tender.shape", "event_first_step", "events must cover need_mw in order, with one step or more")


def _check_references(problem: TenderProblem) -> Iterator[Finding]:
    for name, size in (
        ("offer_bid", problem.bids),
        ("offer_window", len(problem.window_ids)),
        ("line_offer", problem.offers),
        ("event_window", len(problem.window_ids)),
        ("backing_bid", problem.bids),
        ("backing_connection", len(problem.connection_lots)),
    ):
        values = getattr(problem, name)
        yield from _each(name, (values < 0) | (values >= size), values, f"refers to nothing: 0 to {size - 1}")
    pairs = np.stack([problem.offer_bid, problem.offer_window])
    if np.unique(pairs, axis=1).shape[1] != problem.offers:
        yield _finding("tender.offer.unique", "offer_bid", "a bid is offered twice in the same window")
    for name in ("bid_ids", "window_ids"):
        ids = getattr(problem, name)
        if len(set(ids)) != len(ids):
            yield _finding("tender.id.unique", name, f"{name} are not unique")


def _check_values(problem: TenderProblem) -> Iterator[Finding]:
    if not (np.isfinite(problem.lot_mw) and problem.lot_mw > 0):
        yield _finding("tender.lot", "lot_mw", f"a lot of {problem.lot_mw} MW is not a positive size")
    if not (np.isfinite(problem.shortfall_eur_per_mwh) and problem.shortfall_eur_per_mwh >= 0):
        yield _finding("tender.shortfall", "shortfall_eur_per_mwh", "the price of shortfall is finite and not negative")
    if not problem.budget_eur >= 0:
        yield _finding(
            "tender.budget", "budget_eur", f"a budget of {problem.budget_eur} EUR is negative or not a number"
        )
    for name in (
        "bid_fee_eur_per_lot",
        "bid_run_steps",
        "bid_rest_steps",
        "offer_limit_lots",
        "offer_minimum_lots",
        "line_lots",
        "line_evaluated_eur_per_lot",
        "line_payment_eur_per_lot",
        "window_max_lots",
        "event_count",
        "need_mw",
        "connection_lots",
    ):
        values = np.asarray(getattr(problem, name), dtype=np.float64)
        yield from _each(name, ~np.isfinite(values) | (values < 0), values, "is negative or not a finite number")
    lengths = problem.event_step_h
    yield from _each("event_step_h", ~(np.isfinite(lengths) & (lengths > 0)), lengths, "is not a positive length")


def _check_lines(problem: TenderProblem) -> Iterator[Finding]:
    if (np.diff(problem.line_offer) < 0).any():
        yield _finding("tender.line.order", "line_offer", "lines of an offer must stand together, in order of offers")
        return
    above = problem.offer_minimum_lots > problem.offer_limit_lots
    yield from _each("offer_minimum_lots", above, problem.offer_minimum_lots, "is above the offer's limit")
    if (problem.line_offer < 0).any() or (problem.line_offer >= problem.offers).any():
        return
    offered = np.bincount(problem.line_offer, weights=problem.line_lots, minlength=problem.offers)
    short = problem.offer_limit_lots > offered
    yield from _each("offer_limit_lots", short, problem.offer_limit_lots, "is above the lots of its lines")


def _each(name: str, bad: NDArray[np.bool_], values: NDArray[np.generic], what: str) -> Iterator[Finding]:
    for k in np.flatnonzero(bad):
        yield _finding(f"tender.{name}", f"{name}[{k}]", f"{name}[{k}] = {values[k]} {what}", str(values[k]))


def _finding(rule: str, path: str, message: str, value: str | None = None) -> Finding:
    return Finding(rule=rule, path=path, message=message, value=value)
