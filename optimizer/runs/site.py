"""Dispatch of one site: check, build, compile, solve, verify, and hand back a plan or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from optimizer.findings import Finding
from optimizer.results.site import SitePlan
from optimizer.solver.outcome import Stop


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteOutcome:
    """What is known about the best plan of a site.

    Attributes:
        stop: why the search ended.
        plan: the best plan found and verified, or None.
        bound_eur: proven lower bound on the total cost, or None.
        gap_eur: proven distance of the plan to the bound, or None.
        findings: why no plan exists, in domain words; empty when there is a plan.
        seconds: wall-clock time from problem to result.
    """

    stop: Stop
    plan: SitePlan | None
    bound_eur: float | None
    gap_eur: float | None
    findings: tuple[Finding, ...]
    seconds: float
