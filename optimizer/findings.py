"""Findings: everything that is wrong with an input or a result, all at once, in words for people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault: what, where, which value and which limit.

    Attributes:
        rule: stable id of the rule that was broken, such as ``order.quantity.positive``.
        path: where in the input, such as ``orders[3].quantity_mw``.
        message: one sentence for people.
        ids: ids of the things concerned.
        value: the offending value as text, if there is one.
        limit: the limit it broke as text, if there is one.
    """

    rule: str
    path: str
    message: str
    ids: tuple[str, ...] = ()
    value: str | None = None
    limit: str | None = None


def sort_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Order findings by place and rule so that the same input always reads the same."""
    return tuple(sorted(findings, key=lambda f: (f.path, f.rule, f.ids, f.message)))
