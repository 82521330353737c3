"""``flexclear fleet``: files in, plans and schedules out, faults with their rows."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from api.cli.main import app
from optimizer.fleet.session_generator import HOUSEHOLD_DAY, draw_sessions
from tests.fleet_examples import quarter_hours

GRID = quarter_hours(96)
COUNT = 400


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fleet")
    sessions = draw_sessions(GRID, COUNT, np.random.default_rng(4))
    start = pd.Timestamp(GRID.start)
    table = pd.DataFrame(
        {
            "arrival": (start + pd.to_timedelta(15 * sessions.arrival, unit="min")).astype(str),
            "departure": (start + pd.to_timedelta(15 * sessions.departure, unit="min")).astype(str),
            "energy_kwh": sessions.energy_kwh,
            "power_kw": sessions.power_kw,
        }
    )
    table.to_csv(folder / "sessions.csv", index=False)
    table.to_parquet(folder / "sessions.parquet")
    broken = table.astype(object)
    broken.loc[17, "energy_kwh"] = "much"
    broken.loc[301, "departure"] = "tomorrow"
    broken.to_csv(folder / "broken.csv", index=False)
    table.assign(minimum_kw=np.where(np.arange(COUNT) < 30, 1.38, 0.0)).to_csv(folder / "minimum.csv", index=False)
    mean = float(sessions.grid_kwh.sum()) / 24.0
    limits = pd.DataFrame(
        {
            "start": [s.isoformat() for s in GRID.starts()],
            "limit_kw": 2.5 * mean,
            "price_eur_per_kwh": np.round(np.random.default_rng(0).uniform(0.05, 0.3, 96), 3),
            "base_load_kw": 314.5 * np.array([HOUSEHOLD_DAY[s.hour] for s in GRID.local_starts()]),
        }
    )
    limits.assign(limit_kw=limits["limit_kw"] + 314.5).to_csv(folder / "limit.csv", index=False)
    limits.assign(limit_kw=300.0).to_csv(folder / "tight.csv", index=False)
    return folder


def _run(*words: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["fleet", *map(str, words)])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_plan_writes_every_session_and_a_chart(folder: Path, kind: str) -> None:
    out, chart = folder / f"out.{kind}", folder / "chart.png"
    code, text, _ = _run(
        "plan", folder / f"sessions.{kind}", "--limit", folder / "limit.csv", "--out", out, "--chart", chart, "--json"
    )
    answer = json.loads(text)
    assert code == 0
    assert answer["sessions"] == COUNT
    assert answer["relative_gap"] <= 1e-6
    assert chart.read_bytes().startswith(b"\x89PNG")
    if kind == "csv":
        with out.open() as file:
            rows = list(csv.DictReader(file))
        power = {int(row["session"]): sum(map(float, row["power_kw"].split())) for row in rows}
    else:
        table = pd.read_parquet(out)
        power = {int(s): float(np.sum(p)) for s, p in zip(table["session"], table["power_kw"], strict=True)}
    assert sorted(power) == list(range(COUNT))
    assert sum(power.values()) == pytest.approx(sum(answer["power_kw"]), rel=1e-3)


def test_rows_that_cannot_be_read_are_listed_and_only_skipped_on_request(folder: Path) -> None:
    code, _, errors = _run("plan", folder / "broken.csv", "--limit", folder / "limit.csv", "--json")
    assert code == 2
    assert [f["path"] for f in json.loads(errors)["findings"]] == [
        "sessions[17].energy_kwh",
        "sessions[301].departure",
    ]
    code, text, errors = _run(
        "plan", folder / "broken.csv", "--limit", folder / "limit.csv", "--skip-invalid", "--json"
    )
    assert code == 0
    assert json.loads(text)["sessions"] == COUNT - 2
    assert len(json.loads(errors)["findings"]) == 2


def test_sessions_at_minimum_current_are_planned_too(folder: Path) -> None:
    code, text, _ = _run("plan", folder / "minimum.csv", "--limit", folder / "limit.csv", "--gap", "0.005", "--json")
    assert code == 0
    assert 0 <= json.loads(text)["relative_gap"] <= 0.005


def test_a_limit_out_of_reach_ends_with_reasons(folder: Path) -> None:
    code, text, errors = _run("plan", folder / "sessions.csv", "--limit", folder / "tight.csv", "--json")
    assert code == 3
    assert json.loads(text)["status"] == "infeasible"
    assert "no plan of these sessions avoids it" in json.loads(errors)["findings"][0]["message"]


def test_files_that_are_none_say_so(folder: Path) -> None:
    assert _run("plan", folder / "nowhere.csv", "--limit", folder / "limit.csv")[0] == 2
    assert _run("plan", folder / "sessions.csv", "--limit", folder / "sessions.csv")[0] == 2
    assert _run("plan", folder / "sessions.csv", "--limit", folder / "limit.csv", "--out", folder / "out.xls")[0] == 2


def test_a_published_table_becomes_sessions(folder: Path) -> None:
    source, out = folder / "sample.csv", folder / "imported.csv"
    source.write_text(
        ",START_rounded_CET,STOP_rounded_CET_lim,VOL,P_MAX,PHASE\n"
        "0,2022-01-06 16:45:00+01:00,2022-01-07 02:45:00+01:00,21.2,2.28,1\n"
        "1,2022-07-06 16:45:00+02:00,2022-07-07 02:45:00+02:00,10.0,11.0,3\n"
    )
    code, text, _ = _run("import", "robust", source, out, "--keep-minimum")
    assert code == 0
    assert "2 sessions" in text
    table = pd.read_csv(out)
    assert table["arrival"].tolist() == ["2022-01-06T15:45:00Z", "2022-07-06T14:45:00Z"]
    assert table["minimum_kw"].tolist() == [1.38, 4.14]
    assert _run("import", "nobody", source, out)[0] == 2


def test_hosting_tells_all_three_ways(folder: Path) -> None:
    load = folder / "load.csv"
    hours = [HOUSEHOLD_DAY[s.hour] for s in GRID.local_starts()]
    pd.DataFrame({"start": [s.isoformat() for s in GRID.starts()], "base_load_kw": 31.45 * np.array(hours)}).to_csv(
        load, index=False
    )
    code, text, _ = _run("hosting", "--limit-kw", 40, "--base-load", load, "--draws", 1, "--json")
    assert code == 0
    found = {each["steering"]: each["stations"] for each in json.loads(text)}
    assert set(found) == {"uncontrolled", "minimum current", "pausable"}
    assert 0 <= found["uncontrolled"] <= found["minimum current"] <= found["pausable"]
