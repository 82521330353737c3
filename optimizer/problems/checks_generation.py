"""Checks of PV, combined heat and power, bidirectional sessions and continuous production."""

from __future__ import annotations

from collections.abc import Iterator

from optimizer.findings import Finding
from optimizer.problems.checks_assets import Limits, check_asset, efficiencies, numbers_within, series_within
from optimizer.problems.generation import BidirectionalSession, ChpUnit, ContinuousUnit, PvPlant
from optimizer.problems.site import SiteProblem


@check_asset.register
def check_pv(asset: PvPlant, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check solar panels."""
    steps = problem.grid.steps
    yield from series_within(asset.available_kw, steps, f"{path}.available_kw", "site.pv", (asset.id,), least=0.0)


@check_asset.register
def check_bidirectional(asset: BidirectionalSession, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a bidirectional session."""
    rule, full = "site.bidirectional", asset.capacity_kwh
    limits: Limits = {"wear_eur_per_kwh": (0.0, None), "double_tax_eur_per_kwh": (0.0, None)}
    limits.update(dict.fromkeys(("capacity_kwh", "charge_kw", "discharge_kw"), (0.0, None)))
    limits.update(dict.fromkeys(("arrival_kwh", "departure_kwh", "lowest_kwh"), (0.0, full)))
    yield from numbers_within(asset, path, rule, limits)
    yield from efficiencies(asset, path, rule, "charge_efficiency", "discharge_efficiency")
    if not 0 <= asset.arrival_step < asset.departure_step <= problem.grid.steps:
        message = f"{asset.id} is plugged in from step {asset.arrival_step} to {asset.departure_step}"
        yield Finding(rule=f"{rule}.window", path=f"{path}.departure_step", message=message, ids=(asset.id,))


@check_asset.register
def check_chp(asset: ChpUnit, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a combined heat and power unit."""
    rule = "site.chp"
    limits: Limits = {
        "most_kw": (0.0, None),
        "least_kw": (0.0, asset.most_kw),
        "running_eur_per_kwh": (None, None),
        "heat_loss_eur_per_kwh": (0.0, None),
        "start_eur": (0.0, None),
        "start_steps": (0, None),
    }
    if asset.ramp_kw is not None:
        limits["ramp_kw"] = (0.0, None)
    yield from numbers_within(asset, path, rule, limits)
    yield from series_within(asset.heat_limit_kw, problem.grid.steps, f"{path}.heat_limit_kw", rule, (asset.id,))


@check_asset.register
def check_continuous(asset: ContinuousUnit, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a continuous unit."""
    limits: Limits = {
        "normal_kw": (0.0, None),
        "least_kw": (0.0, asset.normal_kw),
        "shortest_steps": (1, problem.grid.steps),
        "notice_steps": (0, None),
        "loss_eur_per_kwh": (0.0, None),
        "interruption_eur": (0.0, None),
        "most_interruptions": (0, None),
    }
    yield from numbers_within(asset, path, "site.continuous", limits)
