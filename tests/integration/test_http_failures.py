"""When something of ours fails, the answer is a problem without inner details and nothing is stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from market.domain.lifecycle import ClearingStatus
from market.errors import UnprovenError
from market.services import clearings as clearing_services
from optimizer.errors import SolverError, VerificationError
from optimizer.findings import Finding
from tests.edge_documents import DEPOT, site_file
from tests.served import Service, order, serving

GATE = "2027-05-25T12:00:00Z"
SECRET = "an inner detail"


def failing(error: Exception) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "status", "rule"),
    [
        (SolverError(SECRET), 503, "service.no_result"),
        (VerificationError([Finding(rule="judge", path="x", message="unbalanced")]), 500, "judge"),
        (RuntimeError(SECRET), 500, "service.internal"),
    ],
)
def test_a_failure_is_a_problem_and_nothing_is_stored(
    service: Service, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, rule: str
) -> None:
    need_id = service.announce_need()
    service.clock.move_to(GATE)
    before = service.rows()
    monkeypatch.setattr(clearing_services, "clear_redispatch", failing(error))
    answer = service.client.post("/v1/clearings", json={"need_ids": [need_id]}, headers={"connection": "close"})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert [finding["rule"] for finding in problem["findings"]] == [rule]
    if isinstance(error, RuntimeError):
        assert SECRET not in answer.text
    assert "Traceback" not in answer.text
    assert service.rows() == before
    monkeypatch.undo()
    assert service.post("/v1/clearings", {"need_ids": [need_id]}).json()["status"] == "short"


def test_a_clearing_without_proof_decides_nothing(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    need_id = service.announce_need()
    sell = service.post("/v1/orders", order(0)).json()["id"]
    service.clock.move_to(GATE)
    monkeypatch.setattr(clearing_services, "status_of_redispatch", lambda _: ClearingStatus.UNPROVEN)
    problem = service.post("/v1/clearings", {"need_ids": [need_id]}, expect=503).json()
    assert problem["type"].endswith("unproven")
    assert service.rows()["clearings"] == 0
    assert service.get(f"/v1/orders/{sell}")["state"] == "submitted"
    assert service.get(f"/v1/needs/{need_id}")["state"] == "closed"
    assert "not proven" in str(UnprovenError(3.0))


def test_one_request_solves_at_a_time_and_the_next_is_asked_to_come_back(tmp_path: Any) -> None:
    with serving(tmp_path, solve_queue_s=0.05) as service:
        service.declare_grid()
        with service.app.state.solving:
            answer = service.client.post("/v1/dispatches", json=site_file())
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert answer.json()["findings"][0]["rule"] == "solver.busy"
        assert service.rows()["dispatches"] == 0
        assert service.post("/v1/dispatches", site_file()).json()["ean"] == DEPOT


def test_what_a_request_may_cost_is_limited(service: Service) -> None:
    month = ["0.1"] * (31 * 96 + 1)
    body = {"area_id": service.ids["area"], "operator": "x", "congestion": "consumption"}
    problem = service.post("/v1/needs", body | {"start": "2027-05-25T14:00:00Z", "required_mw": month}, 422).json()
    assert [finding["rule"] for finding in problem["findings"]] == ["need.span"]
    near, far = service.announce_need(), service.announce_need(start="2990-05-25T14:00:00Z")
    service.clock.move_to(GATE)
    problem = service.post("/v1/clearings", {"need_ids": [near, far]}, expect=422).json()
    assert [finding["ids"] for finding in problem["findings"]] == [[far]]
