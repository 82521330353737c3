from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from itertools import pairwise

import numpy as np
import pytest

from market.clearing.flex_expectation import (
    LoadScenario,
    brier_score,
    check_load_scenarios,
    expect_flexibility,
)
from market.clearing.tender_report import (
    compare_pricing,
    judge_market,
    release_power,
    report_bidders,
    sweep_frontier,
)
from market.domain.bid import Bid
from market.domain.connection import Connection
from market.domain.flex_expectation import Horizon
from market.domain.tender import PricingRule
from optimizer.timegrid import TimeGrid, local_instant
from tests.tenders import clear, make_bid, make_step, make_tender, make_window

D = Decimal


def priced(bid_id: str, number: int, mw: str, availability: str, **changes: object) -> Bid:
    values = {"steps": (make_step(mw, availability, "20"),)} | changes
    return make_bid(bid_id, number, **values)


def around(bids: list[Bid]) -> dict[str, object]:
    eans = [ean for bid in bids for ean in bid.eans]
    return {
        "connections": [Connection(ean=e, name=e, company="c", area_ids=("area",)) for e in eans],
        "qualified_mw": {ean: D(100) for ean in eans},
    }


def test_every_report_adds_up_to_the_published_score_and_names_nobody_else() -> None:
    tender = make_tender(emission_weight_eur_per_tonne=D(40))
    bids = [
        priced("a", 0, "0.6", "10", emission_kg_per_mwh=D(100), service_fee_eur_per_mw=D(2)),
        priced("b", 1, "0.6", "15"),
        priced("c", 2, "1", "30"),
        priced("late", 3, "1", "1", submitted_at=datetime(2027, 1, 1, tzinfo=UTC)),
    ]
    clearing = clear(tender, bids)
    reports = report_bidders(tender, bids, clearing)
    assert [r.score.total_eur_per_mw for r in reports] == [10 + 20 + 4 + 2, 35, 50, 21]
    for report in reports:
        award = report.award
        if award.accepted_mw:
            assert award.evaluated_eur == report.score.total_eur_per_mw * award.accepted_mw
    assert [r.rank for r in reports] == [2, 1, 3, None]
    assert reports[2].distance_eur_per_mw == 50 - 36
    assert "a" not in {str(x) for x in reports[1].field}


def test_pricing_rules_side_by_side_keep_the_award() -> None:
    bids = [priced("a", 0, "0.6", "10"), priced("b", 1, "0.6", "15")]
    side_by_side = compare_pricing(make_tender(), bids, **around(bids))  # type: ignore[arg-type]
    awards = {rule: [a.accepted_mw for a in c.awards] for rule, c in side_by_side.items()}
    assert len({tuple(a) for a in awards.values()}) == 1
    payments = [side_by_side[r].payment_eur for r in (PricingRule.PAY_AS_BID, PricingRule.UNIFORM, PricingRule.CEILING)]
    assert payments == sorted(payments)
    assert payments[0] < payments[1] < payments[2]


def test_clearing_a_stored_tender_again_gives_the_same_to_the_cent() -> None:
    bids = [priced("a", 0, "0.7", "10.13", service_fee_eur_per_mw=D("3.337")), priced("b", 1, "0.6", "15.77")]
    first, second = clear(make_tender(), bids), clear(make_tender(), bids)
    assert first.awards == second.awards
    assert first.certificate.input_hash == second.certificate.input_hash
    assert first.certificate.model_hash == second.certificate.model_hash


def test_the_four_market_tests() -> None:
    tender = make_tender()
    assert judge_market(tender, [], clear(tender, [])).no_offer
    few = [priced("a", 0, "0.4", "10", csp="x"), priced("b", 1, "0.3", "12", csp="y")]
    tests = judge_market(tender, few, clear(tender, few))
    assert (tests.all_offers_used, tests.too_few_suppliers, tests.pivotal_providers) == (True, True, ("x", "y"))
    many = [priced(f"b{k}", k, "0.5", "10", csp=f"c{k}") for k in range(5)]
    tests = judge_market(tender, many, clear(tender, many))
    assert (tests.all_offers_used, tests.too_few_suppliers, tests.concentration_hhi) == (False, False, D("2000.0"))
    assert tests.predictable_share == D("0.143")


def test_released_power_is_what_every_window_leaves() -> None:
    windows = (make_window(), make_window(id="tuesday", weekdays=(2,), min_mw=D("0.4")))
    bids = [priced("a", 0, "1", "10", windows=("evening", "tuesday"))]
    tender = make_tender(windows=windows)
    clearing = clear(tender, bids)
    released = release_power(tender, bids, clearing)
    assert released.released_mw == D("0.2")
    assert released.cost_eur_per_mw == clearing.payment_eur / D("0.2")


def test_the_frontier_trades_cost_for_risk_and_emission() -> None:
    bids = [priced("gas", 0, "1", "10", emission_kg_per_mwh=D(600)), priced("green", 1, "0.6", "40")]
    points = list(
        sweep_frontier(
            make_tender(),
            bids,
            **around(bids),  # type: ignore[arg-type]
            shortfall_prices=[D(2000)],
            emission_weights=[D(w) for w in (0, 30, 60, 200)],
        )
    )
    emissions = [p.emission_kg for p in points]
    assert all(later <= earlier for earlier, later in pairwise(emissions))
    assert emissions[0] > emissions[-1]
    risk = list(
        sweep_frontier(
            make_tender(),
            bids,
            **around(bids),  # type: ignore[arg-type]
            shortfall_prices=[D(5), D(50), D(2000)],
            emission_weights=[D(0)],
        )
    )
    assert [p.shortfall_mwh for p in risk] == [1, 0, 0]


def test_expectation_of_two_days_and_its_score() -> None:
    grid = TimeGrid.between(local_instant(date(2026, 10, 24), time(0)), local_instant(date(2026, 10, 26), time(0)))
    assert grid.steps == 196
    calm, busy = np.full(196, 5.0), np.full(196, 5.0)
    busy[120:128] = 8.0
    busy[140:144] = 7.0
    scenarios = [LoadScenario(probability=0.25, load_mw=busy), LoadScenario(probability=0.75, load_mw=calm)]
    assert check_load_scenarios(grid, scenarios, 6.0) == ()
    expectation = expect_flexibility(
        "area", Horizon.RADAR, grid, scenarios, 6.0, issued_at=datetime(2026, 10, 23, tzinfo=UTC)
    )
    first, second = expectation.blocks
    assert (first.probability, first.mean_block_h) == (D(0), None)
    assert (second.probability, second.expected_blocks, second.mean_block_h) == (D("0.250"), D("0.500"), D("1.500"))
    assert (second.largest_mw, second.expected_mwh) == (D("2.000"), D("1.250"))
    assert brier_score(expectation, []) == D("0.031250")
    assert brier_score(expectation, [date(2026, 10, 25)]) == D("0.281250")


@pytest.mark.parametrize(("horizon", "periods"), [(Horizon.YEAR, 2), (Horizon.MONTH, 6), (Horizon.RADAR, 36)])
def test_horizons_cut_time_into_months_weeks_and_days(horizon: Horizon, periods: int) -> None:
    grid = TimeGrid.between(local_instant(date(2026, 11, 1), time(0)), local_instant(date(2026, 12, 7), time(0)))
    flat = [LoadScenario(probability=1.0, load_mw=np.ones(grid.steps))]
    found = expect_flexibility("area", horizon, grid, flat, 0.5, issued_at=datetime(2026, 10, 1, tzinfo=UTC))
    assert len(found.blocks) == periods
    assert {b.probability for b in found.blocks} == {D("1.000")}


def test_faults_of_load_scenarios() -> None:
    grid = TimeGrid.of_local_day(date(2026, 11, 1))
    bad = [
        LoadScenario(probability=0.5, load_mw=np.full(96, np.nan)),
        LoadScenario(probability=0.4, load_mw=np.ones(3)),
    ]
    rules = [f.rule for f in check_load_scenarios(grid, bad, -1.0)]
    assert sorted(rules) == ["expectation.capacity", "expectation.load", "expectation.load", "expectation.probability"]
