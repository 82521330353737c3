"""What the wheel ships: the three floors with their data and type markers, and neither tests nor benchmarks."""

from __future__ import annotations

import fnmatch
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.architecture.test_layers import TOP

SHIPPED = ("optimizer", "market", "api")


def settings() -> dict[str, Any]:
    return tomllib.loads((TOP / "pyproject.toml").read_text())


def packaged(package: str) -> list[Path]:
    """Data files that the build takes along, by the patterns of the project file."""
    patterns = settings()["tool"]["setuptools"]["package-data"][package]
    return [path for pattern in patterns for path in (TOP / package).glob(pattern) if path.is_file()]


def test_only_the_three_floors_are_packages_of_the_distribution() -> None:
    include = settings()["tool"]["setuptools"]["packages"]["find"]["include"]
    folders = [path.name for path in TOP.iterdir() if path.is_dir() and any(path.glob("*.py"))]
    assert {"tests", "benchmarks", *SHIPPED} <= set(folders)
    shipped = {name for name in folders if any(fnmatch.fnmatchcase(name, pattern) for pattern in include)}
    assert shipped == set(SHIPPED)


@pytest.mark.parametrize("package", SHIPPED)
def test_the_type_marker_is_shipped(package: str) -> None:
    assert TOP / package / "py.typed" in packaged(package)


@pytest.mark.parametrize("package", SHIPPED)
def test_every_data_file_is_shipped(package: str) -> None:
    data = {
        path
        for path in (TOP / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc") and "__pycache__" not in path.parts
    }
    assert {path.relative_to(TOP).as_posix() for path in data - set(packaged(package))} == set()


@pytest.mark.parametrize("package", SHIPPED)
def test_every_folder_with_code_is_a_package(package: str) -> None:
    bare = {
        path.parent.relative_to(TOP).as_posix()
        for path in (TOP / package).rglob("*.py")
        if not (path.parent / "__init__.py").exists() and "migrations" not in path.parts
    }
    assert bare == set()


def test_the_command_is_there_and_the_licence_is_named() -> None:
    project = settings()["project"]
    assert project["name"] == "flexclear"
    assert project["scripts"] == {"flexclear": "api.cli.main:main"}
    assert project["license"] == "Apache-2.0"
    assert "Apache License" in (TOP / "LICENSE").read_text()
    assert any(dependency.startswith("highspy>=1.15,<1.16") for dependency in project["dependencies"])


def test_every_dependency_is_pinned_for_the_tests() -> None:
    pinned = {line.split("==")[0].lower() for line in (TOP / "constraints.txt").read_text().split() if "==" in line}
    given = settings()
    wanted = [*given["project"]["dependencies"], *given["dependency-groups"]["dev"]]
    names = {dependency.split(">")[0].split("=")[0].split("[")[0].strip().lower() for dependency in wanted}
    assert names - pinned == set()
