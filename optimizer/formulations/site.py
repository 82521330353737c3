"""Site: the assets behind one connection, composed from their blocks.

Sets
    t in 0..steps-1         steps of the grid
    asset[id]               one block per asset, see `optimizer.formulations.blocks`
    w in windows            congestion windows, each with its steps
Data
    GTV_t                   contracted_offtake_kw, contracted_feed_in_kw
    c_t, r_t                offtake and feed-in price, EUR/kWh
    dt                      length of a step, h
Variables
    offtake_kw[t]           power taken from the grid, 0..GTV and rights on top of it
    feed_in_kw[t]           power fed into the grid, 0..GTV; only where feed-in is contracted
    excess_kw[w,t]          power above a priced window's limit
    takes[pair,t]           1 if the first of two exclusive powers may be positive; only in guarded steps
Constraints
    balance[t]              sum of the assets' power - offtake_kw[t] + feed_in_kw[t] = 0
    window_limit[w,t]       offtake_kw[t] - feed_in_kw[t] - excess_kw[w,t] <= limit (sign turned for a feed-in window);
                            the sum of some assets' power instead, for a window on part of the site
    first_only[pair,t]      first <= its bound * takes
    second_only[pair,t]     second <= its bound * (1 - takes)
    sequence[b,a,t]         batches in order, see `blocks.batch`
    contract[id]            one block per tariff or right, see `blocks.bill`
Objective
    total_cost              energy sum_t dt (c_t offtake_kw[t] - r_t feed_in_kw[t]), window excess, costs of assets
Two powers that exclude each other (charge and discharge, heat and cool, offtake and feed-in) need a binary only where
wasting energy pays. So a model is first built with few guarded steps, and steps are added where a solution breaks the
exclusion: the optimum of the smaller model is a bound, and it is the optimum as soon as it keeps the exclusion.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.formulations.blocks import (
    base_load,
    batch,
    battery,
    generation,
    massive_zone,
    process,
    session,
    utility,
    zone,
)
from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.formulations.blocks.bill import add_bill
from optimizer.problems.assets import Batch
from optimizer.problems.contracts import offtake_capacity_kw
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import Direction

__all__ = ["BLOCK_MODULES", "AssetTerms", "GuardedSteps", "SiteModel", "add_asset", "build_site", "first_guards"]

BLOCK_MODULES = (base_load, batch, battery, generation, massive_zone, process, session, utility, zone)
GRID_PAIR = "offtake_kw"
GuardedSteps = Mapping[str, frozenset[int]]


class SiteModel:
    """A site as a Pyomo model, with what its assets handed over.

    Attributes:
        model: the Pyomo model; its objective is ``total_cost``.
        terms: terms per asset id, in order of id.
        pairs: exclusive pairs by name; the name is that of the first variable.
        cost_eur: cost expressions by kind.
    """

    def __init__(self, problem: SiteProblem) -> None:
        self.model = pyo.ConcreteModel(name=f"site {problem.id}")
        self.terms: dict[str, AssetTerms] = {}
        self.pairs: dict[str, tuple[pyo.Var, pyo.Var]] = {}
        self.cost_eur: dict[str, Any] = {}


def build_site(problem: SiteProblem, guarded: GuardedSteps) -> SiteModel:
    """Write the model of a checked site.

    Args:
        problem: the site.
        guarded: steps with a binary per exclusive pair.
    """
    site = SiteModel(problem)
    _add_assets(site, problem)
    _add_connection(site, problem)
    _add_windows(site, problem)
    _add_guards(site, guarded)
    site.cost_eur |= add_bill(site.model, problem)
    for terms in site.terms.values():
        for kind, cost in terms.cost_eur.items():
            site.cost_eur[kind] = site.cost_eur.get(kind, 0.0) + cost
    site.model.total_cost = pyo.Objective(expr=pyo.quicksum(site.cost_eur.values()), sense=pyo.minimize)
    return site


def first_guards(problem: SiteProblem) -> GuardedSteps:
    """Guard offtake against feed-in wherever buying and selling at once would earn money."""
    earns = problem.feed_in_price_eur_per_kwh > problem.offtake_price_eur_per_kwh
    return {GRID_PAIR: frozenset(int(t) for t in np.flatnonzero(earns & (problem.contracted_feed_in_kw > 0.0)))}


def _add_assets(site: SiteModel, problem: SiteProblem) -> None:
    assets = sorted(problem.assets, key=lambda asset: asset.id)
    model = site.model
    model.asset = pyo.Block([asset.id for asset in assets])
    for asset in assets:
        terms = add_asset(asset, model.asset[asset.id], problem)
        site.terms[asset.id] = terms
        site.pairs |= {str(first.name): (first, second) for first, second in terms.exclusive}
    batches = {asset.id: (asset, model.asset[asset.id]) for asset in assets if isinstance(asset, Batch)}
    if any(asset.after for asset, _ in batches.values()):
        batch.add_sequences(model, batches)


def _add_connection(site: SiteModel, problem: SiteProblem) -> None:
    model, steps = site.model, range(problem.grid.steps)
    capacity = offtake_capacity_kw(problem)
    may_feed_in = [t for t in steps if problem.contracted_feed_in_kw[t] > 0.0]
    model.offtake_kw = pyo.Var(steps, bounds=lambda _, t: (0.0, float(capacity[t])))
    model.feed_in_kw = pyo.Var(may_feed_in, bounds=lambda _, t: (0.0, float(problem.contracted_feed_in_kw[t])))
    site.pairs[GRID_PAIR] = (model.offtake_kw, model.feed_in_kw)
    drawn: dict[int, list[Any]] = {t: [] for t in steps}
    fixed = np.zeros(len(steps))
    for terms in site.terms.values():
        for t, power in terms.power_kw.items():
            drawn[t].append(power)
        fixed += 0.0 if terms.fixed_kw is None else terms.fixed_kw

    def balance(m: pyo.ConcreteModel, t: int) -> Any:
        return pyo.quicksum(drawn[t]) - m.offtake_kw[t] + _where(m.feed_in_kw, t) == -float(fixed[t])

    model.balance = pyo.Constraint(steps, rule=balance)
    pay, earn = problem.offtake_price_eur_per_kwh, problem.feed_in_price_eur_per_kwh
    site.cost_eur["energy"] = problem.grid.step_h * (
        pyo.quicksum(float(pay[t]) * model.offtake_kw[t] for t in steps)
        - pyo.quicksum(float(earn[t]) * model.feed_in_kw[t] for t in may_feed_in)
    )


def _add_windows(site: SiteModel, problem: SiteProblem) -> None:
    model = site.model
    windows = {window.id: window for window in sorted(problem.windows, key=lambda window: window.id)}
    inside = [
        (w, int(t))
        for w, window in windows.items()
        for t in np.flatnonzero(window.steps)
        if not window.asset_ids or any(_has_power(site.terms[a], int(t)) for a in window.asset_ids)
    ]
    priced = [(w, t) for w, t in inside if windows[w].excess_price_eur_per_kwh is not None]
    model.excess_kw = pyo.Var(priced, domain=pyo.NonNegativeReals)

    def window_limit(m: pyo.ConcreteModel, w: str, t: int) -> Any:
        sign = 1.0 if windows[w].direction is Direction.OFFTAKE else -1.0
        power, given = m.offtake_kw[t] - _where(m.feed_in_kw, t), 0.0
        if windows[w].asset_ids:
            members = [site.terms[asset_id] for asset_id in sorted(windows[w].asset_ids)]
            power = pyo.quicksum(_where(terms.power_kw, t) for terms in members)
            given = sum(float(terms.fixed_kw[t]) for terms in members if terms.fixed_kw is not None)
        return sign * power - _where(m.excess_kw, (w, t)) <= float(windows[w].limit_kw[t]) - sign * given

    model.window_limit = pyo.Constraint(inside, rule=window_limit)
    if priced:
        site.cost_eur["window excess"] = problem.grid.step_h * pyo.quicksum(
            (windows[w].excess_price_eur_per_kwh or 0.0) * model.excess_kw[w, t] for w, t in priced
        )


def _add_guards(site: SiteModel, guarded: GuardedSteps) -> None:
    model = site.model
    where = [(name, t) for name in sorted(guarded) for t in sorted(guarded[name])]
    model.takes = pyo.Var(where, domain=pyo.Binary)

    def first_only(m: pyo.ConcreteModel, name: str, t: int) -> Any:
        first = site.pairs[name][0][t]
        return first <= first.ub * m.takes[name, t]

    def second_only(m: pyo.ConcreteModel, name: str, t: int) -> Any:
        second = site.pairs[name][1][t]
        return second <= second.ub * (1.0 - m.takes[name, t])

    model.first_only = pyo.Constraint(where, rule=first_only)
    model.second_only = pyo.Constraint(where, rule=second_only)


def _has_power(terms: AssetTerms, t: int) -> bool:
    return t in terms.power_kw or (terms.fixed_kw is not None and float(terms.fixed_kw[t]) != 0.0)


def _where(variable: pyo.Var, index: Any) -> Any:
    """Take a variable where it exists and zero where it does not."""
    if index in variable:
        return variable[index]
    return 0.0
