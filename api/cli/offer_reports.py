"""The work of ``flexclear offer`` and ``flexclear region``: compute and show."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from api.cli.output import ExitCode, Output
from api.cli.tables import show_rows
from api.schemas.documents import read_file
from api.schemas.files import read_site_file
from api.settings import Settings
from market.errors import RefusedInputError
from market.offers.charger_fleet import REFERENCE_FLEET, SET_A, SET_B, count_stations, draw_station_days
from market.offers.region_curve import OfficeOwner, Scenario, Season, build_region_curve, release_by_budget, whole_mw
from market.offers.valuation import Capability, ContractTerms, ExpectedCalls, Valuation, value_contracts
from market.settlement.baseline import BaselineEvidence, BaselineMethod, compute_baseline
from market.snapshot import from_plain
from optimizer.findings import Finding
from optimizer.offers.offer_window import Change, Delivery, OfferWindow
from optimizer.offers.supply_curve import trace_supply_curve

Choice = TypeVar("Choice", bound=StrEnum)
T = TypeVar("T")


def report_curve(
    file: Path, *, begin: str, end: str, baseline: str, more: bool, exact: bool, points: int, as_json: bool
) -> ExitCode:
    """Trace the curve of the site in a file and show it."""
    output = Output(as_json)
    with output.answering():
        site = read_site_file(read_file(file, Settings().read_limits))
        steps = site.grid.inside([(_clock(begin, "from"), _clock(end, "to"))])
        if not steps.any():
            raise RefusedInputError([_fault("from", f"{begin} to {end} has no quarter-hour on the site's grid")])
        against = compute_baseline(_choose(BaselineMethod, baseline, "baseline"), BaselineEvidence(site=site))
        window = OfferWindow(
            steps=steps,
            change=Change.MORE if more else Change.LESS,
            delivery=Delivery.EXACT if exact else Delivery.AT_LEAST,
        )
        outcome = trace_supply_curve([site], window, against.power_kw, points=points)
        curve = outcome.curve
        if curve is None:
            output.show_findings("No curve", outcome.findings)
            return ExitCode.INFEASIBLE
        rows: list[list[str]] = []
        listed: list[dict[str, object]] = []
        for point in curve.points:
            energy = point.volume_kw * curve.hours
            rebound = curve.rebound_kw(point)
            price = point.cost_eur / energy * 1000 if energy > 1e-9 else 0.0
            rows.append(
                [
                    f"{point.volume_kw:.1f}",
                    f"{point.cost_eur:.2f}",
                    f"{price:.2f}",
                    f"{rebound.sum() * curve.step_h:.1f}",
                    f"{np.abs(rebound).max():.1f}",
                ]
            )
            listed.append(
                {
                    "volume_kw": point.volume_kw,
                    "cost_eur": point.cost_eur,
                    "average_eur_per_mwh": price,
                    "rebound_kw": [float(kw) for kw in rebound],
                }
            )
        if as_json:
            output.write_json(
                {
                    "ean": site.id,
                    "baseline": {"method": against.method.value, "statement": against.statement},
                    "change": window.change.value,
                    "delivery": window.delivery.value,
                    "hours": curve.hours,
                    "convex": curve.convex,
                    "largest_kw": curve.max_kw,
                    "gap_eur": curve.gap_eur,
                    "points": listed,
                }
            )
            return ExitCode.DONE
        title = f"{site.id}: {window.change.value} consumption, {begin} to {end}, {window.delivery.value}"
        columns = [">kW", ">EUR", ">EUR/MWh", ">later kWh", ">at most kW"]
        output.console.print(show_rows(title, columns, rows))
        output.console.print(f"Baseline {against.method.value}: {against.statement}.")
        exactness = (
            "exact points and their hull" if curve.gap_eur is None else f"breakpoints within {curve.gap_eur:.4f} EUR"
        )
        output.console.print(f"Largest volume {curve.max_kw:.1f} kW; {exactness}.")
    return ExitCode.DONE


def report_chargers(*, as_json: bool) -> ExitCode:
    """Count stations per 100 kW in the documented fleet."""
    output = Output(as_json)
    with output.answering():
        fleet = draw_station_days(**REFERENCE_FLEET)
        found = [count_stations(fleet, assumptions) for assumptions in (*SET_A, *SET_B)]
        if as_json:
            output.write_json(
                [
                    {
                        "set": f.assumptions.name,
                        "assumptions": dict(f.assumptions.lines()),
                        "stations_per_100_kw": f.stations,
                        "kw_per_station": f.kw_per_station,
                    }
                    for f in found
                ]
            )
            return ExitCode.DONE
        rows = [
            [f.assumptions.name, "-" if f.stations is None else str(f.stations), f"{f.kw_per_station:.2f}"]
            + [text for _, text in f.assumptions.lines()]
            for f in found
        ]
        names = [name for name, _ in SET_A[0].lines()]
        output.console.print(show_rows("Stations per 100 kW", ["set", ">stations", ">kW per station", *names], rows))
        size = ", ".join(f"{name} {number}" for name, number in REFERENCE_FLEET.items())
        output.console.print(f"Drawn fleet: {size}; every car is full when it leaves.")
    return ExitCode.DONE


def report_value(file: Path, *, chart: Path | None, as_json: bool) -> ExitCode:
    """Value the contracts in a file."""
    output = Output(as_json)
    with output.answering():
        read = read_file(file, Settings().read_limits)
        if read.findings:
            raise RefusedInputError(read.findings)
        document = read.value
        values = value_contracts(
            _members(document, "expectation", ExpectedCalls),
            _members(document, "capabilities", Capability),
            _members(document, "terms", ContractTerms),
        )
        if chart is not None:
            from api.cli.valuation_chart import draw_valuations

            draw_valuations(values, chart)
        if as_json:
            output.write_json(values)
            return ExitCode.DONE
        columns = ["form", ">MW", ">calls", ">mean h", ">MWh", ">revenue", ">cost", ">fines", ">worst fine", ">result"]
        columns += [">years", "planning"]
        output.console.print(show_rows("What is it worth? EUR per year", columns, [_value_row(v) for v in values]))
        for value in values:
            for remark in value.remarks:
                output.console.print(f"  {value.form.value}: {remark}")
    return ExitCode.DONE


def report_region(*, season: str, owner: str, budget: float, as_json: bool) -> ExitCode:
    """Show the region's curve and what a budget releases."""
    output = Output(as_json)
    with output.answering():
        when, who = _choose(Season, season, "season"), _choose(OfficeOwner, owner, "owner")
        euros = Decimal(repr(budget)) * 1_000_000
        curves = {s: build_region_curve(s, season=when, owner=who) for s in Scenario}
        released = {s: release_by_budget(curve, euros) for s, curve in curves.items()}
        if as_json:
            output.write_json(
                {s.value: {"curve": curves[s], "release": released[s]} for s in Scenario},
            )
            return ExitCode.DONE
        for scenario, curve in curves.items():
            rows = [
                [
                    s.sector,
                    s.measure,
                    f"{s.mw:.1f}",
                    f"{s.eur_per_mwh:.0f}",
                    f"{s.hours_per_year:.0f}",
                    f"{s.eur_per_mw_year:.0f}",
                    f"{s.cumulative_mw:.1f}",
                ]
                for s in curve
            ]
            columns = ["sector", "measure", ">MW", ">EUR/MWh", ">h/year", ">EUR/MW/year", ">MW so far"]
            output.console.print(show_rows(f"Supply-cost curve, {scenario.value}, {when.value}", columns, rows))
            part = released[scenario]
            output.console.print(
                f"  total {whole_mw(curve[-1].cumulative_mw)} MW; {budget:g} million EUR a year contracts"
                f" {part.contracted_mw:.1f} MW and releases {part.released_mw:.1f} MW\n"
            )
    return ExitCode.DONE


def _value_row(value: Valuation) -> list[str]:
    return [
        value.form.value,
        f"{value.mw:.1f}",
        f"{value.calls:.0f}",
        f"{value.mean_call_h:.1f}",
        f"{value.energy_mwh:.1f}",
        *(
            f"{amount:.0f}"
            for amount in (
                value.revenue_eur,
                value.cost_eur,
                value.expected_fine_eur,
                value.worst_fine_eur,
                value.result_eur,
            )
        ),
        f"{value.committed_years:.0f}",
        "yes" if value.in_planning else "no",
    ]


def _members(document: Any, name: str, kind: type[T]) -> list[T]:
    listed = document.get(name) if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise RefusedInputError([_fault(name, f"the file has no list called {name}")])
    found, faults = [], []
    for k, entry in enumerate(listed):
        try:
            found.append(from_plain(kind, _with_decimals(kind, entry)))
        except (TypeError, KeyError, ValueError, ArithmeticError) as error:
            faults.append(_fault(f"{name}[{k}]", f"not a sound entry: {error}"))
    if faults:
        raise RefusedInputError(faults)
    return found


def _with_decimals(kind: type, entry: Any) -> Any:
    """Take whole numbers for the decimal fields of an entry as well, as people write them."""
    if not isinstance(entry, dict):
        return entry
    hints = {name: str(hint) for name, hint in kind.__annotations__.items()}
    return {
        name: Decimal(value) if type(value) is int and hints.get(name, "").startswith("Decimal") else value
        for name, value in entry.items()
    }


def _choose(kind: type[Choice], text: str, path: str) -> Choice:
    try:
        return kind(text)
    except ValueError:
        allowed = ", ".join(member.value for member in kind)
        raise RefusedInputError([_fault(path, f"{text} is not one of {allowed}")]) from None


def _clock(text: str, path: str) -> time:
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise RefusedInputError([_fault(path, f"{text} is no time such as 17:00")]) from None


def _fault(path: str, message: str) -> Finding:
    return Finding(rule="offer.input", path=path, message=message)
