"""Documents for tests at the edge: the smallest tender, redispatch book and site that mean something, as files."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

Json = Any

OFFICE = "871999000000000018"
DEPOT = "871999000000000025"
BOILER = "871999000000000056"
AREA = "vaart"

CONNECTIONS: Json = [
    {"ean": OFFICE, "name": "office", "company": "Office BV", "area_ids": [AREA], "qualified_mw": "0.5"},
    {"ean": DEPOT, "name": "depot", "company": "Depot BV", "area_ids": [AREA], "qualified_mw": "0.5"},
    {"ean": BOILER, "name": "boiler", "company": "Boiler BV"},
]

TENDER: Json = {
    "id": "T",
    "area_id": AREA,
    "buyer": "Netbeheerder",
    "congestion": "consumption",
    "season_from": "2027-11-01",
    "season_to": "2027-11-07",
    "windows": [
        {
            "id": "evening",
            "weekdays": [1, 2, 3, 4, 5],
            "local_from": "16:00",
            "local_to": "17:00",
            "min_mw": "0.5",
            "max_mw": "0.6",
            "expected_activation_h": "2",
        }
    ],
    "closes_at": "2027-09-01T10:00:00Z",
    "availability_ceiling_eur_per_mw_h": "25",
    "activation_ceiling_eur_per_mwh": "500",
    "activation_weight": "1",
    "shortfall_price_eur_per_mwh": "3000",
}

BIDS: Json = [
    {
        "id": "B1",
        "csp": "CSP A",
        "company": "Office BV",
        "eans": [OFFICE],
        "windows": ["evening"],
        "submitted_at": "2027-08-01T10:00:00Z",
        "steps": [{"quantity_mw": "0.3", "availability_eur_per_mw_h": "5", "activation_eur_per_mwh": "100"}],
    },
    {
        "id": "B2",
        "csp": "CSP B",
        "company": "Depot BV",
        "eans": [DEPOT],
        "windows": ["evening"],
        "submitted_at": "2027-08-01T11:00:00Z",
        "steps": [{"quantity_mw": "0.4", "availability_eur_per_mw_h": "6", "activation_eur_per_mwh": "111"}],
    },
]

NEED: Json = {
    "id": "N",
    "area_id": AREA,
    "operator": "Netbeheerder",
    "congestion": "consumption",
    "start": "2027-05-25T14:00:00Z",
    "required_mw": ["0.3", "0.3"],
    "bids_until": "2027-05-25T12:00:00Z",
}

ORDERS: Json = [
    {
        "id": "S",
        "side": "sell",
        "ean": OFFICE,
        "csp": "CSP A",
        "quantity_mw": "0.4",
        "limit_price_eur_per_mwh": "80",
        "start": "2027-05-25T14:00:00Z",
        "quarter_hours": 2,
        "submitted_at": "2027-05-24T10:00:00Z",
    },
    {
        "id": "B",
        "side": "buy",
        "ean": BOILER,
        "csp": "CSP B",
        "quantity_mw": "1",
        "limit_price_eur_per_mwh": "30",
        "start": "2027-05-25T14:00:00Z",
        "quarter_hours": 2,
        "submitted_at": "2027-05-24T10:00:00Z",
    },
]

SITE: Json = {
    "ean": DEPOT,
    "start": "2027-05-25T19:00:00Z",
    "quarter_hours": 40,
    "contracted_offtake_kw": "90",
    "offtake_price_eur_per_kwh": "0.185",
    "assets": [
        {
            "kind": "charging_session",
            "id": f"truck-{number}",
            "arrival_at": "2027-05-25T19:00:00Z",
            "departure_at": "2027-05-26T05:00:00Z",
            "energy_kwh": "290",
            "power_kw": "50",
        }
        for number in (1, 2, 3)
    ],
}


def tender_file() -> Json:
    """A tender with two bids for a need of 0.5 MW, fresh for changes."""
    return deepcopy({"connections": CONNECTIONS, "tender": TENDER, "bids": BIDS})


def redispatch_file() -> Json:
    """A need of 0.3 MW with one sell inside and one buy outside, fresh for changes."""
    return deepcopy({"connections": CONNECTIONS, "needs": [NEED], "orders": ORDERS})


def site_file(contracted_kw: str = "90") -> Json:
    """The study's depot: three trucks of 290 kWh between 21:00 and 07:00, fresh for changes."""
    return deepcopy({**SITE, "contracted_offtake_kw": contracted_kw})


def without(document: Json, *names: str) -> Json:
    """Copy an object without some fields."""
    return {name: deepcopy(value) for name, value in document.items() if name not in names}


def as_bytes(document: Json) -> bytes:
    """Write a document; ``float('nan')`` becomes the NaN that JSON does not know."""
    return json.dumps(document).encode()
