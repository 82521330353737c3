"""Put a site on its grid: times become steps, numbers become series, and what does not fit becomes findings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, TypeVar, get_type_hints

import numpy as np

from api.schemas.asset_mirror import AssetModel, edge_name
from api.schemas.sites import SiteTerms, WindowTerms
from optimizer.findings import Finding, sort_findings
from optimizer.problems.assets import Asset
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import CongestionWindow
from optimizer.timegrid import TimeGrid
from optimizer.units import QUARTER_HOUR_S

LONGEST_QUARTER_HOURS: Final = 31 * 96
"""A month: what is planned at once."""

_WHERE_NONE: Final[Mapping[str, float]] = {"lower_c": -np.inf, "upper_c": np.inf}
"""What an absent band means."""

T = TypeVar("T")


def read_site(terms: SiteTerms) -> tuple[SiteProblem | None, tuple[Finding, ...]]:
    """Put a site on its grid: the problem, or every fault of its meaning."""
    grid_faults = tuple(_grid_faults(terms))
    if grid_faults:
        return None, grid_faults
    reader = _Reader(grid=TimeGrid(start=terms.start, steps=terms.quarter_hours))
    assets = [reader.attempt(f"assets[{k}]", _read_asset, asset) for k, asset in enumerate(terms.assets)]
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


def _read_asset(reader: _Reader, terms: AssetModel) -> Asset:
    """Read an asset field by field, by the type each has in the optimizer."""
    kind = terms.asset
    hints = get_type_hints(kind)
    given = {item.name: getattr(terms, edge_name(item.name)) for item in fields(kind)}
    asset: Asset = kind(**{name: _read_field(reader, name, hints[name], value) for name, value in given.items()})
    return asset


def _read_field(reader: _Reader, name: str, hint: Any, value: Any) -> Any:
    if hint == FloatArray:
        absent = value is None
        return np.full(reader.grid.steps, _WHERE_NONE[name]) if absent else reader.series(value)
    if isinstance(value, datetime):
        return reader.step(value, edge_name(name))
    if isinstance(value, list):
        return tuple(value)
    return float(value) if isinstance(value, Decimal) else value


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
    return replace(finding, path=places.get(head, head) + dot + edge_name(tail))


def _steps_between(start: datetime, instant: datetime) -> int:
    """Whole steps from the start of the grid to an instant, rounded up; negative before it."""
    return -int((start - instant).total_seconds() // QUARTER_HOUR_S)


def _optional(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
