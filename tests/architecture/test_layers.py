"""The house has three floors and one direction; a machine checks it, by package and by file."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PACKAGES = ("optimizer", "market", "api", "benchmarks")
WRITTEN_BY_A_TOOL = "market/store/migrations/versions"


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((TOP / folder).rglob("*.py")):
            if WRITTEN_BY_A_TOOL not in path.as_posix():
                yield path


def imports(path: Path) -> set[str]:
    """Every module a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def importers(library: str, *folders: str) -> set[str]:
    """Files that import a library or package, relative to the top."""
    return {
        path.relative_to(TOP).as_posix()
        for path in modules(*folders)
        if any(name == library or name.startswith(f"{library}.") for name in imports(path))
    }


def test_the_contracts_of_the_import_linter_hold() -> None:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    run = subprocess.run(
        command, cwd=TOP, check=False, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(TOP)}
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", run.stdout), run.stdout


def test_only_the_session_talks_to_the_solver() -> None:
    assert importers("highspy", "optimizer", "market", "api") == {"optimizer/solver/session.py"}


def test_only_formulations_and_their_compiler_know_pyomo() -> None:
    users = importers("pyomo", "optimizer", "market", "api")
    assert "optimizer/model/compile.py" in users
    assert {u for u in users if not u.startswith(("optimizer/formulations/", "optimizer/model/"))} == set()


@pytest.mark.parametrize("library", ["pydantic", "fastapi", "sqlalchemy", "httpx", "market", "api", "benchmarks"])
def test_the_optimizer_knows_nothing_above_it(library: str) -> None:
    assert importers(library, "optimizer") == set()


@pytest.mark.parametrize("package", ["optimizer.formulations", "optimizer.model", "optimizer.solver", "optimizer.runs"])
def test_the_judge_shares_nothing_with_whom_it_judges(package: str) -> None:
    assert importers(package, "optimizer/verify") == set()


@pytest.mark.parametrize("library", ["sqlalchemy", "fastapi", "httpx", "requests", "urllib.request"])
def test_the_meaning_of_the_market_knows_no_database_and_no_http(library: str) -> None:
    folders = ("market/domain", "market/clearing", "market/rules")
    assert importers(library, *folders) == set()


def test_no_interface_of_pyomo_solves_at_run_time() -> None:
    words = re.compile(r"\b(SolverFactory|appsi|contrib\.solver)\b")
    found = [
        p.relative_to(TOP).as_posix() for p in modules("optimizer", "market", "api") if words.search(p.read_text())
    ]
    assert found == []
