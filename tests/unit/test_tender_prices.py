from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal

import pytest

from benchmarks.generators.tenders import generate_tender
from market.clearing.tender import Method, choose_engine
from market.clearing.tender_prices import BidWorth, appraise_bids
from market.clearing.tender_problem import write_book
from market.domain.bid import Bid
from market.domain.tender import Tender
from tests.tenders import clear, make_bid, make_step, make_tender, make_window

D = Decimal


def appraise(tender: Tender, bids: list[Bid], method: Method = Method.CHOOSE) -> dict[str, BidWorth]:
    qualified = {ean: D(1000) for bid in bids for ean in bid.eans}
    book = write_book(tender, bids, qualified)
    engine = choose_engine(book.problem, method)
    outcome = engine.clear()
    assert outcome.result is not None
    optimum = (outcome.result.cost_eur, outcome.result.lots)
    return {w.bid_id: w for w in appraise_bids(tender, book, engine, optimum, qualified)}


def priced(bid_id: str, number: int, mw: str, availability: str, **changes: object) -> Bid:
    return replace(make_bid(bid_id, number, steps=(make_step(mw, availability, "0"),)), **changes)  # type: ignore[arg-type]


def test_in_a_plain_stack_the_winning_price_is_that_of_the_dearest_winner() -> None:
    bids = [priced("a", 0, "0.6", "5"), priced("b", 1, "0.4", "8"), priced("c", 2, "1", "12")]
    worth = appraise(make_tender(), bids)
    assert worth["c"].winning_eur_per_mw_h == 8
    assert worth["a"].contribution_eur == D("0.6") * (12 - 5)
    assert worth["b"].contribution_eur == D("0.4") * (12 - 8)


def test_half_of_a_short_bid_runs_after_the_other_half() -> None:
    """1 MW for two hours is 0.5 MW for four: it wins at half the price of a bid that runs throughout."""
    window = make_window(local_to=time(20), max_mw=D(1))
    bids = [priced("long", 0, "1", "20"), priced("short", 1, "1", "12", max_run_h=D(2))]
    assert appraise(make_tender(windows=(window,)), bids)["short"].winning_eur_per_mw_h == 10


def test_a_minimum_raises_the_bar() -> None:
    """To replace 0.5 MW at 10 EUR with all of 1 MW, a MW may cost only half of that."""
    tender = make_tender(windows=(make_window(min_mw=D("0.5")),))
    worth = appraise(tender, [priced("a", 0, "0.5", "10"), priced("b", 1, "1", "9", minimum_mw=D(1))])
    assert worth["b"].winning_eur_per_mw_h == 5


def test_a_short_run_time_lowers_the_winning_price() -> None:
    """Two bids of two hours replace one of four at 20: each must be cheap enough to pay for the other."""
    window = make_window(local_to=time(20), max_mw=D(1))
    bids = [
        priced("long", 0, "1", "20", minimum_mw=D(1)),
        priced("short", 1, "1", "12", max_run_h=D(2)),
        priced("other", 2, "1", "15", max_run_h=D(2)),
    ]
    worth = appraise(make_tender(windows=(window,)), bids)
    assert worth["short"].winning_eur_per_mw_h == 5
    assert worth["other"].winning_eur_per_mw_h == 8


def test_no_price_wins_where_use_alone_is_too_dear() -> None:
    dear = make_bid("dear", 1, steps=(make_step("1", "50", "400"),))
    assert appraise(make_tender(), [priced("a", 0, "1", "10"), dear])["dear"].winning_eur_per_mw_h is None


@pytest.mark.parametrize("method", [Method.WRITTEN_OUT, Method.CUTS])
def test_just_below_the_winning_price_a_loser_wins_and_just_above_it_does_not(method: Method) -> None:
    made = generate_tender("season", 9, 5)
    tender = replace(made.tender, scenarios=tuple(replace(s, probability=D("0.5")) for s in made.tender.scenarios[:2]))
    tender = replace(tender, scenarios=tuple(replace(s, events=s.events[:6]) for s in tender.scenarios))
    bids = [replace(bid, minimum_mw=bid.quantity_mw) for bid in made.bids]
    worth = appraise(tender, bids, method)
    checked = 0
    for bid in bids:
        price = worth[bid.id].winning_eur_per_mw_h
        if price is None or price < D("0.02"):
            continue
        for shift, wins in ((D("-0.01"), True), (D("0.01"), False)):
            step = replace(bid.steps[0], availability_eur_per_mw_h=price + shift)
            others = [replace(bid, steps=(step,), tender_id="season") if b.id == bid.id else b for b in bids]
            qualified = {ean: D(1000) for b in others for ean in b.eans}
            result = choose_engine(write_book(tender, others, qualified).problem, Method.WRITTEN_OUT).clear().result
            assert result is not None
            position = sorted(others, key=lambda b: (b.submitted_at, b.id)).index(others[bids.index(bid)])
            assert bool(result.lots[position]) is wins, (bid.id, price)
            checked += 1
    assert checked >= 4


def test_appraisal_does_not_change_the_award() -> None:
    bids = [priced("a", 0, "0.6", "5"), priced("b", 1, "0.6", "8")]
    before = clear(make_tender(), bids)
    appraise(make_tender(), bids)
    assert clear(make_tender(), bids).awards == before.awards
