"""Every benchmark case runs once at its smallest size, quickly, and its engines agree."""

from __future__ import annotations

import time

import pytest

from benchmarks.registry import Case, load_suite, suite_names
from benchmarks.runner import smoke

SMALL_S = 10.0
"""Processor seconds of one case over all its engines."""

CASES = [pytest.param(case, id=f"{suite}: {case.name}") for suite in suite_names() for case in load_suite(suite)]


def test_the_suites_are_there() -> None:
    assert "core" in suite_names()


@pytest.mark.parametrize("case", [p for p in CASES if not p.values[0].needs_data])  # type: ignore[union-attr]
def test_every_engine_runs_and_agrees_at_the_smallest_size(case: Case) -> None:
    assert case.sizes == tuple(sorted(case.sizes))
    assert case.rival is None or case.rival in case.engines
    assert {target.engine for target in case.targets} <= set(case.engines)
    started = time.process_time()
    smoke(case)
    assert time.process_time() - started < SMALL_S, "the smallest size is too large for a smoke pass"
