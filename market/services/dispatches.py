"""Use cases around dispatch: plan the assets behind a registered connection and keep the schedule that follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from market.clearing.delivery import build_schedule
from market.clearing.fingerprint import fingerprint
from market.ports import DispatchRecord
from market.services.market import Market, Watch, relay
from market.snapshot import JsonValue, decimal_text
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.results.site import SitePlan
from optimizer.runs.site import dispatch_site
from optimizer.solver.options import SolverOptions

SHOWN_STEP = Decimal("0.000001")


def dispatch_connection(
    market: Market,
    site: SiteProblem,
    snapshot: JsonValue,
    *,
    cause: str | None = None,
    watch: Watch | None = None,
) -> DispatchRecord:
    """Plan the assets of a registered connection and store the outcome, with its schedule when there is one.

    Args:
        market: the market.
        site: the connection and its assets.
        snapshot: the site as it was received, as plain JSON values.
        cause: clearing or contract the schedule follows from; the dispatch itself where there is none.
        watch: told about the running solve.

    Raises:
        NotFoundError: the connection is not registered.
        InvalidProblemError: the data of the site are faulty; carries all findings.
        VerificationError: the plan did not pass the independent check.
    """
    with market.store.read() as unit:
        unit.connections.get(site.id)
    outcome = dispatch_site(
        site,
        options=SolverOptions(time_limit_s=market.solve_limit_s),
        listener=None if watch is None else relay(watch, "dispatch"),
    )
    id = market.new_id()
    plan = outcome.plan
    record = DispatchRecord(
        id=id,
        ean=site.id,
        status=outcome.stop.value,
        input_hash=fingerprint(snapshot),
        snapshot=snapshot,
        created_at=market.clock.now(),
        schedule=None
        if plan is None
        else build_schedule(plan, site.grid, schedule_id=market.new_id(), cause=cause or id),
        cost_eur={} if plan is None else {name: to_decimal(eur) for name, eur in plan.cost_eur.items()},
        bound_eur=None if outcome.bound_eur is None else to_decimal(outcome.bound_eur),
        details={} if plan is None else plan_details(plan),
        slack=() if plan is None else plan.slack,
        findings=outcome.findings,
    )
    with market.store.write() as unit:
        unit.dispatches.add(record)
    return record


def plan_details(plan: SitePlan) -> dict[str, Any]:
    """Write what a plan knows beyond power and cost: temperatures, stores, and what room would have been worth."""
    return {
        "assets": [
            {
                "asset_id": asset.asset_id,
                "series": {name: _texts(values) for name, values in asset.series.items()},
                "cost_eur": {name: decimal_text(to_decimal(eur)) for name, eur in asset.cost_eur.items()},
            }
            for asset in plan.assets
        ],
        "windows": [
            {
                "window_id": window.window_id,
                "excess_kw": _texts(window.excess_kw),
                "excess_cost_eur": decimal_text(to_decimal(window.excess_cost_eur)),
                "value_eur_per_kwh": _texts(window.value_eur_per_kwh),
            }
            for window in plan.windows
        ],
        "offtake_kw": _texts(plan.offtake_kw),
        "feed_in_kw": _texts(plan.feed_in_kw),
        "capacity_value_eur_per_kwh": _texts(plan.capacity_value_eur_per_kwh),
    }


def to_decimal(value: float) -> Decimal:
    """Round a computed figure to the millionth it is shown with."""
    return Decimal(float(value)).quantize(SHOWN_STEP) + 0


def _texts(values: FloatArray) -> list[str]:
    return [decimal_text(to_decimal(value)) for value in values]
