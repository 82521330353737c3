"""The example region in print: event, tender, schedules, and a reconciliation of every total."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

import numpy as np
from rich.console import Console

from api.cli.tables import (
    show_needs,
    show_orders,
    show_pairs,
    show_rows,
    show_schedule,
    show_tender_awards,
    show_tender_decisions,
    show_tender_windows,
)
from market.clearing.delivery import build_schedule
from market.domain.schedule import Schedule
from market.domain.tender_award import BidDecision
from market.region.example import ExampleResult, SiteDay
from optimizer.findings import Finding
from optimizer.units import KW_PER_MW, QUARTER_HOUR_H
from optimizer.verify.site import verify_site

Check = tuple[str, Decimal, Decimal]
_WATT_MW = Decimal("0.000001")


def print_example(result: ExampleResult, console: Console) -> bool:
    """Print the region's event, tender, schedules and reconciliation.

    Returns:
        Whether every total reconciles, every site has a proven plan and no judge found anything.
    """
    parameters = result.region.parameters
    kinds = Counter(parameter.kind for parameter in parameters.values())
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
    console.print(f"{result.region.area.name}: {len(parameters)} figures with their source ({counted}).")
    console.print("See them with: flexclear demo --sources\n")
    console.rule("Redispatch event of " + parameters.text("event.day"), align="left")
    for table in (
        show_needs(result.redispatch),
        show_orders(result.redispatch, result.region.orders),
        show_pairs(result.redispatch),
    ):
        console.print(table)
    console.rule("Tender " + result.region.tender.id, align="left")
    console.print(show_tender_decisions(result.tender))
    for award in result.tender.awards:
        if award.decision is not BidDecision.ACCEPTED:
            console.print(f"  {award.bid_id}: {award.sentence}")
    console.print()
    console.print(show_tender_awards(result.tender))
    console.print(show_tender_windows(result.tender, result.region.tender))
    for label, days in (("event", result.event_day), ("tender", result.tender_day)):
        day = parameters.text(f"{label}.day")
        console.rule(f"Schedules that follow from the {label}, {day} 07:00 to 07:00", align="left")
        for site in days:
            _print_site(site, f"{label}-{day}", console)
    checks = list(_reconcile(result))
    findings = list(_judge(result))
    console.rule("Reconciliation", align="left")
    rows = [(what, f"{left}", f"{right}", "equal" if left == right else "DIFFERENT") for what, left, right in checks]
    console.print(show_rows("Totals of the tables, each computed twice", ["what", ">one way", ">other way", ""], rows))
    sites = [*result.event_day, *result.tender_day]
    proven = sum(site.outcome.stop.proven for site in sites)
    console.print(f"Independent check of {len(sites)} site plans: {len(findings)} findings; {proven} proven optimal.")
    console.print(
        f"Redispatch optimum proven: {_yes(result.redispatch.certificate.proven)};"
        f" tender optimum proven: {_yes(result.tender.certificate.proven)}."
    )
    certain = result.redispatch.certificate.proven and result.tender.certificate.proven
    return certain and proven == len(sites) and not findings and all(left == right for _, left, right in checks)


def schedule_of(site: SiteDay, cause: str) -> Schedule | None:
    """Schedule of a site's plan; None when it has no plan."""
    plan = site.outcome.plan
    if plan is None:
        return None
    return build_schedule(plan, site.problem.grid, schedule_id=f"{cause}-{site.connection.ean}", cause=cause)


def _print_site(site: SiteDay, cause: str, console: Console) -> None:
    schedule, plan = schedule_of(site, cause), site.outcome.plan
    owed = sorted({promise.award_id for promise in site.promises})
    title = f"{site.connection.company} ({site.connection.ean}), owes: {', '.join(owed) or 'nothing'}"
    if schedule is None or plan is None:
        console.print(title)
        for finding in site.outcome.findings:
            console.print(f"  no plan: {finding.message}")
        return
    console.print(show_schedule(schedule, title))
    saved = site.baseline.total_cost_eur - plan.total_cost_eur
    console.print(
        f"  cost {plan.total_cost_eur:.2f} EUR, uncontrolled {site.baseline.total_cost_eur:.2f} EUR,"
        f" difference {saved:.2f} EUR{_worth(site)}"
    )
    for sentence in plan.slack:
        console.print(f"  given up: {sentence}")
    console.print()


def _worth(site: SiteDay) -> str:
    plan = site.outcome.plan
    if plan is None or not plan.windows:
        return ""
    worth = max(float(window.value_eur_per_kwh.max()) for window in plan.windows)
    return f"; one kWh more room in the window would save {worth:.4f} EUR at most"


def _reconcile(result: ExampleResult) -> Iterator[Check]:
    quarter = Decimal(str(QUARTER_HOUR_H))
    event, tender = result.redispatch, result.tender
    sold = sum((award.energy_mwh for award in event.awards if award.side.value == "sell"), Decimal(0))
    bought = sum((award.energy_mwh for award in event.awards if award.side.value == "buy"), Decimal(0))
    yield "redispatch: MWh sold = MWh bought", sold.normalize(), bought.normalize()
    yield (
        "redispatch: MWh of orders = MWh of quarter-hours",
        sold.normalize(),
        (sum(event.sold_mw, Decimal(0)) * quarter).normalize(),
    )
    amounts = sum((award.amount_eur for award in event.awards), Decimal(0))
    yield "redispatch: EUR of orders = spread cost", amounts, event.spread_cost_eur
    for need in event.needs:
        left = sum((*need.relief_mw, *need.shortfall_mw), Decimal(0))
        right = sum((*need.required_mw, *need.excess_mw), Decimal(0))
        yield f"{need.need_id}: relief + short = required + above", left.normalize(), right.normalize()
    payments = sum((award.payment_eur for award in tender.awards), Decimal(0))
    yield "tender: EUR of bids = payment", payments, tender.payment_eur
    for window in tender.windows:
        accepted = sum(
            (
                part.accepted_mw
                for award in tender.awards
                for part in award.windows
                if part.window_id == window.window_id
            ),
            Decimal(0),
        )
        yield f"tender {window.window_id}: MW of bids = MW of window", accepted, window.accepted_mw
    for cause, days in (("event", result.event_day), ("tender", result.tender_day)):
        yield from _reconcile_schedules(cause, days)


def _reconcile_schedules(cause: str, days: Sequence[SiteDay]) -> Iterator[Check]:
    promised = kept = Decimal(0)
    assets = connections = Decimal(0)
    for site in days:
        schedule = schedule_of(site, cause)
        if schedule is None:
            continue
        connections += sum(schedule.power_kw, Decimal(0))
        assets += sum((kw for asset in schedule.assets for kw in asset.power_kw), Decimal(0))
        owed = owed_relief_mw(site)
        baseline = np.minimum(site.baseline.offtake_kw, site.problem.contracted_offtake_kw)
        for step, mw in owed.items():
            relief = Decimal((float(baseline[step]) - float(schedule.power_kw[step])) / KW_PER_MW).quantize(_WATT_MW)
            promised += mw
            kept += min(mw, relief)
    yield f"{cause} schedules: kW of assets = kW of connections", assets.normalize(), connections.normalize()
    yield f"{cause} schedules: promised relief = kept relief, MW summed", promised.normalize(), kept.normalize()


def owed_relief_mw(site: SiteDay) -> dict[int, Decimal]:
    """Relief a site owes per step of its plan, over all its promises."""
    grid, owed = site.problem.grid, dict[int, Decimal]()
    for promise in site.promises:
        for start, mw in zip(promise.starts, promise.relief_mw, strict=True):
            if grid.start <= start < grid.end:
                step = grid.index_of(start)
                owed[step] = owed.get(step, Decimal(0)) + mw
    return owed


def _judge(result: ExampleResult) -> Iterator[Finding]:
    for site in (*result.event_day, *result.tender_day):
        if site.outcome.plan is None:
            yield from site.outcome.findings
        else:
            yield from verify_site(site.problem, site.outcome.plan)


def _yes(value: bool) -> str:
    return "yes" if value else "no"
