"""The 5R1C zone reproduces the published unit results of an independent implementation of ISO 13790.

Source of building and results: unit tests of RC_BuildingSimulator (ETH Zurich, MIT licence): a room of 34.3 m2,
windows 13.5 m2, 12 W/m2 of heating and cooling, set points 20 and 26 C. Its mass temperature is the mean of the hour.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from optimizer.problems.massive_zone import IsoBuilding, MassiveZone
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.timegrid import TimeGrid
from tests.site_examples import SUMMER_DAY, grid_from, site_of

ROOM = IsoBuilding(
    floor_m2=34.3,
    internal_area_m2=2.0 * (7.0 * 4.9 + 4.9 * 3.1 + 7.0 * 3.1),
    window_m2=13.5,
    opaque_m2=15.19 - 13.5,
    window_w_m2k=1.1,
    opaque_w_m2k=0.2,
    volume_m3=7.0 * 4.9 * 3.1,
    air_changes_per_h=2.0,
)


def _zone(
    building: IsoBuilding, steps: int, *, outdoor: float, mass: float, solar_kw: float, **changes: Any
) -> MassiveZone:
    flat = np.ones(steps)
    air, surface, inner = building.split_gains(0.01 * flat, solar_kw * flat)
    fields: dict[str, Any] = {
        "id": "room",
        "window_kw_per_k": building.window_kw_per_k,
        "ventilation_kw_per_k": building.ventilation_kw_per_k,
        "envelope_kw_per_k": building.envelope_kw_per_k,
        "mass_to_surface_kw_per_k": building.mass_to_surface_kw_per_k,
        "surface_to_air_kw_per_k": building.surface_to_air_kw_per_k,
        "capacity_kwh_per_k": building.capacity_kwh_per_k,
        "initial_mass_c": mass,
        "outdoor_temperature_c": outdoor * flat,
        "air_gains_kw": air,
        "surface_gains_kw": surface,
        "mass_gains_kw": inner,
        "lower_c": 20.0 * flat,
        "upper_c": 26.0 * flat,
        "heat_pump_kw": 0.012 * building.floor_m2,
        "heat_pump_cop": flat,
        "chiller_kw": 0.012 * building.floor_m2,
        "chiller_cop": flat,
        "discomfort_eur_per_kh": 100.0,
    }
    return MassiveZone(**(fields | changes))


def _one_hour(zone: MassiveZone) -> SiteProblem:
    return site_of([zone], TimeGrid(start=grid_from(SUMMER_DAY).start, steps=1, step_s=3600))


@pytest.mark.parametrize(
    ("outdoor", "mass", "solar_kw", "need_w", "mean_mass_c"),
    [
        (10.0, 22.0, 2.0, 0.0, 22.33),
        (25.0, 24.0, 4.0, -264.75, 25.15),
        (10.0, 20.0, 2.0, 328.09, 20.46),
        (30.0, 25.0, 5.0, -411.6, 26.49),
        (5.0, 19.0, 2.0, 411.6, 19.39),
    ],
)
def test_published_need_and_mass_temperature(
    outdoor: float, mass: float, solar_kw: float, need_w: float, mean_mass_c: float
) -> None:
    plan = dispatch_site(_one_hour(_zone(ROOM, 1, outdoor=outdoor, mass=mass, solar_kw=solar_kw))).plan
    assert plan is not None
    series = plan.asset("room").series
    seen_w = 1000.0 * (series["heat_pump_kw"][0] - series["chiller_kw"][0])
    assert seen_w == pytest.approx(need_w, abs=0.005)
    assert series["mass_c"].mean() == pytest.approx(mean_mass_c, abs=0.005)


def test_a_hard_band_holds_in_every_quarter_hour_and_the_mass_lags_behind_the_air() -> None:
    grid = grid_from(SUMMER_DAY)
    zone = _zone(
        ROOM,
        96,
        outdoor=24.0,
        mass=25.0,
        solar_kw=0.4,
        chiller_kw=1.0,
        discomfort_eur_per_kh=None,
        final_mass_upper_c=25.0,
    )
    price = np.where((np.arange(96) >= 64) & (np.arange(96) < 84), 0.6, 0.2)
    plan = dispatch_site(site_of([zone], grid, offtake_price_eur_per_kwh=price)).plan
    assert plan is not None
    series = plan.asset("room").series
    assert series["air_c"].max() <= 26.0 + 1e-6
    dear, cheap = series["chiller_kw"][64:84].mean(), series["chiller_kw"][44:64].mean()
    assert dear < cheap
    assert np.abs(np.diff(series["mass_c"])).max() < np.abs(np.diff(series["air_c"])).max()


def test_without_machines_it_settles_at_outdoor_temperature() -> None:
    grid = TimeGrid(start=grid_from(SUMMER_DAY).start, steps=600, step_s=3600)
    quiet = _zone(ROOM, 600, outdoor=21.0, mass=24.0, solar_kw=0.0, heat_pump_kw=0.0, chiller_kw=0.0)
    plan = dispatch_site(site_of([quiet], grid)).plan
    assert plan is not None
    air = plan.asset("room").series["air_c"]
    assert air[-1] == pytest.approx(air[-100], abs=1e-4)
    losses_kw_per_k = ROOM.ventilation_kw_per_k + ROOM.window_kw_per_k + ROOM.opaque_w_m2k * ROOM.opaque_m2 / 1000.0
    assert 21.0 + 0.01 / losses_kw_per_k == pytest.approx(air[-1], abs=0.03), "10 W of gains lift it a little"
