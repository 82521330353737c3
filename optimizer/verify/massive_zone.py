"""Judge of a second-order zone: the network is solved step by step from the electric powers alone."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding
from optimizer.problems.massive_zone import MassiveZone
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.site import AssetPlan
from optimizer.verify.assets import verify_asset
from optimizer.verify.judgement import (
    COST_TOLERANCE,
    POWER_TOLERANCE_KW,
    TEMPERATURE_TOLERANCE_K,
    judge_limit,
    judge_series,
    judge_true,
    judge_value,
)


@verify_asset.register
def verify_massive_zone(asset: MassiveZone, plan: AssetPlan, problem: SiteProblem) -> Iterator[Finding]:
    """Recompute air and mass temperatures and judge band, limits, exclusion and discomfort."""
    ids, path = (asset.id,), f"assets[{asset.id}]"
    heating, cooling = plan.series["heat_pump_kw"], plan.series["chiller_kw"]
    yield from judge_series(f"{path}.power_kw", plan.power_kw, heating + cooling, POWER_TOLERANCE_KW, ids)
    for name, power, most in (("heat_pump_kw", heating, asset.heat_pump_kw), ("chiller_kw", cooling, asset.chiller_kw)):
        yield from judge_limit(f"{path}.{name}", power, np.full(len(power), most), POWER_TOLERANCE_KW, ids)
        yield from judge_limit(f"{path}.{name}", -power, np.zeros(len(power)), POWER_TOLERANCE_KW, ids)
    both = float(np.minimum(heating, cooling).max())
    yield from judge_true(both <= POWER_TOLERANCE_KW, "exclusive", path, f"{asset.id} heats and cools at once", ids)
    air, mass = run_network(asset, heating, cooling, problem.grid.step_h)
    yield from judge_series(f"{path}.air_c", plan.series["air_c"], air, TEMPERATURE_TOLERANCE_K, ids)
    yield from judge_series(f"{path}.mass_c", plan.series["mass_c"], mass, TEMPERATURE_TOLERANCE_K, ids)
    for edge, sign in ((asset.final_mass_lower_c, -1.0), (asset.final_mass_upper_c, 1.0)):
        if edge is not None:
            kept = sign * (mass[-1] - edge) <= TEMPERATURE_TOLERANCE_K
            yield from judge_true(bool(kept), "final", path, f"{asset.id} ends with its mass at {mass[-1]:.3f} C", ids)
    outside = np.maximum(asset.lower_c - air, 0.0) + np.maximum(air - asset.upper_c, 0.0)
    if asset.discomfort_eur_per_kh is None:
        yield from judge_limit(f"{path}.outside_k", outside, np.zeros(len(air)), TEMPERATURE_TOLERANCE_K, ids)
        return
    cost = asset.discomfort_eur_per_kh * problem.grid.step_h * float(outside.sum())
    seen = plan.cost_eur.get("discomfort", 0.0)
    yield from judge_value(f"{path}.cost_eur[discomfort]", seen, cost, 10 * COST_TOLERANCE, ids)


def run_network(
    asset: MassiveZone, heating_kw: FloatArray, cooling_kw: FloatArray, step_h: float
) -> tuple[FloatArray, FloatArray]:
    """Air temperature per step and mass temperature per boundary that follow from electric powers.

    Each step solves three heat balances for air, surface and the mass at its end.
    """
    w, ve, em = asset.window_kw_per_k, asset.ventilation_kw_per_k, asset.envelope_kw_per_k
    ms, inside = asset.mass_to_surface_kw_per_k, asset.surface_to_air_kw_per_k
    inertia = asset.capacity_kwh_per_k / step_h
    network = np.array(
        [
            [ve + inside, -inside, 0.0],
            [-inside, w + inside + ms, -0.5 * ms],
            [0.0, -ms, inertia + 0.5 * (ms + em)],
        ]
    )
    machine = asset.heat_pump_cop * heating_kw - asset.chiller_cop * cooling_kw
    outdoor = asset.outdoor_temperature_c
    air, mass = np.empty(len(outdoor)), np.empty(len(outdoor) + 1)
    mass[0] = asset.initial_mass_c
    for t in range(len(outdoor)):
        given = [
            ve * outdoor[t] + asset.air_gains_kw[t] + machine[t],
            w * outdoor[t] + asset.surface_gains_kw[t] + 0.5 * ms * mass[t],
            em * outdoor[t] + asset.mass_gains_kw[t] + (inertia - 0.5 * (ms + em)) * mass[t],
        ]
        air[t], _, mass[t + 1] = np.linalg.solve(network, given)
    return air, mass
