"""Findings, the exceptions that carry them, and the conversions."""

from __future__ import annotations

import itertools

import pytest

from optimizer.errors import InvalidProblemError, OptimizerError, VerificationError
from optimizer.findings import Finding, sort_findings
from optimizer.units import eur_per_kwh_from_eur_per_mwh, kw_from_mw, mw_from_kw

FAULTS = (
    Finding(rule="order.price", path="orders[1].price", message="price is missing"),
    Finding(rule="order.quantity", path="orders[0].quantity_mw", message="-1 MW", ids=("a",), value="-1", limit="0"),
    Finding(rule="order.id", path="orders[0].quantity_mw", message="id b occurs twice", ids=("b",)),
    Finding(rule="order.id", path="orders[0].quantity_mw", message="id a occurs twice", ids=("a",)),
)


def test_findings_read_the_same_in_whatever_order_they_were_found() -> None:
    orders = {sort_findings(order) for order in itertools.permutations(FAULTS)}
    assert orders == {(FAULTS[3], FAULTS[2], FAULTS[1], FAULTS[0])}


@pytest.mark.parametrize("kind", [InvalidProblemError, VerificationError])
def test_an_exception_carries_every_finding_and_says_them(
    kind: type[InvalidProblemError] | type[VerificationError],
) -> None:
    error = kind(list(FAULTS))
    assert isinstance(error, OptimizerError)
    assert error.findings == FAULTS
    assert all(fault.message in str(error) for fault in FAULTS)
    assert str(kind([]))


def test_conversions_between_the_asset_side_and_the_market_side() -> None:
    assert kw_from_mw(0.3) == 300.0
    assert mw_from_kw(250.0) == 0.25
    assert eur_per_kwh_from_eur_per_mwh(85.0) == 0.085
