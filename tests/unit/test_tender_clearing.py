from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from market.domain.tender import PricingRule
from market.domain.tender_award import TenderClearing
from tests.tenders import clear, ean_of, make_bid, make_step, make_tender, make_window

D = Decimal


def reasons(clearing: TenderClearing) -> dict[str, tuple[str, str, Decimal]]:
    return {a.bid_id: (a.decision.value, a.reason.value, a.accepted_mw) for a in clearing.awards}


def priced(bid_id: str, number: int, mw: str, availability: str, **changes: object):  # type: ignore[no-untyped-def]
    return make_bid(bid_id, number, steps=(make_step(mw, availability, "0"),), **changes)


def test_cheapest_first_where_nothing_stands_in_the_way() -> None:
    clearing = clear(make_tender(), [priced("a", 0, "0.6", "10"), priced("b", 1, "1", "5"), priced("c", 2, "1", "20")])
    assert reasons(clearing) == {
        "a": ("rejected", "outbid", D(0)),
        "b": ("accepted", "cheapest", D(1)),
        "c": ("rejected", "outbid", D(0)),
    }
    assert clearing.certificate.proven
    assert clearing.certificate.objective_eur == clearing.certificate.stack_eur == 5


def test_evaluated_cost_is_availability_use_and_fee() -> None:
    tender = make_tender(
        windows=(make_window(local_to=time(21), expected_activation_h=D(12)),),
        season_to=date(2026, 11, 15),
        activation_weight=D("0.5"),
    )
    bid = make_bid("a", steps=(make_step("1", "3", "40"),), service_fee_eur_per_mw=D(7))
    award = clear(tender, [bid]).award_of("a")
    assert award.evaluated_eur == 3 * 10 + D("0.5") * 40 * 12 + 7
    assert award.payment_eur == 3 * 10 + 40 * 12 + 7
    assert (award.windows[0].availability_eur, award.windows[0].expected_activation_eur) == (D(30), D(480))


def test_a_minimum_can_make_the_cheap_bid_lose() -> None:
    bids = [priced("big", 0, "2", "6", minimum_mw=D(2)), priced("small", 1, "1", "10")]
    clearing = clear(make_tender(), bids)
    assert reasons(clearing) == {"big": ("rejected", "outbid", D(0)), "small": ("accepted", "cheapest", D(1))}
    assert clearing.certificate.stack_eur == 12


def test_partial_acceptance_stops_at_the_minimum() -> None:
    bids = [priced("a", 0, "0.9", "5"), priced("b", 1, "1", "6", minimum_mw=D("0.4"))]
    clearing = clear(make_tender(windows=(make_window(max_mw=D("1.0")),)), bids)
    assert [a.accepted_mw for a in clearing.awards] == [D("0.6"), D("0.4")]
    assert clearing.award_of("a").reason.value == "need_covered"


def test_run_time_makes_bids_take_turns() -> None:
    """Five hours need three bids of two hours; none of them alone covers the window."""
    window = make_window(local_to=time(21), max_mw=D(1))
    bids = [priced(name, k, "1", "10", max_run_h=D(2)) for k, name in enumerate("abc")]
    assert [a.accepted_mw for a in clear(make_tender(windows=(window,)), bids).awards] == [1, 1, 1]
    alone = clear(make_tender(windows=(window,)), bids[:1])
    assert alone.shortfall_mwh == 3
    assert sum(mw == 1 for mw in alone.windows[0].shortfall_mw) == 12


def test_a_rested_bid_runs_again_in_the_same_window() -> None:
    window = make_window(local_to=time(21), max_mw=D(1))
    rests = priced("a", 0, "1", "10", max_run_h=D(2), min_rest_h=D(1))
    assert clear(make_tender(windows=(window,)), [rests]).shortfall_mwh == 1


def test_a_patient_bid_beats_short_ones_when_it_is_cheaper_than_all_of_them() -> None:
    window = make_window(local_to=time(21), max_mw=D(1))
    shorts = [priced(name, k, "1", "10", max_run_h=D(2)) for k, name in enumerate("abc")]
    assert clear(make_tender(windows=(window,)), [*shorts, priced("d", 4, "1", "29")]).award_of("d").accepted_mw == 1
    assert clear(make_tender(windows=(window,)), [*shorts, priced("d", 4, "1", "31")]).award_of("d").accepted_mw == 0


def test_one_of_an_exclusive_group() -> None:
    bids = [
        priced("a", 0, "0.5", "5", exclusive_group="g", csp="c"),
        priced("b", 1, "1", "6", exclusive_group="g", csp="c"),
        priced("c", 2, "1", "9"),
    ]
    assert reasons(clear(make_tender(), bids)) == {
        "a": ("rejected", "alternative_chosen", D(0)),
        "b": ("accepted", "cheapest", D(1)),
        "c": ("rejected", "outbid", D(0)),
    }


def test_steps_are_taken_in_order_even_when_the_second_is_cheaper() -> None:
    steps = (make_step("0.5", "50", "0"), make_step("0.5", "1", "0"))
    clearing = clear(make_tender(), [make_bid("a", steps=steps), priced("b", 1, "0.5", "30")])
    assert clearing.award_of("a").accepted_mw == 1
    assert clear(make_tender(), [make_bid("a", steps=steps), priced("b", 1, "1", "25")]).award_of("a").accepted_mw == 0


def test_budget_limits_what_is_paid_and_is_named_as_the_reason() -> None:
    bids = [priced("a", 0, "0.5", "10"), priced("b", 1, "0.5", "20")]
    clearing = clear(make_tender(budget_eur=D(9)), bids)
    assert clearing.payment_eur <= 9
    assert reasons(clearing)["b"] == ("accepted_in_part", "budget", D("0.2"))
    assert clear(make_tender(budget_eur=D(5)), bids).award_of("b").reason.value == "budget"


def test_a_bid_dearer_than_the_shortfall_is_left() -> None:
    clearing = clear(make_tender(shortfall_price_eur_per_mwh=D(8)), [priced("a", 0, "1", "10")])
    assert reasons(clearing) == {"a": ("rejected", "dearer_than_shortfall", D(0))}
    assert (clearing.shortfall_mwh, clearing.shortfall_eur) == (D(1), D(8))


def test_equal_cost_goes_to_the_earlier_submission_then_the_lower_id() -> None:
    later = [priced("a", 5, "1", "10"), priced("b", 1, "1", "10")]
    assert clear(make_tender(), later).award_of("b").accepted_mw == 1
    at_once = [priced(i, 3, "1", "10", eans=(ean_of(k),)) for k, i in enumerate(("z", "m"))]
    assert clear(make_tender(), at_once).award_of("m").accepted_mw == 1


def test_a_connection_is_not_sold_twice() -> None:
    bids = [priced("a", 0, "1", "5", eans=(ean_of(0), ean_of(1))), priced("b", 1, "1", "6", eans=(ean_of(1),))]
    tender = make_tender(windows=(make_window(min_mw=D(2), max_mw=D(2)),))
    clearing = clear(tender, bids, {ean_of(0): D("0.3"), ean_of(1): D("1.0")})
    assert clearing.windows[0].accepted_mw == D("1.3")
    assert clear(tender, bids, {ean_of(0): D(1), ean_of(1): D(1)}).windows[0].accepted_mw == 2


def test_qualified_power_caps_the_award() -> None:
    clearing = clear(make_tender(), [priced("a", 0, "1", "5")], {ean_of(0): D("0.45")})
    assert reasons(clearing)["a"] == ("accepted_in_part", "not_qualified", D("0.4"))


def test_windows_are_decided_apart_and_the_fee_is_paid_once() -> None:
    windows = (
        make_window(min_mw=D(1)),
        make_window(id="morning", local_from=time(7), local_to=time(8), min_mw=D("0.4")),
    )
    bid = priced("a", 0, "1", "5", windows=("evening", "morning"), service_fee_eur_per_mw=D(3))
    award = clear(make_tender(windows=windows), [bid]).award_of("a")
    assert [(w.window_id, w.accepted_mw) for w in award.windows] == [("evening", D(1)), ("morning", D("0.4"))]
    assert award.payment_eur == 5 + 2 + 3


def test_pricing_rules() -> None:
    bids = [priced("a", 0, "0.5", "5"), priced("b", 1, "0.5", "8")]
    paid = {rule: clear(make_tender(pricing=rule), bids).payment_eur for rule in PricingRule}
    assert paid[PricingRule.PAY_AS_BID] == D("6.50")
    assert paid[PricingRule.UNIFORM] == D("8.00")
    assert paid[PricingRule.CEILING] == 100 + 500


def test_totals_reconcile_and_the_certificate_names_its_input() -> None:
    bids = [priced("a", 0, "0.7", "5.55", service_fee_eur_per_mw=D("1.01")), priced("b", 1, "0.5", "8.123")]
    clearing = clear(make_tender(), bids)
    assert clearing.payment_eur == sum(a.payment_eur for a in clearing.awards)
    for award in clearing.awards:
        parts = sum(w.availability_eur + w.expected_activation_eur for w in award.windows) + award.service_fee_eur
        assert award.payment_eur == parts
    certificate = clearing.certificate
    assert certificate.objective_eur == pytest.approx(clearing.evaluated_eur + clearing.shortfall_eur)
    assert certificate.bound_eur is not None
    assert certificate.bound_eur <= certificate.objective_eur
    assert clear(make_tender(), bids[::-1]).certificate.input_hash == certificate.input_hash
    assert clear(make_tender(budget_eur=D(500)), bids).certificate.input_hash != certificate.input_hash


def test_a_tender_without_bids_is_an_answer() -> None:
    clearing = clear(make_tender(), [])
    assert (clearing.awards, clearing.shortfall_mwh, clearing.certificate.proven) == ((), D(1), True)


def test_a_budget_without_bids_is_no_obstacle() -> None:
    assert clear(make_tender(budget_eur=D(5)), []).shortfall_mwh == 1
