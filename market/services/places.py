"""Places of findings: rules name them from where they stand, people read them in what they sent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from optimizer.findings import Finding


def without_prefix(findings: Iterable[Finding], prefix: str) -> tuple[Finding, ...]:
    """Drop a prefix from the places that start with it."""
    return tuple(replace(f, path=f.path.removeprefix(prefix)) for f in findings)


def moved(findings: Iterable[Finding], prefix: str, new_prefix: str) -> tuple[Finding, ...]:
    """Put another prefix in front of the places that start with one."""
    return tuple(
        replace(f, path=new_prefix + f.path.removeprefix(prefix)) if f.path.startswith(prefix) else f for f in findings
    )
