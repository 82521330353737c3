"""The worked example of Electron Connect (help article 281999): rank by availability plus weighted utilisation."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from market.domain.tender import Tender
from market.domain.tender_award import BidDecision
from tests.tenders import clear, make_bid, make_step, make_tender, make_window

D = Decimal
VECTOR: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "tender_stack.json").read_text())


def vector_tender(weight: Decimal, need_mw: Decimal) -> Tender:
    return make_tender(
        windows=(make_window(min_mw=need_mw, max_mw=need_mw),),
        availability_ceiling_eur_per_mw_h=D(VECTOR["availability_ceiling"]),
        activation_ceiling_eur_per_mwh=D(VECTOR["utilisation_ceiling"]),
        activation_weight=weight,
        lot_mw=D("0.001"),
    )


def vector_bids() -> list[Any]:
    return [
        make_bid(
            offer["id"],
            k,
            steps=(make_step(str(offer["mw"]), str(offer["availability"]), str(offer["utilisation"])),),
        )
        for k, offer in enumerate(VECTOR["offers"])
    ]


@pytest.mark.parametrize("weight", [D(0), D(1)])
def test_all_offers_are_accepted_and_the_rest_is_short(weight: Decimal) -> None:
    clearing = clear(vector_tender(weight, D(str(VECTOR["need_mw"]))), vector_bids())
    assert clearing.windows[0].accepted_mw == D(str(VECTOR["accepted_mw"]))
    assert clearing.shortfall_mwh == D("0.331")
    for offer in VECTOR["offers"]:
        award = clearing.award_of(offer["id"])
        assert award.decision is BidDecision.ACCEPTED
        per_mw = award.evaluated_eur / award.accepted_mw
        assert per_mw == D(str(offer["total"] if weight else offer["availability"]))


def test_published_ranks_decide_who_is_taken_first() -> None:
    """With a need of 0.55 MW, weight 1 keeps the published order and weight 0 puts the cheapest availability first."""
    with_use = clear(vector_tender(D(1), D("0.550")), vector_bids())
    assert [a.accepted_mw for a in with_use.awards] == [D("0.525"), D("0.025"), D(0)]
    without_use = clear(vector_tender(D(0), D("0.550")), vector_bids())
    assert [a.accepted_mw for a in without_use.awards] == [D("0.500"), D("0.050"), D(0)]


def test_an_offer_above_either_ceiling_is_dropped() -> None:
    bids = [*vector_bids(), make_bid("dear", 9, steps=(make_step("1", "1", "25.01"),))]
    clearing = clear(vector_tender(D(1), D(1)), bids)
    assert clearing.award_of("dear").reason.value == "above_activation_ceiling"
    assert clearing.windows[0].accepted_mw == D("0.669")
