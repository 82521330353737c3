"""Why a site has no plan: exact shortfalls first, the solver's conflict in the words of the model last."""

from __future__ import annotations

from collections import defaultdict

from optimizer.findings import Finding
from optimizer.formulations.site_program import SiteProgram
from optimizer.model.labels import Label
from optimizer.problems.charging_room import find_charging_shortfall
from optimizer.problems.clock import say_hours
from optimizer.problems.site import SiteProblem
from optimizer.solver.explain import find_conflict

_SITE_WORDS = {
    "offtake_kw": "the contracted capacity of the connection",
    "feed_in_kw": "the contracted capacity of the connection",
    "window_limit": "the limit of window {0}",
    "sequence": "the order of {1} before {0}",
}
_PHYSICS = "balance"


def explain_infeasible_site(problem: SiteProblem, remaining: SiteProblem, site: SiteProgram) -> tuple[Finding, ...]:
    """Say why no plan exists, in domain words.

    Args:
        problem: the site on the grid of the program.
        remaining: what is left of it, found infeasible by the solver; the site itself at first.
        site: its program.
    """
    shortfall = find_charging_shortfall(remaining)
    if shortfall:
        return shortfall
    conflict = find_conflict(site.program)
    parts: dict[str, set[int]] = defaultdict(set)
    ids: set[str] = set()
    sayable = [label for label in conflict.constraints + conflict.bounds if label.block != _PHYSICS]
    for label in sayable:
        words, asset_id = _words(label, site, conflict.bounds)
        if asset_id is not None:
            ids.add(asset_id)
        parts[words] |= {label.index[-1]} if label.index and isinstance(label.index[-1], int) else set()
    steps = problem.grid.steps
    said = [
        words + (f" ({say_hours(problem.grid, sorted(t for t in at if t < steps))})" if at else "")
        for words, at in sorted(parts.items())
    ]
    return (
        Finding(
            rule="site.conflict.whole_numbers" if conflict.integrality else "site.conflict",
            path="",
            message="these cannot hold together: " + "; ".join(said),
            ids=tuple(sorted(ids)),
        ),
    )


def _words(label: Label, site: SiteProgram, bounds: tuple[Label, ...]) -> tuple[str, str | None]:
    if label.block in site.components:
        asset_id, local = site.components[label.block]
        limited = "limits of " if label in bounds else ""
        return f"{asset_id}: {limited}{local.replace('_', ' ')}", asset_id
    pattern = _SITE_WORDS.get(label.block, label.block.replace("_", " "))
    return pattern.format(*label.index), None
