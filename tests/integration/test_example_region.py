"""The main job on the example region: cleared, balanced, kept by the assets, and the same every time."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from io import StringIO

import numpy as np
import pytest
from rich.console import Console

from api.cli.example_report import owed_relief_mw, print_example
from market.region.example import ExampleResult, load_example_region, run_example
from optimizer.verify.site import verify_site


@pytest.fixture(scope="module")
def result() -> ExampleResult:
    return run_example(load_example_region())


def printed(result: ExampleResult) -> str:
    console = Console(width=120, record=True, file=StringIO())
    assert print_example(result, console)
    return console.export_text()


def test_every_site_has_a_proven_plan_that_the_judge_accepts(result: ExampleResult) -> None:
    for site in (*result.event_day, *result.tender_day):
        assert site.outcome.stop.proven, site.outcome.findings
        assert site.outcome.plan is not None
        assert verify_site(site.problem, site.outcome.plan) == ()


def test_promised_relief_is_kept_in_every_quarter_hour(result: ExampleResult) -> None:
    kept = 0
    for site in (*result.event_day, *result.tender_day):
        assert site.outcome.plan is not None
        baseline = np.minimum(site.baseline.offtake_kw, site.problem.contracted_offtake_kw)
        for step, mw in owed_relief_mw(site).items():
            assert baseline[step] - site.outcome.plan.offtake_kw[step] >= float(mw) * 1000 - 1e-4
            kept += 1
    assert kept == 28 + 64  # event: office 8, plant 20; tender day: office 16, depot 8, plant 32, data centre 8


def test_office_is_cooled_before_the_window_and_coasts_in_its_band(result: ExampleResult) -> None:
    office = next(site for site in result.tender_day if site.connection.name == "office")
    assert office.outcome.plan is not None
    temperature = office.outcome.plan.asset("office-zone").series["temperature_c"]
    window = office.problem.grid.inside([result.region.parameters.hours("office.cooling_hours")])
    first, last = np.flatnonzero(window)[[0, -1]]
    assert temperature[first] < 23.25  # pre-cooled below the middle of the band
    assert np.all(np.diff(temperature[first : last + 2]) > 0)  # then it drifts up
    assert temperature.min() >= 22.0 - 1e-6
    assert temperature.max() <= 24.5 + 1e-6
    assert office.outcome.plan.asset("office-zone").power_kw[window].max() < 1.0


def test_dearest_bid_is_rejected_with_its_reason(result: ExampleResult) -> None:
    award = result.tender.award_of("plant-continuous")
    assert award.accepted_mw == 0
    assert award.reason.value == "outbid"


def test_award_does_not_depend_on_the_order_of_the_input(result: ExampleResult) -> None:
    region = load_example_region()
    turned = replace(region, orders=region.orders[::-1], bids=region.bids[::-1])
    again = run_example(turned)
    assert again.redispatch.awards == result.redispatch.awards
    assert again.redispatch.certificate.input_hash == result.redispatch.certificate.input_hash
    assert [(a.bid_id, a.accepted_mw, a.payment_eur) for a in again.tender.awards] == [
        (a.bid_id, a.accepted_mw, a.payment_eur) for a in result.tender.awards
    ]


def test_printed_totals_reconcile_and_repeat(result: ExampleResult) -> None:
    first = printed(result)
    assert first == printed(run_example(load_example_region()))
    assert "DIFFERENT" not in first
    assert f"{result.redispatch.spread_cost_eur:.2f}" in first
    assert f"{result.tender.payment_eur:.2f}" in first


def test_reconciliation_notices_a_cent(result: ExampleResult) -> None:
    award = result.redispatch.awards[0]
    wrong = replace(
        result.redispatch,
        awards=(replace(award, amount_eur=award.amount_eur + Decimal("0.01")), *result.redispatch.awards[1:]),
    )
    console = Console(width=120, record=True, file=StringIO())
    assert not print_example(replace(result, redispatch=wrong), console)
    assert "DIFFERENT" in console.export_text()
