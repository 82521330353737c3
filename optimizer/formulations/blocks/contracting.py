"""First stage of a tender: which lots may be contracted together."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks.activation import lines_by_offer
from optimizer.problems.tender import TenderProblem

Expression: TypeAlias = Any


def add_contracting(model: pyo.ConcreteModel, problem: TenderProblem) -> Expression:
    """Add lots and every rule on them; return evaluated cost of lots and fees [EUR]."""
    accepted = _add_acceptance(model, problem)
    contracted = _add_contracted(model, problem, accepted)
    _add_groups(model, problem, accepted)
    _add_backing(model, problem, accepted)
    _add_caps(model, problem, contracted)
    _add_providers(model, problem, accepted)
    _add_budgets(model, problem, contracted)
    costs = problem.line_evaluated_eur_per_lot
    evaluated = pyo.quicksum(float(costs[line]) * model.lots[line] for line in range(problem.lines))
    fees = problem.bid_fee_eur_per_lot
    return evaluated + pyo.quicksum(float(fees[b]) * contracted[b] for b in sorted(contracted) if fees[b] > 0)


def _add_acceptance(model: pyo.ConcreteModel, problem: TenderProblem) -> list[Expression]:
    """Add lots per line, limits and minimums per offer, the order of steps and the maximum per window."""
    lots_of = [int(n) for n in problem.line_lots]
    model.lots = pyo.Var(
        range(problem.lines), domain=pyo.NonNegativeIntegers, bounds=lambda _, line: (0, lots_of[line])
    )
    accepted = [pyo.quicksum(model.lots[line] for line in lines) for lines in lines_by_offer(problem)]
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
    room: list[list[int]] = [[] for _ in range(problem.windows)]
    for offer in np.flatnonzero(~problem.offer_takes_turns).tolist():
        room[problem.offer_window[offer]].append(offer)
    crowded = [w for w, offers in enumerate(room) if int(limit[offers].sum()) > problem.window_max_lots[w]]
    model.maximum = pyo.Constraint(
        crowded, rule=lambda _, w: pyo.quicksum(accepted[o] for o in room[w]) <= int(problem.window_max_lots[w])
    )
    return accepted


def _add_contracted(
    model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]
) -> dict[int, Expression]:
    """Add the most lots over a bid's windows, where a fee, a cap or equal lots ask for it."""
    offers: list[list[int]] = [[] for _ in range(problem.bids)]
    for offer, bid in enumerate(problem.offer_bid):
        offers[bid].append(offer)
    wanted = set(np.flatnonzero((problem.bid_fee_eur_per_lot > 0) | problem.bid_same_lots).tolist())
    wanted |= set(problem.caps.pair_bid.tolist())
    several = [b for b in sorted(wanted) if len(offers[b]) > 1]
    model.contracted = pyo.Var(several, domain=pyo.NonNegativeReals)
    pairs = [(b, o) for b in several for o in offers[b]]

    def basis(m: pyo.ConcreteModel, bid: int, offer: int) -> Expression:
        if problem.bid_same_lots[bid]:
            return m.contracted[bid] == accepted[offer]
        return m.contracted[bid] >= accepted[offer]

    model.contracted_basis = pyo.Constraint(pairs, rule=basis)
    alone = {b: accepted[offers[b][0]] for b in wanted if len(offers[b]) == 1}
    return alone | {b: model.contracted[b] for b in several}


def _add_groups(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add at most one bid per exclusive group, and all or none of a linked group."""
    member = (problem.bid_group >= 0) | (problem.bid_link >= 0)
    grouped = [o for o in range(problem.offers) if member[problem.offer_bid[o]]]
    bids = sorted({int(problem.offer_bid[o]) for o in grouped})
    model.won = pyo.Var(bids, domain=pyo.Binary)
    model.group_alternative = pyo.Constraint(
        grouped,
        rule=lambda m, o: accepted[o] <= int(problem.offer_limit_lots[o]) * m.won[int(problem.offer_bid[o])],
    )
    groups = sorted({int(problem.bid_group[b]) for b in bids} - {-1})
    model.group_choice = pyo.Constraint(
        groups, rule=lambda m, g: pyo.quicksum(m.won[b] for b in bids if problem.bid_group[b] == g) <= 1
    )
    linked = [b for b in bids if problem.bid_link[b] >= 0]
    model.link_taken = pyo.Constraint(
        linked, rule=lambda m, b: pyo.quicksum(accepted[o] for o in grouped if problem.offer_bid[o] == b) >= m.won[b]
    )
    next_in_link = {
        b: next((c for c in linked if c > b and problem.bid_link[c] == problem.bid_link[b]), None) for b in linked
    }
    chain = [b for b in linked if next_in_link[b] is not None]
    model.link_choice = pyo.Constraint(chain, rule=lambda m, b: m.won[b] == m.won[next_in_link[b]])


def _add_backing(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add that a connection several bids stand on is not sold twice in one window."""
    pairs = list(zip(problem.backing_bid.tolist(), problem.backing_connection.tolist(), strict=True))
    offers = {(int(b), int(w)): o for o, (b, w) in enumerate(zip(problem.offer_bid, problem.offer_window, strict=True))}
    index = [(b, c, w) for b, c in pairs for w in range(problem.windows) if (b, w) in offers]
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


def _add_caps(model: pyo.ConcreteModel, problem: TenderProblem, contracted: dict[int, Expression]) -> None:
    """Add caps on contracted lots over sets of bids."""
    members: list[list[int]] = [[] for _ in problem.caps.ids]
    for cap, bid in zip(problem.caps.pair_cap, problem.caps.pair_bid, strict=True):
        if int(bid) in contracted:
            members[cap].append(int(bid))
    model.cap = pyo.Constraint(
        [q for q, bids in enumerate(members) if bids],
        rule=lambda _, q: pyo.quicksum(contracted[b] for b in members[q]) <= int(problem.caps.most_lots[q]),
    )


def _add_providers(model: pyo.ConcreteModel, problem: TenderProblem, accepted: list[Expression]) -> None:
    """Add the fewest providers, unless nothing is contracted, and the largest share of one provider."""
    provider_of = problem.bid_provider[problem.offer_bid]
    providers = sorted({int(p) for p in provider_of})
    mine: dict[int, list[int]] = {p: [] for p in providers}
    for offer, provider in enumerate(provider_of.tolist()):
        mine[provider].append(offer)
    counted = providers if problem.minimum_providers > 1 else []
    model.engaged = pyo.Var(counted, domain=pyo.Binary)
    model.engaged_lots = pyo.Constraint(
        counted, rule=lambda m, p: pyo.quicksum(accepted[o] for o in mine[p]) >= m.engaged[p]
    )
    pairs = [(p, o) for p in counted for o in mine[p]]
    enough = {p: pyo.quicksum(model.engaged[q] for q in counted) for p in counted}
    model.engaged_offer = pyo.Constraint(
        pairs, rule=lambda m, p, o: accepted[o] <= int(problem.offer_limit_lots[o]) * m.engaged[p]
    )
    model.provider_count = pyo.Constraint(
        counted, rule=lambda m, p: enough[p] >= problem.minimum_providers * m.engaged[p]
    )
    shared = providers if problem.provider_share < 1 else []
    total = pyo.quicksum(accepted)
    model.provider_share = pyo.Constraint(
        shared, rule=lambda _, p: pyo.quicksum(accepted[o] for o in mine[p]) <= problem.provider_share * total
    )


def _add_budgets(model: pyo.ConcreteModel, problem: TenderProblem, contracted: dict[int, Expression]) -> None:
    """Add limits on payment, in total or per year."""
    budgets = problem.budgets

    def rule(m: pyo.ConcreteModel, year: int) -> Expression:
        lots, fees = budgets.line_eur_per_lot[year], budgets.bid_eur_per_lot[year]
        paid = pyo.quicksum(float(lots[k]) * m.lots[k] for k in np.flatnonzero(lots > 0).tolist())
        paid += pyo.quicksum(
            float(fees[b]) * contracted[b] for b in np.flatnonzero(fees > 0).tolist() if b in contracted
        )
        return paid <= float(budgets.most_eur[year])

    paying = (budgets.line_eur_per_lot > 0).any(axis=1) if problem.lines else np.zeros(len(budgets.ids), dtype=np.bool_)
    model.budget = pyo.Constraint(np.flatnonzero(paying).tolist(), rule=rule)
