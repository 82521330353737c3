"""Rules of the house that a linter does not know."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.test_layers import TOP, modules

PRODUCT = ("optimizer", "market", "api", "benchmarks")
TEXTS = (".py", ".md", ".toml", ".json", ".csv", ".html", ".css", ".js", ".yaml", ".yml", ".mako", "")
LEFT_ALONE = {".git", ".venv", "__pycache__", "node_modules", "build", "dist"}
MOST_LINES = 500


def texts() -> list[Path]:
    """Every text file of the project, this one apart."""
    return [
        path
        for path in sorted(TOP.rglob("*"))
        if path.is_file()
        and path.suffix in TEXTS
        and path != Path(__file__)
        and not any(part in LEFT_ALONE or part.startswith(".") or part.endswith(".egg-info") for part in
                    path.relative_to(TOP).parts)
    ]  # fmt: skip


def lines_with(pattern: str) -> list[str]:
    words = re.compile(pattern)
    return [
        f"{path.relative_to(TOP).as_posix()}:{number}: {line.strip()[:80]}"
        for path in texts()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if words.search(line)
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\b(TODO|FIXME|XXX|HACK)\b",
        r"\bNotImplementedError\b",
        r"pytest\.(mark\.)?(skip|skipif|xfail)\b|@unittest\.skip",
        r"except Exception\b|except BaseException\b|except:",
    ],
)
def test_nothing_is_left_unfinished_skipped_or_swallowed(pattern: str) -> None:
    assert lines_with(pattern) == []


@pytest.mark.parametrize("pattern", [r"/(work|farm|tmp|root|home)/", r"\.\./shared\b|/shared/"])
def test_nothing_points_to_the_machine_it_was_written_on(pattern: str) -> None:
    assert lines_with(pattern) == []


def test_modules_are_called_by_what_they_hold() -> None:
    vague = {"utils", "util", "helpers", "helper", "manager", "managers", "common", "misc", "base"}
    assert [p.relative_to(TOP).as_posix() for p in modules(*PRODUCT, "tests") if {p.stem, p.parent.name} & vague] == []


def test_a_file_tells_one_story() -> None:
    long = {
        path.relative_to(TOP).as_posix(): count
        for path in modules(*PRODUCT, "tests")
        if (count := len(path.read_text().splitlines())) > MOST_LINES
    }
    assert long == {}


def test_every_module_and_package_says_what_it_is() -> None:
    silent = [
        p.relative_to(TOP).as_posix() for p in modules(*PRODUCT) if not ast.get_docstring(ast.parse(p.read_text()))
    ]
    assert silent == []


def test_problems_and_results_are_frozen() -> None:
    """Every dataclass of the optimizer and of the market's meaning is frozen, slotted and takes keywords only."""
    loose = []
    for path in modules("optimizer/problems", "optimizer/results", "market/domain"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.ClassDef):
                continue
            for decorator in node.decorator_list:
                text = ast.unparse(decorator)
                if text.startswith("dataclass") and not all(
                    f"{word}=True" in text for word in ("frozen", "slots", "kw_only")
                ):
                    loose.append(f"{path.relative_to(TOP).as_posix()}: {node.name}")
    assert loose == []
