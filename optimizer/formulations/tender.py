"""Tender clearing as a mixed-integer linear program.

Sets
    offers (bid in a window), lines (price step of an offer), bids, windows, steps of events, shared connections.
Data
    lots per line, minimum and limit per offer [lots], evaluated cost and payment [EUR per lot], fee [EUR per lot],
    need per step [MW], expected hours per step [h], price of shortfall [EUR/MWh], budget [EUR], qualified lots.
Variables
    lots[line]               integer   lots contracted
    chosen[offer]            binary    the offer is taken at all (only where its minimum exceeds one lot)
    opened[line]             binary    the step is reached (only where it would be taken before an earlier one)
    won[bid]                 binary    the bid is taken (only in exclusive groups)
    contracted[bid]          lots      most lots over the bid's windows (only where a fee is asked)
    begun, ended[offer,step] MW        activations begun and ended up to and including the step, of limited offers
    shortfall[step]          MW        need that stays uncovered
    backed[bid,connection,window] lots contracted on a shared connection
Constraints
    offer_limit, offer_minimum, offer_maximum, step_opened, step_filled, fee_basis, group_alternative, group_choice,
    budget, cover, maximum, run_limit, run_rest, run_order, run_begin, run_end, bid_backing, connection_limit
Objectives, in this order
    cost: evaluated cost of lots and fees plus priced shortfall [EUR]
    precedence: lots times position in order of precedence (earlier submission, then id), so that ties are settled
Sign
    flexibility is positive MW whatever the direction of the congestion.
Source
    European tender practice: availability and weighted activation prices, ceilings, minimum and maximum required
    capacity, maximum run time (NODES LongFlex, Piclo, Electron Connect, NGED Flexible Power).
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.activation import add_limited_activation
from optimizer.problems.tender import TenderProblem

Expression: TypeAlias = Any


def build_tender(problem: TenderProblem) -> pyo.ConcreteModel:
    """Build the model of a checked problem."""
    model = pyo.ConcreteModel("tender")
    accepted = _add_acceptance(model, problem)
    fees = _add_fees(model, problem, accepted)
    _add_groups(model, problem, accepted)
    _add_backing(model, problem, accepted)
    _add_cover(model, problem, accepted)
    evaluated = pyo.quicksum(
        float(cost) * model.lots[line] for line, cost in enumerate(problem.line_evaluated_eur_per_lot)
    )
    payment = pyo.quicksum(float(cost) * model.lots[line] for line, cost in enumerate(problem.line_payment_eur_per_lot))
    if np.isfinite(problem.budget_eur) and problem.lines:
        model.budget = pyo.Constraint(expr=payment + fees <= problem.budget_eur)
    price = problem.shortfall_eur_per_mwh * problem.step_expected_h
    missing = pyo.quicksum(float(price[step]) * model.shortfall[step] for step in model.shortfall)
    model.cost = pyo.Objective(expr=evaluated + fees + missing)
    position = problem.offer_bid[problem.line_offer] + 1
    model.precedence = pyo.Objective(
        expr=pyo.quicksum(int(position[line]) * model.lots[line] for line in range(problem.lines))
    )
    return model


def _add_acceptance(model: pyo.ConcreteModel, problem: TenderProblem) -> list[Expression]:
    """Add lots per line, limits and minimums per offer and the order of steps."""
    lots_of = [int(n) for n in problem.line_lots]
    model.lots = pyo.Var(
        range(problem.lines), domain=pyo.NonNegativeIntegers, bounds=lambda _, line: (0, lots_of[line])
    )
    lines_of: list[list[int]] = [[] for _ in range(problem.offers)]
    for line, offer in enumerate(problem.line_offer):
        lines_of[offer].append(line)
    accepted = [pyo.quicksum(model.lots[line] for line in lines) for lines in lines_of]
    limit, minimum = problem.offer_limit_lots, problem.offer_minimum_lots
    offered = np.bincount(problem.line_offer, weights=problem.line_lots, minlength=problem.offers)
    capped = [o for o in range(problem.offers) if limit[o] < offered[o] and minimum[o] <= 1]
    model.offer_limit = pyo.Constraint(capped, rule=lambda _, o: accepted[o] <= int(limit[o]))
    lumpy = [o for o in range(problem.offers) if minimum[o] > 1]
    model.chosen = pyo.Var(lumpy, domain=pyo.Binary)
    model.offer_minimum = pyo.Constraint(lumpy, rule=lambda m, o: accepted[o] >= int(minimum[o]) * m.chosen[o])
    model.offer_maximum = pyo.Constraint(lumpy, rule=lambda m, o: accepted[o] <= int(limit[o]) * m.chosen[o])
    later = [int(line) for line in np.flatnonzero(problem.step_order_binds)]
    model.opened = pyo.Var(later, domain=pyo.Binary)
    model.step_opened = pyo.Constraint(later, rule=lambda m, k: m.lots[k] <= lots_of[k] * m.opened[k])
    model.step_filled = pyo.Constraint(later, rule=lambda m, k: m.lots[k - 1] >= lots_of[k - 1] * m.opened[k])
    return accepted


def _add_fees(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> Expression:
    """Add the fee on the most lots over a bid's windows; return the sum of fees [EUR]."""
    fee = problem.bid_fee_eur_per_lot
    charged = [int(o) for o in np.flatnonzero(fee[problem.offer_bid] > 0)]
    bids = sorted({int(problem.offer_bid[o]) for o in charged})
    model.contracted = pyo.Var(bids, domain=pyo.NonNegativeReals)
    model.fee_basis = pyo.Constraint(charged, rule=lambda m, o: m.contracted[int(problem.offer_bid[o])] >= accepted[o])
    return pyo.quicksum(float(fee[b]) * model.contracted[b] for b in bids)


def _add_groups(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add the choice of at most one bid per exclusive group."""
    grouped = [o for o in range(problem.offers) if problem.bid_group[problem.offer_bid[o]] >= 0]
    bids = sorted({int(problem.offer_bid[o]) for o in grouped})
    groups = sorted({int(problem.bid_group[b]) for b in bids})
    model.won = pyo.Var(bids, domain=pyo.Binary)
    model.group_alternative = pyo.Constraint(
        grouped,
        rule=lambda m, o: accepted[o] <= int(problem.offer_limit_lots[o]) * m.won[int(problem.offer_bid[o])],
    )
    model.group_choice = pyo.Constraint(
        groups, rule=lambda m, g: pyo.quicksum(m.won[b] for b in bids if problem.bid_group[b] == g) <= 1
    )


def _add_backing(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add that a connection several bids stand on is not sold twice in one window."""
    pairs = list(zip(problem.backing_bid.tolist(), problem.backing_connection.tolist(), strict=True))
    offers = {(int(b), int(w)): o for o, (b, w) in enumerate(zip(problem.offer_bid, problem.offer_window, strict=True))}
    windows = range(len(problem.window_ids))
    index = [(b, c, w) for b, c in pairs for w in windows if (b, w) in offers]
    model.backed = pyo.Var(index, domain=pyo.NonNegativeReals)
    by_offer: dict[int, list[tuple[int, int, int]]] = {}
    by_connection: dict[tuple[int, int], list[tuple[int, int, int]]] = {}
    for b, c, w in index:
        by_offer.setdefault(offers[b, w], []).append((b, c, w))
        by_connection.setdefault((c, w), []).append((b, c, w))
    model.bid_backing = pyo.Constraint(
        sorted(by_offer), rule=lambda m, o: accepted[o] <= pyo.quicksum(m.backed[k] for k in by_offer[o])
    )
    model.connection_limit = pyo.Constraint(
        sorted(by_connection),
        rule=lambda m, c, w: pyo.quicksum(m.backed[k] for k in by_connection[c, w]) <= int(problem.connection_lots[c]),
    )


def _add_cover(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add that flexibility at hand and shortfall cover the need in every step, and that the maximum is not passed."""
    needed = [int(step) for step in np.flatnonzero(problem.need_mw > 0)]
    model.shortfall = pyo.Var(needed, domain=pyo.NonNegativeReals)
    active = add_limited_activation(model, problem, accepted)
    offers_of, limited = _offers_by_window(problem), problem.offer_is_limited
    window_of_step = problem.event_window[problem.step_event]
    throughout = [pyo.quicksum(problem.lot_mw * accepted[o] for o in offers if not limited[o]) for offers in offers_of]

    def at_hand(step: int) -> Expression:
        window = window_of_step[step]
        return throughout[window] + pyo.quicksum(active[o, step] for o in offers_of[window] if limited[o])

    model.cover = pyo.Constraint(
        needed, rule=lambda m, step: at_hand(step) + m.shortfall[step] >= float(problem.need_mw[step])
    )
    contracted = np.bincount(problem.offer_window, problem.offer_limit_lots, len(problem.window_ids))
    crowded = contracted > problem.window_max_lots
    steps = [int(step) for step in np.flatnonzero(crowded[window_of_step])]
    model.maximum = pyo.Constraint(
        steps, rule=lambda _, step: at_hand(step) <= problem.lot_mw * int(problem.window_max_lots[window_of_step[step]])
    )


def _offers_by_window(problem: TenderProblem) -> list[list[int]]:
    offers: list[list[int]] = [[] for _ in problem.window_ids]
    for offer, window in enumerate(problem.offer_window):
        offers[window].append(offer)
    return offers
