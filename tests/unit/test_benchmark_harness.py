"""The harness: medians, ratios within a repeat, promises computed, disagreement refused, instances hashed."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import runner
from benchmarks.fingerprint import instance_hash
from benchmarks.generators.sites import generate_site
from benchmarks.measure import Clock, Figures, Measurement, measure
from benchmarks.registry import Case, Target, find_case, load_suite
from benchmarks.report import write_results
from benchmarks.runner import BenchmarkError, run_engine, run_size, smoke
from optimizer.formulations.site import first_guards
from optimizer.formulations.site_program import compile_site
from optimizer.problems.checks_site import check_site
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession


def answer(value: float) -> Any:
    def solve(instance: int, clock: Clock) -> Figures:
        with clock.phase("solve"):
            pass
        return {"objective": (value, "EUR")}

    return solve


def case_of(ours: float = 1.0, theirs: float = 1.0, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "name": "toy",
        "source": "none",
        "sizes": (1, 2),
        "generate": lambda size, seed, data: size + seed,
        "engines": {"ours": answer(ours), "theirs": answer(theirs)},
        "rival": "theirs",
        "agree": {"objective": 1e-6},
    }
    return Case(**(fields | changes))


def run(seconds: float, objective: float = 1.0, peak_mb: float = 10.0) -> Measurement:
    return Measurement(
        seconds={"solve": seconds, "total": seconds},
        cpu={"solve": seconds / 2, "total": seconds / 2},
        peak_mb=peak_mb,
        figures={"objective": (objective, "EUR")},
        instance="same",
    )


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Replace the processes by a script of measurements per engine."""

    def use(script: dict[str, list[Measurement | None]]) -> list[str]:
        order: list[str] = []

        def next_run(suite: str, case: Case, size: int, engine: str, data: Path | None) -> Measurement | None:
            order.append(engine)
            return script[engine].pop(0)

        monkeypatch.setattr(runner, "run_engine", next_run)
        return order

    return use


def rows_of(case: Case, repeat: int) -> dict[tuple[str, str, str], runner.Row]:
    result = run_size("none", case, 1, repeat=repeat, data=None, say=lambda text: None)
    return {(row.engine, row.phase, row.metric): row for row in result.rows}


def test_repeats_are_interleaved_and_ratios_are_taken_within_a_repeat(scripted: Any) -> None:
    order = scripted(
        {"ours": [run(1.0), run(3.0), run(2.0)], "theirs": [run(2.0), run(30.0), run(4.0)]}  # one disturbed repeat
    )
    rows = rows_of(case_of(), repeat=3)
    assert order == ["ours", "theirs"] * 3
    row = rows["ours", "total", "seconds"]
    assert (row.value, row.ratio, row.ratio_to) == (2.0, 0.5, "theirs")
    assert rows["theirs", "total", "seconds"].value == 4.0
    assert rows["theirs", "total", "seconds"].ratio is None
    assert rows["ours", "total", "peak memory"].ratio == 1.0
    assert (rows["ours", "total", "cpu"].value, rows["ours", "total", "cpu"].ratio) == (1.0, 0.5)


@pytest.mark.parametrize(
    ("target", "reached", "words"),
    [
        (Target(engine="ours", phase="total", at_most=1.0), True, "<= 1 s"),
        (Target(engine="ours", phase="total", at_most=0.9), False, "<= 0.9 s"),
        (Target(engine="ours", phase="total", at_most_ratio=0.5), True, "<= 0.5 x theirs"),
        (Target(engine="ours", phase="total", at_most_ratio=0.4), False, "<= 0.4 x theirs"),
        (Target(engine="ours", phase="total", at_most=1.0, at_most_ratio=0.4), False, "<= 1 s, <= 0.4 x theirs"),
        (Target(engine="ours", phase="result", metric="objective", at_least=1.5), False, ">= 1.5 EUR"),
        (Target(engine="ours", phase="total", metric="peak memory", at_most=20), True, "<= 20 MB"),
        (Target(engine="ours", phase="total", at_most=0.1, sizes=(2,)), None, None),
    ],
)
def test_whether_a_promise_is_kept_is_computed(
    scripted: Any, target: Target, reached: bool | None, words: str | None
) -> None:
    scripted({"ours": [run(1.0)], "theirs": [run(2.0)]})
    row = rows_of(case_of(targets=(target,)), repeat=1)[target.engine, target.phase, target.metric]
    assert (row.reached, row.target) == (reached, words)


def test_all_promises_about_one_figure_count(scripted: Any) -> None:
    scripted({"ours": [run(1.0)], "theirs": [run(2.0)]})
    promises = (
        Target(engine="ours", phase="total", at_most=5.0),
        Target(engine="ours", phase="total", at_least=1.5),
    )
    row = rows_of(case_of(targets=promises), repeat=1)["ours", "total", "seconds"]
    assert (row.target, row.reached) == ("<= 5 s, >= 1.5 s", False)


def test_a_promise_about_nothing_measured_is_an_error(scripted: Any) -> None:
    scripted({"ours": [run(1.0)], "theirs": [run(2.0)]})
    with pytest.raises(BenchmarkError, match="nothing measured: ours totl seconds"):
        rows_of(case_of(targets=(Target(engine="ours", phase="totl", at_most=5.0),)), repeat=1)
    with pytest.raises(BenchmarkError, match="nothing measured: ours result cost"):
        smoke(case_of(targets=(Target(engine="ours", phase="result", metric="cost", at_most=5.0),)))


def test_an_engine_stopped_at_the_time_limit_keeps_no_promise(scripted: Any) -> None:
    scripted({"ours": [None], "theirs": [run(2.0)]})
    rows = rows_of(case_of(targets=(Target(engine="ours", phase="solve", at_most=5.0),)), repeat=1)
    row = rows["ours", "total", "stopped after"]
    assert (row.target, row.reached) == ("solve seconds <= 5 s", False)


def test_a_ratio_that_was_promised_but_not_measured_is_not_kept(scripted: Any) -> None:
    scripted({"ours": [run(1.0)], "theirs": [None]})
    promise = Target(engine="ours", phase="total", at_most_ratio=0.5)
    rows = rows_of(case_of(targets=(promise,), time_limit_s=7.0), repeat=1)
    assert rows["ours", "total", "seconds"].reached is False
    assert rows["theirs", "total", "stopped after"].value == 7.0


def test_engines_that_disagree_are_not_compared(scripted: Any) -> None:
    scripted({"ours": [run(1.0)], "theirs": [run(1.0, objective=1.1)]})
    with pytest.raises(BenchmarkError, match="disagree on objective"):
        rows_of(case_of(), repeat=1)
    with pytest.raises(BenchmarkError, match="disagree on objective"):
        smoke(case_of(theirs=float("nan")))
    with pytest.raises(BenchmarkError, match="did not report cost"):
        smoke(case_of(agree={"cost": 1e-6}))
    smoke(case_of())


def test_engines_with_different_instances_are_not_compared() -> None:
    drawn = iter(range(9))
    with pytest.raises(BenchmarkError, match="different instances"):
        smoke(case_of(generate=lambda size, seed, data: next(drawn)))


def test_an_engine_is_left_out_above_its_largest_size() -> None:
    case = case_of(largest={"theirs": 1})
    assert case.engines_at(1) == ("ours", "theirs")
    assert case.engines_at(2) == ("ours",)


def test_total_is_the_sum_of_the_phases_a_user_waits_for() -> None:
    def solve(instance: int, clock: Clock) -> Figures:
        with clock.phase("build"):
            sum(range(10_000))
        with clock.phase("aside", in_total=False):
            sum(range(100_000))
        with clock.phase("build"):
            sum(range(10_000))
        return {}

    measured = measure(case_of(engines={"ours": solve}), 1, "ours")
    for times in (measured.seconds, measured.cpu):
        assert set(times) == {"build", "aside", "total"}
        assert times["total"] == pytest.approx(times["build"])
        assert times["aside"] > 0


def test_an_engine_runs_in_a_process_of_its_own() -> None:
    case = find_case("core", "car park")
    measurement = run_engine("core", case, 10, "ours", None)
    assert measurement is not None
    assert measurement.instance == instance_hash(case.generate(10, case.seed, None))
    assert measurement.peak_mb > 10
    assert measurement.figures["columns"][1] == "columns"
    assert run_engine("core", replace(case, time_limit_s=0.01), 10, "ours", None) is None
    with pytest.raises(BenchmarkError, match="nobody"):
        run_engine("core", case, 10, "nobody", None)


def test_results_carry_machine_versions_commit_and_hashes(scripted: Any, tmp_path: Path) -> None:
    scripted({"ours": [run(1.0)], "theirs": [run(2.0)]})
    result = run_size("none", case_of(), 1, repeat=1, data=None, say=lambda text: None)
    path = write_results(
        "toy", result.rows, instances={"toy 1": result.instance}, left_out=["x"], repeat=1, folder=tmp_path
    )
    report = json.loads(path.read_text())
    assert report["instances"] == {"toy 1": "same"}
    assert report["left_out"] == ["x"]
    assert {"cpu", "cores", "memory_gb", "system"} == set(report["machine"])
    assert {"python", "highspy", "pyomo"} < set(report["versions"])
    assert len(report["commit"].split()[0]) == 40 or report["commit"] == "unknown"
    assert set(report["rows"][0]) == {
        "case", "size", "engine", "phase", "metric", "value", "unit", "target", "reached", "ratio_to", "ratio",
    }  # fmt: skip


@dataclass(frozen=True)
class Thing:
    name: str
    power_kw: Any


def test_the_hash_of_an_instance_sees_every_value_and_nothing_else() -> None:
    base = Thing("a", np.array([1.0, 2.0]))
    assert instance_hash(base) == instance_hash(Thing("a", np.array([1.0, 2.0])))
    others: list[Any] = [
        Thing("b", base.power_kw),
        Thing("a", np.array([1.0, 2.5])),
        Thing("a", np.array([[1.0, 2.0]])),
        Thing("a", (1.0, 2.0)),
        Thing("a", None),
        (base,),
    ]
    assert len({instance_hash(thing) for thing in [base, *others]}) == 7
    assert instance_hash({"x": 1, "y": 2}) == instance_hash({"y": 2, "x": 1})
    assert instance_hash(frozenset("abc")) == instance_hash(frozenset("cba"))
    assert instance_hash(["ab", "c"]) != instance_hash(["a", "bc"])
    assert instance_hash((Decimal("1.0"), datetime(2026, 1, 1, tzinfo=UTC)))
    with pytest.raises(TypeError, match="cannot hash a object"):
        instance_hash(object())


def test_a_suite_or_case_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match="no suite nothing"):
        load_suite("nothing")
    with pytest.raises(ValueError, match="no case nothing"):
        find_case("core", "nothing")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sessions", [1, 10, 60])
def test_generated_sites_are_sound_feasible_and_the_same_for_the_same_seed(sessions: int, seed: int) -> None:
    problem = generate_site(sessions, seed)
    assert check_site(problem) == ()
    assert instance_hash(problem) == instance_hash(generate_site(sessions, seed))
    assert instance_hash(problem) != instance_hash(generate_site(sessions, seed + 100))
    session = HighsSession()
    session.load(compile_site(problem, first_guards(problem)).program)
    assert session.run().stop is Stop.OPTIMAL
