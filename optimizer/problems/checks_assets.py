"""Checks of single assets: is this data a possible asset at all? Whether a plan exists is not asked here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import singledispatch
from math import isfinite
from typing import Any, Final

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.assets import BaseLoad, Batch, Battery, BuildingZone, ChargingSession, Pausing
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility

_LONGEST_STEP_IN_TIME_CONSTANTS: Final = 10.0
"""A step of ten time constants leaves less than a twenty-thousandth of a temperature difference."""


@singledispatch
def check_asset(asset: Any, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Yield every fault in an asset's data; a type of asset without registered check has none.

    Args:
        asset: the asset; the type decides which registered function answers.
        problem: the site it belongs to.
        path: where the asset stands in the input.
    """
    del asset, problem, path
    return iter(())


@check_asset.register
def check_session(asset: ChargingSession, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a charging session."""
    rule = "site.session"
    yield from numbers_within(
        asset,
        path,
        rule,
        {"energy_kwh": (0.0, None), "power_kw": (0.0, None), "minimum_kw": (0.0, None), "guaranteed_kwh": (0.0, None)},
    )
    yield from efficiencies(asset, path, rule, "efficiency")
    steps = problem.grid.steps
    if not 0 <= asset.arrival_step < asset.departure_step <= steps:
        yield Finding(
            rule=f"{rule}.window",
            path=f"{path}.departure_step",
            message=f"{asset.id} is plugged in from step {asset.arrival_step} to {asset.departure_step}, which is not "
            f"a window inside the {steps} steps of the grid",
            ids=(asset.id,),
        )
    if asset.pausing is not Pausing.FREE and asset.minimum_kw > asset.power_kw:
        yield Finding(
            rule=f"{rule}.minimum",
            path=f"{path}.minimum_kw",
            message=f"{asset.id} has a minimum of {asset.minimum_kw} kW above its limit of {asset.power_kw} kW",
            ids=(asset.id,),
            value=str(asset.minimum_kw),
            limit=str(asset.power_kw),
        )
    by = asset.guaranteed_by_step
    if by is not None and not asset.arrival_step <= by <= asset.departure_step:
        yield Finding(
            rule=f"{rule}.guarantee",
            path=f"{path}.guaranteed_by_step",
            message=f"{asset.id} is promised energy by step {by}, which is outside its stay",
            ids=(asset.id,),
        )
    if by is not None and asset.guaranteed_kwh > asset.energy_kwh:
        yield Finding(
            rule=f"{rule}.guarantee",
            path=f"{path}.guaranteed_kwh",
            message=f"{asset.id} is promised {asset.guaranteed_kwh} kWh early, more than its {asset.energy_kwh} kWh",
            ids=(asset.id,),
            value=str(asset.guaranteed_kwh),
            limit=str(asset.energy_kwh),
        )


@check_asset.register
def check_zone(asset: BuildingZone, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a building zone."""
    rule = "site.zone"
    yield from numbers_within(
        asset,
        path,
        rule,
        {
            "resistance_k_per_kw": (1e-9, None),
            "capacity_kwh_per_k": (1e-9, None),
            "initial_temperature_c": (None, None),
            "heat_pump_kw": (0.0, None),
            "chiller_kw": (0.0, None),
            "floor_fraction": (0.0, 1.0),
        },
    )
    if asset.discomfort_eur_per_kh is not None:
        yield from numbers_within(asset, path, rule, {"discomfort_eur_per_kh": (0.0, None)})
    time_constant_h = asset.resistance_k_per_kw * asset.capacity_kwh_per_k
    if 0.0 < time_constant_h < problem.grid.step_h / _LONGEST_STEP_IN_TIME_CONSTANTS:
        yield Finding(
            rule=f"{rule}.time_constant",
            path=f"{path}.resistance_k_per_kw",
            message=f"{asset.id} forgets its temperature within {time_constant_h:.3g} h, too soon for steps of "
            f"{problem.grid.step_h:g} h: resistance or capacity is not that of a building",
            ids=(asset.id,),
            value=f"{time_constant_h:.3g}",
            limit=str(problem.grid.step_h / _LONGEST_STEP_IN_TIME_CONSTANTS),
        )
    steps = problem.grid.steps
    for name in ("outdoor_temperature_c", "gains_kw", "heat_pump_cop", "chiller_cop"):
        least = 0.0 if name.endswith("cop") else None
        yield from series_within(getattr(asset, name), steps, f"{path}.{name}", rule, (asset.id,), least=least)
    shapes_fit = True
    for name in ("lower_c", "upper_c"):
        edge = getattr(asset, name)
        if edge.shape != (steps,) or np.isnan(edge).any():
            shapes_fit = False
            yield series_finding(edge, steps, f"{path}.{name}", rule, (asset.id,))
    if shapes_fit and (asset.lower_c > asset.upper_c).any():
        t = int(np.argmax(asset.lower_c > asset.upper_c))
        yield Finding(
            rule=f"{rule}.band",
            path=f"{path}.lower_c[{t}]",
            message=f"{asset.id} has a lower edge of {asset.lower_c[t]} C above its upper edge of {asset.upper_c[t]} C",
            ids=(asset.id,),
            value=str(asset.lower_c[t]),
            limit=str(asset.upper_c[t]),
        )


@check_asset.register
def check_batch(asset: Batch, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a batch and that what it waits for is a batch of this site."""
    rule = "site.batch"
    if asset.profile_kw.ndim != 1 or not asset.duration_steps or not np.isfinite(asset.profile_kw).all():
        yield Finding(
            rule=f"{rule}.profile",
            path=f"{path}.profile_kw",
            message=f"{asset.id} needs a profile of at least one finite power",
            ids=(asset.id,),
        )
    yield from numbers_within(
        asset, path, rule, {"notice_steps": (0, None), "gap_steps": (0, None), "move_cost_eur": (0.0, None)}
    )
    if asset.earliest_start_step > asset.latest_start_step:
        yield Finding(
            rule=f"{rule}.window",
            path=f"{path}.latest_start_step",
            message=f"{asset.id} may start from step {asset.earliest_start_step} to step {asset.latest_start_step}, "
            "which is no step at all",
            ids=(asset.id,),
        )
    if not 0 <= asset.planned_start_step <= problem.grid.steps - asset.duration_steps:
        yield Finding(
            rule=f"{rule}.plan",
            path=f"{path}.planned_start_step",
            message=f"{asset.id} is planned at step {asset.planned_start_step}, from where its {asset.duration_steps} "
            f"steps do not fit into the {problem.grid.steps} steps of the grid",
            ids=(asset.id,),
        )
    batches = {other.id for other in problem.assets if isinstance(other, Batch)}
    for other in asset.after:
        if other not in batches or other == asset.id:
            yield Finding(
                rule=f"{rule}.sequence",
                path=f"{path}.after",
                message=f"{asset.id} waits for {other}, which is no other batch of this site",
                ids=(asset.id, other),
            )


@check_asset.register
def check_battery(asset: Battery, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a battery."""
    del problem
    rule = "site.battery"
    capacity = asset.capacity_kwh
    yield from numbers_within(
        asset,
        path,
        rule,
        {
            "capacity_kwh": (0.0, None),
            "charge_kw": (0.0, None),
            "discharge_kw": (0.0, None),
            "wear_eur_per_kwh": (0.0, None),
            "reserved_kwh": (0.0, capacity),
            "initial_kwh": (asset.reserved_kwh, capacity),
            "final_kwh": (0.0, capacity),
        },
    )
    yield from efficiencies(asset, path, rule, "charge_efficiency", "discharge_efficiency")


@check_asset.register
def check_base_load(asset: BaseLoad, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a base load."""
    yield from series_within(asset.power_kw, problem.grid.steps, f"{path}.power_kw", "site.base_load", (asset.id,))


@check_asset.register
def check_utility(asset: Utility, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a utility."""
    rule = "site.utility"
    yield from series_within(asset.power_kw, problem.grid.steps, f"{path}.power_kw", rule, (asset.id,), least=0.0)
    limits: Limits = {
        "lowest_kw": (0.0, None),
        "substitute_eur_per_kwh": (0.0, None),
        "recovery_share": (0.0, None),
        "recovery_kw": (0.0, None),
    }
    if asset.longest_cut_steps is not None:
        limits["longest_cut_steps"] = (0, None)
    yield from numbers_within(asset, path, rule, limits)


Limits = dict[str, tuple[float | None, float | None]]


def numbers_within(
    asset: Any, path: str, rule: str, limits: Mapping[str, tuple[float | None, float | None]]
) -> Iterator[Finding]:
    """Yield a finding per field that is not a finite number within its limits."""
    for name, (least, most) in limits.items():
        value = float(getattr(asset, name))
        below = least is not None and not value >= least
        above = most is not None and not value <= most
        if isfinite(value) and not below and not above:
            continue
        limit = f"at least {least}" if below else f"at most {most}" if above else "a finite number"
        yield Finding(
            rule=f"{rule}.{name}",
            path=f"{path}.{name}",
            message=f"{asset.id}: {name} is {value} and must be {limit}",
            ids=(asset.id,),
            value=str(value),
            limit=limit,
        )


def efficiencies(asset: Any, path: str, rule: str, *names: str) -> Iterator[Finding]:
    """Yield a finding per efficiency that is not above 0 and at most 1."""
    yield from numbers_within(asset, path, rule, dict.fromkeys(names, (1e-6, 1.0)))


def series_within(
    series: FloatArray, steps: int, path: str, rule: str, ids: tuple[str, ...], *, least: float | None = None
) -> Iterator[Finding]:
    """Yield a finding if a series does not have one finite number, at least ``least``, per step."""
    if series.shape != (steps,) or not np.isfinite(series).all():
        yield series_finding(series, steps, path, rule, ids)
    elif least is not None and (series < least).any():
        t = int(np.argmax(series < least))
        yield Finding(
            rule=f"{rule}.series",
            path=f"{path}[{t}]",
            message=f"{path} is {series[t]} in step {t} and must be at least {least}",
            ids=ids,
            value=str(series[t]),
            limit=str(least),
        )


def series_finding(series: FloatArray, steps: int, path: str, rule: str, ids: tuple[str, ...]) -> Finding:
    """Say that a series is not one number per step."""
    bad = int(np.argmax(~np.isfinite(series))) if series.shape == (steps,) else None
    what = f"has {series.size} values for {steps} steps" if bad is None else f"is {series[bad]} in step {bad}"
    return Finding(rule=f"{rule}.series", path=path, message=f"{path} {what}", ids=ids)
