"""Money adds up: one rounding, and parts that sum to the total exactly."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.money import CENT, LOT_MW, split_exactly, to_cents


def dec(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


@pytest.mark.parametrize(
    ("amount", "cents"),
    [("1.005", "1.00"), ("1.015", "1.02"), ("1.0051", "1.01"), ("-1.005", "-1.00"), ("17.25", "17.25"), ("3", "3.00")],
)
def test_halves_of_a_cent_go_to_the_even_cent(amount: str, cents: str) -> None:
    assert str(to_cents(Decimal(amount))) == cents


@pytest.mark.parametrize(
    ("total", "weights", "unit", "parts"),
    [
        ("10.00", ("1", "1", "1"), CENT, ("3.34", "3.33", "3.33")),
        ("0.02", ("1", "1", "1"), CENT, ("0.01", "0.01", "0.00")),
        ("100.00", ("0.5", "0.25", "0.25"), CENT, ("50.00", "25.00", "25.00")),
        ("1.0", ("1", "2", "4"), LOT_MW, ("0.1", "0.3", "0.6")),  # shares 0.143, 0.286, 0.571
        ("5.00", ("0", "0"), CENT, ("2.50", "2.50")),
        ("5.00", ("0", "3"), CENT, ("0.00", "5.00")),
        ("-0.05", ("1", "1"), CENT, ("-0.02", "-0.03")),
        ("0", ("7", "3"), CENT, ("0", "0")),
    ],
)
def test_splits_by_largest_remainder(
    total: str, weights: tuple[str, ...], unit: Decimal, parts: tuple[str, ...]
) -> None:
    assert split_exactly(Decimal(total), dec(*weights), unit) == dec(*parts)


@given(
    units=st.integers(-10_000_000, 10_000_000),
    weights=st.lists(st.decimals(0, 1_000_000, places=3), min_size=1, max_size=12),
    unit=st.sampled_from([CENT, LOT_MW, Decimal(1)]),
)
def test_parts_sum_to_the_total_and_each_is_its_share_to_less_than_one_unit(
    units: int, weights: list[Decimal], unit: Decimal
) -> None:
    total = units * unit
    parts = split_exactly(total, weights, unit)
    assert sum(parts) == total
    assert all(part % unit == 0 for part in parts)
    scale = sum(map(Fraction, weights)) or Fraction(len(weights))
    for part, weight in zip(parts, weights, strict=True):
        share = Fraction(total) * (Fraction(weight) if sum(weights) else 1) / scale
        assert abs(Fraction(part) - share) < Fraction(unit)


@given(weights=st.lists(st.integers(1, 50).map(Decimal), min_size=2, max_size=8), units=st.integers(0, 500))
def test_who_weighs_more_never_gets_less(weights: list[Decimal], units: int) -> None:
    parts = split_exactly(units * CENT, weights)
    for one, own in zip(parts, weights, strict=True):
        for other, theirs in zip(parts, weights, strict=True):
            assert one >= other or own <= theirs


@pytest.mark.parametrize(("total", "weights"), [("1.00", ()), ("1.00", ("1", "-1")), ("1.005", ("1", "1"))])
def test_a_split_that_cannot_be_exact_is_refused(total: str, weights: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"weights|multiple"):
        split_exactly(Decimal(total), dec(*weights))
