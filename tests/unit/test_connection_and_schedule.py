"""EAN-18 codes and the planned power of a connection."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.domain.connection import Connection, has_valid_check_digit, is_ean18
from market.domain.schedule import AssetSchedule, Schedule

# The first two fit the check digit of GS1 (General Specifications, section 7.9); the last two were seen in samples of
# the redispatch platform's message formats and do not fit.
VALID = ("871685900012636543", "871687110003158000")
SEEN_BUT_NOT_FITTING = ("265987182507322951", "871234567890123456")


@pytest.mark.parametrize("ean", VALID)
def test_codes_with_a_fitting_check_digit(ean: str) -> None:
    assert is_ean18(ean)
    assert has_valid_check_digit(ean)


@pytest.mark.parametrize("ean", SEEN_BUT_NOT_FITTING)
def test_codes_in_circulation_that_do_not_fit_are_still_codes(ean: str) -> None:
    assert is_ean18(ean)
    assert not has_valid_check_digit(ean)


@given(digits=st.text("0123456789", min_size=17, max_size=17))
def test_exactly_one_check_digit_fits(digits: str) -> None:
    assert sum(has_valid_check_digit(digits + last) for last in "0123456789") == 1


@given(place=st.integers(0, 17), change=st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, change: int) -> None:
    ean = VALID[0]
    wrong = ean[:place] + str((int(ean[place]) + change) % 10) + ean[place + 1 :]
    assert not has_valid_check_digit(wrong)


@pytest.mark.parametrize(
    "text",
    ["", "87168590001263654", "8716859000126365431", "87168590001263654X", "8716859000126365４3", " 71685900012636543"],
)
def test_what_is_not_eighteen_plain_digits_is_no_code(text: str) -> None:
    assert not is_ean18(text)


def schedule(*powers: tuple[str, ...]) -> Schedule:
    return Schedule(
        id="s1",
        ean=VALID[0],
        start=datetime(2026, 3, 10, 16, tzinfo=UTC),
        assets=tuple(
            AssetSchedule(asset_id=f"a{k}", kind="charging session", power_kw=tuple(map(Decimal, power)))
            for k, power in enumerate(powers)
        ),
        cause="clearing-1",
    )


def test_the_power_of_a_connection_is_the_exact_sum_of_its_assets() -> None:
    assert schedule(("0.1", "11"), ("0.2", "-3.7")).power_kw == (Decimal("0.3"), Decimal("7.3"))
    assert schedule(("0.1", "11")).power_kw == (Decimal("0.1"), Decimal("11"))
    assert schedule().power_kw == ()


def test_assets_of_one_schedule_cover_the_same_quarter_hours() -> None:
    with pytest.raises(ValueError, match="shorter"):
        _ = schedule(("1", "2"), ("1",)).power_kw


def test_what_was_cleared_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        schedule().ean = VALID[1]  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        Connection(ean=VALID[0], name="Depot", company="Wheels").ean = VALID[1]  # type: ignore[misc]
