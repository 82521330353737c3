"""Tenders over HTTP: bids are sealed until the gate closes, late ones refused, every bid gets a decision."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.served import Service, bid

OPEN = "2027-08-01T10:00:00Z"
CLOSED = "2027-09-01T10:00:00Z"


@pytest.fixture
def tender(service: Service) -> str:
    service.clock.move_to(OPEN)
    return service.publish_tender()


def test_a_tender_is_cleared_and_every_bid_gets_a_decision(service: Service, tender: str) -> None:
    receipts = [service.post(f"/v1/tenders/{tender}/bids", bid(number)).json() for number in (0, 1)]
    assert service.get(f"/v1/tenders/{tender}")["bids_received"] == 2
    service.clock.move_to(CLOSED)
    answer = service.post("/v1/clearings", {"tender_id": tender})
    clearing = answer.json()
    assert service.get(answer.headers["location"]) == clearing
    assert clearing["status"] == "cleared"
    accepted = {award["bid_id"]: Decimal(award["accepted_mw"]) for award in clearing["result"]["awards"]}
    assert accepted == {receipts[0]["id"]: Decimal("0.3"), receipts[1]["id"]: Decimal("0.2")}
    payments = sum(Decimal(award["payment_eur"]) for award in clearing["result"]["awards"])
    assert payments == Decimal(clearing["result"]["payment_eur"])
    assert service.get(f"/v1/tenders/{tender}")["state"] == "cleared"
    awards = service.get(f"/v1/awards?bid_id={receipts[0]['id']}")["items"]
    assert [item["award"]["accepted_mw"] for item in awards] == ["0.3"]
    assert service.post("/v1/clearings", {"tender_id": tender}, expect=409).json()["state"] == "cleared"


def test_no_route_shows_a_sealed_bid(service: Service, tender: str) -> None:
    secret = bid(0, company="Sealed Company", technology="sealed technology")
    secret["steps"][0]["activation_eur_per_mwh"] = "123.45"
    location = service.post(f"/v1/tenders/{tender}/bids", secret).headers["location"]
    bid_id = location.rsplit("/", 1)[1]
    paths = [route for route, verbs in service.get("/openapi.json")["paths"].items() if "get" in verbs]
    assert len(paths) > 15
    for path in paths:
        filled = path.replace("{tender_id}", tender).replace("{bid_id}", bid_id).replace("{ean}", secret["eans"][0])
        for id in (tender, bid_id):
            text = service.client.get(filled.split("{")[0] + id if "{" in filled else filled).text
            assert not any(word in text for word in ("Sealed Company", "sealed technology", "123.45")), path
    sealed = service.get(location, expect=409)
    assert sealed["state"] == "open"
    unknown = service.get(location.replace(bid_id, "another"), expect=409)
    assert unknown["findings"] == sealed["findings"]  # whether a bid exists cannot be told either
    service.get(f"/v1/tenders/{tender}/bids", expect=409)
    service.clock.move_to(CLOSED)
    assert service.get(location)["company"] == "Sealed Company"
    assert [item["id"] for item in service.get(f"/v1/tenders/{tender}/bids")["items"]] == [bid_id]


def test_a_late_bid_is_refused_with_the_state(service: Service, tender: str) -> None:
    service.clock.move_to(CLOSED)
    problem = service.post(f"/v1/tenders/{tender}/bids", bid(0), expect=409).json()
    assert problem["state"] == "closed"
    assert service.rows()["bids"] == 0


def test_a_tender_that_is_open_cannot_be_cleared(service: Service, tender: str) -> None:
    problem = service.post("/v1/clearings", {"tender_id": tender}, expect=409).json()
    assert problem["state"] == "open"
    assert "open" in problem["detail"]
    assert service.rows()["clearings"] == 0


def test_a_bulk_submission_is_stored_whole_or_not_at_all(service: Service, tender: str) -> None:
    bad = bid(1)
    bad["steps"][0]["activation_eur_per_mwh"] = "501"
    problem = service.post(f"/v1/tenders/{tender}/bids/bulk", {"bids": [bid(0), bad]}, expect=422).json()
    assert [(f["rule"], f["path"], f["limit"]) for f in problem["findings"]] == [
        ("bid.above_activation_ceiling", "bids[1].activation_eur_per_mwh", "500")
    ]
    assert service.rows()["bids"] == 0
    receipts = service.post(f"/v1/tenders/{tender}/bids/bulk", {"bids": [bid(0), bid(1)]}).json()["receipts"]
    assert [receipt["id"] for receipt in receipts] == sorted(receipt["id"] for receipt in receipts)
    assert service.rows()["bids"] == 2


def test_everything_wrong_with_a_bid_is_said_at_once_and_nothing_is_stored(service: Service, tender: str) -> None:
    bad = bid(0, eans=["871999000000000099"], speed="fast")
    bad["steps"] = [
        {"quantity_mw": "0.3", "availability_eur_per_mw_h": "26", "activation_eur_per_mwh": "501"},
        {"quantity_mw": "0.1", "availability_eur_per_mw_h": "x", "activation_eur_per_mwh": "1"},
    ]
    problem = service.post(f"/v1/tenders/{tender}/bids", bad, expect=422).json()
    assert {(f["rule"], f["path"]) for f in problem["findings"]} >= {
        ("field.unknown", "speed"),
        ("number.form", "steps[1].availability_eur_per_mw_h"),
        ("connection.unknown", "eans[0]"),
    }
    bad["steps"].pop()
    problem = service.post(f"/v1/tenders/{tender}/bids", bad, expect=422).json()
    assert {f["rule"] for f in problem["findings"]} == {
        "field.unknown",
        "connection.unknown",
        "bid.above_availability_ceiling",
        "bid.above_activation_ceiling",
    }
    assert service.rows()["bids"] == 0


def test_groups_of_two_providers_never_meet(service: Service, tender: str) -> None:
    for number in (0, 1):
        service.post(f"/v1/tenders/{tender}/bids", bid(number, exclusive_group="summer"))
    service.clock.move_to(CLOSED)
    awards = service.post("/v1/clearings", {"tender_id": tender}).json()["result"]["awards"]
    assert all(Decimal(award["accepted_mw"]) > 0 for award in awards)


def test_a_tender_that_makes_no_sense_is_refused_with_everything(service: Service) -> None:
    service.clock.move_to(CLOSED)
    body = {
        "area_id": "nowhere",
        "buyer": "x",
        "congestion": "consumption",
        "season_from": "2027-11-07",
        "season_to": "2027-11-01",
        "windows": [],
        "closes_at": CLOSED,
        "availability_ceiling_eur_per_mw_h": "-1",
        "activation_ceiling_eur_per_mwh": "500",
        "activation_weight": "1",
        "shortfall_price_eur_per_mwh": "3000",
        "colour": "red",
    }
    problem = service.post("/v1/tenders", body, expect=422).json()
    assert {finding["path"] for finding in problem["findings"]} == {
        "area_id",
        "availability_ceiling_eur_per_mw_h",
        "closes_at",
        "colour",
        "season_to",
        "windows",
    }
    assert service.rows()["tenders"] == 0
