"""How a run ends: limits, gaps, listeners, options, methods and the conflict of an infeasible model."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from optimizer.errors import SolverError
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession, Progress
from tests.example_programs import INF, diet, knapsack, make_program, market_split, mixed, solved


def test_a_time_limit_without_incumbent_is_not_a_plan_of_zeros() -> None:
    outcome = solved(market_split(), SolverOptions(time_limit_s=0.2))
    assert outcome.stop is Stop.TIME_LIMIT
    assert outcome.incumbent is None
    assert outcome.gap is None
    assert outcome.relative_gap is None
    assert outcome.bound is not None
    assert 0 < outcome.bound <= 40
    assert outcome.report.seconds < 2


def test_a_node_limit_keeps_the_bound() -> None:
    outcome = solved(market_split(), SolverOptions(node_limit=1))
    assert outcome.stop is Stop.NODE_LIMIT
    assert outcome.bound is not None


def test_a_gap_that_was_asked_for_is_reported_as_such() -> None:
    rng = np.random.default_rng(3)
    weight = rng.integers(10, 100, 60)
    program = make_program(
        costs=[-float(w) - rng.random() for w in weight],
        bounds=[(0, 1)] * 60,
        rows=[(-INF, list(map(float, weight)), float(weight.sum() // 2))],
        integer=[True] * 60,
    )
    outcome = solved(program, SolverOptions(relative_gap=0.05, absolute_gap=0.0))
    assert outcome.stop is Stop.GAP_REACHED
    assert outcome.stop.proven
    assert outcome.relative_gap is not None
    assert 0 < outcome.relative_gap <= 0.05


def test_a_listener_sees_progress_and_can_interrupt() -> None:
    seen: list[Progress] = []

    def three_looks(progress: Progress) -> bool:
        seen.append(progress)
        return len(seen) < 3

    session = HighsSession(SolverOptions(time_limit_s=20))
    session.load(market_split())
    outcome = session.run(listener=three_looks)
    assert outcome.stop is Stop.INTERRUPTED
    assert outcome.incumbent is None
    assert len(seen) >= 3
    assert all(p.seconds >= 0 and p.nodes >= 0 and p.incumbent is None for p in seen)


def test_a_listener_listens_to_one_run_only() -> None:
    seen: list[Progress] = []

    def look(progress: Progress) -> bool:
        seen.append(progress)
        return True

    session = HighsSession(SolverOptions(time_limit_s=0.2))
    session.load(market_split())
    session.run(listener=look)
    first = len(seen)
    session.run()
    assert first > 0
    assert len(seen) == first


def test_what_a_listener_raises_reaches_the_caller_and_the_session_lives_on() -> None:
    def broken(progress: Progress) -> bool:
        raise RuntimeError("the screen is gone")

    session = HighsSession(SolverOptions(time_limit_s=0.2))
    session.load(market_split())
    with pytest.raises(RuntimeError, match="the screen is gone"):
        session.run(listener=broken)
    assert session.run().stop is Stop.TIME_LIMIT
    session.load(knapsack())
    outcome = session.run()
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(-10)


def test_a_run_that_fails_is_not_the_optimum_of_the_run_before(monkeypatch: pytest.MonkeyPatch) -> None:
    session = HighsSession()
    session.load(diet())
    assert session.run().stop is Stop.OPTIMAL
    monkeypatch.setattr(session._highs, "run", lambda: highspy.HighsStatus.kError)
    outcome = session.run()
    assert outcome.stop is Stop.FAILED
    assert outcome.incumbent is None


def test_rows_named_without_proof_are_no_conflict(monkeypatch: pytest.MonkeyPatch) -> None:
    session = HighsSession()
    session.load(make_program(costs=[1], bounds=[(0, 1)], rows=[(2, [1], INF)]))
    assert session.conflict() == ((0,), (0,))
    doubtful = session._highs.getIis()[1]
    doubtful.valid_ = False
    monkeypatch.setattr(session._highs, "getIis", lambda: (highspy.HighsStatus.kWarning, doubtful))
    assert session.conflict() == ((), ())


def test_options_of_one_run_do_not_stick() -> None:
    session = HighsSession()
    session.load(market_split(columns=20, rows=2))
    assert session.run(SolverOptions(time_limit_s=0.0, feasibility_tolerance=1e-9)).stop is Stop.TIME_LIMIT
    session.load(knapsack())
    assert session.run().stop is Stop.OPTIMAL
    _status, tolerance = session._highs.getOptionValue("primal_feasibility_tolerance")
    assert tolerance == 1e-7


@pytest.mark.parametrize("method", ["simplex", "ipm"])
def test_a_method_for_linear_programs_does_not_relax_integers(method: str) -> None:
    outcome = solved(mixed(), SolverOptions(method=method))
    assert outcome.incumbent is not None
    assert outcome.incumbent.values == pytest.approx([2, 1])
    outcome = solved(diet(), SolverOptions(method=method))
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(9)


@pytest.mark.parametrize(
    "options",
    [SolverOptions(time_limit_s=-1), SolverOptions(method="magic"), SolverOptions(feasibility_tolerance=0.0)],
)
def test_an_option_the_solver_refuses_is_an_error(options: SolverOptions) -> None:
    session = HighsSession(options)
    session.load(diet())
    with pytest.raises(SolverError, match="option"):
        session.run()


def test_conflict_lists_rows_and_bounds_of_the_relaxation() -> None:
    session = HighsSession()
    session.load(
        make_program(
            costs=[0, 0], bounds=[(0, 1), (0, 5)], rows=[(-INF, [0, 1], 9), (3, [1, 0], INF), (0, [1, 1], INF)]
        )
    )
    assert session.run().stop is Stop.INFEASIBLE
    assert session.conflict() == ((1,), (0,))


def test_conflict_is_empty_where_the_relaxation_is_feasible() -> None:
    session = HighsSession()
    session.load(make_program(costs=[0], bounds=[(0, INF)], rows=[(1, [2], 1)], integer=[True]))
    assert session.run().stop is Stop.INFEASIBLE
    assert session.conflict() == ((), ())
    session.load(diet())
    assert session.conflict() == ((), ())


@pytest.mark.parametrize(
    ("columns", "integer", "asked", "used"),
    [
        (10_000, False, "choose", "ipm"),
        (9_999, False, "choose", "choose"),
        (10_000, True, "choose", "choose"),
        (10_000, False, "simplex", "simplex"),
    ],
)
def test_large_linear_programs_go_to_interior_point(columns: int, integer: bool, asked: str, used: str) -> None:
    session = HighsSession(SolverOptions(method=asked))
    session.load(make_program(costs=[1.0] * columns, bounds=[(1, 2)] * columns, integer=[integer] * columns))
    outcome = session.run()
    assert session._highs.getOptionValue("solver")[1] == used
    assert outcome.incumbent is not None
    assert outcome.incumbent.objective == pytest.approx(columns)
