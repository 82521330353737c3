"""Refusals over HTTP: every 4xx is problem+json with findings, nothing is stored, nothing falls over."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.edge_documents import DEPOT, site_file
from tests.served import Service, bid, order, serving

MEDIA_TYPE = "application/problem+json"
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for all refusals: none of them may change it."""
    folder: Path = tmp_path_factory.mktemp("refusals")
    with serving(folder, max_body_bytes=100_000) as running:
        running.declare_grid()
        running.ids["tender"] = running.publish_tender()
        yield running


def refused(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Check the shape of a refusal and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    problem: dict[str, Any] = answer.json()
    assert set(problem) >= {"type", "title", "status", "detail", "instance", "findings"}
    assert problem["status"] == status
    assert problem["findings"], "a refusal says why"
    for finding in problem["findings"]:
        assert set(finding) == {"rule", "path", "message", "ids", "value", "limit"}
        assert finding["message"]
    return problem


@pytest.mark.parametrize(
    ("content", "headers", "status", "rule"),
    [
        (b"{", JSON, 400, "document.syntax"),
        (b"", JSON, 400, "document.syntax"),
        (b'{"name": "a",}', JSON, 400, "document.syntax"),
        (b"\xff\xfe", JSON, 400, "document.encoding"),
        (b'{"name": "\\ud800"}', JSON, 400, "document.encoding"),
        (b"[" * 5_000, JSON, 400, "document.depth"),
        (b" " * 100_001, JSON, 413, "document.size"),
        (b"{}", {}, 415, "document.media_type"),
        (b"name=a", {"content-type": "application/x-www-form-urlencoded"}, 415, "document.media_type"),
        (b"[]", JSON, 422, "field.type"),
        (b"null", JSON, 422, "field.type"),
        (b'{"name": "a", "name": "b", "operator": "c"}', JSON, 422, "field.repeated"),
        (b'{"name": NaN, "operator": "c"}', JSON, 422, "field.type"),
        (b'{"name": "a\\u0000", "operator": "c"}', JSON, 422, "text.form"),
        (b'{"name": "a", "operator": "c", "\\u001b[31m": 1}', JSON, 422, "field.unknown"),
    ],
)
def test_a_body_that_is_not_what_it_should_be(
    service: Service, content: bytes, headers: dict[str, str], status: int, rule: str
) -> None:
    before = service.rows()
    problem = refused(service.client.post("/v1/areas", content=content, headers=headers), status)
    assert problem["findings"][0]["rule"] == rule
    assert service.rows() == before


def test_a_body_without_stated_length_is_refused_at_the_limit_before_it_ends(service: Service) -> None:
    url = service.client.base_url
    head = f"POST /v1/areas HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\n"
    chunk = b"c350\r\n" + b" " * 50_000 + b"\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(head.encode() + b"Transfer-Encoding: chunked\r\n\r\n" + 3 * chunk)
        assert connection.recv(12) == b"HTTP/1.1 413"  # three chunks are over the limit; the fourth never came


def test_a_stated_length_above_the_limit_is_refused_before_any_byte_of_it(service: Service) -> None:
    url = service.client.base_url
    head = f"POST /v1/areas HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\n"
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(head.encode() + b"Content-Length: 50000000\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"


@pytest.mark.parametrize(
    ("method", "path", "status", "rule"),
    [
        ("GET", "/v1/nothing", 404, "route.unknown"),
        ("GET", "/v1/areas/none", 404, "area.unknown"),
        ("GET", "/v1/areas/%00", 404, "area.unknown"),
        ("GET", "/v1/areas/" + "x" * 5_000, 404, "area.unknown"),
        ("GET", "/v1/areas/'; DROP TABLE areas; --", 404, "area.unknown"),
        ("GET", "/v1/connections/1", 404, "connection.unknown"),
        ("GET", "/v1/connections/1/schedules", 404, "connection.unknown"),
        ("GET", f"/v1/connections/{DEPOT}/schedule", 404, "schedule.unknown"),
        ("GET", "/v1/needs/none", 404, "need.unknown"),
        ("GET", "/v1/tenders/none", 404, "tender.unknown"),
        ("GET", "/v1/tenders/none/bids", 404, "tender.unknown"),
        ("GET", "/v1/orders/none", 404, "order.unknown"),
        ("GET", "/v1/clearings/none", 404, "clearing.unknown"),
        ("GET", "/v1/awards/none", 404, "award.unknown"),
        ("GET", "/v1/schedules/none", 404, "schedule.unknown"),
        ("GET", "/v1/dispatches/none", 404, "dispatch.unknown"),
        ("DELETE", "/v1/areas", 405, "route.method"),
        ("PUT", "/v1/clearings", 405, "route.method"),
        ("GET", "/v1/areas?limit=0", 422, "number.range"),
        ("GET", "/v1/areas?limit=many", 422, "field.type"),
        ("GET", "/v1/areas?limit=201", 422, "number.range"),
        ("GET", "/v1/areas?colour=red", 422, "field.unknown"),
        ("GET", "/v1/areas?cursor=!", 422, "page.cursor"),
        ("GET", "/v1/clearings/none?snapshot=perhaps", 422, "field.type"),
    ],
)
def test_a_request_that_leads_nowhere(service: Service, method: str, path: str, status: int, rule: str) -> None:
    problem = refused(service.client.request(method, path), status)
    assert problem["findings"][0]["rule"] == rule


def test_what_is_possible_is_named_where_something_is_not(service: Service) -> None:
    answer = service.client.delete("/v1/health")
    assert answer.headers["allow"] == "GET"
    assert refused(answer, 405)["findings"][0]["limit"] == "GET"


@pytest.mark.parametrize(
    ("changes", "rules"),
    [
        ({"colour": "red"}, {"field.unknown"}),
        ({"quantity_mw": "-0.3"}, {"order.quantity.positive"}),
        ({"quantity_mw": "0.35"}, {"order.quantity.lots"}),
        ({"quantity_mw": True}, {"number.form"}),
        ({"quantity_mw": "1e3"}, {"number.form"}),
        ({"quantity_mw": None}, {"number.form"}),
        ({"quantity_mw": "9" * 40}, {"number.form"}),
        ({"quantity_mw": 10**15}, {"number.size"}),
        ({"limit_price_eur_per_mwh": "10000"}, {"order.price.range"}),
        ({"limit_price_eur_per_mwh": "10.001"}, {"order.price.tick"}),
        ({"start": "2027-05-25T14:00:00"}, {"time.form"}),
        ({"start": "2027-05-25T14:07:00Z"}, {"order.start.quarter"}),
        ({"start": "2027-02-30T14:00:00Z"}, {"time.form"}),
        ({"start": "0001-01-01T00:00:00+14:00"}, {"time.range"}),
        ({"quarter_hours": 0}, {"order.length"}),
        ({"quarter_hours": -1}, {"number.range"}),
        ({"quarter_hours": 10**30}, {"field.type"}),
        ({"quarter_hours": "2"}, {"field.type"}),
        ({"side": "hold"}, {"field.choice"}),
        ({"ean": "12"}, {"connection.ean.form"}),
        ({"ean": "８" * 18}, {"connection.ean.form"}),
        ({"ean": "871999000000000099"}, {"connection.unknown"}),
        ({"csp": ""}, {"text.form"}),
        ({"csp": "x" * 201}, {"text.form"}),
        ({"profile_mw": ["0.4"]}, {"order.profile.length"}),
        ({"minimum_acceptance_mw": "0.5"}, {"order.minimum.above_quantity"}),
        (
            {"quantity_mw": "-1", "colour": "red", "limit_price_eur_per_mwh": "x", "ean": "871999000000000099"},
            {"order.quantity.positive", "field.unknown", "number.form", "connection.unknown"},
        ),
    ],
    ids=lambda value: ",".join(sorted(value)),
)
def test_an_order_with_faults_is_refused_with_all_of_them(
    service: Service, changes: dict[str, Any], rules: set[str]
) -> None:
    before = service.rows()
    problem = refused(service.client.post("/v1/orders", json=order(0, **changes)), 422)
    assert {finding["rule"] for finding in problem["findings"]} == rules
    assert all(not finding["path"].startswith("orders") for finding in problem["findings"])
    assert service.rows() == before


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999999999999", "1e-30", "123456789012345678901"])
def test_a_number_that_is_none_or_beyond_all_measure_is_refused(service: Service, text: str) -> None:
    body = json.dumps(bid(0)).replace('"0.3"', text).encode()
    assert text.encode() in body
    problem = refused(service.client.post(f"/v1/tenders/{service.ids['tender']}/bids", content=body, headers=JSON), 422)
    assert [f["path"] for f in problem["findings"]] == ["steps[0].quantity_mw"]
    assert problem["findings"][0]["rule"] in ("number.finite", "number.size")


def test_a_json_number_is_taken_exactly_as_it_was_written(service: Service) -> None:
    body = json.dumps(bid(0, csp="CSP exact")).replace('"0.3"', "0.30").encode()
    path = f"/v1/tenders/{service.ids['tender']}/bids"
    receipt = service.client.post(path, content=body, headers=JSON)
    as_text = service.post(path, bid(0, csp="CSP exact"))
    assert receipt.status_code == 201
    assert receipt.json()["content_hash"] != as_text.json()["content_hash"]  # the id is part of it
    assert service.rows()["bids"] == 2


def test_a_connection_is_registered_once_and_only_in_areas_that_exist(service: Service) -> None:
    before = service.rows()
    body: dict[str, Any] = {"ean": DEPOT, "name": "depot", "company": "x"}
    assert refused(service.client.post("/v1/connections", json=body), 409)["state"] == "registered already"
    ean = "871999000000000070"
    body = {**body, "ean": ean, "area_ids": ["nowhere"], "qualified_mw": "-1", "colour": "red"}
    problem = refused(service.client.post("/v1/connections", json=body), 422)
    assert {finding["path"] for finding in problem["findings"]} == {"area_ids[0]", "qualified_mw", "colour"}
    assert service.rows() == before


def test_a_need_that_makes_no_sense_is_refused(service: Service) -> None:
    body = {
        "area_id": "nowhere",
        "operator": "x",
        "congestion": "consumption",
        "start": "2027-05-25T14:01:00Z",
        "required_mw": ["0.3", "-1", "0.25"],
        "bids_from": "2027-05-25T13:00:00Z",
        "bids_until": "2027-05-25T12:00:00Z",
    }
    problem = refused(service.client.post("/v1/needs", json=body), 422)
    assert {finding["path"] for finding in problem["findings"]} == {
        "area_id",
        "bids_until",
        "required_mw[1]",
        "required_mw[2]",
        "start",
    }


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        ({}, "clearing.subject"),
        ({"tender_id": "a", "need_ids": ["b"]}, "clearing.subject"),
        ({"tender_id": "a", "obliged_eans": [DEPOT]}, "clearing.rules"),
        ({"need_ids": ["b"], "rules": {"lot_mw": "0.1", "colour": "red"}}, "field.unknown"),
    ],
)
def test_a_clearing_names_one_subject(service: Service, body: dict[str, Any], rule: str) -> None:
    problem = refused(service.client.post("/v1/clearings", json=body), 422)
    assert [finding["rule"] for finding in problem["findings"]] == [rule]


def test_a_clearing_of_nothing_that_exists(service: Service) -> None:
    refused(service.client.post("/v1/clearings", json={"tender_id": "none"}), 404)
    refused(service.client.post("/v1/clearings", json={"need_ids": ["none"]}), 404)


def test_a_site_that_makes_no_sense_is_refused_with_everything(service: Service) -> None:
    before = service.rows()
    body = site_file()
    body["contracted_offtake_kw"] = ["90"] * 39
    body["colour"] = "red"
    body["assets"][0]["departure_at"] = "2027-05-26T05:01:00Z"
    body["assets"][2]["energy_kwh"] = "-1"
    problem = refused(service.client.post("/v1/dispatches", json=body), 422)
    assert {finding["path"] for finding in problem["findings"]} == {
        "assets[0].departure_at",
        "assets[2].energy_kwh",
        "colour",
        "contracted_offtake_kw",
    }
    assert service.rows() == before


def test_a_site_too_large_to_plan_while_the_caller_waits_is_refused(service: Service) -> None:
    body = site_file()
    body["quarter_hours"] = 2_976
    body["assets"] = [{"kind": "base_load", "id": f"b{k}", "power_kw": "1"} for k in range(100)]
    problem = refused(service.client.post("/v1/dispatches", json=body), 413)
    assert problem["findings"][0]["rule"] == "site.size"


def test_a_long_list_of_findings_is_cut_and_says_so(service: Service) -> None:
    body = {f"field {k}": k for k in range(1_500)}
    problem = refused(service.client.post("/v1/areas", json=body), 422)
    assert len(problem["findings"]) == 1_000
    assert problem["findings_not_shown"] == 502  # two fields are missing besides
