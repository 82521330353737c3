"""From Pyomo to a `Program`: what is kept, folded, fixed, turned round or refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyomo.environ as pyo
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.errors import ModelError
from optimizer.model.compile import compile_model
from optimizer.model.labels import Label
from optimizer.model.program import Program

INF = float("inf")


def rows_of(program: Program) -> dict[str, tuple[float, dict[str, float], float]]:
    """Every row by name as (lower, coefficients by column name, upper)."""
    dense = program.rows.toarray()
    return {
        str(label): (
            float(program.row_lower[k]),
            {str(program.column_labels[int(j)]): float(dense[k, j]) for j in np.flatnonzero(dense[k])},
            float(program.row_upper[k]),
        )
        for k, label in enumerate(program.row_labels)
    }


def two_variables() -> pyo.ConcreteModel:
    model = pyo.ConcreteModel(name="two")
    model.x = pyo.Var(bounds=(0, 4))
    model.y = pyo.Var(bounds=(-1, None))
    return model


def test_every_kind_of_row_and_a_range_stays_one_row() -> None:
    model = two_variables()
    model.upper = pyo.Constraint(expr=2 * model.x + model.y <= 3)
    model.lower = pyo.Constraint(expr=model.x - model.y >= -2)
    model.equal = pyo.Constraint(expr=model.x + model.y == 1)
    model.range = pyo.Constraint(expr=(1, 3 * model.x + model.y, 5))
    model.same = pyo.Constraint(expr=(2, model.x + 2 * model.y, 2))
    model.goal = pyo.Objective(expr=model.x)
    assert rows_of(compile_model(model)) == {
        "upper": (-INF, {"x": 2.0, "y": 1.0}, 3.0),
        "lower": (-2.0, {"x": 1.0, "y": -1.0}, INF),
        "equal": (1.0, {"x": 1.0, "y": 1.0}, 1.0),
        "range": (1.0, {"x": 3.0, "y": 1.0}, 5.0),
        "same": (2.0, {"x": 1.0, "y": 2.0}, 2.0),
    }


def test_constants_move_to_the_bounds_and_into_the_offset() -> None:
    model = two_variables()
    model.range = pyo.Constraint(expr=(1, model.x + 10 + model.y, 20))
    model.goal = pyo.Objective(expr=2 * model.x + 7)
    program = compile_model(model)
    assert rows_of(program)["range"][0::2] == (-9.0, 10.0)
    assert program.objectives[0].offset == 7.0


def test_bounds_and_integrality_come_from_the_domain_too() -> None:
    model = pyo.ConcreteModel()
    model.free = pyo.Var()
    model.positive = pyo.Var(domain=pyo.NonNegativeReals, bounds=(-3, 9))
    model.binary = pyo.Var(domain=pyo.Binary)
    model.lots = pyo.Var(domain=pyo.NonNegativeIntegers, bounds=(None, 7))
    model.goal = pyo.Objective(expr=model.free + model.positive + model.binary + model.lots)
    program = compile_model(model)
    assert [str(label) for label in program.column_labels] == ["free", "positive", "binary", "lots"]
    assert program.column_lower.tolist() == [-INF, 0, 0, 0]
    assert program.column_upper.tolist() == [INF, 9, 1, 7]
    assert program.integer.tolist() == [False, False, True, True]


def test_a_fixed_variable_is_a_constant_and_an_unused_one_is_left_out() -> None:
    model = two_variables()
    model.unused = pyo.Var()
    model.z = pyo.Var()
    model.z.fix(3.0)
    model.cap = pyo.Constraint(expr=model.x + 2 * model.z <= 10)
    model.product = pyo.Constraint(expr=model.z * model.y >= 6)
    model.goal = pyo.Objective(expr=model.x + model.y + 5 * model.z)
    program = compile_model(model)
    assert [str(label) for label in program.column_labels] == ["x", "y"]
    assert rows_of(program) == {"cap": (-INF, {"x": 1.0}, 4.0), "product": (6.0, {"y": 3.0}, INF)}
    assert program.objectives[0].offset == 15.0


def test_several_objectives_are_stages_in_order_of_declaration_all_minimised() -> None:
    model = two_variables()
    model.zeta = pyo.Objective(expr=model.x + 1)
    model.off = pyo.Objective(expr=100 * model.x)
    model.off.deactivate()
    model.alpha = pyo.Objective(expr=2 * model.x + 3 * model.y + 4, sense=pyo.maximize)
    program = compile_model(model)
    assert [stage.name for stage in program.objectives] == ["zeta", "alpha"]
    assert [stage.costs.tolist() for stage in program.objectives] == [[1, 0], [-2, -3]]
    assert [stage.offset for stage in program.objectives] == [1, -4]


def test_labels_name_blocks_and_index_tuples() -> None:
    model = pyo.ConcreteModel()
    model.zone = pyo.Block(["office", "hall"])
    for name in ("office", "hall"):
        model.zone[name].power = pyo.Var(range(2), ["heat", "cold"], bounds=(0, 1))
        model.zone[name].cap = pyo.Constraint(range(2), rule=lambda b, t: sum(b.power[t, :]) <= 1)
    model.goal = pyo.Objective(expr=sum(v for b in model.zone.values() for v in b.power.values()))
    program = compile_model(model)
    assert Label("zone[hall].power", (1, "cold")) in list(program.column_labels)
    assert program.row_labels.positions("zone[office].cap") == {(0,): 0, (1,): 1}
    assert len(program.column_labels.positions("zone[office].power")) == 4


def test_inactive_constraints_and_blocks_do_not_count() -> None:
    model = two_variables()
    model.off = pyo.Constraint(expr=model.x >= 3)
    model.off.deactivate()
    model.part = pyo.Block()
    model.part.cap = pyo.Constraint(expr=model.x >= 2)
    model.part.deactivate()
    model.goal = pyo.Objective(expr=model.x)
    assert compile_model(model).row_count == 0


def test_a_constraint_that_always_holds_is_left_out() -> None:
    model = two_variables()
    model.always = pyo.Constraint(expr=model.x - model.x <= 4)
    model.goal = pyo.Objective(expr=model.x)
    assert compile_model(model).row_count == 0


def contradiction(model: pyo.ConcreteModel) -> None:
    model.never = pyo.Constraint(expr=model.x - model.x >= 4)


def fixed_contradiction(model: pyo.ConcreteModel) -> None:
    model.y.fix(1.0)
    model.never = pyo.Constraint(expr=model.y >= 4)


def nonlinear_constraint(model: pyo.ConcreteModel) -> None:
    model.square = pyo.Constraint(expr=model.x**2 <= 4)


def nonlinear_objective(model: pyo.ConcreteModel) -> None:
    model.product = pyo.Objective(expr=model.x * model.y)


def special_ordered_set(model: pyo.ConcreteModel) -> None:
    model.pair = pyo.Var(range(2), bounds=(0, 1))
    model.sos = pyo.SOSConstraint(var=model.pair, sos=1)


def three_values(model: pyo.ConcreteModel) -> None:
    model.step = pyo.Var(domain=pyo.Set(initialize=[1, 5, 10]))
    model.cap = pyo.Constraint(expr=model.step <= 9)


def not_a_number(model: pyo.ConcreteModel) -> None:
    model.cap = pyo.Constraint(expr=float("nan") * model.x <= 4)


def infinite_price(model: pyo.ConcreteModel) -> None:
    model.price = pyo.Objective(expr=INF * model.x)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (contradiction, "never"),
        (fixed_contradiction, "never"),
        (nonlinear_constraint, "square.*nonlinear"),
        (nonlinear_objective, "product.*nonlinear"),
        (special_ordered_set, "sos"),
        (three_values, "step is neither continuous nor integer"),
        (not_a_number, "coefficient in cap is not finite"),
        (infinite_price, "x: cost in price is not finite"),
    ],
)
def test_what_is_no_linear_program_is_a_model_error_that_names_it(
    spoil: Callable[[pyo.ConcreteModel], None], words: str
) -> None:
    model = two_variables()
    model.goal = pyo.Objective(expr=model.x + model.y)
    spoil(model)
    with pytest.raises(ModelError, match=f"(?s)two.*{words}"):
        compile_model(model)


def test_a_model_without_objective_is_refused() -> None:
    with pytest.raises(ModelError, match="objective"):
        compile_model(two_variables())


numbers = st.integers(-5, 5).map(float)


@settings(max_examples=60)
@given(
    coefficients=st.lists(st.tuples(numbers, numbers, numbers), min_size=1, max_size=5),
    constants=st.lists(numbers, min_size=5, max_size=5),
    sides=st.lists(st.sampled_from(["<=", ">=", "==", "range"]), min_size=5, max_size=5),
    fixed=st.booleans(),
)
def test_the_program_says_what_the_model_says_at_any_point(
    coefficients: list[tuple[float, float, float]], constants: list[float], sides: list[str], fixed: bool
) -> None:
    """Evaluate every Pyomo body at a point and compare with rows @ x inside the compiled bounds."""
    model = pyo.ConcreteModel(name="any")
    model.x = pyo.Var(range(3), bounds=(-9, 9))
    point = (1.5, -2.0, 3.0)
    for k, value in enumerate(point):
        model.x[k].set_value(value)
    if fixed:
        model.x[1].fix()
    model.c = pyo.ConstraintList()
    for row, constant, side in zip(coefficients, constants, sides, strict=False):
        if not any(a for k, a in enumerate(row) if not (fixed and k == 1)):
            continue
        body = sum(a * model.x[k] for k, a in enumerate(row)) + constant
        model.c.add((-4, body, 6) if side == "range" else {"<=": body <= 6, ">=": body >= -4, "==": body == 2}[side])
    model.goal = pyo.Objective(expr=sum((k + 1) * model.x[k] for k in range(3)) + 0.5)
    program = compile_model(model)
    x = np.array([point[label.index[0]] for label in program.column_labels])
    activity = program.rows @ x
    for k, constraint in enumerate(model.c[label.index[0]] for label in program.row_labels):
        body, lower, upper = pyo.value(constraint.body), constraint.lb, constraint.ub
        if lower is not None:
            assert activity[k] - program.row_lower[k] == pytest.approx(body - lower)
        else:
            assert program.row_lower[k] == -INF
        if upper is not None:
            assert program.row_upper[k] - activity[k] == pytest.approx(upper - body)
        else:
            assert program.row_upper[k] == INF
    objective = program.objectives[0]
    assert float(objective.costs @ x) + objective.offset == pytest.approx(pyo.value(model.goal))
