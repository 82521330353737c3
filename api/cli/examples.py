"""``flexclear examples``: the example region as files, so that every command has something real to try."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import time, timedelta
from decimal import Decimal
from pathlib import Path

from market.domain.connection import Connection
from market.region.example import ExampleRegion, load_example_region
from market.region.season import compute_qualified_mw
from market.snapshot import JsonValue, decimal_text, instant_text, to_plain
from optimizer.timegrid import local_instant

Section = JsonValue | list[JsonValue]
_DEPOT_PRICE_EUR_PER_KWH = "0.185"
_EVENING = time(21)
_MORNING = time(7)


def write_examples(folder: Path) -> tuple[Path, ...]:
    """Write one file per kind of input, one record a line, and return the files."""
    region = load_example_region()
    documents = {
        "tender.json": _tender_document(region),
        "redispatch.json": _redispatch_document(region),
        "depot_80kw.json": _depot_document(region, "80"),
        "depot_90kw.json": _depot_document(region, "90"),
    }
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, document in documents.items():
        files.append(folder / name)
        files[-1].write_text(_write(document), encoding="utf-8")
    return tuple(files)


def _tender_document(region: ExampleRegion) -> Mapping[str, Section]:
    return {
        "connections": _connections(region, inside=True),
        "tender": _given(region.tender),
        "bids": [_given(bid, "tender_id") for bid in region.bids],
    }


def _redispatch_document(region: ExampleRegion) -> Mapping[str, Section]:
    return {
        "connections": _connections(region, inside=False),
        "needs": [_given(region.need)],
        "orders": [_given(order) for order in region.orders],
    }


def _depot_document(region: ExampleRegion, contracted_kw: str) -> Mapping[str, Section]:
    """The study's depot between 21:00 and 07:00: 70 kWh short with 80 kW, feasible with 90 (6062-6072)."""
    parameters = region.parameters
    day = parameters.day("event.day")
    start, end = local_instant(day, _EVENING), local_instant(day + timedelta(days=1), _MORNING)
    return {
        "ean": parameters.text("depot.ean"),
        "start": instant_text(start),
        "quarter_hours": int((end - start) / timedelta(minutes=15)),
        "contracted_offtake_kw": contracted_kw,
        "offtake_price_eur_per_kwh": _DEPOT_PRICE_EUR_PER_KWH,
        "assets": [
            {
                "kind": "charging_session",
                "id": f"truck-{number}",
                "arrival_at": instant_text(start),
                "departure_at": instant_text(end),
                "energy_kwh": decimal_text(parameters.number("depot.truck_kwh")),
                "power_kw": decimal_text(parameters.number("depot.charger_kw")),
            }
            for number in range(1, int(parameters.number("depot.trucks")) + 1)
        ],
    }


def _connections(region: ExampleRegion, *, inside: bool) -> list[JsonValue]:
    qualified = compute_qualified_mw(region.bids)

    def record(connection: Connection) -> JsonValue:
        mw = qualified.get(connection.ean, Decimal(0))
        return {**to_plain(connection), "qualified_mw": decimal_text(mw)}

    return [record(connection) for connection in region.connections if connection.area_ids or not inside]


def _given(value: object, *left_out: str) -> JsonValue:
    """Write a record, and records inside it, without the fields that have their default."""
    if isinstance(value, tuple):
        return [_given(item) for item in value]
    if not is_dataclass(value) or isinstance(value, type):
        return to_plain(value)
    defaults = {field.name: field.default for field in fields(value)}
    given = (name for name in defaults if name not in left_out and getattr(value, name) != defaults[name])
    return {name: _given(getattr(value, name)) for name in given}


def _write(document: Mapping[str, Section]) -> str:
    sections = [f"{json.dumps(name)}: {_write_section(value)}" for name, value in document.items()]
    return "{\n" + ",\n".join(sections) + "\n}\n"


def _write_section(value: Section) -> str:
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return "[\n  " + ",\n  ".join(_line(item) for item in value) + "\n]"
    if isinstance(value, Mapping):
        return "{\n  " + ",\n  ".join(_fields(value)) + "\n}"
    return _line(value)


def _fields(value: Mapping[str, JsonValue]) -> Iterable[str]:
    for name, item in value.items():
        yield f"{json.dumps(name)}: {_line(item)}"


def _line(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False)
