"""The README says what happens: its excerpt is printed, its commands run, its example files are the project's own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from api.cli.examples import write_examples

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FLEXCLEAR = Path(sys.executable).with_name("flexclear")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "FLEXCLEAR_DATABASE_URL": f"sqlite:///{folder / 'market.sqlite3'}", "NO_COLOR": "1"}
    return subprocess.run(
        [str(FLEXCLEAR), *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def squeezed(text: str) -> list[str]:
    lines = (re.sub(r"\s+", " ", line).strip() for line in text.splitlines())
    return [line for line in lines if line]


def block_after(words: str) -> str:
    return README.split(words, 1)[1].split("```", 2)[1]


def test_demo_prints_the_excerpt_twice_the_same_and_keeps_it(tmp_path: Path) -> None:
    assert run("db", "upgrade", folder=tmp_path).returncode == 0
    first, second = run("demo", folder=tmp_path), run("demo", folder=tmp_path)
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout == second.stdout
    printed = squeezed(first.stdout)
    missing = [line for line in squeezed(block_after("An excerpt of what it prints")) if line not in printed]
    assert missing == []
    assert "to the cent: yes" in first.stdout


def test_demo_without_database_says_what_to_do(tmp_path: Path) -> None:
    answer = run("demo", folder=tmp_path)
    assert answer.returncode == 1
    assert "flexclear db upgrade" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_demo_lists_every_source(tmp_path: Path) -> None:
    answer = run("demo", "--sources", folder=tmp_path)
    assert answer.returncode == 0
    assert "depot.truck_kwh" in answer.stdout


def test_example_files_are_written_by_the_project(tmp_path: Path) -> None:
    for file in write_examples(tmp_path):
        assert file.read_bytes() == (ROOT / "examples" / file.name).read_bytes()


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        ("clear tender examples/tender.json", 0, "109736.23"),
        ("clear redispatch examples/redispatch.json", 0, "1428.41"),
        ("dispatch examples/depot_90kw.json", 0, "870.0"),
        ("dispatch examples/depot_80kw.json", 3, "cannot all be charged: 70.0 kWh"),
    ],
)
def test_commands_of_the_readme_run(command: str, code: int, words: str, tmp_path: Path) -> None:
    assert f"flexclear {command}" in README
    answer = run(*command.split(), folder=tmp_path)
    assert answer.returncode == code
    assert words in re.sub(r"\s+", " ", answer.stdout + answer.stderr)


def test_python_example_of_the_readme_runs() -> None:
    code = block_after("## For researchers").removeprefix("python\n")
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=True
    )
    assert answer.stdout.startswith("optimal 160.9")


def test_pictures_of_the_readme_are_drawn_by_the_project(tmp_path: Path) -> None:
    pictures = re.findall(r"!\[[^]]*\]\((docs/[^)]+)\)", README)
    assert run("figures", str(tmp_path), folder=tmp_path).returncode == 0
    drawn = {file.name for file in tmp_path.glob("*.png")}
    assert pictures
    assert {Path(picture).name for picture in pictures} <= drawn
    assert all((ROOT / picture).stat().st_size > 10_000 for picture in pictures)
