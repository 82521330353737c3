"""Checks of a whole site: every fault in the input at once, before anything is modelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems import checks_generation, checks_massive_zone, checks_process
from optimizer.problems.checks_assets import check_asset, series_within
from optimizer.problems.contracts import check_contract
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow

__all__ = ["CHECKS", "check_asset", "check_site"]

CHECKS = (checks_generation, checks_massive_zone, checks_process)


def check_site(problem: SiteProblem) -> tuple[Finding, ...]:
    """Find everything wrong with the data of a site; an empty answer means it can be modelled."""
    findings: list[Finding] = []
    steps = problem.grid.steps
    for name in ("contracted_offtake_kw", "contracted_feed_in_kw"):
        findings += series_within(getattr(problem, name), steps, name, "site.connection", (problem.id,), least=0.0)
    for name in ("offtake_price_eur_per_kwh", "feed_in_price_eur_per_kwh"):
        findings += series_within(getattr(problem, name), steps, name, "site.connection", (problem.id,))
    findings += _duplicates([asset.id for asset in problem.assets], "asset")
    findings += _duplicates([window.id for window in problem.windows], "window")
    for k, window in enumerate(problem.windows):
        findings += _check_window(window, problem, f"windows[{k}]")
    findings += _duplicates([contract.id for contract in problem.contracts], "contract")
    for k, contract in enumerate(problem.contracts):
        findings += check_contract(contract, problem, f"contracts[{k}]")
    for k, asset in enumerate(problem.assets):
        findings += check_asset(asset, problem, f"assets[{k}]")
    return sort_findings(findings)


def _duplicates(ids: list[str], what: str) -> Iterator[Finding]:
    for name, count in sorted(Counter(ids).items()):
        if count > 1 or not name:
            yield Finding(
                rule=f"site.{what}.id",
                path=f"{what}s",
                message=f"{count} {what}s have the id '{name}'; every {what} needs its own",
                ids=(name,),
                value=str(count),
                limit="1",
            )


def _check_window(window: CongestionWindow, problem: SiteProblem, path: str) -> Iterator[Finding]:
    rule, ids, steps = "site.window", (window.id,), problem.grid.steps
    if window.steps.shape != (steps,) or window.limit_kw.shape != (steps,):
        yield Finding(
            rule=f"{rule}.series",
            path=path,
            message=f"window {window.id} has {window.steps.size} steps and {window.limit_kw.size} limits for the "
            f"{steps} steps of the grid",
            ids=ids,
        )
    elif not np.isfinite(window.limit_kw[window.steps]).all():
        yield Finding(
            rule=f"{rule}.limit",
            path=f"{path}.limit_kw",
            message=f"window {window.id} has a step whose limit is not a finite number",
            ids=ids,
        )
    unknown = sorted({*window.asset_ids} - {asset.id for asset in problem.assets})
    if unknown:
        message = f"window {window.id} holds for {', '.join(unknown)}, which is no asset of this site"
        yield Finding(rule=f"{rule}.assets", path=f"{path}.asset_ids", message=message, ids=(*ids, *unknown))
    price = window.excess_price_eur_per_kwh
    if price is not None and not (np.isfinite(price) and price >= 0.0):
        yield Finding(
            rule=f"{rule}.price",
            path=f"{path}.excess_price_eur_per_kwh",
            message=f"window {window.id} prices excess at {price} EUR/kWh, which must be a number of at least 0",
            ids=ids,
            value=str(price),
            limit="0",
        )
