"""Redispatch over HTTP: announce, submit, clear, read; sealed until decided, stored once, balanced to the cent."""

from __future__ import annotations

from decimal import Decimal

from tests.served import Service, order

GATE = "2027-05-25T12:00:00Z"


def test_a_need_is_cleared_against_the_book_and_everything_can_be_read_back(service: Service) -> None:
    need_id = service.announce_need()
    sell = service.post("/v1/orders", order(0)).json()
    bulk = service.post("/v1/orders/bulk", {"orders": [order(1), order(1, limit_price_eur_per_mwh="20")]}).json()
    buy, spare = bulk["receipts"]
    service.clock.move_to(GATE)
    answer = service.post("/v1/clearings", {"need_ids": [need_id]})
    clearing = answer.json()
    assert clearing["status"] == "cleared"
    assert service.get(answer.headers["location"]) == clearing
    result = clearing["result"]
    assert result["spread_cost_eur"] == "7.5"  # 0.3 MW x 0.5 h x (80 - 30) EUR/MWh
    assert result["bought_mw"] == result["sold_mw"]
    accepted = {award["order_id"]: Decimal(award["accepted_mw"]) for award in result["awards"]}
    assert accepted == {sell["id"]: Decimal("0.3"), buy["id"]: Decimal("0.3"), spare["id"]: Decimal(0)}
    assert all(stage["proven"] for stage in result["certificate"]["stages"])
    awards = service.get(f"/v1/awards?clearing_id={clearing['id']}")["items"]
    assert [item["award"] for item in awards] == result["awards"]
    assert service.get(f"/v1/awards?order_id={buy['id']}")["items"][0]["award"]["amount_eur"] == "-4.5"
    assert service.get("/v1/awards?csp=nobody")["items"] == []
    need = service.get(f"/v1/needs/{need_id}")
    assert (need["state"], need["clearing_id"]) == ("cleared", clearing["id"])


def test_the_snapshot_holds_what_was_cleared(service: Service) -> None:
    need_id = service.announce_need()
    receipt = service.post("/v1/orders", order(0)).json()
    service.clock.move_to(GATE)
    location = service.post("/v1/clearings", {"need_ids": [need_id]}).headers["location"]
    snapshot = service.get(f"{location}?snapshot=true")["snapshot"]
    assert snapshot["needs"][0]["id"] == need_id
    assert [entry["id"] for entry in snapshot["orders"]] == [receipt["id"]]
    assert "snapshot" not in service.get(location)


def test_without_enough_orders_the_need_is_short_and_the_answer_says_by_how_much(service: Service) -> None:
    need_id = service.announce_need(required_mw=["0.3", "0.9"])
    for number in (0, 1):
        service.post("/v1/orders", order(number))
    service.clock.move_to(GATE)
    clearing = service.post("/v1/clearings", {"need_ids": [need_id]}).json()
    assert clearing["status"] == "short"
    assert clearing["result"]["needs"][0]["shortfall_mw"] == ["0", "0.5"]


def test_orders_show_their_terms_only_once_a_clearing_decided_on_them(service: Service) -> None:
    need_id = service.announce_need()
    first = service.post("/v1/orders", order(0))
    service.post("/v1/orders", order(1))
    shown = service.get(first.headers["location"])
    assert shown["terms"] is None
    assert shown["content_hash"] == first.json()["content_hash"]
    assert all(item["terms"] is None for item in service.get("/v1/orders")["items"])
    service.clock.move_to(GATE)
    service.post("/v1/clearings", {"need_ids": [need_id]})
    shown = service.get(first.headers["location"])
    assert (shown["state"], shown["terms"]["limit_price_eur_per_mwh"]) == ("accepted", "80")


def test_a_gate_that_is_open_or_not_yet_open_is_a_conflict_that_names_the_state(service: Service) -> None:
    open_need = service.announce_need()
    later = service.announce_need(bids_from="2027-05-25T10:00:00Z")
    for need_id, state in ((open_need, "open"), (later, "announced")):
        problem = service.post("/v1/clearings", {"need_ids": [need_id]}, expect=409).json()
        assert problem["state"] == state
        assert problem["findings"][0]["rule"] == "need.state"
    assert service.rows()["clearings"] == 0


def test_a_need_without_a_gate_of_its_own_can_be_cleared_any_time(service: Service) -> None:
    need_id = service.announce_need(bids_until=None)
    assert service.post("/v1/clearings", {"need_ids": [need_id]}).json()["status"] == "short"


def test_a_clearing_is_final(service: Service) -> None:
    need_id = service.announce_need()
    service.clock.move_to(GATE)
    service.post("/v1/clearings", {"need_ids": [need_id]})
    before = service.rows()
    assert service.post("/v1/clearings", {"need_ids": [need_id]}, expect=409).json()["state"] == "cleared"
    assert service.rows() == before


def test_an_accepted_order_is_not_sold_twice_and_what_was_left_serves_another_need(service: Service) -> None:
    first = service.announce_need()
    second = service.announce_need()
    for body in (order(0), order(1), order(0, limit_price_eur_per_mwh="90"), order(1, limit_price_eur_per_mwh="10")):
        service.post("/v1/orders", body)
    service.clock.move_to(GATE)
    prices = []
    for need_id in (first, second):
        awards = service.post("/v1/clearings", {"need_ids": [need_id]}).json()["result"]["awards"]
        prices.append([award["price_eur_per_mwh"] for award in awards if award["accepted_mw"] != "0"])
    assert prices == [["80", "30"], ["90", "10"]]


def test_needs_can_be_cleared_together(service: Service) -> None:
    needs = [service.announce_need(), service.announce_need(required_mw=["0.1"])]
    for number in (0, 1):
        service.post("/v1/orders", order(number))
    service.clock.move_to(GATE)
    clearing = service.post("/v1/clearings", {"need_ids": [*needs, needs[0]]}).json()
    assert clearing["need_ids"] == sorted(needs)
    relief = {need["need_id"]: need["relief_mw"] for need in clearing["result"]["needs"]}
    assert relief == {needs[0]: ["0.3", "0.3"], needs[1]: ["0.3"]}  # one area: the same MW relieve both


def test_one_of_an_exclusive_group_leaves_with_the_other_and_groups_belong_to_their_provider(service: Service) -> None:
    first, second = service.announce_need(), service.announce_need()
    mine = [
        service.post("/v1/orders", order(0, exclusive_group="evening")).json()["id"],
        service.post("/v1/orders", order(0, exclusive_group="evening", limit_price_eur_per_mwh="85")).json()["id"],
    ]
    rival = service.post("/v1/orders", order(0, csp="CSP X", exclusive_group="evening")).json()["id"]
    for _ in range(2):
        service.post("/v1/orders", order(1))
    service.clock.move_to(GATE)
    service.post("/v1/clearings", {"need_ids": [first]})
    assert service.get(f"/v1/orders/{mine[0]}")["state"] == "accepted"
    assert service.get(f"/v1/orders/{mine[1]}")["state"] == "excluded"
    service.post("/v1/clearings", {"need_ids": [second]})
    assert service.get(f"/v1/orders/{rival}")["state"] == "accepted"


def test_a_child_order_waits_for_its_parent_and_stands_alone_once_that_was_accepted(service: Service) -> None:
    first, second = service.announce_need(), service.announce_need(required_mw=["0.2", "0.2"])
    parent = service.post("/v1/orders", order(0, quantity_mw="0.3")).json()["id"]
    child = service.post("/v1/orders", order(0, parent_order=parent, limit_price_eur_per_mwh="95")).json()["id"]
    orphan = service.post("/v1/orders", order(0, parent_order="nobody"), expect=422).json()
    assert [finding["rule"] for finding in orphan["findings"]] == ["order.parent.unknown"]
    for _ in range(2):
        service.post("/v1/orders", order(1))
    service.clock.move_to(GATE)
    service.post("/v1/clearings", {"need_ids": [first]})
    assert service.get(f"/v1/orders/{child}")["state"] == "submitted"
    awards = service.post("/v1/clearings", {"need_ids": [second]}).json()["result"]["awards"]
    assert {award["order_id"]: award["accepted_mw"] for award in awards}[child] == "0.2"


def test_an_order_of_another_day_stays_out_of_a_clearing(service: Service) -> None:
    need_id = service.announce_need()
    long = service.post("/v1/orders", order(0, quarter_hours=96)).json()["id"]
    service.post("/v1/orders", order(1))
    service.clock.move_to(GATE)
    clearing = service.post("/v1/clearings", {"need_ids": [need_id]}).json()
    assert long not in {award["order_id"] for award in clearing["result"]["awards"]}
    assert clearing["status"] == "short"


def test_headroom_elsewhere_is_kept(service: Service) -> None:
    other = service.post("/v1/areas", {"name": "Zuid", "operator": "Netbeheerder"}).json()["id"]
    ean = "871999000000000063"
    service.post("/v1/connections", {"ean": ean, "name": "b", "company": "c", "area_ids": [other]})
    need_id = service.announce_need()
    service.post("/v1/orders", order(0))
    service.post("/v1/orders", order(1, ean=ean))
    service.clock.move_to(GATE)
    room = {"id": other, "start": "2027-05-25T14:00:00Z", "up_mw": ["0.1", "0.1"], "down_mw": ["9", "9"]}
    clearing = service.post("/v1/clearings", {"need_ids": [need_id], "headroom": [room]}).json()
    assert clearing["result"]["needs"][0]["relief_mw"] == ["0.1", "0.1"]


def test_an_order_that_starts_in_the_past_or_at_an_unknown_connection_is_refused(service: Service) -> None:
    before = service.rows()
    late = order(0, start="2027-05-24T07:45:00Z", ean="871999000000000099")
    problem = service.post("/v1/orders", late, expect=422).json()
    assert {finding["rule"] for finding in problem["findings"]} == {"order.start.future", "connection.unknown"}
    assert service.rows() == before
