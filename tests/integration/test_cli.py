"""The commands, in this process: what they print, where, and how they end."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from api.cli.main import app
from tests.edge_documents import as_bytes, redispatch_file, site_file, tender_file


@pytest.fixture(autouse=True)
def _own_database(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FLEXCLEAR_DATABASE_URL", f"sqlite:///{tmp_path / 'market.sqlite3'}")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def written(folder: Path, document: Any) -> Path:
    path = folder / "input.json"
    path.write_bytes(document if isinstance(document, bytes) else as_bytes(document))
    return path


def test_a_tender_file_is_cleared_into_tables(tmp_path: Path) -> None:
    result = run("clear", "tender", written(tmp_path, tender_file()))
    assert result.exit_code == 0, result.output
    assert "B1" in result.stdout
    assert "cheapest" in result.stdout
    assert result.stderr == ""
    assert list(tmp_path.iterdir()) == [tmp_path / "input.json"]


def test_a_tender_file_is_cleared_into_json(tmp_path: Path) -> None:
    result = run("clear", "tender", written(tmp_path, tender_file()), "--json")
    answer = json.loads(result.stdout)
    assert answer["status"] == "cleared"
    accepted = {award["bid_id"]: Decimal(award["accepted_mw"]) for award in answer["result"]["awards"]}
    assert accepted == {"B1": Decimal("0.3"), "B2": Decimal("0.2")}


def test_a_redispatch_file_is_cleared_into_tables_and_json(tmp_path: Path) -> None:
    file = written(tmp_path, redispatch_file())
    tables = run("clear", "redispatch", file)
    assert tables.exit_code == 0, tables.output
    assert "7.50" in tables.stdout
    assert "proven" in tables.stdout
    assert json.loads(run("clear", "redispatch", file, "--json").stdout)["result"]["spread_cost_eur"] == "7.5"


def test_bids_that_were_owed_and_are_missing_are_listed(tmp_path: Path) -> None:
    document = redispatch_file()
    document["needs"][0]["mandatory"] = True
    document["obliged_eans"] = ["871999000000000025"]
    result = run("clear", "redispatch", written(tmp_path, document))
    assert "missing" in result.stdout
    assert "871999000000000025" in result.stdout


def test_a_plan_is_printed_with_its_cost_and_its_proof(tmp_path: Path) -> None:
    result = run("dispatch", written(tmp_path, site_file("90")))
    assert result.exit_code == 0, result.output
    assert "160.95" in result.stdout
    assert "optimal" in result.stdout


def test_no_plan_is_exit_code_3_and_names_the_shortfall(tmp_path: Path) -> None:
    file = written(tmp_path, site_file("80"))
    result = run("dispatch", file)
    assert result.exit_code == 3
    assert result.stdout == ""
    assert "70.0 kWh" in result.stderr
    answer = run("dispatch", file, "--json")
    assert answer.exit_code == 3
    assert json.loads(answer.stdout)["status"] == "infeasible"
    assert "70.0 kWh" in json.loads(answer.stdout)["findings"][0]["message"]


def _tender(change: Callable[[Any], object]) -> Any:
    document = tender_file()
    change(document["bids"][1])
    return document


def _redispatch(change: Callable[[Any], object]) -> Any:
    document = redispatch_file()
    change(document["orders"][0])
    return document


def _site(change: Callable[[Any], object]) -> Any:
    document = site_file()
    change(document)
    return document


NAN = float("nan")
BELOW_AND_ABOVE = {"quantity_mw": "-0.4", "availability_eur_per_mw_h": "1", "activation_eur_per_mwh": "501"}
BAD_INPUT: list[tuple[str, Any, list[str]]] = [
    ("clear tender", _tender(lambda bid: bid.update(speed=1)), ["bids[1].speed"]),
    ("clear tender", _tender(lambda bid: bid.update(minimum_mw=NAN)), ["bids[1].minimum_mw"]),
    (
        "clear tender",
        _tender(lambda bid: bid.update(steps=[BELOW_AND_ABOVE])),
        ["bids[1].steps[0].quantity_mw", "bids[1].activation_eur_per_mwh"],
    ),
    ("clear redispatch", _redispatch(lambda order: order.update(quantity_mw=-1)), ["orders[0].quantity_mw"]),
    ("clear redispatch", _redispatch(lambda order: order.update(profile_mw=["0.4"])), ["orders[0].profile_mw"]),
    ("dispatch", _site(lambda site: site.update(contracted_offtake_kw=["90"] * 39)), ["39 values", "40"]),
    ("dispatch", _site(lambda site: site["assets"][0].update(energy_kwh=NAN)), ["assets[0].energy_kwh"]),
    ("dispatch", b"\x00" * 1_000, ["not JSON"]),
    ("dispatch", b"[" * 1_000, ["deep"]),
    ("clear tender", b"", ["not JSON"]),
    ("clear tender", b'{"tender": {}, "tender": {}}', ["tender", "connections", "bids"]),
]


@pytest.mark.parametrize(("command", "document", "said"), BAD_INPUT)
@pytest.mark.parametrize("machine", [False, True], ids=["people", "machine"])
def test_bad_input_is_exit_code_2_with_every_finding_and_no_traceback(
    tmp_path: Path, command: str, document: Any, said: list[str], machine: bool
) -> None:
    result = run(*command.split(), written(tmp_path, document), *(["--json"] if machine else []))
    assert result.exit_code == 2, result.output
    assert isinstance(result.exception, SystemExit)
    assert result.stdout == ""
    shown = result.stderr if not machine else json.dumps(json.loads(result.stderr))
    for words in said:
        assert words in shown
    assert list(tmp_path.iterdir()) == [tmp_path / "input.json"]


def test_fifty_megabytes_of_junk_are_refused_at_the_limit(tmp_path: Path) -> None:
    junk = tmp_path / "junk.json"
    with junk.open("wb") as file:
        file.write(b'{"bids": [')
        file.truncate(50_000_000)
    for command in (("clear", "tender"), ("clear", "redispatch"), ("dispatch",)):
        result = run(*command, junk)
        assert result.exit_code == 2
        assert "larger than 10 MB" in result.stderr
    assert list(tmp_path.iterdir()) == [junk]


def test_many_faults_are_counted_and_json_lists_them_all(tmp_path: Path) -> None:
    document = {f"field {k}": k for k in range(300)}
    file = written(tmp_path, document)
    assert "more; --json lists all" in run("dispatch", file).stderr
    assert (
        len(json.loads(run("dispatch", file, "--json").stderr)["findings"]) == 306
    )  # the 300 and the six fields that are missing


def test_control_characters_of_an_input_do_not_reach_the_terminal(tmp_path: Path) -> None:
    document = tender_file()
    document["bids"][0]["\x1b]0;title\x07"] = "\x1b[2J"
    document["bids"][1]["id"] = "[bold]B2[/bold]"
    result = run("clear", "tender", written(tmp_path, document))
    assert result.exit_code == 2
    assert "\x1b" not in result.stderr
    assert "\x07" not in result.stderr
    del document["bids"][0]["\x1b]0;title\x07"]
    assert "[bold]B2[/bold]" in run("clear", "tender", written(tmp_path, document)).stdout


@pytest.mark.parametrize(
    "arguments", [["clear"], ["clear", "auction"], ["dispatch"], ["dispatch", "x", "--time-limit", "0"], ["--colour"]]
)
def test_a_mistyped_command_is_exit_code_2(arguments: list[str]) -> None:
    assert run(*arguments).exit_code == 2


def test_the_database_is_created_and_an_upgrade_repeated() -> None:
    first, second = run("db", "upgrade"), run("db", "upgrade")
    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "empty to revision" in first.stdout
    assert "up to date" in second.stdout


def test_a_server_without_a_database_says_what_to_do() -> None:
    result = run("serve", "--port", "0")
    assert result.exit_code == 1
    assert "flexclear db upgrade" in result.stderr


def test_settings_with_faults_are_all_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEXCLEAR_PORT", "many")
    monkeypatch.setenv("FLEXCLEAR_MAX_DEPTH", "0")
    result = run("serve")
    assert result.exit_code == 2
    assert "port" in result.stderr
    assert "max_depth" in result.stderr


def test_help_and_version_name_what_there_is() -> None:
    text = run("--help").stdout
    for command in ("clear", "dispatch", "serve", "db", "demo", "examples", "figures"):
        assert command in text
    assert "Exit codes" in text
    assert run("--version").stdout.startswith("flexclear 0.")


def test_examples_are_written_as_files_that_the_commands_take(tmp_path: Path) -> None:
    result = run("examples", tmp_path / "here")
    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == sorted(
        Path(line).name for line in result.stdout.split()
    )
    assert run("dispatch", tmp_path / "here" / "depot_80kw.json").exit_code == 3
    assert run("dispatch", tmp_path / "here" / "depot_90kw.json").exit_code == 0
