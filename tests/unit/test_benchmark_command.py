"""``python -m benchmarks``: what is printed, written and returned."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import __main__ as command
from benchmarks import runner
from benchmarks.measure import Clock, Figures, Measurement, measure
from benchmarks.registry import Case, Target


def answer(instance: int, clock: Clock) -> Figures:
    with clock.phase("solve"):
        pass
    return {"objective": (float(instance), "EUR")}


def case_of(name: str, **changes: Any) -> Case:
    fields: dict[str, Any] = {
        "name": name,
        "source": "the archive",
        "sizes": (1, 2),
        "generate": lambda size, seed, data: size,
        "engines": {"ours": answer, "theirs": answer},
        "rival": "theirs",
        "largest": {"theirs": 1},
    }
    return Case(**(fields | changes))


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run the command on given cases, with measurements in this process."""

    def run(cases: tuple[Case, ...], *words: str) -> int:
        monkeypatch.setattr(command, "load_suite", lambda name: cases)
        monkeypatch.setattr("sys.argv", ["benchmarks", "core", "--results", str(tmp_path), *words])
        return command.main()

    def in_process(suite: str, case: Case, size: int, engine: str, data: Path | None) -> Measurement:
        return measure(case, size, engine, data)

    monkeypatch.setattr(runner, "run_engine", in_process)
    return run


def test_a_full_run_is_printed_and_written(call: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call((case_of("toy"),), "--repeat", "2") == 0
    printed = capsys.readouterr().out
    assert "left out toy 2: theirs is too slow" in printed
    report = json.loads((tmp_path / "core.json").read_text())
    assert report["repeat"] == 2
    assert set(report["instances"]) == {"toy 1", "toy 2"}
    assert report["left_out"] == ["toy 2: theirs is too slow"]
    assert {(row["size"], row["engine"]) for row in report["rows"]} == {(1, "ours"), (1, "theirs"), (2, "ours")}


def test_a_case_without_its_data_is_left_out_loudly(
    call: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cases = (case_of("toy"), case_of("archive", needs_data=True, generate=lambda size, seed, data: len(str(data))))
    assert call(cases) == 0
    assert "left out archive: needs --data (the archive)" in capsys.readouterr().out
    assert json.loads((tmp_path / "core.json").read_text())["left_out"][-1] == "archive: needs --data (the archive)"
    assert call(cases, "--data", str(tmp_path)) == 0
    assert "needs --data" not in capsys.readouterr().out


def test_a_promise_that_is_not_kept_is_an_exit_code(call: Any, capsys: pytest.CaptureFixture[str]) -> None:
    promise = Target(engine="ours", phase="result", metric="objective", sizes=(1,), at_most=0.5)
    assert call((case_of("toy", targets=(promise,)),)) == 1
    assert "1 promises not kept" in capsys.readouterr().out


@pytest.mark.parametrize("words", [("--smoke",), ("--case", "toy"), ("--size", "1")])
def test_part_of_a_suite_writes_nothing(call: Any, tmp_path: Path, words: tuple[str, ...]) -> None:
    assert call((case_of("toy"),), *words) == 0
    assert list(tmp_path.iterdir()) == []


def test_disagreement_and_unknown_cases_end_without_results(
    call: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call((case_of("toy", agree={"cost": 0.1}),)) == 1
    assert "did not report cost" in capsys.readouterr().err
    assert call((case_of("toy"),), "--case", "other") == 1
    assert "no case other; there are toy" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
