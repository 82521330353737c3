"""Checks of a second-order zone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.checks_assets import Limits, check_asset, numbers_within, series_finding, series_within
from optimizer.problems.massive_zone import MassiveZone
from optimizer.problems.site import SiteProblem

_CONDUCTANCES = ("window_kw_per_k", "ventilation_kw_per_k", "envelope_kw_per_k")
_POSITIVE = ("mass_to_surface_kw_per_k", "surface_to_air_kw_per_k", "capacity_kwh_per_k")


@check_asset.register
def check_massive_zone(asset: MassiveZone, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Check a second-order zone."""
    rule, ids, steps = "site.massive_zone", (asset.id,), problem.grid.steps
    limits: Limits = {"heat_pump_kw": (0.0, None), "chiller_kw": (0.0, None), "initial_mass_c": (None, None)}
    limits.update(dict.fromkeys(_CONDUCTANCES, (0.0, None)))
    limits.update(dict.fromkeys(_POSITIVE, (1e-9, None)))
    if asset.discomfort_eur_per_kh is not None:
        limits["discomfort_eur_per_kh"] = (0.0, None)
    yield from numbers_within(asset, path, rule, limits)
    for name in ("outdoor_temperature_c", "air_gains_kw", "surface_gains_kw", "mass_gains_kw"):
        yield from series_within(getattr(asset, name), steps, f"{path}.{name}", rule, ids)
    for name in ("heat_pump_cop", "chiller_cop"):
        yield from series_within(getattr(asset, name), steps, f"{path}.{name}", rule, ids, least=0.0)
    shapes_fit = True
    for name in ("lower_c", "upper_c"):
        edge = getattr(asset, name)
        if edge.shape != (steps,) or np.isnan(edge).any():
            shapes_fit = False
            yield series_finding(edge, steps, f"{path}.{name}", rule, ids)
    if shapes_fit and (asset.lower_c > asset.upper_c).any():
        t = int(np.argmax(asset.lower_c > asset.upper_c))
        message = f"{asset.id} has a lower edge of {asset.lower_c[t]} C above its upper edge of {asset.upper_c[t]} C"
        yield Finding(rule=f"{rule}.band", path=f"{path}.lower_c[{t}]", message=message, ids=ids)
