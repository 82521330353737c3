"""The example region's four sites as dispatch problems, from 07:00 local to 07:00 the next day."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import numpy as np

from market.region.parameters import Parameters
from market.region.place import COMPANIES
from optimizer.problems.assets import Asset, BaseLoad, Batch, BuildingZone, ChargingSession
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility
from optimizer.timegrid import LocalWindow, TimeGrid, local_instant
from optimizer.units import eur_per_kwh_from_eur_per_mwh, kw_from_mw

DAY_STARTS = time(7)
_WARMEST_H = 17


def build_sites(parameters: Parameters, day: date, announced: datetime) -> dict[str, SiteProblem]:
    """Build the dispatch problem of every company for one day, by EAN.

    Args:
        parameters: the region.
        day: local day whose 07:00 starts the plan.
        announced: aware time at which the awards of that day are made known, for notice times.
    """
    grid = TimeGrid.between(local_instant(day, DAY_STARTS), local_instant(day + timedelta(days=1), DAY_STARTS))
    announced_step = int((announced - grid.start).total_seconds() // grid.step_s)
    prices = _build_prices(parameters, grid)
    sites = {}
    for company in COMPANIES:
        ean = parameters.text(f"{company}.ean")
        sites[ean] = SiteProblem(
            id=ean,
            grid=grid,
            contracted_offtake_kw=_contracted_kw(parameters, company, grid),
            contracted_feed_in_kw=np.zeros(grid.steps),
            offtake_price_eur_per_kwh=prices,
            feed_in_price_eur_per_kwh=np.full(
                grid.steps, eur_per_kwh_from_eur_per_mwh(parameters.real("energy.feed_in_price"))
            ),
            assets=_ASSETS[company](parameters, grid),
            announced_step=announced_step,
        )
    return sites


def _build_prices(parameters: Parameters, grid: TimeGrid) -> FloatArray:
    shape = np.array([float(v) for v in parameters.numbers("energy.shape")])
    hours = [start.hour for start in grid.local_starts()]
    mean = eur_per_kwh_from_eur_per_mwh(parameters.real("energy.mean_price"))
    prices: FloatArray = mean * (shape / shape.mean())[hours]
    return prices


def _contracted_kw(parameters: Parameters, company: str, grid: TimeGrid) -> FloatArray:
    contracted = np.full(grid.steps, parameters.real(f"{company}.contracted_kw"))
    if company == "depot":
        contracted[grid.inside([parameters.hours("depot.night")])] = parameters.real("depot.contracted_night_kw")
    return contracted


def _build_office(parameters: Parameters, grid: TimeGrid) -> tuple[Asset, ...]:
    is_open = grid.inside([parameters.hours("office.open")])
    closed_kw, open_kw = (float(v) for v in parameters.numbers("office.base_load_kw"))
    middle, half = parameters.real("office.comfort_middle_c"), parameters.real("office.comfort_band_k") / 2
    zone = BuildingZone(
        id="office-zone",
        resistance_k_per_kw=parameters.real("office.resistance_k_per_kw"),
        capacity_kwh_per_k=parameters.real("office.capacity_kwh_per_k"),
        initial_temperature_c=middle + half,
        outdoor_temperature_c=_build_outdoor_c(parameters, grid),
        gains_kw=_build_gains(parameters, grid),
        lower_c=np.full(grid.steps, middle - half),
        upper_c=np.full(grid.steps, middle + half),
        heat_pump_kw=parameters.real("office.heat_pump_kw"),
        heat_pump_cop=np.full(grid.steps, parameters.real("office.heat_pump_cop")),
        chiller_kw=parameters.real("office.chiller_kw"),
        chiller_cop=np.full(grid.steps, parameters.real("office.chiller_cop")),
    )
    return (
        BaseLoad(id="office-base", power_kw=np.where(is_open, open_kw, closed_kw)),
        zone,
        *_build_cars(parameters, grid),
    )


def _build_cars(parameters: Parameters, grid: TimeGrid) -> list[ChargingSession]:
    _, leave = parameters.hours("office.parked")
    energy, power = parameters.real("office.session_kwh"), parameters.real("office.charge_point_kw")
    arrivals = [
        time.fromisoformat(clock) for clock, cars in parameters["office.arrivals"].value for _ in range(int(cars))
    ]
    staff = [
        ChargingSession(
            id=f"car-{number:02d}",
            arrival_step=_step_at(grid, arrival),
            departure_step=_step_at(grid, leave),
            energy_kwh=energy,
            power_kw=power,
        )
        for number, arrival in enumerate(arrivals, start=1)
    ]
    stay = int(parameters.real("office.guest_stay_h") / grid.step_h)
    guests = [
        ChargingSession(
            id=f"guest-{number}",
            arrival_step=_step_at(grid, time.fromisoformat(clock)),
            departure_step=_step_at(grid, time.fromisoformat(clock)) + stay,
            energy_kwh=energy,
            power_kw=power,
            flexible=False,
        )
        for number, clock in enumerate(parameters["office.guests"].value, start=1)
    ]
    return staff + guests


def _build_depot(parameters: Parameters, grid: TimeGrid) -> tuple[Asset, ...]:
    return tuple(
        ChargingSession(
            id=f"truck-{number}",
            arrival_step=_step_at(grid, parameters.clock("depot.arrival")),
            departure_step=_step_at(grid, parameters.clock("depot.departure")),
            energy_kwh=parameters.real("depot.truck_kwh"),
            power_kw=parameters.real("depot.charger_kw"),
        )
        for number in range(1, int(parameters.number("depot.trucks")) + 1)
    )


def _build_plant(parameters: Parameters, grid: TimeGrid) -> tuple[Asset, ...]:
    duration = int(parameters.real("plant.batch_h") / grid.step_h)
    starts = [_step_at(grid, time.fromisoformat(clock)) for clock in parameters["plant.batch_starts"].value]
    batch_kw = kw_from_mw(parameters.real("plant.batch_mw"))
    mean_kw = parameters.real("plant.contracted_kw") * parameters.real("plant.capacity_factor")
    nitrogen_kw = kw_from_mw(parameters.real("plant.nitrogen_mw"))
    aeration_kw = kw_from_mw(parameters.real("plant.aeration_mw"))
    base_kw = mean_kw - batch_kw * duration * len(starts) / grid.steps - nitrogen_kw - aeration_kw
    batches = [
        Batch(
            id=f"batch-{number}",
            profile_kw=np.full(duration, batch_kw),
            earliest_start_step=0,
            latest_start_step=grid.steps - duration,
            planned_start_step=start,
            notice_steps=int(parameters.real("plant.batch_notice_h") / grid.step_h),
            after=(f"batch-{number - 1}",) if number > 1 else (),
            move_cost_eur=parameters.real("plant.batch_move_cost"),
        )
        for number, start in enumerate(starts, start=1)
    ]
    # The study's extra cost is net of the electricity saved, so the substitute costs that much more than electricity.
    nitrogen = Utility(
        id="nitrogen",
        power_kw=np.full(grid.steps, nitrogen_kw),
        substitute_eur_per_kwh=eur_per_kwh_from_eur_per_mwh(parameters.real("plant.nitrogen_extra_cost"))
        + float(_build_prices(parameters, grid).max()),
    )
    aeration = Utility(
        id="aeration",
        power_kw=np.full(grid.steps, aeration_kw),
        longest_cut_steps=int(parameters.real("plant.aeration_max_h") / grid.step_h),
        recovery_share=1.0,
        recovery_kw=aeration_kw * parameters.real("plant.aeration_reserve"),
    )
    return (BaseLoad(id="plant-base", power_kw=np.full(grid.steps, base_kw)), *batches, nitrogen, aeration)


def _build_datacentre(parameters: Parameters, grid: TimeGrid) -> tuple[Asset, ...]:
    it_kw = kw_from_mw(parameters.real("datacentre.it_mw"))
    cooling_kw = it_kw / parameters.real("datacentre.it_share") - it_kw
    lower, upper = (float(v) for v in parameters.numbers("datacentre.band_c"))
    middle = (lower + upper) / 2
    capacity = it_kw * parameters.real("datacentre.minutes_to_limit") / 60 / (upper - middle)
    halls = BuildingZone(
        id="datacentre-cooling",
        resistance_k_per_kw=parameters.real("datacentre.resistance_k_per_kw"),
        capacity_kwh_per_k=capacity,
        initial_temperature_c=middle,
        outdoor_temperature_c=np.full(grid.steps, middle),
        gains_kw=np.full(grid.steps, it_kw),
        lower_c=np.full(grid.steps, lower),
        upper_c=np.full(grid.steps, upper),
        heat_pump_kw=0.0,
        heat_pump_cop=np.ones(grid.steps),
        chiller_kw=cooling_kw * (1 + parameters.real("datacentre.cooling_reserve")),
        chiller_cop=np.full(grid.steps, it_kw / cooling_kw),
        final_upper_c=middle,
    )
    return (BaseLoad(id="datacentre-it", power_kw=np.full(grid.steps, it_kw)), halls)


_ASSETS = {"office": _build_office, "depot": _build_depot, "plant": _build_plant, "datacentre": _build_datacentre}


def _build_gains(parameters: Parameters, grid: TimeGrid) -> FloatArray:
    before, after = (float(v) for v in parameters.numbers("office.gains_kw"))
    opens, closes = parameters.hours("office.open")
    sun = parameters.clock("office.sun_from")
    gains = np.full(grid.steps, parameters.real("office.night_gains_kw"))
    gains[grid.inside([(opens, sun)])] = before
    gains[grid.inside([(sun, closes)])] = after
    return gains


def _build_outdoor_c(parameters: Parameters, grid: TimeGrid) -> FloatArray:
    low, high = (float(v) for v in parameters.numbers("office.outdoor_min_max_c"))
    hours = np.array([start.hour + start.minute / 60 for start in grid.local_starts()])
    return (low + high) / 2 + (high - low) / 2 * np.cos((hours - _WARMEST_H) / 24 * 2 * np.pi)


def _step_at(grid: TimeGrid, clock: time) -> int:
    """First step of the plan at a local time; the end of the grid for the time at which it starts."""
    first = grid.inside([_quarter_from(clock)])
    step = int(np.argmax(first))
    return step or grid.steps


def _quarter_from(clock: time) -> LocalWindow:
    minutes = clock.hour * 60 + clock.minute + 15
    return clock, time(minutes // 60 % 24, minutes % 60)
