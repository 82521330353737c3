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


def full_tender_file() -> Json:
    """The tender with every kind of term filled in."""
    document = tender_file()
    document["tender"] |= {
        "budget_eur": "100000",
        "notice_h": "24",
        "ramp_h": "1",
        "technologies": ["battery", "demand response"],
        "technology_caps": [{"technology": "battery", "most_mw": "1"}],
        "year_budgets": [{"year": 2027, "most_eur": "1000"}],
        "scenarios": [
            {
                "id": "cold",
                "probability": "1",
                "events": [{"window_id": "evening", "start": "2027-11-01T15:00:00Z", "need_mw": ["0.5"] * 4}],
            }
        ],
    }
    document["bids"][0] |= {
        "max_run_h": "1",
        "min_rest_h": "0.5",
        "lead_time_h": "2",
        "exclusive_group": "g",
        "linked_group": "l",
        "ramp_h": "0.5",
        "available_from": "2027-11-01",
        "available_until": "2027-11-05",
        "energy_mwh_per_day": "1",
        "hours_per_year": "10",
    }
    return document


def full_redispatch_file() -> Json:
    """The redispatch book with every kind of term filled in."""
    document = redispatch_file()
    document["orders"][0] |= {
        "profile_mw": ["0.4", "0.2"],
        "price_steps": [
            {"quantity_mw": "0.2", "price_eur_per_mwh": "80"},
            {"quantity_mw": "0.2", "price_eur_per_mwh": "90"},
        ],
        "minimum_acceptance_mw": "0.2",
        "exclusive_group": "g",
        "valid_until": "2027-05-25T13:00:00Z",
    }
    spans = {"start": "2027-05-25T14:00:00Z", "quarter_hours": 1}
    document["needs"][0]["effectivities"] = [{"ean": OFFICE, "share": "0.5", **spans}]
    room = {"up_mw": ["1", "1"], "down_mw": ["1", "1"], "shares": [{"ean": OFFICE, "share": "0.3"}]}
    document["headroom"] = [{"id": "line", "start": "2027-05-25T14:00:00Z", **room}]
    document["rules"] = {"lot_mw": "0.1", "excess_policy": "priced", "excess_price_eur_per_mwh": "10"}
    document["obliged_eans"] = [OFFICE]
    return document


def full_site_file() -> Json:
    """A site with every kind of asset and window."""
    document = site_file()
    document["announced_at"] = "2027-05-25T09:00:00Z"
    document["offtake_price_eur_per_kwh"] = ["0.2"] * 40
    document["assets"] = [
        {"kind": "base_load", "id": "hall", "power_kw": "5"},
        {
            "kind": "battery",
            "id": "battery",
            "capacity_kwh": "100",
            "charge_kw": "50",
            "discharge_kw": "50",
            "initial_kwh": "10",
        },
        {
            "kind": "building_zone",
            "id": "office",
            "resistance_k_per_kw": "1",
            "capacity_kwh_per_k": "10",
            "initial_temperature_c": "21",
            "outdoor_temperature_c": "15",
            "lower_c": ["18"] * 40,
            "heat_pump_kw": "10",
            "heat_pump_cop": "3",
        },
        {
            "kind": "batch",
            "id": "mix",
            "profile_kw": ["10", "20"],
            "earliest_start_at": "2027-05-25T19:00:00Z",
            "latest_start_at": "2027-05-26T04:30:00Z",
            "planned_start_at": "2027-05-25T20:00:00Z",
            "notice_quarter_hours": 4,
        },
        {
            "kind": "charging_session",
            "id": "car",
            "arrival_at": "2027-05-25T20:00:00Z",
            "departure_at": "2027-05-26T05:00:00Z",
            "energy_kwh": "20",
            "power_kw": "11",
            "pausing": "minimum",
            "minimum_kw": "4.14",
            "guaranteed_kwh": "5",
            "guaranteed_by": "2027-05-25T22:00:00Z",
        },
        {
            "kind": "bidirectional_session",
            "id": "van",
            "arrival_at": "2027-05-25T20:00:00Z",
            "departure_at": "2027-05-26T05:00:00Z",
            "capacity_kwh": "80",
            "arrival_kwh": "40",
            "departure_kwh": "60",
            "charge_kw": "11",
            "discharge_kw": "11",
        },
        {"kind": "pv_plant", "id": "roof", "available_kw": ["0"] * 36 + ["3"] * 4},
        {"kind": "utility", "id": "nitrogen", "power_kw": "8", "lowest_kw": "2", "longest_cut_quarter_hours": 4},
    ]
    document["windows"] = [
        {"id": "night", "limit_kw": "60", "daily": [{"local_from": "22:00", "local_to": "02:00"}]},
        {
            "id": "award",
            "limit_kw": "40",
            "periods": [{"start": "2027-05-25T20:00:00Z", "end": "2027-05-25T21:00:00Z"}],
            "excess_price_eur_per_kwh": "1",
        },
        {"id": "always", "limit_kw": "10", "direction": "feed_in"},
    ]
    return document
