"""Put a site on its grid: times become steps, numbers become series, and what does not fit becomes findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar

import numpy as np

from api.schemas.sites import (
    AssetTerms,
    BaseLoadTerms,
    BatchTerms,
    BatteryTerms,
    BuildingZoneTerms,
    ChargingSessionTerms,
    SiteTerms,
    WindowTerms,
)
from optimizer.findings import Finding, sort_findings
from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import TimeGrid
from optimizer.units import QUARTER_HOUR_S

LONGEST_QUARTER_HOURS: Final = 31 * 96
"""A month: what is planned at once."""

_EDGE_NAMES: Final[Mapping[str, str]] = {
    "arrival_step": "arrival_at",
    "departure_step": "departure_at",
    "guaranteed_by_step": "guaranteed_by",
    "earliest_start_step": "earliest_start_at",
    "latest_start_step": "latest_start_at",
    "planned_start_step": "planned_start_at",
    "notice_steps": "notice_quarter_hours",
    "gap_steps": "gap_quarter_hours",
}

T = TypeVar("T")


def read_site(terms: SiteTerms) -> tuple[SiteProblem | None, tuple[Finding, ...]]:
    """Put a site on its grid: the problem, or every fault of its meaning."""
    grid_faults = tuple(_grid_faults(terms))
    if grid_faults:
        return None, grid_faults
    reader = _Reader(grid=TimeGrid(start=terms.start, steps=terms.quarter_hours))
    assets = [reader.attempt(f"assets[{k}]", _READERS[type(asset)], asset) for k, asset in enumerate(terms.assets)]
    windows = [reader.attempt(f"windows[{k}]", _read_window, window) for k, window in enumerate(terms.windows)]
    problem = SiteProblem(
        id=terms.ean,
        grid=reader.grid,
        contracted_offtake_kw=reader.series(terms.contracted_offtake_kw),
        contracted_feed_in_kw=reader.series(terms.contracted_feed_in_kw),
        offtake_price_eur_per_kwh=reader.series(terms.offtake_price_eur_per_kwh),
        feed_in_price_eur_per_kwh=reader.series(terms.feed_in_price_eur_per_kwh),
        assets=tuple(asset for asset in assets if asset is not None),
        windows=tuple(window for window in windows if window is not None),
        announced_step=0 if terms.announced_at is None else _steps_between(reader.grid.start, terms.announced_at),
    )
    places = {**_places("assets", assets), **_places("windows", windows)}
    findings = sort_findings([*reader.faults, *(_as_written(f, places) for f in check_site(problem))])
    return (None, findings) if findings else (problem, ())


@dataclass(slots=True)
class _Reader:
    """Puts times and series on a grid and notes what does not fit.

    Attributes:
        grid: the grid.
        place: where the reader is in the input.
        faults: what did not fit.
    """

    grid: TimeGrid
    place: str = ""
    faults: list[Finding] = field(default_factory=list)

    def attempt(self, place: str, read: Callable[[_Reader, Any], T], terms: object) -> T | None:
        """Read one thing at a place; None when something of it did not fit."""
        self.place, before = place, len(self.faults)
        thing = read(self, terms)
        return thing if len(self.faults) == before else None

    def step(self, instant: datetime, name: str) -> int:
        """Step that starts at an instant, the end of the grid included."""
        offset_s = (instant - self.grid.start).total_seconds()
        if self.grid.start <= instant <= self.grid.end and offset_s % QUARTER_HOUR_S == 0:
            return int(offset_s) // QUARTER_HOUR_S
        path = f"{self.place}.{name}"
        span = f"{self.grid.start.isoformat()} and {self.grid.end.isoformat()}"
        message = f"{path} is not the start of a quarter-hour between {span}"
        self.faults.append(Finding(rule="site.time", path=path, message=message, value=instant.isoformat()))
        return 0

    def series(self, given: Decimal | Sequence[Decimal]) -> FloatArray:
        """One value per step; a list is taken as it is, so that the checks see its length."""
        if isinstance(given, Decimal):
            return np.full(self.grid.steps, float(given))
        return np.array([float(value) for value in given], dtype=np.float64)


def _read_session(reader: _Reader, terms: ChargingSessionTerms) -> Asset:
    promised = terms.guaranteed_by
    return ChargingSession(
        id=terms.id,
        arrival_step=reader.step(terms.arrival_at, "arrival_at"),
        departure_step=reader.step(terms.departure_at, "departure_at"),
        energy_kwh=float(terms.energy_kwh),
        power_kw=float(terms.power_kw),
        efficiency=float(terms.efficiency),
        pausing=terms.pausing,
        minimum_kw=float(terms.minimum_kw),
        guaranteed_kwh=float(terms.guaranteed_kwh),
        guaranteed_by_step=None if promised is None else reader.step(promised, "guaranteed_by"),
        flexible=terms.flexible,
    )


def _read_zone(reader: _Reader, terms: BuildingZoneTerms) -> Asset:
    return BuildingZone(
        id=terms.id,
        resistance_k_per_kw=float(terms.resistance_k_per_kw),
        capacity_kwh_per_k=float(terms.capacity_kwh_per_k),
        initial_temperature_c=float(terms.initial_temperature_c),
        outdoor_temperature_c=reader.series(terms.outdoor_temperature_c),
        gains_kw=reader.series(terms.gains_kw),
        lower_c=np.full(reader.grid.steps, -np.inf) if terms.lower_c is None else reader.series(terms.lower_c),
        upper_c=np.full(reader.grid.steps, np.inf) if terms.upper_c is None else reader.series(terms.upper_c),
        heat_pump_kw=float(terms.heat_pump_kw),
        heat_pump_cop=reader.series(terms.heat_pump_cop),
        chiller_kw=float(terms.chiller_kw),
        chiller_cop=reader.series(terms.chiller_cop),
        floor_fraction=float(terms.floor_fraction),
        discomfort_eur_per_kh=_optional(terms.discomfort_eur_per_kh),
        final_lower_c=_optional(terms.final_lower_c),
        final_upper_c=_optional(terms.final_upper_c),
    )


def _read_batch(reader: _Reader, terms: BatchTerms) -> Asset:
    return Batch(
        id=terms.id,
        profile_kw=np.array([float(power) for power in terms.profile_kw], dtype=np.float64),
        earliest_start_step=reader.step(terms.earliest_start_at, "earliest_start_at"),
        latest_start_step=reader.step(terms.latest_start_at, "latest_start_at"),
        planned_start_step=reader.step(terms.planned_start_at, "planned_start_at"),
        notice_steps=terms.notice_quarter_hours,
        after=tuple(terms.after),
        gap_steps=terms.gap_quarter_hours,
        move_cost_eur=float(terms.move_cost_eur),
    )


def _read_battery(_reader: _Reader, terms: BatteryTerms) -> Asset:
    return Battery(
        id=terms.id,
        capacity_kwh=float(terms.capacity_kwh),
        charge_kw=float(terms.charge_kw),
        discharge_kw=float(terms.discharge_kw),
        initial_kwh=float(terms.initial_kwh),
        final_kwh=float(terms.final_kwh),
        charge_efficiency=float(terms.charge_efficiency),
        discharge_efficiency=float(terms.discharge_efficiency),
        wear_eur_per_kwh=float(terms.wear_eur_per_kwh),
        reserved_kwh=float(terms.reserved_kwh),
    )


def _read_base_load(reader: _Reader, terms: BaseLoadTerms) -> Asset:
    return BaseLoad(id=terms.id, power_kw=reader.series(terms.power_kw))


_READERS: Final[Mapping[type[AssetTerms], Callable[[_Reader, Any], Asset]]] = {
    ChargingSessionTerms: _read_session,
    BuildingZoneTerms: _read_zone,
    BatchTerms: _read_batch,
    BatteryTerms: _read_battery,
    BaseLoadTerms: _read_base_load,
}


def _read_window(reader: _Reader, terms: WindowTerms) -> CongestionWindow:
    always = not terms.daily and not terms.periods
    holds = np.full(reader.grid.steps, always, dtype=np.bool_)
    if terms.daily:
        holds |= reader.grid.inside([(period.local_from, period.local_to) for period in terms.daily])
    for k, period in enumerate(terms.periods):
        first = reader.step(period.start, f"periods[{k}].start")
        holds[first : reader.step(period.end, f"periods[{k}].end")] = True
    return CongestionWindow(
        id=terms.id,
        steps=holds,
        limit_kw=reader.series(terms.limit_kw),
        direction=terms.direction,
        excess_price_eur_per_kwh=_optional(terms.excess_price_eur_per_kwh),
    )


def _grid_faults(terms: SiteTerms) -> Iterator[Finding]:
    start = terms.start
    if int(start.timestamp()) % QUARTER_HOUR_S or start.microsecond:
        message = "the site does not start on a quarter-hour"
        yield Finding(rule="site.start.quarter", path="start", message=message, value=start.isoformat())
    if not 1 <= terms.quarter_hours <= LONGEST_QUARTER_HOURS:
        yield Finding(
            rule="site.length",
            path="quarter_hours",
            message=f"a site is planned over 1 to {LONGEST_QUARTER_HOURS} quarter-hours",
            value=str(terms.quarter_hours),
            limit=str(LONGEST_QUARTER_HOURS),
        )


def _places(name: str, things: Sequence[object | None]) -> dict[str, str]:
    """Where the things that were read stand in the input, by where they stand in the problem."""
    kept = [k for k, thing in enumerate(things) if thing is not None]
    return {f"{name}[{n}]": f"{name}[{k}]" for n, k in enumerate(kept)}


def _as_written(finding: Finding, places: Mapping[str, str]) -> Finding:
    """Say where a finding is in the input, with the names of the input."""
    head, dot, tail = finding.path.partition(".")
    for step_name, edge_name in _EDGE_NAMES.items():
        tail = edge_name if tail == step_name else tail
    return replace(finding, path=places.get(head, head) + dot + tail)


def _steps_between(start: datetime, instant: datetime) -> int:
    """Whole steps from the start of the grid to an instant, rounded up; negative before it."""
    return -int((start - instant).total_seconds() // QUARTER_HOUR_S)


def _optional(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
