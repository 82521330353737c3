"""What we rely on in Pyomo's standard-form compiler; a new version that differs turns one of these red."""

from __future__ import annotations

import importlib.metadata
from typing import Any

import pyomo.environ as pyo
import pytest
from pyomo.common.errors import InfeasibleConstraintException
from pyomo.repn.plugins.standard_form import LinearStandardFormCompiler


def compiled(model: pyo.ConcreteModel) -> Any:
    return LinearStandardFormCompiler().write(model, mixed_form=True)


def two() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel()
    model.x = pyo.Var(bounds=(0, 4))
    model.y = pyo.Var()
    model.goal = pyo.Objective(expr=model.x + 2 * model.y + 7)
    return model


def test_the_version_is_the_one_all_this_was_seen_with() -> None:
    assert importlib.metadata.version("pyomo").startswith("6.10.")


def test_rows_carry_their_side_and_a_range_makes_two_rows_upper_first() -> None:
    model = two()
    model.upper = pyo.Constraint(expr=2 * model.x + 1 <= 3)
    model.lower = pyo.Constraint(expr=model.x - model.y >= -2)
    model.equal = pyo.Constraint(expr=model.x + model.y == 1)
    model.range = pyo.Constraint(expr=(1, 3 * model.x + 10, 15))
    form = compiled(model)
    assert [(str(row.constraint), row.bound_type) for row in form.rows] == [
        ("upper", 1),
        ("lower", -1),
        ("equal", 0),
        ("range", 1),
        ("range", -1),
    ]
    assert list(form.rhs) == [2, -2, 1, 5, -9]
    assert form.A.toarray().tolist() == [[2, 0], [1, -1], [1, 1], [3, 0], [3, 0]]  # signs as written


def test_every_objective_is_a_row_of_costs_turned_into_a_minimisation() -> None:
    model = two()
    model.profit = pyo.Objective(expr=3 * model.x + 5, sense=pyo.maximize)
    form = compiled(model)
    assert [str(objective) for objective in form.objectives] == ["goal", "profit"]
    assert form.c.toarray().tolist() == [[1, 2], [-3, 0]]
    assert list(form.c_offset) == [7, -5]


def test_variables_come_in_the_order_of_declaration_and_unused_ones_not_at_all() -> None:
    model = pyo.ConcreteModel()
    model.b = pyo.Var([2, 1])
    model.unused = pyo.Var()
    model.a = pyo.Var()
    model.zero = pyo.Var()
    model.fixed = pyo.Var()
    model.fixed.fix(2.0)
    model.cap = pyo.Constraint(expr=model.a + model.b[1] + 0 * model.zero + 3 * model.fixed <= 9)
    model.goal = pyo.Objective(expr=model.b[2] + model.fixed)
    form = compiled(model)
    assert sorted(map(str, form.columns)) == ["a", "b[1]", "b[2]"]
    assert [str(v) for v in form.columns] == [str(v) for v in compiled(model).columns]
    assert list(form.rhs) == [3]
    assert list(form.c_offset) == [2]


def test_bounds_of_a_variable_are_those_of_its_domain_too() -> None:
    model = pyo.ConcreteModel()
    model.binary = pyo.Var(domain=pyo.Binary)
    model.tight = pyo.Var(domain=pyo.NonNegativeReals, bounds=(-3, 9))
    model.open = pyo.Var(bounds=(None, float("inf")))
    assert model.binary.bounds == (0, 1)
    assert model.tight.bounds == (0, 9)
    assert model.open.bounds == (None, None)


def test_a_contradiction_without_variables_is_an_exception_to_the_last_bit() -> None:
    model = two()
    model.sum = pyo.Var()
    model.sum.fix(0.1 + 0.2)
    model.cap = pyo.Constraint(expr=model.sum <= 0.3)
    with pytest.raises(InfeasibleConstraintException, match="cap"):
        compiled(model)
    model.sum.fix(0.3)
    assert compiled(model).rows == []


def test_nonlinear_terms_and_unknown_components_are_value_errors() -> None:
    model = two()
    model.square = pyo.Constraint(expr=model.x**2 <= 4)
    with pytest.raises(ValueError, match="square"):
        compiled(model)
    model = two()
    model.pair = pyo.Var(range(2))
    model.sos = pyo.SOSConstraint(var=model.pair, sos=1)
    with pytest.raises(ValueError, match="sos"):
        compiled(model)
