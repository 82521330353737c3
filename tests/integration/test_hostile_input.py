"""Hostile input: sound documents, changed at random, are taken or refused; nothing falls over or is half stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from pathlib import Path
from random import Random
from typing import Any

import pytest

from api.schemas.documents import ReadLimits, parse
from api.schemas.files import read_redispatch_file, read_site_file, read_tender_file
from market.errors import RefusedInputError
from optimizer.findings import Finding
from tests.edge_documents import (
    CONNECTIONS,
    NEED,
    TENDER,
    as_bytes,
    full_redispatch_file,
    full_site_file,
    full_tender_file,
    site_file,
    without,
)
from tests.served import Service, bid, order, serving

LIMITS = ReadLimits()
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    float("nan"),
    float("inf"),
    10**40,
    "",
    " ",
    "0",
    "-0",
    "-0.1",
    "0.05",
    "999999999999",
    "0.000000001",
    "1e5",
    "x" * 300,
    "\x00",
    "\u202e",
    "٣",
    "2027-05-25T14:00:00Z",
    "2999-12-31T23:45:00Z",
    "1971-01-01T00:00:00Z",
    "2027-10-31T02:30:00+01:00",
    "00:00",
    "23:59",
    "2027-02-28",
    "871999000000000018",
    "B1",
    "evening",
    [],
    {},
    [[]],
    ["0.1"] * 50,
    [None],
    {"a": {"b": []}},
]


def changed(document: Any, random: Random) -> Any:
    """Change a document in one to four places: replace, remove, add or repeat something."""
    document = deepcopy(document)
    for _ in range(random.randint(1, 4)):
        places = list(_places(document))
        if not places:
            break
        parent, key = random.choice(places)
        match random.randrange(5):
            case 0:
                del parent[key]
            case 1 if isinstance(parent, dict):
                parent[random.choice(["speed", "id", "kind", "\x1b[0m", ""])] = random.choice(JUNK)
            case 1 | 2 if isinstance(parent, list):
                parent.append(deepcopy(parent[key]))
            case _:
                parent[key] = deepcopy(random.choice(JUNK))
    return document


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in list(items):
        yield value, key
        yield from _places(item)


@pytest.mark.parametrize(
    ("document", "read"),
    [
        (full_tender_file(), read_tender_file),
        (full_redispatch_file(), read_redispatch_file),
        (full_site_file(), read_site_file),
    ],
    ids=["tender", "redispatch", "site"],
)
def test_a_file_is_taken_or_refused_with_reasons(document: Any, read: Callable[[Any], object]) -> None:
    random = Random(20270525)
    taken = 0
    for _ in range(700):
        data = as_bytes(changed(document, random))
        findings = _findings(read, data)
        assert all(finding.message and finding.rule for finding in findings), data
        taken += not findings
    assert 10 < taken < 600


def _findings(read: Callable[[Any], object], data: bytes) -> tuple[Finding, ...]:
    try:
        read(parse(data, LIMITS))
    except RefusedInputError as refusal:
        return refusal.findings
    return ()


def test_no_request_makes_the_server_fall_over_or_store_half(tmp_path: Path) -> None:
    random = Random(7)
    with serving(tmp_path, solve_limit_s=10) as service:
        service.declare_grid()
        tender_id = service.publish_tender()
        service.announce_need()
        area = service.ids["area"]
        requests: list[tuple[str, Any]] = [
            ("/v1/areas", {"name": "Vaart", "operator": "x"}),
            ("/v1/connections", {**CONNECTIONS[0], "area_ids": [area]}),
            ("/v1/needs", {**without(NEED, "id"), "area_id": area}),
            ("/v1/tenders", {**without(TENDER, "id"), "area_id": area}),
            (f"/v1/tenders/{tender_id}/bids", bid(0)),
            (f"/v1/tenders/{tender_id}/bids/bulk", {"bids": [bid(0), bid(1)]}),
            ("/v1/orders", order(0)),
            ("/v1/orders/bulk", {"orders": [order(0), order(1)]}),
            ("/v1/clearings", {"need_ids": ["x"], "rules": {"lot_mw": "0.1", "explain": True}, "headroom": []}),
            ("/v1/dispatches", site_file()),
        ]
        answered: dict[int, int] = {}
        for path, document in requests:
            for _ in range(60):
                status = _send(service, path, changed(document, random))
                answered[status] = answered.get(status, 0) + 1
        assert set(answered) <= {201, 404, 409, 413, 422}
        assert answered[422] > 200
        assert service.get("/v1/health")["status"] == "ok"


def _send(service: Service, path: str, document: Any) -> int:
    before = service.rows()
    content = json.dumps(document).encode()
    answer = service.client.post(path, content=content, headers={"content-type": "application/json"})
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", (path, document)
        assert answer.json()["findings"], (path, document)
        assert service.rows() == before, (path, document)
    assert answer.status_code < 500, (path, document, answer.text)
    return answer.status_code
