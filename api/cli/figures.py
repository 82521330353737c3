"""Figures of the documentation, drawn from the example region: the same command draws the same pictures."""

from __future__ import annotations

from pathlib import Path

from market.clearing.delivery import promises_of_redispatch
from market.clearing.redispatch import clear_redispatch
from market.region.example import ExampleRegion, SiteDay, load_example_region, plan_day
from optimizer.problems.assets import BuildingZone
from optimizer.results.charts import draw_batches, draw_power_stack, draw_zone, save_chart
from optimizer.results.site import SitePlan

OFFICE_PRECOOLING = "office_precooling.png"
OFFICE_POWER = "office_power.png"
PLANT_BATCHES = "plant_batches.png"


def render_figures(folder: Path) -> tuple[Path, ...]:
    """Draw every figure of the documentation into a folder and return the files."""
    region = load_example_region()
    days = _plan_event_day(region)
    office, plant = days[region.parameters.text("office.ean")], days[region.parameters.text("plant.ean")]
    files = tuple(folder / name for name in (OFFICE_PRECOOLING, OFFICE_POWER, PLANT_BATCHES))
    _draw_office(office, files[0])
    save_chart(draw_power_stack(office.problem, _plan_of(office)), files[1])
    save_chart(draw_batches(plant.problem, _plan_of(plant)), files[2])
    return files


def render_office_precooling(path: Path) -> None:
    """Draw the office on the day of the event: cooled before 16:00, inside its band while it keeps its award."""
    region = load_example_region()
    _draw_office(_plan_event_day(region)[region.parameters.text("office.ean")], path)


def _draw_office(office: SiteDay, path: Path) -> None:
    zone = next(asset for asset in office.problem.assets if isinstance(asset, BuildingZone))
    save_chart(draw_zone(office.problem, _plan_of(office), zone, office.baseline), path)


def _plan_event_day(region: ExampleRegion) -> dict[str, SiteDay]:
    parameters = region.parameters
    clearing = clear_redispatch([region.need], region.orders, region.connections)
    promises = promises_of_redispatch(clearing, [connection.ean for connection in region.connections])
    days = plan_day(region, parameters.day("event.day"), parameters.instant("event.announced"), promises)
    return {day.connection.ean: day for day in days}


def _plan_of(day: SiteDay) -> SitePlan:
    if day.outcome.plan is None:
        raise ValueError(f"{day.connection.name} has no plan: {[f.message for f in day.outcome.findings]}")
    return day.outcome.plan
