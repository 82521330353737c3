"""Activation of MW that cannot run for as long as the congestion lasts.

Every contracted MW is its own unit: it runs at most R steps in a row and then rests at least M steps, so parts of an
offer can take over from each other. With B(t) and E(t) the MW whose activation began and ended up to step t,

    active(t) = B(t) - E(t) >= 0,     B(t - R) <= E(t)  (run_limit),     B(t) - E(t - M) <= contracted  (run_rest),

and B, E never fall. All rows are differences of two variables, a network matrix, so for whole lots the optimum is in
whole lots: the linear program is exact, no binary is needed. An activation begins before its step is served and the
end counts from the first step it no longer serves.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import pyomo.environ as pyo

from optimizer.problems.tender import TenderProblem

Expression: TypeAlias = Any


def add_limited_activation(
    model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]
) -> dict[tuple[int, int], Expression]:
    """Add the run-time and rest limits; return active MW per (limited offer, step).

    Args:
        model: model that receives variables and constraints.
        problem: the problem.
        accepted: contracted lots per offer.
    """
    limited = problem.offer_is_limited
    first: dict[tuple[int, int], int] = {}
    index: list[tuple[int, int]] = []
    for event in range(problem.events):
        steps = problem.steps_of(event)
        for offer in range(problem.offers):
            if limited[offer] and problem.offer_window[offer] == problem.event_window[event]:
                index += [(offer, step) for step in range(steps.start, steps.stop)]
                first.update({(offer, step): steps.start for step in range(steps.start, steps.stop)})
    run = problem.bid_run_steps[problem.offer_bid]
    rest = problem.bid_rest_steps[problem.offer_bid]
    model.begun = pyo.Var(index, domain=pyo.NonNegativeReals)
    model.ended = pyo.Var(index, domain=pyo.NonNegativeReals)
    begun, ended = model.begun, model.ended

    def run_limit(_: pyo.ConcreteModel, offer: int, step: int) -> Expression:
        earlier = step - int(run[offer])
        if earlier < first[offer, step]:
            return pyo.Constraint.Skip
        return begun[offer, earlier] <= ended[offer, step]

    def run_rest(_: pyo.ConcreteModel, offer: int, step: int) -> Expression:
        recovered = step - int(rest[offer])
        back = ended[offer, recovered] if recovered >= first[offer, step] else 0.0
        return begun[offer, step] - back <= problem.lot_mw * accepted[offer]

    def not_falling(variable: pyo.Var) -> object:
        def rule(_: pyo.ConcreteModel, offer: int, step: int) -> Expression:
            if step == first[offer, step]:
                return pyo.Constraint.Skip
            return variable[offer, step - 1] <= variable[offer, step]

        return rule

    model.run_limit = pyo.Constraint(index, rule=run_limit)
    model.run_rest = pyo.Constraint(index, rule=run_rest)
    model.run_order = pyo.Constraint(index, rule=lambda _, o, t: ended[o, t] <= begun[o, t])
    model.run_begin = pyo.Constraint(index, rule=not_falling(begun))
    model.run_end = pyo.Constraint(index, rule=not_falling(ended))
    return {(offer, step): begun[offer, step] - ended[offer, step] for offer, step in index}
