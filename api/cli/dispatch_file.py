"""The work of ``flexclear dispatch``: read, plan, show."""

from __future__ import annotations

from pathlib import Path

from api.cli.output import ExitCode, Output
from api.cli.progress import ProgressLine
from api.cli.tables import show_schedule, show_site_costs, show_window_values
from api.schemas.documents import read_file
from api.schemas.files import read_site_file
from api.settings import Settings
from market.clearing.delivery import build_schedule
from market.domain.schedule import Schedule
from market.services.dispatches import plan_details, to_decimal
from market.services.market import relay
from market.snapshot import to_plain
from optimizer.problems.site import SiteProblem
from optimizer.results.site import SitePlan
from optimizer.runs.site import SiteOutcome, dispatch_site
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop


def dispatch_from(file: Path, *, as_json: bool, time_limit_s: float | None) -> ExitCode:
    """Plan the site in a file and show the outcome."""
    output = Output(as_json)
    with output.answering():
        site = read_site_file(read_file(file, Settings().read_limits))
        with ProgressLine(f"planning {site.id}") as progress:
            outcome = dispatch_site(
                site, options=SolverOptions(time_limit_s=time_limit_s), listener=relay(progress.watch, "dispatch")
            )
        if as_json:
            output.write_json(_describe(site, outcome))
        elif outcome.plan is not None:
            _show_plan(output, site, outcome.plan, outcome)
        if outcome.plan is None:
            output.show_findings(f"No plan: {outcome.stop.value.replace('_', ' ')}", outcome.findings)
    return _exit_code(outcome)


def _show_plan(output: Output, site: SiteProblem, plan: SitePlan, outcome: SiteOutcome) -> None:
    output.console.print(show_schedule(_schedule(site, plan), f"Schedule of {site.id}"))
    output.console.print(show_site_costs(plan))
    if plan.windows:
        output.console.print(show_window_values(plan, site.grid))
    for sentence in plan.slack:
        output.console.print(f"given up: {sentence}")
    bound = "no bound" if outcome.bound_eur is None else f"bound {outcome.bound_eur:.2f} EUR"
    output.console.print(f"{outcome.stop.value}; {plan.total_cost_eur:.2f} EUR, {bound}")


def _describe(site: SiteProblem, outcome: SiteOutcome) -> dict[str, object]:
    """Write the outcome with the names of the API."""
    plan = outcome.plan
    schedule = None if plan is None else _schedule(site, plan)
    return {
        "ean": site.id,
        "status": outcome.stop,
        "schedule": None if schedule is None else {**to_plain(schedule), "power_kw": schedule.power_kw},
        "cost_eur": {} if plan is None else {name: to_decimal(eur) for name, eur in plan.cost_eur.items()},
        "bound_eur": None if outcome.bound_eur is None else to_decimal(outcome.bound_eur),
        "slack": () if plan is None else plan.slack,
        "findings": outcome.findings,
        "details": {} if plan is None else plan_details(plan),
    }


def _schedule(site: SiteProblem, plan: SitePlan) -> Schedule:
    return build_schedule(plan, site.grid, schedule_id=site.id, cause="file")


def _exit_code(outcome: SiteOutcome) -> ExitCode:
    if outcome.plan is None and outcome.stop is Stop.INFEASIBLE:
        return ExitCode.INFEASIBLE
    return ExitCode.DONE if outcome.plan is not None and outcome.stop.proven else ExitCode.UNPROVEN
