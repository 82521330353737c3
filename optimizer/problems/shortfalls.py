"""Exact reasons why no plan can exist, found from the data alone and said in the words of the trade.

Every finding here is a proof: whatever the assets do, this much is missing. The converse does not hold, so a site
without shortfalls may still have no plan; then the solver's conflict is the explanation.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch
from typing import Any

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.clock import say_time
from optimizer.problems.contracts import offtake_capacity_kw
from optimizer.problems.profiles import comfort_band, possible_starts
from optimizer.problems.site import SiteProblem

NOTICEABLE = 1e-6


def find_shortfalls(problem: SiteProblem) -> tuple[Finding, ...]:
    """Find every exact shortfall of single assets, of uncontrolled load and of sequences; all are cheap to test.

    Sessions that only together need too much are for `find_charging_shortfall`.
    """
    findings: list[Finding] = []
    for k, asset in enumerate(problem.assets):
        findings += find_own_shortfall(asset, problem, f"assets[{k}]")
    findings += _overloaded_steps(problem)
    findings += _broken_sequences(problem)
    return sort_findings(findings)


@singledispatch
def find_own_shortfall(asset: Any, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Yield what an asset cannot do even with the connection to itself; nothing for an unregistered type."""
    del asset, problem, path
    return iter(())


@find_own_shortfall.register
def find_session_shortfall(asset: ChargingSession, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Compare the energy a session needs with what its charger can give in its stay."""
    per_step = asset.power_kw * asset.efficiency * problem.grid.step_h
    promises = [("energy_kwh", asset.energy_kwh, asset.departure_step)]
    if asset.guaranteed_by_step is not None:
        promises.append(("guaranteed_kwh", asset.guaranteed_kwh, asset.guaranteed_by_step))
    for name, needed, by in promises:
        possible = per_step * (by - asset.arrival_step)
        if needed - possible > NOTICEABLE:
            yield Finding(
                rule="site.session.shortfall",
                path=f"{path}.{name}",
                message=f"{asset.id} needs {needed:.1f} kWh but can receive {possible:.1f} kWh before "
                f"{say_time(problem.grid, by)}: {needed - possible:.1f} kWh short",
                ids=(asset.id,),
                value=f"{needed - possible:.3f} kWh",
                limit=f"{possible:.3f} kWh",
            )


@find_own_shortfall.register
def find_zone_shortfall(asset: BuildingZone, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Follow the warmest and the coldest possible temperature until one of them cannot reach the band."""
    if asset.discomfort_eur_per_kh is not None:
        return
    grid = problem.grid
    lower, upper = comfort_band(asset, grid)
    kept = float(np.exp(-grid.step_h / (asset.resistance_k_per_kw * asset.capacity_kwh_per_k)))
    gain = (1.0 - kept) * asset.resistance_k_per_kw
    free = (1.0 - kept) * asset.outdoor_temperature_c + gain * asset.gains_kw
    coldest = warmest = asset.initial_temperature_c
    for t in range(grid.steps):
        warmest = kept * warmest + free[t] + gain * asset.heat_pump_cop[t] * asset.heat_pump_kw
        coldest = kept * coldest + free[t] - gain * asset.chiller_cop[t] * asset.chiller_kw
        too_cold = warmest < lower[t + 1] - NOTICEABLE
        if too_cold or coldest > upper[t + 1] + NOTICEABLE:
            best, edge = (warmest, lower[t + 1]) if too_cold else (coldest, upper[t + 1])
            machine = "heat pump" if too_cold else "chiller"
            yield Finding(
                rule="site.zone.shortfall",
                path=path,
                message=f"{asset.id} must be at {edge:.2f} C by {say_time(grid, t + 1)} but reaches {best:.2f} C "
                f"with the {machine} at full power",
                ids=(asset.id,),
                value=f"{best:.3f} C",
                limit=f"{edge:.3f} C",
            )
            return
        warmest, coldest = min(warmest, upper[t + 1]), max(coldest, lower[t + 1])


@find_own_shortfall.register
def find_battery_shortfall(asset: Battery, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Compare the energy a battery must end with to what it can hold by then."""
    hours = problem.grid.steps * problem.grid.step_h
    reachable = min(asset.capacity_kwh, asset.initial_kwh + hours * asset.charge_kw * asset.charge_efficiency)
    if asset.final_kwh - reachable > NOTICEABLE:
        yield Finding(
            rule="site.battery.shortfall",
            path=f"{path}.final_kwh",
            message=f"{asset.id} must end with {asset.final_kwh:.1f} kWh but can reach {reachable:.1f} kWh",
            ids=(asset.id,),
            value=f"{asset.final_kwh - reachable:.3f} kWh",
            limit=f"{reachable:.3f} kWh",
        )


@find_own_shortfall.register
def find_batch_shortfall(asset: Batch, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Say when notice and window leave a batch no step to start in."""
    if not possible_starts(asset, problem.grid, problem.announced_step):
        yield Finding(
            rule="site.batch.shortfall",
            path=path,
            message=f"{asset.id} has no step left to start in: with its notice of {asset.notice_steps} steps it may "
            f"move to {say_time(problem.grid, problem.announced_step + asset.notice_steps)} or later, but must start "
            f"by {say_time(problem.grid, asset.latest_start_step)} and end within the plan",
            ids=(asset.id,),
        )


def _broken_sequences(problem: SiteProblem) -> Iterator[Finding]:
    """Follow the earliest possible starts along the sequence; a batch pushed past its last start cannot be made."""
    batches = {asset.id: asset for asset in problem.assets if isinstance(asset, Batch)}
    starts = {name: possible_starts(batch, problem.grid, problem.announced_step) for name, batch in batches.items()}
    if not all(starts.values()):
        return
    earliest = {name: options[0] for name, options in starts.items()}
    for _ in batches:
        changed = False
        for name, batch in sorted(batches.items()):
            for before in batch.after:
                ready = earliest[before] + batches[before].duration_steps + batch.gap_steps
                later = [s for s in starts[name] if s >= ready]
                if not later:
                    yield Finding(
                        rule="site.batch.sequence",
                        path="assets",
                        message=f"{name} comes after {before}, which ends no sooner than "
                        f"{say_time(problem.grid, ready)}; its last start is "
                        f"{say_time(problem.grid, starts[name][-1])}",
                        ids=(name, before),
                    )
                    return
                if later[0] > earliest[name]:
                    earliest[name], changed = later[0], True
        if not changed:
            return


def _overloaded_steps(problem: SiteProblem) -> Iterator[Finding]:
    """Compare what nobody controls with the contracted capacity, where nothing could work against it."""
    if not all(isinstance(asset, BaseLoad | ChargingSession | Batch) for asset in problem.assets):
        return
    fixed = sum((a.power_kw for a in problem.assets if isinstance(a, BaseLoad)), np.zeros(problem.grid.steps))
    capacity = offtake_capacity_kw(problem)
    over = fixed - capacity
    profiles = [a.profile_kw for a in problem.assets if isinstance(a, Batch)]
    if over.max() > NOTICEABLE and all((profile >= 0.0).all() for profile in profiles):
        t = int(np.argmax(over))
        yield Finding(
            rule="site.base_load.shortfall",
            path="contracted_offtake_kw",
            message=f"loads that nobody controls draw {fixed[t]:.1f} kW at {say_time(problem.grid, t)}, contracted are "
            f"{capacity[t]:.1f} kW: {over[t]:.1f} kW too much",
            ids=(problem.id,),
            value=f"{over[t]:.3f} kW",
            limit=f"{capacity[t]:.3f} kW",
        )
