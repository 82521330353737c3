"""Calling contracted MW in events: what a called line may deliver, and MW that cannot run for the whole event.

Every contracted MW is its own unit: it runs at most R steps in a row and then rests at least M steps, so parts of an
offer can take over from each other. With B(t) and E(t) the MW whose activation began and ended up to step t,

    on(t) = B(t) - E(t) >= 0,     B(t - R) <= E(t)  (run_limit),     B(t) - E(t - M) <= contracted  (run_rest),

and B, E never fall. All rows are differences of two variables, a network matrix, so for whole lots the optimum is in
whole lots: the linear program is exact, no binary is needed. An activation begins before its step is served and the
end counts from the first step it no longer serves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import pyomo.environ as pyo

from optimizer.problems.tender import TenderProblem

Expression: TypeAlias = Any


def add_calls(model: pyo.ConcreteModel, problem: TenderProblem, events: Sequence[int]) -> None:
    """Add called MW per line and step, within what is contracted, and turns where run time is short.

    Args:
        model: model with ``lots`` per line; receives ``called``, ``begun``, ``ended`` and their constraints.
        problem: the problem.
        events: events to add.
    """
    lines_of = lines_by_offer(problem)
    called = problem.offer_is_called
    index = [
        (line, step)
        for event in events
        for offer in offers_at(problem, event)
        if called[offer]
        for line in lines_of[offer]
        for step in range(*problem.steps_of(event).indices(len(problem.need_mw)))
    ]
    model.called = pyo.Var(index, domain=pyo.NonNegativeReals)
    turns = problem.offer_takes_turns
    free = [(line, step) for line, step in index if not turns[problem.line_offer[line]]]
    model.call_limit = pyo.Constraint(free, rule=lambda m, k, t: m.called[k, t] <= problem.lot_mw * m.lots[k])
    _add_turns(model, problem, [(e, o) for e in events for o in offers_at(problem, e) if turns[o]], lines_of)


def _add_turns(
    model: pyo.ConcreteModel, problem: TenderProblem, pairs: Sequence[tuple[int, int]], lines_of: Sequence[list[int]]
) -> None:
    """Add begun and ended activations of the (event, offer) pairs that take turns."""
    event_of = problem.step_event
    step_h = problem.event_step_h[event_of]
    run_h, rest_h = problem.bid_run_h[problem.offer_bid], problem.bid_rest_h[problem.offer_bid]
    index = [(o, t) for e, o in pairs for t in range(*problem.steps_of(e).indices(len(problem.need_mw)))]
    model.begun = pyo.Var(index, domain=pyo.NonNegativeReals)
    model.ended = pyo.Var(index, domain=pyo.NonNegativeReals)
    begun, ended = model.begun, model.ended
    parts = [(line, t) for o, t in index for line in lines_of[o] if len(lines_of[o]) > 1]

    def earlier(step: int, steps: int) -> int | None:
        """Step that lies so many steps earlier, or None where that is before the event."""
        return step - steps if step - steps >= problem.event_first_step[event_of[step]] else None

    def run_limit(_: pyo.ConcreteModel, offer: int, step: int) -> Expression:
        over = earlier(step, math.floor(_steps(run_h[offer], step_h[step]) + 1e-9))
        return pyo.Constraint.Skip if over is None else begun[offer, over] <= ended[offer, step]

    def run_rest(m: pyo.ConcreteModel, offer: int, step: int) -> Expression:
        recovered = earlier(step, math.ceil(_steps(rest_h[offer], step_h[step]) - 1e-9))
        contracted = problem.lot_mw * pyo.quicksum(m.lots[line] for line in lines_of[offer])
        return begun[offer, step] - (0.0 if recovered is None else ended[offer, recovered]) <= contracted

    def not_falling(variable: pyo.Var) -> Any:
        def rule(_: pyo.ConcreteModel, offer: int, step: int) -> Expression:
            if step == problem.event_first_step[event_of[step]]:
                return pyo.Constraint.Skip
            return variable[offer, step - 1] <= variable[offer, step]

        return rule

    model.run_limit = pyo.Constraint(index, rule=run_limit)
    model.run_rest = pyo.Constraint(index, rule=run_rest)
    model.run_begin = pyo.Constraint(index, rule=not_falling(begun))
    model.run_end = pyo.Constraint(index, rule=not_falling(ended))
    model.run_cover = pyo.Constraint(
        index, rule=lambda m, o, t: pyo.quicksum(m.called[k, t] for k in lines_of[o]) <= begun[o, t] - ended[o, t]
    )
    model.turn_limit = pyo.Constraint(parts, rule=lambda m, k, t: m.called[k, t] <= problem.lot_mw * m.lots[k])


def add_usage(model: pyo.ConcreteModel, problem: TenderProblem, limits: Sequence[int]) -> None:
    """Add the limits on hours and activations per contracted MW over days, weeks or years."""
    usage, lines_of = problem.usage, lines_by_offer(problem)
    offer_of = {
        (int(b), int(w)): o for o, (b, w) in enumerate(zip(problem.offer_bid, problem.offer_window, strict=True))
    }
    pairs_of: dict[int, list[int]] = {}
    for pair, limit in enumerate(usage.pair_limit.tolist()):
        pairs_of.setdefault(limit, []).append(pair)

    def rule(m: pyo.ConcreteModel, limit: int) -> Expression:
        used, offers = [], []
        for pair in pairs_of.get(limit, ()):
            event, times = int(usage.pair_event[pair]), float(usage.pair_times[pair])
            offer = offer_of.get((int(usage.bid[limit]), int(problem.event_window[event])))
            if offer is None or not problem.offer_available[offer, problem.event_segment[event]]:
                continue
            offers.append(offer)
            steps = range(*problem.steps_of(event).indices(len(problem.need_mw)))
            if usage.of_activations[limit]:
                used.append(times * m.begun[offer, steps[-1]])
            else:
                hours = times * float(problem.event_step_h[event])
                used += [hours * m.called[line, step] for line in lines_of[offer] for step in steps]
        if not used:
            return pyo.Constraint.Skip
        contracted = problem.lot_mw * pyo.quicksum(m.lots[line] for line in lines_of[offers[0]])
        return pyo.quicksum(used) <= float(usage.most[limit]) * contracted

    model.usage_limit = pyo.Constraint(list(limits), rule=rule)


def offers_at(problem: TenderProblem, event: int) -> list[int]:
    """Offers that are available in an event."""
    here = (problem.offer_window == problem.event_window[event]) & problem.offer_available[
        :, problem.event_segment[event]
    ]
    return [int(o) for o in here.nonzero()[0]]


def lines_by_offer(problem: TenderProblem) -> list[list[int]]:
    """Lines of every offer."""
    lines: list[list[int]] = [[] for _ in range(problem.offers)]
    for line, offer in enumerate(problem.line_offer):
        lines[offer].append(line)
    return lines


def _steps(hours: float, step_h: float) -> float:
    """Duration in steps, with infinity as more steps than any event has."""
    return min(hours / step_h, 1e9)
