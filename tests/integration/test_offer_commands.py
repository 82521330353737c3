"""Commands about offers: what they print, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from market.offers.valuation import ContractForm
from market.snapshot import to_plain
from tests.unit.test_valuation import EVENING, LONG, MORNING, SHORT, terms

RUN = CliRunner()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    assert RUN.invoke(app, ["examples", str(folder)]).exit_code == 0
    content: dict[str, list[Any]] = {
        "expectation": [to_plain(EVENING), to_plain(MORNING)],
        "capabilities": [to_plain(LONG), to_plain(SHORT)],
        "terms": [to_plain(terms(ContractForm.ON_CALL)), to_plain(terms(ContractForm.REDISPATCH_FREE))],
    }
    content["expectation"][0]["calls_per_year"] = 60  # numbers may be written as numbers
    (folder / "value.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


def test_region_curve_prints_both_totals() -> None:
    result = RUN.invoke(app, ["region", "curve", "--budget", "10"])
    assert result.exit_code == 0
    assert "total 640 MW" in result.stdout
    assert "total 931 MW" in result.stdout
    assert RUN.invoke(app, ["region", "curve", "--season", "spring"]).exit_code == 2


def test_offer_curve_of_the_depot(files: Path) -> None:
    arguments = ["offer", "curve", str(files / "depot_90kw.json"), "--from", "21:00", "--to", "22:00", "--json"]
    result = RUN.invoke(app, arguments)
    assert result.exit_code == 0, result.output
    answer = json.loads(result.stdout)
    assert answer["baseline"]["method"] == "uncontrolled"
    assert answer["points"][0]["cost_eur"] == pytest.approx(0.0, abs=1e-3)
    assert answer["largest_kw"] > 0.0
    wrong = RUN.invoke(app, [*arguments[:3], "--from", "x", "--to", "22:00"])
    assert wrong.exit_code == 2


def test_offer_value_prints_a_table_and_draws_a_chart(files: Path) -> None:
    chart = files / "worth.png"
    result = RUN.invoke(app, ["offer", "value", str(files / "value.json"), "--chart", str(chart)])
    assert result.exit_code == 0, result.output
    assert "on_call" in result.stdout
    assert chart.stat().st_size > 1000
    (files / "bad.json").write_text('{"expectation": [], "capabilities": [{}], "terms": []}', encoding="utf-8")
    assert RUN.invoke(app, ["offer", "value", str(files / "bad.json")]).exit_code == 2
