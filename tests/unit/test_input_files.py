"""Input files: faults of form and of meaning are found together, each where it stands in the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from api.cli.examples import write_examples
from api.schemas.documents import ReadLimits, parse, read_file
from api.schemas.files import read_redispatch_file, read_site_file, read_tender_file
from market.errors import RefusedInputError
from optimizer.runs.site import dispatch_site
from tests.edge_documents import (
    as_bytes,
    full_redispatch_file,
    full_site_file,
    full_tender_file,
    redispatch_file,
    site_file,
    tender_file,
)

LIMITS = ReadLimits()
Change = Callable[[Any], object]


def places(read: Callable[[Any], object], document: Any) -> set[tuple[str, str]]:
    """Rules and places of everything found in a document."""
    with pytest.raises(RefusedInputError) as refusal:
        read(parse(as_bytes(document), LIMITS))
    return {(finding.rule, finding.path) for finding in refusal.value.findings}


def put(value: Any, *path: str | int) -> Change:
    """Make a change that puts a value at a place."""

    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        document[path[-1]] = value

    return change


def remove(*path: str | int) -> Change:
    """Make a change that removes a place."""

    def change(document: Any) -> None:
        for part in path[:-1]:
            document = document[part]
        del document[path[-1]]

    return change


def test_a_lot_of_no_size_is_one_finding_whatever_the_orders_hold() -> None:
    document = full_redispatch_file()
    document["rules"]["lot_mw"] = "0"
    assert places(read_redispatch_file, document) == {("options.lot_mw", "rules.lot_mw")}


def test_the_documents_themselves_are_sound() -> None:
    assert len(read_tender_file(parse(as_bytes(tender_file()), LIMITS)).bids) == 2
    assert len(read_redispatch_file(parse(as_bytes(redispatch_file()), LIMITS)).orders) == 2
    assert len(read_site_file(parse(as_bytes(site_file()), LIMITS)).assets) == 3
    assert read_tender_file(parse(as_bytes(full_tender_file()), LIMITS)).tender.scenarios
    assert read_redispatch_file(parse(as_bytes(full_redispatch_file()), LIMITS)).headroom[0].shares


NAN = float("nan")
TENDER_FAULTS: list[tuple[Change, set[tuple[str, str]]]] = [
    (put(1, "bids", 0, "speed"), {("field.unknown", "bids[0].speed")}),
    (put(1, "speed"), {("field.unknown", "speed")}),
    (put(1, "tender", "windows", 0, "speed"), {("field.unknown", "tender.windows[0].speed")}),
    (remove("tender", "closes_at"), {("field.missing", "tender.closes_at")}),
    (remove("bids"), {("field.missing", "bids")}),
    (put("x", "bids"), {("field.type", "bids")}),
    (put(None, "tender"), {("field.type", "tender")}),
    (put(NAN, "bids", 1, "minimum_mw"), {("number.finite", "bids[1].minimum_mw")}),
    (put(NAN, "tender", "budget_eur"), {("number.finite", "tender.budget_eur")}),
    (put("-0.3", "bids", 0, "steps", 0, "quantity_mw"), {("bid.quantity_mw", "bids[0].steps[0].quantity_mw")}),
    (
        put("26", "bids", 1, "steps", 0, "availability_eur_per_mw_h"),
        {("bid.above_availability_ceiling", "bids[1].availability_eur_per_mw_h")},
    ),
    (
        put("501", "bids", 0, "steps", 0, "activation_eur_per_mwh"),
        {("bid.above_activation_ceiling", "bids[0].activation_eur_per_mwh")},
    ),
    (put("2027-09-02T00:00:00Z", "bids", 0, "submitted_at"), {("bid.late", "bids[0].submitted_at")}),
    (put(["night"], "bids", 0, "windows"), {("bid.window.known", "bids[0].windows")}),
    (put("B1", "bids", 1, "id"), {("bid.id.unique", "bids")}),
    (put([8], "tender", "windows", 0, "weekdays"), {("tender.window.weekdays", "tender.windows[0].weekdays")}),
    (
        put("16:07", "tender", "windows", 0, "local_from"),
        {("tender.window.quarter_hour", "tender.windows[0].local_from")},
    ),
    (put("24:00", "tender", "windows", 0, "local_to"), {("time.form", "tender.windows[0].local_to")}),
    (put("01-11-2027", "tender", "season_from"), {("date.form", "tender.season_from")}),
    (put("generation congestion", "tender", "congestion"), {("field.choice", "tender.congestion")}),
    (put("0", "connections", 0, "qualified_mw"), {("bid.not_qualified", "bids[0].eans")}),
    (put([], "connections", 0, "area_ids"), {("bid.outside_area", "bids[0].eans")}),
    (
        put("871999000000000018", "connections", 1, "ean"),
        {
            ("connection.unique", "connections[1].ean"),
            ("bid.outside_area", "bids[1].eans"),
            ("bid.not_qualified", "bids[1].eans"),
        },
    ),
    (put("x", "connections", 1, "ean"), {("connection.ean.form", "connections[1].ean")}),
]


@pytest.mark.parametrize(("change", "expected"), TENDER_FAULTS)
def test_a_fault_of_a_tender_file_is_found_where_it_is(change: Change, expected: set[tuple[str, str]]) -> None:
    document = tender_file()
    change(document)
    assert places(read_tender_file, document) == expected


def test_faults_of_form_and_of_meaning_are_found_in_one_go() -> None:
    document = tender_file()
    bids = document["bids"]
    bids.insert(0, {"id": "broken"})
    bids[1]["speed"] = 1
    bids[1]["steps"][0]["availability_eur_per_mw_h"] = "26"
    bids[2]["steps"][0]["quantity_mw"] = NAN
    bids[2]["minimum_mw"] = "-1"
    document["connections"][1]["name"] = ""
    missing = ("csp", "company", "eans", "windows", "steps", "submitted_at")
    assert places(read_tender_file, document) == {
        *(("field.missing", f"bids[0].{name}") for name in missing),
        ("field.unknown", "bids[1].speed"),
        ("bid.above_availability_ceiling", "bids[1].availability_eur_per_mw_h"),
        ("number.finite", "bids[2].steps[0].quantity_mw"),
        ("bid.minimum_mw", "bids[2].minimum_mw"),
        ("text.form", "connections[1].name"),
    }


def test_a_negative_quantity_does_not_hide_that_the_bid_is_above_its_ceiling() -> None:
    document = tender_file()
    step = document["bids"][0]["steps"][0]
    step["quantity_mw"], step["activation_eur_per_mwh"] = "-0.3", "9999"
    assert places(read_tender_file, document) == {
        ("bid.quantity_mw", "bids[0].steps[0].quantity_mw"),
        ("bid.above_activation_ceiling", "bids[0].activation_eur_per_mwh"),
    }


REDISPATCH_FAULTS: list[tuple[Change, set[tuple[str, str]]]] = [
    (put(1, "orders", 0, "speed"), {("field.unknown", "orders[0].speed")}),
    (put("-0.4", "orders", 0, "quantity_mw"), {("order.quantity.positive", "orders[0].quantity_mw")}),
    (put(NAN, "orders", 1, "limit_price_eur_per_mwh"), {("number.finite", "orders[1].limit_price_eur_per_mwh")}),
    (put(["0.4"], "orders", 0, "profile_mw"), {("order.profile.length", "orders[0].profile_mw")}),
    (put([], "needs", 0, "required_mw"), {("need.required", "needs[0].required_mw"), ("need.none", "needs")}),
    (put(["0.3", "-0.3"], "needs", 0, "required_mw"), {("need.required", "needs[0].required_mw[1]")}),
    (put(["0.3", None], "needs", 0, "required_mw"), {("number.form", "needs[0].required_mw[1]")}),
    (put([], "needs"), {("need.none", "needs")}),
    (put("nobody", "orders", 0, "parent_order"), {("order.parent.unknown", "orders[0].parent_order")}),
    (put("2027-05-26T14:00:00Z", "orders", 0, "start"), {("order.day", "orders[0].start")}),
    (put({"lot_mw": "0"}, "rules"), {("options.lot_mw", "rules.lot_mw")}),
    (put({"lot_mw": NAN}, "rules"), {("number.finite", "rules.lot_mw")}),
    (put({"excess_policy": "free"}, "rules"), {("field.choice", "rules.excess_policy")}),
]


@pytest.mark.parametrize(("change", "expected"), REDISPATCH_FAULTS)
def test_a_fault_of_a_redispatch_file_is_found_where_it_is(change: Change, expected: set[tuple[str, str]]) -> None:
    document = redispatch_file()
    change(document)
    assert places(read_redispatch_file, document) == expected


def test_what_only_follows_from_an_item_left_out_is_not_said() -> None:
    document = redispatch_file()
    document["orders"][0]["parent_order"] = "B"
    document["orders"][1]["start"] = "tomorrow"
    assert places(read_redispatch_file, document) == {("time.form", "orders[1].start")}
    document = tender_file()
    document["connections"][0]["ean"] = "?"
    assert places(read_tender_file, document) == {("connection.ean.form", "connections[0].ean")}


EARLY = {"start": "2027-05-25T18:00:00Z", "end": "2027-05-25T20:00:00Z"}
SITE_FAULTS: list[tuple[Change, set[tuple[str, str]]]] = [
    (put(1, "speed"), {("field.unknown", "speed")}),
    (put(1, "assets", 0, "speed"), {("field.unknown", "assets[0].speed")}),
    (put(["90"] * 39, "contracted_offtake_kw"), {("site.connection.series", "contracted_offtake_kw")}),
    (put(["90"] * 39 + [NAN], "contracted_offtake_kw"), {("number.finite", "contracted_offtake_kw[39]")}),
    (put("-90", "contracted_offtake_kw"), {("site.connection.series", "contracted_offtake_kw[0]")}),
    (put("-290", "assets", 1, "energy_kwh"), {("site.session.energy_kwh", "assets[1].energy_kwh")}),
    (put("2027-05-26T06:00:00Z", "assets", 2, "departure_at"), {("site.time", "assets[2].departure_at")}),
    (put("2027-05-25T19:00:00Z", "assets", 2, "departure_at"), {("site.session.window", "assets[2].departure_at")}),
    (put("truck-1", "assets", 1, "id"), {("site.asset.id", "assets")}),
    (put("tank", "assets", 1, "kind"), {("field.choice", "assets[1].kind")}),
    (remove("assets", 1, "kind"), {("field.missing", "assets[1].kind")}),
    (put("2027-05-25T19:01:00Z", "start"), {("site.start.quarter", "start")}),
    (put(0, "quarter_hours"), {("site.length", "quarter_hours")}),
    (put(2_977, "quarter_hours"), {("site.length", "quarter_hours")}),
    (put([{"id": "w", "limit_kw": ["1"]}], "windows"), {("site.window.series", "windows[0]")}),
    (
        put([{"id": "w", "limit_kw": "1", "periods": [EARLY]}], "windows"),
        {("site.time", "windows[0].periods[0].start")},
    ),
]


@pytest.mark.parametrize(("change", "expected"), SITE_FAULTS)
def test_a_fault_of_a_site_file_is_found_where_it_is(change: Change, expected: set[tuple[str, str]]) -> None:
    document = site_file()
    change(document)
    assert places(read_site_file, document) == expected


def test_the_shipped_examples_are_read_without_a_finding(tmp_path: Path) -> None:
    files = {file.name: file for file in write_examples(tmp_path)}
    assert read_tender_file(read_file(files.pop("tender.json"), LIMITS)).bids
    assert read_redispatch_file(read_file(files.pop("redispatch.json"), LIMITS)).orders
    for file in files.values():
        assert read_site_file(read_file(file, LIMITS)).assets


def test_every_kind_of_asset_and_window_is_understood() -> None:
    site = read_site_file(parse(as_bytes(full_site_file()), LIMITS))
    assert site.announced_step == -40
    assert [window.steps.sum() for window in site.windows] == [16, 4, 40]
    assert not site.windows[0].steps[3]
    assert site.windows[0].steps[4]
    car = site.assets[4]
    assert (car.arrival_step, car.departure_step, car.guaranteed_by_step) == (4, 40, 12)  # type: ignore[attr-defined]
    zone = site.assets[2]
    assert zone.lower_c.tolist() == [18.0] * 40  # type: ignore[attr-defined]
    assert (zone.upper_c > 1e9).all()  # type: ignore[attr-defined]
    outcome = dispatch_site(site)
    assert outcome.stop.proven
    assert outcome.plan is not None
    assert len(outcome.plan.assets) == len(full_site_file()["assets"])
