"""Suite ``core``: the way from a site to its plan, step by step, against the textbook.

``build`` and ``compile`` are measured on the side; what a user waits for is ``model``, which is both plus the map back
to assets. ``again`` is a change of all prices and another solve on the live model, of which ``patch`` is the change.
Engine ``dispatch`` is the call a user makes, checks included: plan, and plan again with other prices.
The textbook leaves the choice of algorithm to the solver; its ``solve`` includes the translation of its model.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from benchmarks.generators.sites import generate_site
from benchmarks.measure import Clock, Figures
from benchmarks.peers.textbook_site import TextbookSolver, change_prices, write_textbook_site
from benchmarks.registry import Case, Target
from optimizer.errors import VerificationError
from optimizer.formulations.site import build_site, first_guards
from optimizer.formulations.site_program import compile_site
from optimizer.model.compile import compile_model
from optimizer.problems.checks_site import check_site
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.site_reader import read_plan
from optimizer.runs.site import SiteSession
from optimizer.solver.outcome import Incumbent, Outcome
from optimizer.solver.session import HighsSession, Patch
from optimizer.verify.site import verify_site


def generate(sessions: int, seed: int, _data: Path | None) -> SiteProblem:
    """Generate a car park."""
    return generate_site(sessions, seed)


def other_prices(problem: SiteProblem) -> FloatArray:
    """The prices of the same day in reverse order."""
    return np.ascontiguousarray(problem.offtake_price_eur_per_kwh[::-1])


def solve_with_ours(problem: SiteProblem, clock: Clock) -> Figures:
    """Go the way of `optimizer.runs.site.dispatch_site` step by step, then change the prices and solve again."""
    with clock.phase("validate"):
        faults = check_site(problem)
    if faults:
        raise VerificationError(faults)
    guarded = first_guards(problem)
    with clock.phase("build", in_total=False):
        model = build_site(problem, guarded).model
    with clock.phase("compile", in_total=False):
        compile_model(model)
    del model
    with clock.phase("model"):
        site = compile_site(problem, guarded)
    session = HighsSession()
    with clock.phase("load"):
        session.load(site.program)
    with clock.phase("solve"):
        incumbent = _require(session.run())
    with clock.phase("read"):
        plan = read_plan(problem, site, incumbent)
    with clock.phase("verify"):
        faults = verify_site(problem, plan)
    if faults:
        raise VerificationError(faults)
    with clock.phase("again", in_total=False):
        with clock.phase("patch", in_total=False):
            prices = problem.grid.step_h * other_prices(problem)[site.offtake.at]
            session.patch(Patch(costs=(site.offtake.positions.astype(np.int32), prices)))
        again = _require(session.run())
    return {
        "cost": (plan.total_cost_eur, "EUR"),
        "cost at other prices": (again.objective, "EUR"),
        "columns": (site.program.columns, "columns"),
    }


def dispatch(problem: SiteProblem, clock: Clock) -> Figures:
    """What a user calls: a session that plans the site, then plans it again with other prices."""
    with clock.phase("dispatch"):
        session = SiteSession(problem)
        first = session.plan()
    with clock.phase("again", in_total=False):
        second = session.replan(0, {}, changed=replace(problem, offtake_price_eur_per_kwh=other_prices(problem)))
    if first.plan is None or second.plan is None:
        raise RuntimeError(f"no plan: {first.stop}, {second.stop}")
    return {
        "cost": (first.plan.total_cost_eur, "EUR"),
        "cost at other prices": (second.plan.total_cost_eur, "EUR"),
    }


def solve_with_textbook(problem: SiteProblem, clock: Clock) -> Figures:
    """Write the plain model, let Pyomo's own interface translate and solve it, change the prices, solve again."""
    with clock.phase("build", in_total=False), clock.phase("model"):
        model = write_textbook_site(problem)
    solver = TextbookSolver()
    with clock.phase("solve"):
        cost = solver.solve(model)
    with clock.phase("again", in_total=False):
        with clock.phase("patch", in_total=False):
            change_prices(model, other_prices(problem))
        again = solver.solve(model)
    return {"cost": (cost, "EUR"), "cost at other prices": (again, "EUR")}


def _require(outcome: Outcome) -> Incumbent:
    if outcome.incumbent is None or not outcome.stop.proven:
        raise RuntimeError(f"no proven plan: {outcome.stop}")
    return outcome.incumbent


CASES = (
    Case(
        name="car park",
        source="benchmarks.generators.sites, assumptions in its docstring",
        sizes=(10, 300, 1500),
        generate=generate,
        engines={"ours": solve_with_ours, "dispatch": dispatch, "textbook": solve_with_textbook},
        rival="textbook",
        agree={"cost": 1e-7, "cost at other prices": 1e-7},
        targets=(
            Target(engine="ours", phase="total", metric="cpu", at_most_ratio=1.0, sizes=(10, 300)),
            Target(engine="ours", phase="total", metric="cpu", at_most_ratio=0.5, sizes=(1500,)),
            Target(engine="ours", phase="again", metric="cpu", at_most_ratio=0.9),
            Target(engine="dispatch", phase="total", metric="cpu", at_most_ratio=1.0),
            Target(engine="ours", phase="patch", at_most=0.001),
        ),
    ),
)
