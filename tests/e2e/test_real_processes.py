"""The command as people start it: processes of their own, a real server on a real port, a real database file."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import httpx
import pytest

from tests.edge_documents import CONNECTIONS, DEPOT, NEED, ORDERS, TENDER, as_bytes, redispatch_file, site_file, without

PATIENCE_S = 60.0
COMMAND = [sys.executable, "-c", "from api.cli.main import main; main()"]


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "FLEXCLEAR_DATABASE_URL": f"sqlite:///{folder / 'market.sqlite3'}", "NO_COLOR": "1"}


def run(folder: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(folder),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


@contextmanager
def serving(folder: Path) -> Iterator[tuple[httpx.Client, subprocess.Popen[str]]]:
    """Serve on a free port; the process ends with the block."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [*COMMAND, "serve", "--port", str(port)]
    with subprocess.Popen(arguments, env=environment(folder), cwd=folder, stderr=subprocess.PIPE, text=True) as process:
        try:
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
                wait_until_healthy(client, process)
                yield client, process
        finally:
            process.kill()


def wait_until_healthy(client: httpx.Client, process: subprocess.Popen[str]) -> None:
    began = monotonic()
    while True:
        assert process.poll() is None, "the server ended"
        assert monotonic() - began < PATIENCE_S, "the server did not answer"
        try:
            if client.get("/v1/health").status_code == 200:
                return
        except httpx.TransportError:
            sleep(0.05)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an upgraded database."""
    done = run(tmp_path, "db", "upgrade")
    assert done.returncode == 0, done.stderr
    return tmp_path


def created(answer: httpx.Response) -> Any:
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_an_evening_from_need_and_tender_to_schedules_and_it_survives_the_server(folder: Path) -> None:
    with serving(folder) as (client, process):
        area = created(client.post("/v1/areas", json={"name": "Vaart", "operator": "Netbeheerder"}))["id"]
        for connection in CONNECTIONS:
            places = [area for _ in connection.get("area_ids", [])]
            created(client.post("/v1/connections", json={**connection, "area_ids": places}))
        gate = (datetime.now(UTC) + timedelta(seconds=2)).isoformat()
        start = (datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=4)).isoformat()
        need = {**without(NEED, "id"), "area_id": area, "start": start, "bids_until": gate}
        need_id = created(client.post("/v1/needs", json=need))["id"]
        for order in ORDERS:
            created(client.post("/v1/orders", json={**without(order, "id", "submitted_at"), "start": start}))
        tender = {**without(TENDER, "id"), "area_id": area}
        tender_id = created(client.post("/v1/tenders", json=tender))["id"]
        assert client.post("/v1/clearings", json={"tender_id": tender_id}).json()["state"] == "open"
        answer = client.post("/v1/clearings", json={"need_ids": [need_id]})
        while answer.status_code == 409:
            assert answer.json()["state"] == "open"
            sleep(0.2)
            answer = client.post("/v1/clearings", json={"need_ids": [need_id]})
        clearing = created(answer)
        assert (clearing["status"], clearing["result"]["spread_cost_eur"]) == ("cleared", "7.5")
        dispatch = created(client.post("/v1/dispatches", json=site_file() | {"cause": clearing["id"]}))
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) in (0, -signal.SIGINT, 130)
    with serving(folder) as (client, _):
        assert client.get(answer.headers["location"]).json() == clearing
        assert client.get(f"/v1/connections/{DEPOT}/schedule").json() == dispatch["schedule"]
        assert client.get(f"/v1/tenders/{tender_id}").json()["state"] == "open"


def test_what_was_answered_is_there_after_the_server_was_killed(folder: Path) -> None:
    with serving(folder) as (client, process):
        ids = [created(client.post("/v1/areas", json={"name": f"A{k}", "operator": "x"}))["id"] for k in range(20)]
        process.kill()
        process.wait(PATIENCE_S)
    with sqlite3.connect(folder / "market.sqlite3") as database:
        assert [row[0] for row in database.execute("SELECT id FROM areas ORDER BY id")] == ids
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


def test_the_server_answers_while_it_solves(folder: Path) -> None:
    """A solve leaves the interpreter free, so that health and submissions do not wait for it."""
    body = site_file() | {"quarter_hours": 96, "contracted_offtake_kw": "600"}
    body["assets"] = [
        {
            "kind": "charging_session",
            "id": f"car-{k}",
            "arrival_at": "2027-05-25T19:00:00Z",
            "departure_at": "2027-05-26T19:00:00Z",
            "energy_kwh": str(20 + k % 30),
            "power_kw": "11",
        }
        for k in range(400)
    ]
    with serving(folder) as (client, _), ThreadPoolExecutor(1) as other:
        created(client.post("/v1/connections", json={"ean": DEPOT, "name": "x", "company": "x"}))
        planning = other.submit(httpx.post, client.base_url.join("/v1/dispatches"), json=body, timeout=PATIENCE_S)
        answered = 0
        while not planning.done():
            assert client.get("/v1/health").status_code == 200
            answered += 1
        assert created(planning.result())["status"] == "optimal"
        assert answered >= 3


def test_exit_codes_of_real_processes(folder: Path) -> None:
    (folder / "good.json").write_bytes(as_bytes(redispatch_file()))
    (folder / "site.json").write_bytes(as_bytes(site_file("80")))
    (folder / "bad.json").write_text('{"needs": [{"required_mw": [NaN]}], "orders": [], "speed": 1}')
    before = (folder / "market.sqlite3").read_bytes()
    good = run(folder, "clear", "redispatch", "good.json", "--json")
    assert (good.returncode, json.loads(good.stdout)["status"], good.stderr) == (0, "cleared", "")
    infeasible = run(folder, "dispatch", "site.json")
    assert (infeasible.returncode, infeasible.stdout) == (3, "")
    bad = run(folder, "clear", "redispatch", "bad.json")
    assert (bad.returncode, bad.stdout) == (2, "")
    for words in ("connections", "needs[0].required_mw[0]", "needs[0].start", "speed"):
        assert words in bad.stderr
    assert "Traceback" not in bad.stderr + infeasible.stderr
    missing = run(folder, "dispatch", "nothing.json")
    assert missing.returncode == 2
    assert (folder / "market.sqlite3").read_bytes() == before


def test_the_same_file_gives_the_same_answer_under_any_hash_seed(folder: Path) -> None:
    (folder / "good.json").write_bytes(as_bytes(redispatch_file()))
    answers = set()
    for seed in ("0", "12345"):
        done = subprocess.run(
            [*COMMAND, "clear", "redispatch", "good.json", "--json"],
            env={**environment(folder), "PYTHONHASHSEED": seed},
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        answers.add(re.sub(r'"seconds": [\d.e-]+', "", done.stdout))
    assert len(answers) == 1


def test_help_appears_at_once(folder: Path) -> None:
    began = monotonic()
    assert run(folder, "--help").returncode == 0
    imported = subprocess.run(
        [sys.executable, "-c", "import api.cli.main, sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_S,
    ).stdout.split()
    assert not {"pyomo", "highspy", "fastapi", "sqlalchemy", "numpy", "pandas"} & set(imported)
    assert monotonic() - began < 20
