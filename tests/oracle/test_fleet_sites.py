"""Whole sites coordinated by prices against one program that holds them all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time

import numpy as np
import pytest
from scipy.sparse import block_diag, csr_array, vstack

from optimizer.fleet.coordinator import CoordinationOptions
from optimizer.fleet.oracles.program import ProgramOracle
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.problems.assets import Batch
from optimizer.problems.fleet import AreaLimits, FleetProblem, FloatArray, Sessions
from optimizer.runs.fleet_sites import plan_sites, site_oracle
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession
from optimizer.verify.fleet_sites import verify_sites
from tests.site_examples import SUMMER_DAY, grid_from, office_zone, site_of

GRID = grid_from(SUMMER_DAY, time(8), 24)


def _shared(limit: FloatArray | float) -> FleetProblem:
    nothing: list[float] = []
    return FleetProblem.of(
        GRID, Sessions.of(nothing, nothing, nothing, nothing), 0.0, limits=AreaLimits.of(limit, GRID.steps)
    )


def _all_in_one(sites: Sequence[ProgramOracle], limit: FloatArray | float) -> float | None:
    programs = [site.program for site in sites]
    own = csr_array(block_diag([p.rows for p in programs]))
    shared = csr_array(np.hstack([site.power_rows.toarray() for site in sites]))
    level = np.broadcast_to(limit, (GRID.steps,)) - sum(site.fixed_kw for site in sites)
    rows = csr_array(vstack([own, shared]))
    rows.sort_indices()
    columns, count = own.shape[1], rows.shape[0]
    program = Program(
        name="all sites",
        objectives=(
            Objective(
                name="cost",
                costs=np.concatenate([p.objectives[0].costs for p in programs]),
                offset=sum(p.objectives[0].offset for p in programs),
            ),
        ),
        column_lower=np.concatenate([p.column_lower for p in programs]),
        column_upper=np.concatenate([p.column_upper for p in programs]),
        integer=np.concatenate([p.integer for p in programs]),
        rows=rows,
        row_lower=np.concatenate([*(p.row_lower for p in programs), np.full(GRID.steps, -np.inf)]),
        row_upper=np.concatenate([*(p.row_upper for p in programs), level]),
        column_labels=Labels(("x",) * columns, tuple((k,) for k in range(columns))),
        row_labels=Labels(("r",) * count, tuple((k,) for k in range(count))),
    )
    session = HighsSession(SolverOptions(relative_gap=1e-9, absolute_gap=1e-9))
    session.load(program)
    incumbent = session.run().incumbent
    return None if incumbent is None else incumbent.objective


def _thermal_sites() -> list[ProgramOracle]:
    """Three classes of offices at different tariffs."""
    hours = np.arange(GRID.steps) / 4
    return [
        site_oracle(site_of([office_zone(GRID)], GRID, offtake_price_eur_per_kwh=0.2 + 0.05 * np.sin(hours + k)))
        for k in range(3)
    ]


def _batch_sites(seed: int) -> list[ProgramOracle]:
    rng = np.random.default_rng(seed)
    sites = []
    for k in range(5):
        profile = tuple(float(p) for p in rng.choice([40.0, 80.0, 120.0], int(rng.integers(3, 7))))
        batch = Batch(
            id=f"batch-{k}",
            profile_kw=np.array(profile),
            earliest_start_step=int(rng.integers(0, 6)),
            latest_start_step=GRID.steps - len(profile),
            planned_start_step=8,
        )
        price = np.round(rng.uniform(0.05, 0.3, GRID.steps), 2)
        sites.append(site_oracle(site_of([batch], GRID, offtake_price_eur_per_kwh=price)))
    return sites


@pytest.mark.parametrize("share", [1.0, 0.9, 0.75])
def test_thermal_classes_reach_the_optimum(share: float) -> None:
    sites = _thermal_sites()
    free = sum(site.respond(np.zeros((1, GRID.steps))).power_kw[0] for site in sites)
    limit = share * float(np.max(free))
    best = _all_in_one(sites, limit)
    found = plan_sites(_shared(limit), sites, options=CoordinationOptions(relative_gap=1e-8))
    assert best is not None
    assert found.cost_eur == pytest.approx(best, rel=1e-6)
    assert found.bound_eur is not None
    assert found.bound_eur <= best * (1 + 1e-7)
    assert (found.power_kw.sum(axis=0) <= limit * (1 + 1e-6)).all()


@pytest.mark.parametrize("seed", range(4))
def test_batch_plants_lie_between_bound_and_optimum(seed: int) -> None:
    sites, limit = _batch_sites(seed), 240.0
    best = _all_in_one(sites, limit)
    found = plan_sites(_shared(limit), sites, options=CoordinationOptions(relative_gap=1e-6))
    assert best is not None
    assert found.bound_eur is not None
    assert found.bound_eur <= best + 1e-6
    assert found.cost_eur is not None
    assert best - 1e-6 <= found.cost_eur <= best * 1.10
    assert (found.power_kw.sum(axis=0) <= limit + 1e-6).all()


def test_the_judge_of_sites_sees_what_was_changed() -> None:
    sites, limit = _batch_sites(1), 240.0
    problem = _shared(limit)
    found = plan_sites(problem, sites)
    programs = [site.program for site in sites]
    areas = [0] * len(sites)
    assert verify_sites(problem, areas, programs, found.values, found.power_kw) == ()
    halved = [0.5 * values for values in found.values]
    broken = verify_sites(problem, areas, programs, halved, found.power_kw)
    assert {f.rule for f in broken} == {"site.constraints"}
    assert {f.rule for f in verify_sites(problem, areas, programs, found.values, found.power_kw + 100.0)} == {
        "area.limit"
    }
