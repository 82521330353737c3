"""The service itself: health, pages, documentation, dispatch and its schedules."""

from __future__ import annotations

import re
from decimal import Decimal

from tests.edge_documents import DEPOT, OFFICE, site_file
from tests.served import Service


def test_health_says_what_is_running(service: Service) -> None:
    health = service.get("/v1/health")
    assert health["status"] == "ok"
    assert health["time"] == "2027-05-24T08:00:00Z"
    assert health["database_revision"] == "0001"


def test_pages_walk_through_a_list_without_gap_or_repetition(service: Service) -> None:
    ids = [service.post("/v1/areas", {"name": f"Area {k}", "operator": "x"}).json()["id"] for k in range(6)]
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page = service.get("/v1/areas?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        assert len(page["items"]) <= 3
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [service.ids["area"], *ids]
    assert service.get("/v1/connections?limit=1")["items"][0]["ean"] == OFFICE


def test_every_list_and_every_location_can_be_read(service: Service) -> None:
    for path in ("areas", "connections", "needs", "tenders", "orders", "clearings", "awards"):
        assert set(service.get(f"/v1/{path}")) == {"items", "next_cursor"}
    area = service.ids["area"]
    assert service.get(f"/v1/areas/{area}") == {"id": area, "name": "Vaart", "operator": "Netbeheerder"}
    assert service.get(f"/v1/connections/{OFFICE}")["qualified_mw"] == "0.5"


def test_the_documentation_needs_nothing_from_elsewhere(service: Service) -> None:
    page = service.client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page.text)
    assert "/openapi.json" in page.text
    assert service.client.get("/", follow_redirects=False).headers["location"] == "/docs"


def test_openapi_describes_every_body_field_and_every_refusal(service: Service) -> None:
    spec = service.get("/openapi.json")
    for path, verbs in spec["paths"].items():
        for verb, operation in verbs.items():
            assert operation["description"], path
            if verb == "post":
                assert set(operation["responses"]) >= {"201", "400", "413", "415", "422"}, path
                assert operation["requestBody"]["required"], path
            for code, answer in operation["responses"].items():
                media = "application/json" if code < "400" else "application/problem+json"
                assert list(answer["content"]) == [media], (path, code)
    order = spec["components"]["schemas"]["OrderTerms"]
    assert order["additionalProperties"] is False
    assert all(field["description"] for field in order["properties"].values())
    assert order["properties"]["quantity_mw"]["type"] == "string"


def test_a_site_is_planned_and_its_schedule_can_be_read(service: Service) -> None:
    answer = service.post("/v1/dispatches", site_file("90"))
    dispatch = answer.json()
    assert service.get(answer.headers["location"]) == dispatch
    assert dispatch["status"] == "optimal"
    assert Decimal(dispatch["cost_eur"]["energy"]) == Decimal("160.95")  # 870 kWh at 0.185 EUR/kWh
    schedule = dispatch["schedule"]
    assert sum(map(Decimal, schedule["power_kw"])) / 4 == 870
    assert max(map(Decimal, schedule["power_kw"])) <= 90
    assert service.get(f"/v1/connections/{DEPOT}/schedule") == schedule
    assert service.get(f"/v1/schedules/{schedule['id']}") == schedule
    later = service.post("/v1/dispatches", site_file("100") | {"cause": "contract 7"}).json()["schedule"]
    assert later["cause"] == "contract 7"
    assert service.get(f"/v1/connections/{DEPOT}/schedule") == later
    assert service.get(f"/v1/connections/{DEPOT}/schedules")["items"] == [schedule, later]


def test_infeasible_is_an_answer_that_names_the_shortfall(service: Service) -> None:
    answer = service.post("/v1/dispatches", site_file("80"))
    dispatch = answer.json()
    assert dispatch["status"] == "infeasible"
    assert dispatch["schedule"] is None
    assert "70.0 kWh" in dispatch["findings"][0]["message"]
    assert service.get(answer.headers["location"]) == dispatch
    service.get(f"/v1/connections/{DEPOT}/schedule", expect=404)


def test_a_site_behind_no_registered_connection_is_not_planned(service: Service) -> None:
    service.post("/v1/dispatches", site_file() | {"ean": "871999000000000099"}, expect=404)
    assert service.rows()["dispatches"] == 0
