"""The example region: every figure has a source, and the study's own worked examples come out of its formula."""

from __future__ import annotations

from decimal import Decimal

import pytest

from market.domain.connection import has_valid_check_digit, is_ean18
from market.domain.money import to_cents
from market.region.costs import compute_compensation, compute_nitrogen_fee, read_curve_price
from market.region.parameters import load_parameters, load_table
from market.region.place import build_connections
from market.region.season import build_bids, build_tender

PARAMETERS = load_parameters()


def test_every_figure_names_its_kind_and_source() -> None:
    kinds = {"study", "derived", "market data", "policy", "assumption"}
    assert all(p.kind in kinds and p.source for p in PARAMETERS.values())
    printed = [p for p in PARAMETERS.values() if p.kind == "study"]
    assert all("study" in p.source or "ISSO" in p.source for p in printed)
    assert all(row["source_line"] for name in ("measures", "supply_curve") for row in load_table(name))


@pytest.mark.parametrize(
    ("power_mw", "capex_eur", "variable", "hours", "staff", "fee"),
    [
        (Decimal("0.5"), 50_000, 300, 1040, True, 488),  # nitrogen generator, study 4982-4986
        (Decimal(1), 280_000, 0, 1040, False, 62),  # overhaul of a CHP per MW, study 5103-5113
        (Decimal(1), 160_000, 0, 1040, False, 35),  # investment part of a battery per MW, study 5216-5251
    ],
)
def test_fee_formula_gives_the_studys_examples(
    power_mw: Decimal, capex_eur: int, variable: int, hours: int, staff: bool, fee: int
) -> None:
    compensation = compute_compensation(
        PARAMETERS,
        power_mw=power_mw,
        capex_eur=Decimal(capex_eur),
        variable_eur_per_mwh=Decimal(variable),
        hours_per_year=Decimal(hours),
        staff=staff,
    )
    assert round(compensation.fee_eur_per_mwh) == fee


def test_two_part_nitrogen_bid_is_the_fee_at_the_expected_hours() -> None:
    tender = build_tender(PARAMETERS)
    bid = next(b for b in build_bids(PARAMETERS, tender) if b.id == "plant-nitrogen")
    step = bid.steps[0]
    window_hours = Decimal(66 * 8)  # 66 working days from 1 June to 31 August 2027, eight hours a day
    expected_h = sum((w.expected_activation_h for w in tender.windows), Decimal(0))
    per_mw = step.availability_eur_per_mw_h * window_hours + step.activation_eur_per_mwh * expected_h
    fee = compute_nitrogen_fee(PARAMETERS, Decimal(1040)).fee_eur_per_mwh
    assert expected_h == 260
    assert abs(per_mw / expected_h - fee) < Decimal("0.02")  # availability is asked in whole cents


def test_curve_prices_are_read_from_the_table() -> None:
    assert read_curve_price("logistics_without_blokstroom", "grid_aware_depot_ev_charging") == to_cents(Decimal(111))
    with pytest.raises(KeyError):
        read_curve_price("offices_owner_user_summer", "batch_shifting")


def test_connections_carry_valid_eans() -> None:
    eans = [connection.ean for connection in build_connections(PARAMETERS)]
    assert len(set(eans)) == len(eans) == 7
    assert all(is_ean18(ean) and has_valid_check_digit(ean) for ean in eans)
