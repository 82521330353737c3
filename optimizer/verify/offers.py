"""The independent judge of a promise kept by a group: every site by its physics, their sum against the baseline."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optimizer.findings import Finding
from optimizer.offers.offer_window import Delivery, OfferWindow
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.offers import GroupPlan
from optimizer.verify.judgement import COST_TOLERANCE, POWER_TOLERANCE_KW, judge_limit, judge_series, judge_value
from optimizer.verify.site import verify_site


def verify_group(
    problems: Sequence[SiteProblem],
    plan: GroupPlan,
    window: OfferWindow,
    baseline_kw: FloatArray,
    promised_kw: FloatArray | None,
) -> tuple[Finding, ...]:
    """Find everything that contradicts the assets, the connections or the promise.

    Args:
        problems: the sites, in the order of the plan.
        plan: the plan.
        window: the offer.
        baseline_kw: baseline of the group, shape (steps,).
        promised_kw: promised volume per step, shape (steps,); None for a plan without promise.
    """
    if [p.id for p in problems] != [s.site_id for s in plan.sites]:
        return (Finding(rule="verify.group.members", path="sites", message="the plan is not of this group's sites"),)
    found: list[Finding] = []
    for problem, site in zip(problems, plan.sites, strict=True):
        found += verify_site(problem, site)
    tolerance = POWER_TOLERANCE_KW * max(1, len(problems))
    net = sum((a.power_kw for s in plan.sites for a in s.assets), np.zeros(len(baseline_kw)))
    found += judge_series("power_kw", plan.power_kw, net, tolerance, ())
    delivered = window.delivered_kw(baseline_kw, net)
    found += judge_series("delivered_kw", plan.delivered_kw, delivered, tolerance, ())
    if promised_kw is not None:
        due = np.where(window.steps, promised_kw, 0.0)
        missing = np.maximum(due - delivered, 0.0)
        found += judge_limit("short_kw", missing, plan.short_kw, tolerance, ())
        if window.delivery is Delivery.EXACT:
            found += judge_limit("over_kw", np.maximum(delivered - due, 0.0), plan.over_kw, tolerance, ())
    cost = sum(site.total_cost_eur for site in plan.sites)
    found += judge_value("cost_eur", plan.cost_eur, cost, COST_TOLERANCE * max(1, len(problems)), ())
    return tuple(found)
