"""Judge how contracted MW are called: power, turns, use over days and years, cover and shortfall."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.tender import IntArray, TenderProblem
from optimizer.results.tender import TenderResult

MW_TOLERANCE = 1e-6


def check_calls(problem: TenderProblem, result: TenderResult, lots_of: list[int]) -> Iterator[Finding]:
    """Find every call that breaks a limit and every MW of shortfall stated wrongly."""
    event_of = np.repeat(np.arange(problem.events), np.diff(problem.event_first_step))
    longest = [0.0] * problem.windows
    for event, window in enumerate(problem.event_window.tolist()):
        steps = int(problem.event_first_step[event + 1] - problem.event_first_step[event])
        longest[window] = max(longest[window], steps * float(problem.event_step_h[event]))
    counted = {int(b) for b, a in zip(problem.usage.bid, problem.usage.of_activations, strict=True) if a}
    turns = [
        float(problem.bid_run_h[b]) < longest[w] - 1e-9 or b in counted
        for b, w in zip(problem.offer_bid.tolist(), problem.offer_window.tolist(), strict=True)
    ]
    yield from _check_power(problem, result, event_of)
    yield from _check_turns(problem, result, lots_of, turns)
    yield from _check_running(problem, result, event_of, turns)
    yield from _check_usage(problem, result, lots_of, event_of)
    yield from _check_cover(problem, result, lots_of, event_of, turns)


def _check_power(problem: TenderProblem, result: TenderResult, event_of: IntArray) -> Iterator[Finding]:
    calls = result.calls
    events = event_of[calls.step]
    offers = problem.line_offer[calls.line]
    stray = problem.offer_window[offers] != problem.event_window[events]
    stray |= ~problem.offer_available[offers, problem.event_segment[events]]
    over = calls.power_mw > result.lots[calls.line] * problem.lot_mw + MW_TOLERANCE
    for what, bad in (("calls.window", stray), ("calls.power", over | (calls.power_mw < 0))):
        for k in np.flatnonzero(bad)[:10]:
            name = problem.bid_ids[int(problem.offer_bid[offers[k]])]
            yield _finding(what, f"bid {name} is called with {calls.power_mw[k]} MW in step {calls.step[k]}")
    pairs = calls.line * len(problem.need_mw) + calls.step
    if len(np.unique(pairs)) != len(pairs):
        yield _finding("calls.unique", "a line is called twice in the same step")


def _check_turns(
    problem: TenderProblem, result: TenderResult, lots_of: list[int], turns: list[bool]
) -> Iterator[Finding]:
    busy: dict[tuple[int, int], list[float]] = {}
    for run in result.calls.activations:
        bid = int(problem.offer_bid[run.offer])
        steps = int(problem.event_first_step[run.event + 1] - problem.event_first_step[run.event])
        name, step_h = problem.bid_ids[bid], float(problem.event_step_h[run.event])
        if not 0 <= run.begin < run.end <= steps or run.power_mw < 0 or not turns[run.offer]:
            yield _finding("activation.range", f"bid {name} has an activation outside its event")
            continue
        if problem.offer_window[run.offer] != problem.event_window[run.event]:
            yield _finding("activation.window", f"bid {name} is activated in a window it is not offered in")
        if (run.end - run.begin) * step_h > problem.bid_run_h[bid] + 1e-9:
            yield _finding("activation.run", f"bid {name} runs {(run.end - run.begin) * step_h} h")
        rest = float(problem.bid_rest_h[bid]) / step_h
        until = steps if rest >= steps else min(steps, run.end + math.ceil(rest - 1e-9))
        load = busy.setdefault((run.offer, run.event), [0.0] * steps)
        for step in range(run.begin, until):
            load[step] += run.power_mw
    for (offer, _), load in busy.items():
        if max(load) > lots_of[offer] * problem.lot_mw + MW_TOLERANCE:
            name = problem.bid_ids[int(problem.offer_bid[offer])]
            yield _finding("activation.power", f"bid {name} runs or rests with {max(load)} MW, more than contracted")


def _check_running(
    problem: TenderProblem,
    result: TenderResult,
    event_of: IntArray,
    turns: list[bool],
) -> Iterator[Finding]:
    """What is called of an offer that takes turns must be running."""
    running: dict[tuple[int, int], float] = {}
    for run in result.calls.activations:
        first = int(problem.event_first_step[run.event])
        for step in range(first + run.begin, first + run.end):
            running[run.offer, step] = running.get((run.offer, step), 0.0) + run.power_mw
    called: dict[tuple[int, int], float] = {}
    calls = result.calls
    for line, step, power in zip(calls.line.tolist(), calls.step.tolist(), calls.power_mw.tolist(), strict=True):
        offer = int(problem.line_offer[line])
        if turns[offer]:
            called[offer, step] = called.get((offer, step), 0.0) + power
    for (offer, step), power in called.items():
        if power > running.get((offer, step), 0.0) + MW_TOLERANCE:
            name = problem.bid_ids[int(problem.offer_bid[offer])]
            yield _finding("calls.running", f"bid {name} is called in event {event_of[step]} while it is not running")


def _check_usage(
    problem: TenderProblem,
    result: TenderResult,
    lots_of: list[int],
    event_of: IntArray,
) -> Iterator[Finding]:
    usage, calls = problem.usage, result.calls
    bids = problem.offer_bid[problem.line_offer[calls.line]]
    events = event_of[calls.step]
    mwh: dict[tuple[int, int], float] = {}
    energy = calls.power_mw * problem.event_step_h[events]
    for bid, event, value in zip(bids.tolist(), events.tolist(), energy.tolist(), strict=True):
        mwh[bid, event] = mwh.get((bid, event), 0.0) + value
    started: dict[tuple[int, int], float] = {}
    for run in result.calls.activations:
        key = int(problem.offer_bid[run.offer]), run.event
        started[key] = started.get(key, 0.0) + run.power_mw
    totals = [0.0] * len(usage.bid)
    pairs = zip(usage.pair_limit.tolist(), usage.pair_event.tolist(), usage.pair_times.tolist(), strict=True)
    for limit, event, times in pairs:
        source = started if usage.of_activations[limit] else mwh
        totals[limit] += times * source.get((int(usage.bid[limit]), event), 0.0)
    contracted = {
        (int(problem.offer_bid[o]), int(problem.offer_window[o])): lots * problem.lot_mw
        for o, lots in enumerate(lots_of)
    }
    quantity = [0.0] * len(usage.bid)
    for limit, event in zip(usage.pair_limit.tolist(), usage.pair_event.tolist(), strict=True):
        offer = int(usage.bid[limit]), int(problem.event_window[event])
        quantity[limit] = max(quantity[limit], contracted.get(offer, 0.0))
    for limit, total in enumerate(totals):
        most = float(usage.most[limit]) * quantity[limit]
        if total > most + MW_TOLERANCE * max(1.0, most):
            name = problem.bid_ids[int(usage.bid[limit])]
            yield _finding("usage", f"bid {name} is used {total} MWh or MW activated, at most {most}")


def _check_cover(
    problem: TenderProblem,
    result: TenderResult,
    lots_of: list[int],
    event_of: IntArray,
    turns: list[bool],
) -> Iterator[Finding]:
    used = set(problem.usage.bid.tolist())
    steady: dict[tuple[int, int], float] = {}
    at_once = [0] * problem.windows
    for offer, lots in enumerate(lots_of):
        bid, window = int(problem.offer_bid[offer]), int(problem.offer_window[offer])
        at_once[window] += 0 if turns[offer] else lots
        if turns[offer] or problem.decides_calls or bid in used:
            continue
        for segment in np.flatnonzero(problem.offer_available[offer]).tolist():
            key = window, segment
            steady[key] = steady.get(key, 0.0) + lots * problem.lot_mw * float(problem.bid_delivery[bid])
    for window, lots in enumerate(at_once):
        if lots > problem.window_max_lots[window]:
            yield _finding("maximum", f"window {problem.window_ids[window]} has {lots} lots throughout")
    arriving = [0.0] * len(problem.need_mw)
    calls = result.calls
    delivery = problem.bid_delivery[problem.offer_bid[problem.line_offer]]
    for line, step, power in zip(calls.line.tolist(), calls.step.tolist(), calls.power_mw.tolist(), strict=True):
        arriving[step] += power * float(delivery[line])
    needs, stated = problem.need_mw.tolist(), result.shortfall_mw.tolist()
    for step, event in enumerate(event_of.tolist()):
        key = int(problem.event_window[event]), int(problem.event_segment[event])
        missing = max(0.0, needs[step] - steady.get(key, 0.0) - arriving[step])
        if abs(missing - stated[step]) > MW_TOLERANCE:
            yield _finding("cover", f"step {step} lacks {missing} MW, the result states {stated[step]} MW")


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=f"verify.tender.{rule}", path="result", message=message)
