"""Checks of a tender problem: every fault at once, before anything is built."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import TenderProblem

SIZES = ("bid", "offer", "line", "window", "scenario", "event", "backing")
AMOUNTS = (
    "bid_fee_eur_per_lot",
    "offer_limit_lots",
    "offer_minimum_lots",
    "line_lots",
    "line_evaluated_eur_per_lot",
    "line_payment_eur_per_lot",
    "line_call_eur_per_mwh",
    "line_paid_eur_per_mwh",
    "window_max_lots",
    "scenario_probability",
    "event_occurrences",
    "need_mw",
    "connection_lots",
)


def check_tender_problem(problem: TenderProblem) -> tuple[Finding, ...]:
    """Find everything that makes a tender problem meaningless; empty when it can be solved."""
    shapes = tuple(_check_shapes(problem))
    if shapes:
        return sort_findings(shapes)
    references = tuple(_check_references(problem))
    if references:
        return sort_findings(references)
    return sort_findings([*_check_values(problem), *_check_lines(problem), *_check_bids(problem)])


def _check_shapes(problem: TenderProblem) -> Iterator[Finding]:
    sizes = {
        "bid": problem.bids,
        "offer": problem.offers,
        "line": problem.lines,
        "window": problem.windows,
        "scenario": len(problem.scenario_probability),
        "event": problem.events,
        "backing": len(problem.backing_bid),
    }
    for name in TenderProblem.__dataclass_fields__:
        family = name.split("_")[0]
        if family not in SIZES or name in ("bid_ids", "window_ids", "offer_available"):
            continue
        expected = sizes[family] + (name == "event_first_step")
        yield from _shape(name, getattr(problem, name), (expected,))
    segments = problem.offer_available.shape[1] if problem.offer_available.ndim == 2 else -1
    yield from _shape("offer_available", problem.offer_available, (problem.offers, max(segments, 0)))
    budgets, caps, usage, risk = problem.budgets, problem.caps, problem.usage, problem.risk
    yield from _shape("budgets.most_eur", budgets.most_eur, (len(budgets.ids),))
    yield from _shape("budgets.line_eur_per_lot", budgets.line_eur_per_lot, (len(budgets.ids), problem.lines))
    yield from _shape("budgets.bid_eur_per_lot", budgets.bid_eur_per_lot, (len(budgets.ids), problem.bids))
    yield from _shape("caps.most_lots", caps.most_lots, (len(caps.ids),))
    yield from _shape("caps.pair_bid", caps.pair_bid, (len(caps.pair_cap),))
    yield from _shape("usage.most", usage.most, (len(usage.bid),))
    yield from _shape("usage.of_activations", usage.of_activations, (len(usage.bid),))
    yield from _shape("usage.pair_event", usage.pair_event, (len(usage.pair_limit),))
    yield from _shape("usage.pair_times", usage.pair_times, (len(usage.pair_limit),))
    yield from _shape("risk.window_expected_mwh", risk.window_expected_mwh, (problem.windows,))
    yield from _shape("risk.window_chance", risk.window_chance, (problem.windows,))
    first = problem.event_first_step
    starts_right = len(first) > 0 and first[0] == 0 and first[-1] == len(problem.need_mw)
    if not starts_right or (np.diff(first) < 1).any():
        yield _finding("tender.shape", "event_first_step", "events must cover need_mw in order, with one step or more")


def _check_references(problem: TenderProblem) -> Iterator[Finding]:
    for name, values, size in (
        ("offer_bid", problem.offer_bid, problem.bids),
        ("offer_window", problem.offer_window, problem.windows),
        ("line_offer", problem.line_offer, problem.offers),
        ("event_window", problem.event_window, problem.windows),
        ("event_scenario", problem.event_scenario, len(problem.scenario_probability)),
        ("event_segment", problem.event_segment, problem.offer_available.shape[1]),
        ("backing_bid", problem.backing_bid, problem.bids),
        ("backing_connection", problem.backing_connection, len(problem.connection_lots)),
        ("caps.pair_cap", problem.caps.pair_cap, len(problem.caps.ids)),
        ("caps.pair_bid", problem.caps.pair_bid, problem.bids),
        ("usage.bid", problem.usage.bid, problem.bids),
        ("usage.pair_limit", problem.usage.pair_limit, len(problem.usage.bid)),
        ("usage.pair_event", problem.usage.pair_event, problem.events),
    ):
        yield from _each(name, (values < 0) | (values >= size), values, f"refers to nothing: 0 to {size - 1}")
    pairs = np.stack([problem.offer_bid, problem.offer_window])
    if np.unique(pairs, axis=1).shape[1] != problem.offers:
        yield _finding("tender.offer.unique", "offer_bid", "a bid is offered twice in the same window")
    for name in ("bid_ids", "window_ids"):
        ids = getattr(problem, name)
        if len(set(ids)) != len(ids):
            yield _finding("tender.id.unique", name, f"{name} are not unique")


def _check_values(problem: TenderProblem) -> Iterator[Finding]:
    risk = problem.risk
    for name, value, good in (
        ("lot_mw", problem.lot_mw, np.isfinite(problem.lot_mw) and problem.lot_mw > 0),
        ("shortfall_eur_per_mwh", problem.shortfall_eur_per_mwh, 0 <= problem.shortfall_eur_per_mwh < np.inf),
        ("provider_share", problem.provider_share, 0 < problem.provider_share <= 1),
        ("minimum_providers", problem.minimum_providers, problem.minimum_providers >= 0),
        ("risk.tail_share", risk.tail_share, 0 < risk.tail_share <= 1),
        ("risk.tail_mwh", risk.tail_mwh, risk.tail_mwh >= 0),
    ):
        if not good:
            yield _finding(f"tender.{name}", name, f"{name} = {value} is out of range", str(value))
    for name in AMOUNTS:
        values = np.asarray(getattr(problem, name), dtype=np.float64)
        yield from _each(name, ~np.isfinite(values) | (values < 0), values, "is negative or not a finite number")
    for name, values in (
        ("budgets.most_eur", problem.budgets.most_eur),
        ("usage.most", problem.usage.most),
        ("usage.pair_times", problem.usage.pair_times),
        ("risk.window_expected_mwh", risk.window_expected_mwh),
        ("bid_run_h", problem.bid_run_h),
        ("bid_rest_h", problem.bid_rest_h),
    ):
        yield from _each(name, ~(values >= 0), values, "is negative or not a number")
    for name, values in (("event_step_h", problem.event_step_h), ("bid_delivery", problem.bid_delivery)):
        yield from _each(name, ~(np.isfinite(values) & (values > 0)), values, "is not a positive number")
    chance = risk.window_chance
    yield from _each("risk.window_chance", ~((chance >= 0) & (chance <= 1)), chance, "is not a probability")
    total = float(problem.scenario_probability.sum())
    if abs(total - 1.0) > 1e-6:
        yield _finding("tender.scenario_probability", "scenario_probability", f"probabilities add up to {total}, not 1")


def _check_lines(problem: TenderProblem) -> Iterator[Finding]:
    stray = (problem.line_call_eur_per_mwh > 0) & (not problem.decides_calls)
    yield from _each("line_call_eur_per_mwh", stray, problem.line_call_eur_per_mwh, "but calls are not decided")
    if (np.diff(problem.line_offer) < 0).any():
        yield _finding("tender.line.order", "line_offer", "lines of an offer must stand together, in order of offers")
        return
    above = problem.offer_minimum_lots > problem.offer_limit_lots
    yield from _each("offer_minimum_lots", above, problem.offer_minimum_lots, "is above the offer's limit")
    offered = np.bincount(problem.line_offer, weights=problem.line_lots, minlength=problem.offers)
    short = problem.offer_limit_lots > offered
    yield from _each("offer_limit_lots", short, problem.offer_limit_lots, "is above the lots of its lines")


def _check_bids(problem: TenderProblem) -> Iterator[Finding]:
    """A use limit over several windows needs one quantity to refer to; a limit stays within one scenario."""
    usage = problem.usage
    for limit in range(len(usage.bid)):
        events = usage.pair_event[usage.pair_limit == limit]
        if len(np.unique(problem.event_window[events])) > 1 and not problem.bid_same_lots[usage.bid[limit]]:
            message = f"limit {limit} spans windows, so its bid needs the same lots in each of them"
            yield _finding("tender.usage.same_lots", f"usage[{limit}]", message)
        if len(np.unique(problem.event_scenario[events])) > 1:
            yield _finding("tender.usage.scenario", f"usage[{limit}]", f"limit {limit} spans scenarios")


def _shape(name: str, array: NDArray[np.generic], expected: tuple[int, ...]) -> Iterator[Finding]:
    if np.shape(array) != expected:
        yield _finding("tender.shape", name, f"{name} has shape {np.shape(array)}, expected {expected}")


def _each(name: str, bad: NDArray[np.bool_], values: NDArray[np.generic], what: str) -> Iterator[Finding]:
    for k in np.flatnonzero(bad):
        yield _finding(f"tender.{name}", f"{name}[{k}]", f"{name}[{k}] = {values[k]} {what}", str(values[k]))


def _finding(rule: str, path: str, message: str, value: str | None = None) -> Finding:
    return Finding(rule=rule, path=path, message=message, value=value)
