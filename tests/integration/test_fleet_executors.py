"""Plans are the same wherever pricing runs: here, in a pool, on a cluster, and when workers die in mid-round."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np
import pytest
from distributed import Client, LocalCluster

from optimizer.fleet.executor import dask_cluster, process_pool
from optimizer.problems.fleet import FleetProblem
from optimizer.runs.fleet import FleetOptions, FleetOutcome, plan_fleet
from tests.fleet_examples import random_fleet

OPTIONS = FleetOptions(method="coordination", relative_gap=5e-3)


@pytest.fixture(scope="module")
def problem() -> FleetProblem:
    return random_fleet(5, count=60, steps=24, minimum=True, batteries=45, tightness=1.0)


@pytest.fixture(scope="module")
def at_home(problem: FleetProblem) -> FleetOutcome:
    outcome = plan_fleet(problem, options=OPTIONS)
    assert outcome.plan is not None
    return outcome


def _assert_same(outcome: FleetOutcome, expected: FleetOutcome) -> None:
    assert outcome.plan is not None
    assert expected.plan is not None
    assert outcome.bound_eur == expected.bound_eur
    assert [r.bound_eur for r in outcome.rounds] == [r.bound_eur for r in expected.rounds]
    assert np.array_equal(outcome.plan.schedules.power_kw, expected.plan.schedules.power_kw)
    assert np.array_equal(outcome.plan.bidirectional.power_kw, expected.plan.bidirectional.power_kw)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class _Assassin(Executor):
    """Passes work on, and kills a worker in the middle of one round."""

    def __init__(self, inner: Executor, kill: Callable[[], object], at: int) -> None:
        self._inner, self._kill, self._at, self.submitted = inner, kill, at, 0

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        if self.submitted == self._at:
            self._kill()
        return self._inner.submit(fn, *args, **kwargs)


def test_a_pool_of_processes_gives_the_same_plan(problem: FleetProblem, at_home: FleetOutcome) -> None:
    with process_pool(2) as pool:
        _assert_same(plan_fleet(problem, options=OPTIONS, executor=pool), at_home)


def test_a_pool_that_breaks_gives_the_same_plan(problem: FleetProblem, at_home: FleetOutcome) -> None:
    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        broken = _Assassin(pool, lambda: pool.submit(_die), at=40)
        _assert_same(plan_fleet(problem, options=OPTIONS, executor=broken), at_home)
    assert broken.submitted > 40


def test_a_cluster_that_loses_a_worker_gives_the_same_plan(problem: FleetProblem, at_home: FleetOutcome) -> None:
    with (
        LocalCluster(n_workers=3, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,  # type: ignore[no-untyped-call]
        Client(cluster) as client,  # type: ignore[no-untyped-call]
        dask_cluster(cluster.scheduler_address) as executor,
    ):
        _assert_same(plan_fleet(problem, options=OPTIONS, executor=executor), at_home)
        victims = client.run(os.getpid)

        def kill_one() -> None:
            os.kill(next(iter(victims.values())), signal.SIGKILL)

        deadly = _Assassin(executor, kill_one, at=30)
        _assert_same(plan_fleet(problem, options=OPTIONS, executor=deadly), at_home)
        assert deadly.submitted > 30
        assert set(client.run(os.getpid).values()) != set(victims.values())
