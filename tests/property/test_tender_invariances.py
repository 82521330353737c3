from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from market.domain.bid import Bid
from market.domain.tender import Tender
from market.domain.tender_award import TenderClearing
from tests.tenders import clear, make_bid, make_step, make_tender, make_window

D = Decimal
FEW = settings(max_examples=12, deadline=None, derandomize=True)


@st.composite
def some_bids(draw: st.DrawFn) -> list[Bid]:
    bids = []
    for k in range(draw(st.integers(1, 5))):
        lots = draw(st.integers(1, 12))
        step = make_step(str(D(lots) / 10), str(draw(st.integers(1, 120))), str(draw(st.integers(0, 100))))
        bids.append(
            make_bid(
                f"b{k}",
                k,
                steps=(step,),
                windows=draw(st.sampled_from([("evening",), ("morning",), ("evening", "morning")])),
                minimum_mw=D(draw(st.sampled_from([0, lots, (lots + 1) // 2]))) / 10,
                max_run_h=draw(st.sampled_from([None, D("0.5"), D(1)])),
                service_fee_eur_per_mw=D(draw(st.integers(0, 5))),
            )
        )
    return bids


def tender(**changes: object) -> Tender:
    windows = (
        make_window(local_to=time(18), min_mw=D("1.2"), max_mw=D(2)),
        make_window(id="morning", local_from=time(7), local_to=time(8), min_mw=D("0.7"), max_mw=D(1)),
    )
    return make_tender(windows=windows, **({"shortfall_price_eur_per_mwh": D(150)} | changes))


def outcome(clearing: TenderClearing) -> list[object]:
    return [(a.bid_id, a.decision, a.reason, a.windows, a.payment_eur) for a in clearing.awards]


def cost(clearing: TenderClearing) -> Decimal:
    return clearing.certificate.objective_eur


@FEW
@given(bids=some_bids(), data=st.data())
def test_the_order_of_the_input_does_not_matter(bids: list[Bid], data: st.DataObject) -> None:
    shuffled = data.draw(st.permutations(bids))
    assert outcome(clear(tender(), bids)) == outcome(clear(tender(), shuffled))


@FEW
@given(bids=some_bids())
def test_a_dominated_bid_changes_nothing(bids: list[Bid]) -> None:
    dominated = make_bid("zz", 99, steps=(make_step("1", "100", "500"),), windows=("evening", "morning"))
    before, after = clear(tender(), bids), clear(tender(), [*bids, dominated])
    assert after.award_of("zz").accepted_mw == 0
    assert outcome(after)[: len(bids)] == outcome(before)


@FEW
@given(bids=some_bids(), more=st.integers(1, 60))
def test_looser_limits_never_cost_more(bids: list[Bid], more: int) -> None:
    tight = cost(clear(tender(availability_ceiling_eur_per_mw_h=D(50), budget_eur=D(90)), bids))
    hair = D("0.001")
    assert cost(clear(tender(availability_ceiling_eur_per_mw_h=D(50 + more), budget_eur=D(90)), bids)) <= tight + hair
    assert cost(clear(tender(availability_ceiling_eur_per_mw_h=D(50), budget_eur=D(90 + more)), bids)) <= tight + hair


@FEW
@given(bids=some_bids())
def test_another_bid_never_makes_the_optimum_dearer(bids: list[Bid]) -> None:
    assert cost(clear(tender(), bids)) <= cost(clear(tender(), bids[:-1])) + D("0.001")


@FEW
@given(bids=some_bids())
def test_splitting_a_divisible_bid_in_two_costs_the_same(bids: list[Bid]) -> None:
    whole = make_bid("whole", 50, steps=(make_step("0.8", "30", "10"),), max_run_h=D(1))
    halves = [
        replace(whole, id=f"half {k}", eans=make_bid("x", 60 + k).eans, steps=(make_step("0.4", "30", "10"),))
        for k in range(2)
    ]
    apart, together = cost(clear(tender(), [*bids, *halves])), cost(clear(tender(), [*bids, whole]))
    assert abs(apart - together) < D("0.001")
