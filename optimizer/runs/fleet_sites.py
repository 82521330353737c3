"""Coordinate whole sites under shared limits: each answers prices with its own model, nobody sees inside.

Sites with whole-number decisions cannot mix their answers, so a last small program chooses one answer for each of them;
the bound of the mixture proves how far that choice is from the optimum.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array, csr_array

from optimizer.errors import InvalidProblemError, VerificationError
from optimizer.fleet.coordinator import CoordinationOptions, Coordinator, Offered, RoundListener
from optimizer.fleet.limit_rows import LimitRows, cost_of, excess_of
from optimizer.fleet.oracles.program import ProgramOracle, ProgramsOracle
from optimizer.fleet.pricing import Pricing
from optimizer.formulations.site import first_guards
from optimizer.formulations.site_program import compile_site
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.problems.checks_fleet import check_fleet
from optimizer.problems.checks_site import check_site
from optimizer.problems.fleet import FleetProblem, FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.fleet import Round
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession
from optimizer.verify.fleet_sites import verify_sites

CHOICE_GAP = 1e-6


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SitesOutcome:
    """What is known about the best plan of several sites.

    Attributes:
        stop: why the search ended.
        cost_eur: own cost of all sites plus energy, priced limits and peaks; None without a plan.
        bound_eur: proven lower bound on it, or None.
        values: solution of each site's program; empty without a plan.
        power_kw: power of each site, shape (sites, steps).
        rounds: progress.
    """

    stop: Stop
    cost_eur: float | None
    bound_eur: float | None
    values: tuple[FloatArray, ...]
    power_kw: FloatArray
    rounds: tuple[Round, ...]


def site_oracle(problem: SiteProblem, *, area: int = 0) -> ProgramOracle:
    """Make an oracle of a site: its blocks, its contract and its own costs are the program.

    Raises:
        InvalidProblemError: the data of the site are faulty.
    """
    findings = check_site(problem)
    if findings:
        raise InvalidProblemError(findings)
    site = compile_site(problem, first_guards(problem))
    steps, count = problem.grid.steps, len(site.asset_ids)
    adding = csr_array((np.ones(count * steps), (np.tile(np.arange(steps), count), np.arange(count * steps))))
    return ProgramOracle(
        site.program, csr_array(adding @ site.power_map), fixed_kw=site.fixed_kw.sum(axis=0), area=area
    )


def plan_sites(
    problem: FleetProblem,
    sites: Sequence[ProgramOracle],
    *,
    options: CoordinationOptions | None = None,
    listener: RoundListener | None = None,
    executor: Executor | None = None,
) -> SitesOutcome:
    """Plan sites at least cost within the limits of a fleet problem, whose sessions are left out.

    Args:
        problem: areas, limits, base load and the price every kWh costs beside the sites' own tariffs.
        sites: the sites; their areas are those of the problem.
        options: how far to go.
        listener: called after every round.
        executor: where the sites answer.

    Raises:
        InvalidProblemError: the areas or limits are faulty.
        VerificationError: the plan failed the judge.
    """
    findings = check_fleet(problem)
    if findings:
        raise InvalidProblemError(findings)
    chosen = options or CoordinationOptions()
    rows = LimitRows.of(problem)
    together = ProgramsOracle(sites)
    energy = problem.price_eur_per_kwh * problem.step_h
    coordinator = Coordinator(rows, Pricing([together], executor), energy, chosen)
    found = coordinator.run(listener)
    nothing = SitesOutcome(
        stop=found.stop,
        cost_eur=None,
        bound_eur=None if found.stop is Stop.INFEASIBLE else found.bound_eur,
        values=(),
        power_kw=np.zeros((0, problem.grid.steps)),
        rounds=found.rounds,
    )
    if found.stop is Stop.INFEASIBLE:
        return nothing
    offered = coordinator.offered()
    integer = np.array([each.integer for each in sites])
    shares = _choose(rows, offered, integer) if integer.any() else offered.shares
    if shares is None or found.cost_eur is None:
        return replace(nothing, stop=found.stop if not found.stop.proven else Stop.NODE_LIMIT)
    values = tuple(_mixed(offered, shares, k) for k in range(len(sites)))
    power = np.stack([site.power(v) for site, v in zip(sites, values, strict=True)])
    faults = verify_sites(problem, together.group_area.tolist(), [site.program for site in sites], values, power)
    if faults:
        raise VerificationError(faults)
    cost = _total_cost(problem, sites, values, power)
    gap = cost - found.bound_eur
    reached = gap <= max(chosen.absolute_gap_eur, chosen.relative_gap * abs(cost)) + 1e-9
    stop = found.stop if found.stop.proven and reached else Stop.NODE_LIMIT if found.stop.proven else found.stop
    return replace(nothing, stop=stop, cost_eur=cost, values=values, power_kw=power)


def _mixed(offered: Offered, shares: FloatArray, site: int) -> FloatArray:
    columns = np.flatnonzero((offered.group == site) & (shares > 0))
    total = float(shares[columns].sum())
    mixed: FloatArray = sum(
        (shares[c] / total * offered.details[offered.round[c]][0][site] for c in columns.tolist()), start=np.zeros(1)
    )
    return mixed


def _total_cost(
    problem: FleetProblem, sites: Sequence[ProgramOracle], values: Sequence[FloatArray], power: FloatArray
) -> float:
    areas = np.zeros((problem.areas, problem.grid.steps))
    np.add.at(areas, np.concatenate([site.group_area for site in sites]), power)
    areas = problem.area_sums(areas)
    own = sum(
        float(site.program.objectives[0].costs @ v) + site.program.objectives[0].offset
        for site, v in zip(sites, values, strict=True)
    )
    excess = np.where(np.isfinite(problem.limits.price_eur_per_kwh), excess_of(problem, areas), 0.0)
    return own + cost_of(problem, areas, excess)


def _choose(
    rows: LimitRows, offered: Offered, integer: np.ndarray[tuple[int], np.dtype[np.bool_]]
) -> FloatArray | None:
    """Choose one of the answers of every site that cannot mix; None where no choice keeps the limits."""
    columns, groups, count = len(offered.group), int(offered.group.max()) + 1, len(rows)
    priced, peaks = np.flatnonzero(rows.priced), len(rows.peak_area)
    used = np.where(offered.covered[:, rows.area], offered.power_kw[:, rows.step] * rows.sign, 0.0)
    peak = np.flatnonzero(rows.peak_of_row >= 0)
    data = [
        (offered.group, np.arange(columns), np.ones(columns)),
        (groups + np.tile(np.arange(count), columns), np.repeat(np.arange(columns), count), used.ravel()),
        (groups + priced, columns + np.arange(len(priced)), -np.ones(len(priced))),
        (groups + peak, columns + len(priced) + rows.peak_of_row[peak], -np.ones(len(peak))),
    ]
    row, column, value = (np.concatenate(parts) for parts in zip(*data, strict=True))
    width = columns + len(priced) + peaks
    matrix = csr_array(coo_array((value, (row, column)), shape=(groups + count, width)))
    matrix.sort_indices()
    program = Program(
        name="choice of answers",
        objectives=(
            Objective(
                name="cost", costs=np.concatenate([offered.cost_eur, rows.price_eur_per_kw[priced], rows.peak_price])
            ),
        ),
        column_lower=np.concatenate([np.zeros(columns + len(priced)), rows.peak_floor_kw]),
        column_upper=np.concatenate([np.ones(columns), np.full(len(priced) + peaks, np.inf)]),
        integer=np.concatenate([integer[offered.group], np.zeros(len(priced) + peaks, dtype=np.bool_)]),
        rows=matrix,
        row_lower=np.concatenate([np.ones(groups), np.full(count, -np.inf)]),
        row_upper=np.concatenate([np.ones(groups), rows.level_kw]),
        column_labels=Labels(("column",) * width, tuple((k,) for k in range(width))),
        row_labels=Labels(("row",) * (groups + count), tuple((k,) for k in range(groups + count))),
    )
    session = HighsSession(SolverOptions(relative_gap=CHOICE_GAP, time_limit_s=60.0))
    session.load(program)
    incumbent = session.run().incumbent
    return None if incumbent is None else incumbent.values[:columns]
