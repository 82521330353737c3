"""Redispatch as a textbook solves it: the Pyomo formulation through Pyomo's own HiGHS interface, stage by stage."""

from __future__ import annotations

import pyomo.environ as pyo
from pyomo.contrib.appsi.solvers import Highs


def solve_stages(model: pyo.ConcreteModel, *, relative_gap: float, time_limit_s: float) -> dict[str, float]:
    """Minimise the model's objectives in the order they were declared, each kept by a constraint.

    Returns:
        Value of each objective at the end; empty when a stage found nothing within its time.
    """
    stages = list(model.component_objects(pyo.Objective, active=True))
    for stage in stages:
        stage.deactivate()
    solver = Highs()
    solver.config.mip_gap, solver.config.time_limit = relative_gap, time_limit_s
    solver.config.load_solution = False
    solver.highs_options = {"threads": 1}
    model.kept = pyo.ConstraintList()
    for stage in stages:
        stage.activate()
        answer = solver.solve(model)
        if answer.best_feasible_objective is None:
            return {}
        answer.solution_loader.load_vars()
        stage.deactivate()
        model.kept.add(stage.expr <= pyo.value(stage.expr) + 1e-4)
    return {stage.name: float(pyo.value(stage.expr)) for stage in stages}
