"""Tender clearing as a two-stage mixed-integer linear program: contract lots now, call them in every event.

Sets
    offers (bid in a window), lines (price step of an offer), bids, windows, events and their steps, scenarios,
    connections that several bids share.
Data
    lots per line, minimum and limit per offer [lots], evaluated cost and payment [EUR per lot], fee [EUR per lot],
    call price [EUR/MWh], need per step [MW], expected hours per step [h], price of shortfall [EUR/MWh], budgets [EUR],
    caps [lots], usage limits [h or activations per MW], risk limits [MWh, probability].
Variables
    lots[line]               integer   lots contracted
    chosen[offer]            binary    the offer is taken at all (only where its minimum exceeds one lot)
    opened[line]             binary    the step is reached (only where it would be taken before an earlier one)
    won[bid]                 binary    the bid is taken (only in exclusive and linked groups)
    engaged[provider]        binary    the provider is taken (only where a number of providers is asked)
    contracted[bid]          lots      most lots over the bid's windows
    backed[bid,connection,window]      lots contracted on a shared connection
    called[line,step]        MW        contracted power called
    begun, ended[offer,step] MW        activations begun and ended by the step, of offers that take turns
    shortfall[step]          MW        need that stays uncovered
    exceeded[scenario]       MWh       shortfall above the tail threshold;  threshold  MWh
    secure[window,scenario]  binary    the scenario leaves no shortfall in the window
Constraints
    offer_limit, offer_minimum, offer_maximum, step_opened, step_filled, maximum, contracted_basis, group_alternative,
    group_choice, link_taken, link_choice, bid_backing, connection_limit, cap, engaged_lots, engaged_offer,
    provider_count, provider_share, budget, call_limit, turn_limit, run_limit, run_rest, run_begin, run_end, run_cover,
    usage_limit, cover, expected_shortfall, chance, chance_level, tail_excess, tail
Objectives, in this order
    cost: evaluated cost of lots, fees and expected calls plus priced shortfall [EUR]
    precedence: lots times position in order of precedence (earlier submission, then id), so that ties are settled
Sign
    flexibility is positive MW whatever the direction of the congestion.
Source
    European tender practice: availability and weighted activation prices, ceilings, minimum and maximum required
    capacity, maximum run time (NODES LongFlex, Piclo, Electron Connect, NGED Flexible Power). Tail measure after
    Rockafellar and Uryasev, Optimization of conditional value-at-risk, Journal of Risk 2 (2000).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.activation import add_calls, add_usage, lines_by_offer, offers_at
from optimizer.formulations.blocks.contracting import add_contracting
from optimizer.problems.tender import FloatArray, TenderProblem

Expression: TypeAlias = Any


def build_tender(problem: TenderProblem) -> pyo.ConcreteModel:
    """Build the model of a checked problem, written out over all events."""
    model = pyo.ConcreteModel("tender")
    evaluated = add_contracting(model, problem)
    recourse = _add_dispatch(model, problem, range(problem.events), range(len(problem.usage.bid)), problem.event_count)
    _add_risk(model, problem)
    model.cost = pyo.Objective(expr=evaluated + recourse)
    model.precedence = pyo.Objective(expr=_precedence(model, problem))
    return model


def build_contracting(problem: TenderProblem, parts: int) -> pyo.ConcreteModel:
    """Build the first stage alone, with the expected cost of calls in parts that cuts bound from below."""
    model = pyo.ConcreteModel("contracting")
    evaluated = add_contracting(model, problem)
    model.recourse = pyo.Var(range(parts), domain=pyo.NonNegativeReals)
    model.cost = pyo.Objective(expr=evaluated + pyo.quicksum(model.recourse[k] for k in range(parts)))
    model.precedence = pyo.Objective(expr=_precedence(model, problem))
    return model


def build_dispatch(problem: TenderProblem, events: Sequence[int], limits: Sequence[int]) -> pyo.ConcreteModel:
    """Build the second stage of some events of one scenario, each as often as it occurs in it.

    Lots are continuous columns: fixed by their bounds, their reduced costs say what one more lot is worth.
    """
    model = pyo.ConcreteModel("dispatch")
    offers = sorted({o for event in events for o in offers_at(problem, event)})
    lines = [k for o in offers for k in lines_by_offer(problem)[o]]
    model.lots = pyo.Var(lines, domain=pyo.NonNegativeReals, bounds=lambda _, k: (0, int(problem.line_lots[k])))
    cost = _add_dispatch(model, problem, events, limits, problem.event_occurrences, every_step=True)
    model.cost = pyo.Objective(expr=cost)
    return model


def _add_dispatch(
    model: pyo.ConcreteModel,
    problem: TenderProblem,
    events: Sequence[int],
    limits: Sequence[int],
    weights: FloatArray,
    *,
    every_step: bool = False,
) -> Expression:
    """Add calls, usage limits, cover and shortfall of events; return their weighted cost [EUR].

    Steps without need have no cover row unless asked for: a template needs them, its need is patched.
    """
    add_calls(model, problem, events)
    add_usage(model, problem, limits)
    lines_of, called = lines_by_offer(problem), problem.offer_is_called
    delivery = problem.bid_delivery[problem.offer_bid]
    event_of = problem.step_event
    steady: dict[int, Expression] = {}
    callable_lines: dict[int, list[int]] = {}
    for event in events:
        here = offers_at(problem, event)
        callable_lines[event] = [k for o in here if called[o] for k in lines_of[o]]
        steady[event] = pyo.quicksum(
            float(problem.lot_mw * delivery[o]) * model.lots[k] for o in here if not called[o] for k in lines_of[o]
        )
    steps = [t for e in events for t in range(*problem.steps_of(e).indices(len(problem.need_mw)))]
    needed = [t for t in steps if every_step or problem.need_mw[t] > 0]
    model.shortfall = pyo.Var(needed, domain=pyo.NonNegativeReals)

    def cover(m: pyo.ConcreteModel, step: int) -> Expression:
        event = int(event_of[step])
        arriving = pyo.quicksum(
            float(delivery[problem.line_offer[k]]) * m.called[k, step] for k in callable_lines[event]
        )
        return steady[event] + arriving + m.shortfall[step] >= float(problem.need_mw[step])

    model.cover = pyo.Constraint(needed, rule=cover)
    hours = (weights * problem.event_step_h)[event_of]
    price = problem.line_call_eur_per_mwh
    calls = pyo.quicksum(float(hours[t] * price[k]) * model.called[k, t] for k, t in model.called if price[k] > 0)
    missing = problem.shortfall_eur_per_mwh * hours
    return calls + pyo.quicksum(float(missing[t]) * model.shortfall[t] for t in needed)


def _add_risk(model: pyo.ConcreteModel, problem: TenderProblem) -> None:
    """Add limits on expected shortfall, on its chance and on its tail."""
    risk, event_of = problem.risk, problem.step_event
    window_of = problem.event_window[event_of]
    scenario_of = problem.event_scenario[event_of]
    expected_h = problem.step_expected_h
    hours = (problem.event_occurrences * problem.event_step_h)[event_of]
    steps = list(model.shortfall)
    probability = problem.scenario_probability
    limited = [int(w) for w in np.flatnonzero(np.isfinite(risk.window_expected_mwh)) if (window_of[steps] == w).any()]
    model.expected_shortfall = pyo.Constraint(
        limited,
        rule=lambda m, w: (
            pyo.quicksum(float(expected_h[t]) * m.shortfall[t] for t in steps if window_of[t] == w)
            <= float(risk.window_expected_mwh[w])
        ),
    )
    chancy = [int(w) for w in np.flatnonzero(risk.window_chance > 0) if (window_of[steps] == w).any()]
    scenarios = range(len(probability))
    model.secure = pyo.Var(chancy, scenarios, domain=pyo.Binary)
    model.chance = pyo.Constraint(
        [(w, t) for w in chancy for t in steps if window_of[t] == w],
        rule=lambda m, w, t: m.shortfall[t] <= float(problem.need_mw[t]) * (1 - m.secure[w, int(scenario_of[t])]),
    )
    model.chance_level = pyo.Constraint(
        chancy,
        rule=lambda m, w: (
            pyo.quicksum(float(probability[s]) * m.secure[w, s] for s in scenarios)
            >= float(risk.window_chance[w]) - 1e-9
        ),
    )
    if not (np.isfinite(risk.tail_mwh) and steps):
        return
    model.threshold = pyo.Var(domain=pyo.NonNegativeReals)
    model.exceeded = pyo.Var(scenarios, domain=pyo.NonNegativeReals)
    model.tail_excess = pyo.Constraint(
        scenarios,
        rule=lambda m, s: (
            pyo.quicksum(float(hours[t]) * m.shortfall[t] for t in steps if scenario_of[t] == s)
            <= m.threshold + m.exceeded[s]
        ),
    )
    model.tail = pyo.Constraint(
        expr=model.threshold
        + pyo.quicksum(float(probability[s]) / risk.tail_share * model.exceeded[s] for s in scenarios)
        <= risk.tail_mwh
    )


def _precedence(model: pyo.ConcreteModel, problem: TenderProblem) -> Expression:
    position = problem.offer_bid[problem.line_offer] + 1
    return pyo.quicksum(int(position[line]) * model.lots[line] for line in range(problem.lines))
