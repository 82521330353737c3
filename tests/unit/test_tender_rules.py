from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from market.clearing.tender import clear_tender
from market.domain.connection import Connection
from market.rules.tender_rules import check_bids, check_submission, check_tender
from optimizer.errors import InvalidProblemError
from tests.tenders import CLOSES, clear, ean_of, make_bid, make_step, make_tender, make_window

D = Decimal
NAN = D("NaN")


def rules(findings: Any) -> set[str]:
    return {finding.rule for finding in findings}


def test_sound_inputs_have_no_findings() -> None:
    tender = make_tender()
    assert check_tender(tender) == ()
    assert check_bids(tender, [make_bid("a"), make_bid("b", 1, max_run_h=D(2), min_rest_h=D("0.5"))]) == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"availability_ceiling_eur_per_mw_h": NAN}, "tender.availability_ceiling_eur_per_mw_h"),
        ({"activation_ceiling_eur_per_mwh": D(-1)}, "tender.activation_ceiling_eur_per_mwh"),
        ({"activation_weight": D("Infinity")}, "tender.activation_weight"),
        ({"shortfall_price_eur_per_mwh": D(-5)}, "tender.shortfall_price_eur_per_mwh"),
        ({"budget_eur": D(-1)}, "tender.budget_eur"),
        ({"lot_mw": D(0)}, "tender.lot_mw"),
        ({"windows": ()}, "tender.windows.some"),
        ({"closes_at": datetime(2026, 9, 1)}, "tender.closes_at.aware"),  # noqa: DTZ001
        ({"season_to": make_tender().season_from - timedelta(days=1)}, "tender.season.order"),
        ({"windows": (make_window(max_mw=D("0.5")),)}, "tender.window.order"),
        ({"windows": (make_window(min_mw=NAN),)}, "tender.window.min_mw"),
        ({"windows": (make_window(weekdays=(0, 8)),)}, "tender.window.weekdays"),
        ({"windows": (make_window(local_from=time(16, 5)),)}, "tender.window.quarter_hour"),
        ({"windows": (make_window(), make_window())}, "tender.window.unique"),
        ({"windows": (make_window(), make_window(id="late", local_from=time(16, 45)))}, "tender.window.overlap"),
        (
            {
                "windows": (
                    make_window(id="night", weekdays=(7,), local_from=time(23), local_to=time(16, 15)),
                    make_window(),
                )
            },
            "tender.window.overlap",
        ),
    ],
)
def test_every_fault_of_a_tender_is_found(changes: dict[str, Any], rule: str) -> None:
    assert rules(check_tender(make_tender(**changes))) == {rule}


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"id": ""}, "bid.id"),
        ({"tender_id": "other"}, "bid.tender"),
        ({"submitted_at": datetime(2026, 8, 1)}, "bid.submitted_at.aware"),  # noqa: DTZ001
        ({"windows": ("noon",)}, "bid.window.known"),
        ({"windows": ()}, "bid.windows.some"),
        ({"windows": ("evening", "evening")}, "bid.window.unique"),
        ({"eans": ()}, "bid.eans.some"),
        ({"eans": ("12",)}, "bid.ean"),
        ({"eans": (ean_of(1), ean_of(1))}, "bid.ean.unique"),
        ({"steps": ()}, "bid.steps.some"),
        ({"steps": (make_step("NaN"),)}, "bid.quantity_mw"),
        ({"steps": (make_step("-1"),)}, "bid.quantity_mw"),
        ({"steps": (make_step("0"),)}, "bid.quantity_mw.positive"),
        ({"steps": (make_step("0.15"),)}, "bid.lot"),
        ({"steps": (make_step("1", "NaN"),)}, "bid.availability_eur_per_mw_h"),
        ({"steps": (make_step("1", "1", "-3"),)}, "bid.activation_eur_per_mwh"),
        ({"minimum_mw": D("1.1")}, "bid.minimum_mw.within"),
        ({"minimum_mw": D("0.05")}, "bid.lot"),
        ({"service_fee_eur_per_mw": D(-1)}, "bid.service_fee_eur_per_mw"),
        ({"max_run_h": D("0.4")}, "bid.max_run_h.quarter_hours"),
        ({"max_run_h": D(0)}, "bid.max_run_h.quarter_hours"),
        ({"min_rest_h": D(1)}, "bid.min_rest_h.run"),
        ({"exclusive_group": " "}, "bid.exclusive_group"),
        ({"emission_kg_per_mwh": NAN}, "bid.emission_kg_per_mwh"),
    ],
)
def test_every_fault_of_a_bid_is_found(changes: dict[str, Any], rule: str) -> None:
    assert rules(check_bids(make_tender(), [replace(make_bid("a"), **changes)])) == {rule}


def test_faults_between_bids_are_found() -> None:
    bids = [
        make_bid("a", 0, exclusive_group="g"),
        make_bid("a", 1),
        make_bid("b", 2, exclusive_group="g"),
    ]
    assert rules(check_bids(make_tender(), bids)) == {"bid.id.unique", "bid.exclusive_group.one_csp"}


def test_all_faults_are_reported_at_once_and_nothing_is_cleared() -> None:
    tender = make_tender(budget_eur=NAN)
    bids = [make_bid("a", steps=(make_step("-1", "NaN"),)), make_bid("a", 1, windows=("noon",))]
    with pytest.raises(InvalidProblemError) as error:
        clear_tender(tender, bids, connections=[], qualified_mw={"x": D(-1)})
    assert rules(error.value.findings) == {
        "tender.budget_eur",
        "bid.quantity_mw",
        "bid.availability_eur_per_mw_h",
        "bid.id.unique",
        "bid.window.known",
        "qualified.mw",
    }


@pytest.mark.parametrize(
    ("bid_changes", "qualified", "tender_changes", "reason"),
    [
        ({"submitted_at": CLOSES + timedelta(seconds=1)}, "9", {}, "late"),
        ({"steps": (make_step("1", "100.01"),)}, "9", {}, "above_availability_ceiling"),
        ({"steps": (make_step("0.5"), make_step("0.5", "20", "501"))}, "9", {}, "above_activation_ceiling"),
        ({}, "0", {}, "not_qualified"),
        ({"minimum_mw": D(1)}, "0.9", {}, "not_qualified"),
        ({"steps": (make_step("3"),), "minimum_mw": D(3)}, "9", {}, "minimum_above_need"),
        ({"lead_time_h": D(25)}, "9", {"notice_h": D(24)}, "notice_too_long"),
    ],
)
def test_what_rejects_at_clearing_is_a_finding_at_submission(
    bid_changes: dict[str, Any], qualified: str, tender_changes: dict[str, Any], reason: str
) -> None:
    tender, bid = make_tender(**tender_changes), make_bid("a", **bid_changes)
    connections = [Connection(ean=ean_of(0), name="site", company="c", area_ids=("area",))]
    found = check_submission(tender, bid, connections=connections, qualified_mw={ean_of(0): D(qualified)})
    assert rules(found) == {f"bid.{reason}"}
    award = clear(tender, [bid], {ean_of(0): D(qualified)}).award_of("a")
    assert (award.decision.value, award.reason.value, award.accepted_mw) == ("rejected", reason, D(0))
    assert "a" in award.sentence


def test_a_bid_from_outside_the_area_is_rejected() -> None:
    connections = [Connection(ean=ean_of(0), name="site", company="c", area_ids=("elsewhere",))]
    clearing = clear_tender(make_tender(), [make_bid("a")], connections=connections, qualified_mw={ean_of(0): D(9)})
    assert clearing.award_of("a").reason.value == "outside_area"
    assert clearing.shortfall_mwh == 1


def test_a_bid_on_the_stroke_of_closure_is_in_time() -> None:
    award = clear(make_tender(), [make_bid("a", submitted_at=CLOSES)]).award_of("a")
    assert award.accepted_mw == 1
