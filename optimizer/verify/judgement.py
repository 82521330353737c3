"""How the judge compares: tolerances in physical units, and findings with the worst place named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.series import FloatArray

POWER_TOLERANCE_KW: Final = 1e-4
ENERGY_TOLERANCE_KWH: Final = 1e-3
TEMPERATURE_TOLERANCE_K: Final = 1e-4
COST_TOLERANCE: Final = 1e-4
RELATIVE: Final = 1e-7


def judge_series(
    path: str, seen: FloatArray, expected: FloatArray, tolerance: float, ids: tuple[str, ...]
) -> Iterator[Finding]:
    """Yield a finding if a series is not what it must be, at its worst step."""
    if seen.shape != expected.shape or not np.isfinite(seen).all():
        yield Finding(rule="verify.series", path=path, message=f"{path} is not one finite number per step", ids=ids)
        return
    off = np.abs(seen - expected) - tolerance - RELATIVE * np.abs(expected)
    if off.size and off.max() > 0.0:
        t = int(np.argmax(off))
        yield _finding(f"{path}[{t}]", seen[t], f"{expected[t]:.6g}", ids)


def judge_limit(
    path: str, seen: FloatArray, most: FloatArray, tolerance: float, ids: tuple[str, ...]
) -> Iterator[Finding]:
    """Yield a finding if a series goes above its limit, at its worst step."""
    over = seen - most - tolerance - RELATIVE * np.where(np.isfinite(most), np.abs(most), 0.0)
    if over.size and not over.max() <= 0.0:
        t = int(np.argmax(over))
        yield _finding(f"{path}[{t}]", seen[t], f"at most {most[t]:.6g}", ids)


def judge_value(path: str, seen: float, expected: float, tolerance: float, ids: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding if a number is not what it must be."""
    if not abs(seen - expected) <= tolerance + RELATIVE * abs(expected):
        yield _finding(path, seen, f"{expected:.6g}", ids)


def judge_true(holds: bool, rule: str, path: str, message: str, ids: tuple[str, ...]) -> Iterator[Finding]:
    """Yield a finding if a statement does not hold."""
    if not holds:
        yield Finding(rule=f"verify.{rule}", path=path, message=message, ids=ids)


def _finding(path: str, seen: float, limit: str, ids: tuple[str, ...]) -> Finding:
    return Finding(
        rule="verify.value",
        path=path,
        message=f"{path} is {seen:.6g} and must be {limit}",
        ids=ids,
        value=f"{seen:.6g}",
        limit=limit,
    )
