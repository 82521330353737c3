"""The site as a textbook writes it: one Pyomo model with sets, parameters and rules, solved by Pyomo's own interface.

Sets
    I, T                    sessions, steps; (i, t) where session i is plugged in
Variables
    p[i,t]                  power drawn by session i, kW
    g[t]                    power taken from the grid, kW
Constraints
    energy[i]               eta_i dt sum_t p[i,t] = E_i
    balance[t]              g[t] = base[t] + sum_i p[i,t]
    window[t]               g[t] <= limit in the window
Objective
    cost                    sum_t dt price[t] g[t]
Pyomo keeps the model and its solver object alive, so that a change of prices is passed on and not rebuilt.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo

from optimizer.problems.assets import BaseLoad, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem


def write_textbook_site(problem: SiteProblem) -> pyo.ConcreteModel:
    """Write the model of a site with charging sessions that may pause, base loads and hard offtake windows."""
    sessions = {a.id: a for a in problem.assets if isinstance(a, ChargingSession)}
    loads = [a.power_kw for a in problem.assets if isinstance(a, BaseLoad)]
    base = np.sum(loads, axis=0) if loads else np.zeros(problem.grid.steps)
    plugged = [(i, t) for i, s in sessions.items() for t in range(s.arrival_step, s.departure_step)]
    limit = [(w.id, t) for w in problem.windows for t in range(problem.grid.steps) if w.steps[t]]
    caps = {(w.id, t): float(w.limit_kw[t]) for w in problem.windows for t in range(problem.grid.steps)}
    dt = problem.grid.step_h

    m = pyo.ConcreteModel()
    m.I = pyo.Set(initialize=list(sessions))
    m.T = pyo.RangeSet(0, problem.grid.steps - 1)
    m.IT = pyo.Set(initialize=plugged, dimen=2)
    m.WT = pyo.Set(initialize=limit, dimen=2)
    m.price = pyo.Param(m.T, initialize=dict(enumerate(map(float, problem.offtake_price_eur_per_kwh))), mutable=True)
    m.p = pyo.Var(m.IT, bounds=lambda _, i, _t: (0.0, sessions[i].power_kw))
    m.g = pyo.Var(m.T, bounds=lambda _, t: (0.0, float(problem.contracted_offtake_kw[t])))

    def energy(m: Any, i: str) -> Any:
        s = sessions[i]
        stay = range(s.arrival_step, s.departure_step)
        return s.efficiency * dt * sum(m.p[i, t] for t in stay) == s.energy_kwh

    here: dict[int, list[str]] = {t: [] for t in range(problem.grid.steps)}
    for i, t in plugged:
        here[t].append(i)

    m.energy = pyo.Constraint(m.I, rule=energy)
    m.balance = pyo.Constraint(m.T, rule=lambda m, t: m.g[t] == float(base[t]) + sum(m.p[i, t] for i in here[t]))
    m.window = pyo.Constraint(m.WT, rule=lambda m, w, t: m.g[t] <= caps[w, t])
    m.cost = pyo.Objective(expr=sum(dt * m.price[t] * m.g[t] for t in m.T))
    return m


class TextbookSolver:
    """Pyomo's persistent interface to HiGHS, on one thread like ours."""

    def __init__(self, interface: str = "appsi_highs") -> None:
        self._solver = pyo.SolverFactory(interface)
        self._solver.options["threads"] = 1

    def solve(self, model: pyo.ConcreteModel) -> float:
        """Solve and hand over the cost.

        Raises:
            RuntimeError: there is no optimum.
        """
        results = self._solver.solve(model)
        if results.solver.termination_condition != pyo.TerminationCondition.optimal:
            raise RuntimeError(f"the textbook model ended {results.solver.termination_condition}")
        return float(pyo.value(model.cost))


def change_prices(model: pyo.ConcreteModel, price_eur_per_kwh: FloatArray) -> None:
    """Give the live model other prices."""
    for t, price in enumerate(price_eur_per_kwh):
        model.price[t] = float(price)
