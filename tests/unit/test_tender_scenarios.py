from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.domain.tender import CongestionEvent, Scenario, TechnologyCap, Tender, YearBudget
from market.rules.tender_rules import check_bids, check_tender
from tests.tenders import clear, make_bid, make_step, make_tender, make_window

D = Decimal
MONDAY = datetime(2026, 11, 2, 15, 0, tzinfo=UTC)


def event(*need_mw: str, day: int = 0, step_h: str = "1", window: str = "evening") -> CongestionEvent:
    return CongestionEvent(
        window_id=window, start=MONDAY + timedelta(days=day), need_mw=tuple(map(D, need_mw)), step_h=D(step_h)
    )


def scenario_tender(*scenarios: tuple[str, tuple[CongestionEvent, ...]], **changes: Any) -> Tender:
    listed = tuple(Scenario(id=str(k), probability=D(p), events=e) for k, (p, e) in enumerate(scenarios))
    window = make_window(local_to=time(23), weekdays=(1, 2, 3, 4, 5, 6, 7), max_mw=D(9))
    return make_tender(**({"windows": (window,), "scenarios": listed} | changes))


def priced(bid_id: str, number: int, mw: str, availability: str, activation: str = "0", **changes: Any):  # type: ignore[no-untyped-def]
    return make_bid(bid_id, number, steps=(make_step(mw, availability, activation),), **changes)


def test_one_scenario_of_the_whole_window_is_the_simple_stack() -> None:
    """Weight 0 and 1: a single scenario that needs the minimum in every hour gives the award without scenarios."""
    bids = [priced("a", 0, "0.6", "10", "30"), priced("b", 1, "0.7", "15", "5"), priced("c", 2, "1", "12", "80")]
    for weight in (D(0), D(1)):
        plain = make_tender(activation_weight=weight)
        staged = make_tender(
            activation_weight=weight,
            scenarios=(Scenario(id="s", probability=D(1), events=(event("1"),)),),
        )
        awards = [[(a.bid_id, a.accepted_mw, a.payment_eur) for a in clear(t, bids).awards] for t in (plain, staged)]
        assert awards[0] == awards[1]


def test_a_rare_scenario_is_covered_by_what_is_cheap_to_hold() -> None:
    """Often called: cheap activation wins. Rarely called: cheap availability wins."""
    bids = [priced("hold", 0, "1", "1", "300"), priced("use", 1, "1", "4", "20")]
    daily = tuple(event("1", "1", "1", day=d) for d in range(7))
    often, seldom = scenario_tender(("1", daily)), scenario_tender(("0.9", ()), ("0.1", daily[:1]))
    assert clear(often, bids).award_of("use").accepted_mw == 1
    assert clear(seldom, bids).award_of("hold").accepted_mw == 1


@pytest.mark.parametrize("hours", range(1, 13))
def test_gas_takes_over_where_congestion_outlasts_the_battery(hours: int) -> None:
    """A battery of four hours wins up to its own length; beyond it a second battery is dearer than the gas engine."""
    window = make_window(local_from=time(8), local_to=time(23), max_mw=D(4))
    tender = scenario_tender(("1", (event(*["1"] * hours),)), windows=(window,))
    battery = [priced(f"battery {k}", k, "1", "8", "10", max_run_h=D(4), technology="battery") for k in range(3)]
    gas = priced("gas", 9, "1", "10", "12", technology="gas engine")
    clearing = clear(tender, [*battery, gas])
    assert clearing.shortfall_mwh == 0
    assert (clearing.award_of("gas").accepted_mw > 0) == (hours > 4)


def test_energy_per_day_and_activations_limit_the_use() -> None:
    tender = scenario_tender(("1", (event("1", "1", "1", "1"), event("1", day=1))))
    assert clear(tender, [priced("a", 0, "1", "1")]).shortfall_mwh == 0
    assert clear(tender, [priced("a", 0, "1", "1", energy_mwh_per_day=D(3))]).shortfall_mwh == 1
    assert clear(tender, [priced("a", 0, "1", "1", activations_per_week=D(1))]).shortfall_mwh == 1
    assert clear(tender, [priced("a", 0, "1", "1", hours_per_year=D(2))]).shortfall_mwh == 3
    assert clear(tender, [priced("a", 0, "1", "1", activations_per_year=D(0))]).shortfall_mwh == 5


def test_energy_per_day_holds_over_windows_of_one_day() -> None:
    windows = (make_window(max_mw=D(2)), make_window(id="morning", local_from=time(7), local_to=time(8)))
    bid = priced("a", 0, "1", "1", windows=("evening", "morning"), energy_mwh_per_day=D("1.5"))
    clearing = clear(make_tender(windows=windows), [bid])
    assert clearing.shortfall_mwh == D("0.5")


def test_derating_counts_what_arrives() -> None:
    clearing = clear(make_tender(), [priced("a", 0, "1.5", "1", delivery=D("0.8"))])
    assert clearing.award_of("a").accepted_mw == D("1.3")


def test_new_capacity_covers_only_what_comes_after_it() -> None:
    season = {"season_from": date(2026, 11, 2), "season_to": date(2026, 11, 15)}
    new = priced("new", 0, "1", "10", available_from=date(2026, 11, 9))
    old = priced("old", 1, "1", "30", available_until=date(2026, 11, 8))
    clearing = clear(make_tender(**season), [new, old])
    assert [(a.accepted_mw, a.payment_eur) for a in clearing.awards] == [(D(1), D("10.00")), (D(1), D("30.00"))]
    assert clear(make_tender(**season), [new]).shortfall_mwh == 1
    late = clear(make_tender(), [new]).award_of("new")
    assert late.reason.value == "not_available"


def test_what_is_contracted_already_is_taken_off() -> None:
    tender = make_tender(windows=(make_window(contracted_mw=D("0.7")),))
    assert clear(tender, [priced("a", 0, "1", "1")]).award_of("a").accepted_mw == D("0.3")


def test_sustainability_weight_turns_the_award() -> None:
    bids = [
        priced("gas", 0, "1", "5", "0", emission_kg_per_mwh=D(500)),
        priced("green", 1, "1", "20", "0"),
    ]
    emissions = []
    for weight in (0, 20, 29, 31, 60):
        clearing = clear(make_tender(emission_weight_eur_per_tonne=D(weight)), bids)
        emissions.append(sum(a.emission_kg for a in clearing.awards))
    assert emissions == [500, 500, 500, 0, 0]


def test_the_counter_blocks_the_251st_megawatt() -> None:
    tender = make_tender(
        windows=(make_window(min_mw=D(300), max_mw=D(400)),), lot_mw=D(1), market_access_used_mw=D(100)
    )
    access = [priced(f"f{k}", k, "100", "5", feeds_in=True, keeps_market_access=True) for k in range(2)]
    clearing = clear(tender, [*access, priced("closed", 5, "200", "9", feeds_in=True)])
    counted = sum(clearing.award_of(b.id).accepted_mw for b in access)
    assert counted == 150
    assert clearing.award_of("closed").accepted_mw == 150
    assert clearing.award_of("f1").reason.value == "market_access"
    full = clear(replace(tender, market_access_used_mw=D(250)), access)
    assert {a.reason.value for a in full.awards} == {"market_access"}


def test_technology_caps_and_filters() -> None:
    bids = [priced("a", 0, "1", "5", technology="gas"), priced("b", 1, "1", "9")]
    capped = clear(make_tender(technology_caps=(TechnologyCap(technology="gas", most_mw=D("0.4")),)), bids)
    assert capped.award_of("a").accepted_mw == D("0.4")
    assert capped.award_of("a").reason.value == "technology_cap"
    assert clear(make_tender(technologies=("storage",)), bids).award_of("a").reason.value == "technology"


def test_budget_per_year_binds_in_its_year() -> None:
    tender = make_tender(
        season_from=date(2026, 12, 21),
        season_to=date(2027, 1, 10),
        windows=(make_window(expected_activation_h=D(3)),),
        year_budgets=(YearBudget(year=2027, most_eur=D(5)),),
    )
    award = clear(tender, [priced("a", 0, "1", "10")]).award_of("a")
    assert (award.accepted_mw, award.reason.value) == (D("0.5"), "budget")


def test_linked_bids_come_together_or_not_at_all() -> None:
    linked = [
        priced("a", 0, "0.5", "5", linked_group="g", csp="c"),
        priced("b", 1, "0.5", "60", linked_group="g", csp="c"),
    ]
    other = priced("o", 2, "1", "20")
    assert [a.accepted_mw for a in clear(make_tender(), [*linked, other]).awards] == [D("0.5"), D("0.1"), D("0.4")]
    rigid = [replace(b, minimum_mw=D("0.5")) for b in linked]
    assert [a.accepted_mw for a in clear(make_tender(), [*rigid, other]).awards] == [D(0), D(0), D(1)]
    broken = [linked[0], replace(linked[1], steps=(make_step("0.5", "101", "0"),))]
    assert clear(make_tender(), [*broken, other]).award_of("a").reason.value == "linked_bid_out"


def test_a_bundle_takes_the_same_power_in_all_its_windows() -> None:
    windows = (make_window(min_mw=D(1)), make_window(id="night", local_from=time(1), local_to=time(2), min_mw=D("0.2")))
    bundle = priced("a", 0, "1", "5", windows=("evening", "night"), all_windows=True)
    assert {w.accepted_mw for w in clear(make_tender(windows=windows), [bundle]).award_of("a").windows} == {D(1)}


def test_rules_on_providers() -> None:
    bids = [priced("a", 0, "1", "5"), priced("b", 1, "1", "9")]
    assert clear(make_tender(minimum_providers=2), bids).award_of("b").accepted_mw == D("0.1")
    shared = clear(make_tender(provider_share=D("0.6")), bids)
    assert [a.accepted_mw for a in shared.awards] == [D("0.6"), D("0.4")]
    assert shared.award_of("a").reason.value == "provider_rules"
    assert clear(make_tender(minimum_providers=2), bids[:1]).award_of("a").accepted_mw == 0


@pytest.mark.parametrize(
    "limit", [{"most_shortfall_mwh": D(1)}, {"chance": D("0.75")}, {"tail_share": D("0.5"), "tail_shortfall_mwh": D(2)}]
)
def test_risk_limits_buy_more_than_the_price_of_shortfall_would(limit: dict[str, Decimal]) -> None:
    of_tender = {k: v for k, v in limit.items() if k.startswith("tail")}
    window = make_window(local_to=time(23), max_mw=D(9), **{k: v for k, v in limit.items() if k not in of_tender})
    events = (event("1", "1"), event("1", "1", day=1))
    scenarios = [("0.5", ()), ("0.5", events)]
    dear = priced("a", 0, "1", "50")
    loose = scenario_tender(*scenarios, shortfall_price_eur_per_mwh=D(100))
    tight = scenario_tender(*scenarios, shortfall_price_eur_per_mwh=D(100), windows=(window,), **of_tender)
    assert clear(loose, [dear]).award_of("a").accepted_mw == 0
    assert clear(tight, [dear]).award_of("a").accepted_mw >= D("0.5")
    nothing = clear(tight, [])
    assert nothing.risk_limits_kept is False
    short = clear(tight, [replace(dear, steps=(make_step("0.1", "50", "0"),))])
    assert (short.risk_limits_kept, short.award_of("a").reason.value) == (False, "risk_limit")


def test_price_above_reason_is_referred() -> None:
    tender = make_tender(reasonable_eur_per_mwh=D(2000), availability_ceiling_eur_per_mw_h=D(3000))
    bids = [priced("a", 0, "0.5", "1500"), priced("b", 1, "0.5", "1500", subsidy_eur=D(400))]
    assert [a.refer_to_regulator for a in clear(tender, bids).awards] == [False, True]


@pytest.mark.parametrize(
    ("scenarios", "rule"),
    [
        ((("0.6", ()), ("0.6", ())), "tender.scenario.probability"),
        ((("NaN", ()),), "tender.scenario.probability"),
        ((("1", (event("1", window="noon"),)),), "tender.event.window"),
        ((("1", (event("-1"),)),), "tender.event.need_mw"),
        ((("1", (event(),)),), "tender.event.need_mw"),
        ((("1", (event("1", step_h="0"),)),), "tender.event.step_h"),
        ((("1", (event("1", day=30),)),), "tender.event.season"),
        ((("1", (event("1", "1"), event("1"))),), "tender.event.overlap"),
    ],
)
def test_faults_of_scenarios(scenarios: Any, rule: str) -> None:
    assert {f.rule for f in check_tender(scenario_tender(*scenarios))} == {rule}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"delivery": D(0)}, "bid.delivery"),
        ({"delivery": D("1.1")}, "bid.delivery"),
        ({"reissue_share": D("-0.1")}, "bid.reissue_share"),
        ({"energy_mwh_per_day": D("NaN")}, "bid.energy_mwh_per_day"),
        ({"hours_per_year": D(-1)}, "bid.hours_per_year"),
        ({"linked_group": ""}, "bid.linked_group"),
        ({"available_from": date(2027, 1, 1), "available_until": date(2026, 1, 1)}, "bid.available.order"),
    ],
)
def test_faults_of_the_further_terms_of_a_bid(changes: dict[str, Any], rule: str) -> None:
    assert {f.rule for f in check_bids(make_tender(), [make_bid("a", **changes)])} == {rule}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"provider_share": D(0)}, "tender.provider_share"),
        ({"tail_share": D("1.5")}, "tender.tail_share"),
        ({"minimum_providers": -1}, "tender.minimum_providers"),
        ({"technology_caps": (TechnologyCap(technology="x", most_mw=D("NaN")),)}, "tender.technology_cap"),
        ({"year_budgets": (YearBudget(year=1999, most_eur=D(1)),)}, "tender.year_budget.year"),
        ({"emission_weight_eur_per_tonne": D(-1)}, "tender.emission_weight_eur_per_tonne"),
        ({"windows": (make_window(chance=D(2)),)}, "tender.window.chance"),
    ],
)
def test_faults_of_the_further_terms_of_a_tender(changes: dict[str, Any], rule: str) -> None:
    assert {f.rule for f in check_tender(make_tender(**changes))} == {rule}
