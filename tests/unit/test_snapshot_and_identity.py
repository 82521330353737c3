"""Snapshots give back what they were made of; ids sort by creation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.identity import Uuid7Source
from market.snapshot import decimal_text, from_plain, instant_text, to_plain
from tests.served import HandClock


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    mw: Decimal
    clock: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    name: str
    at: datetime
    day: date
    colour: Colour
    parts: tuple[Part, ...]
    pair: tuple[str, Decimal]
    by_name: dict[str, Decimal]
    seconds: float
    count: int | None = None
    whole: bool = True


THING = Thing(
    name="x",
    at=datetime(2027, 3, 28, 1, 0, tzinfo=UTC),
    day=date(2027, 3, 28),
    colour=Colour.RED,
    parts=(Part(mw=Decimal("0.10"), clock=time(7, 15)), Part(mw=Decimal("1E+2"), clock=time(0, 0, 1))),
    pair=("a", Decimal("-0.0")),
    by_name={"b": Decimal(2)},
    seconds=0.25,
)


def test_a_snapshot_gives_back_what_it_was_made_of() -> None:
    assert from_plain(Thing, to_plain(THING)) == THING


def test_a_snapshot_is_plain_and_readable() -> None:
    plain = to_plain(THING)
    assert plain["parts"] == [{"mw": "0.1", "clock": "07:15"}, {"mw": "100", "clock": "00:00:01"}]
    assert (plain["at"], plain["day"], plain["colour"]) == ("2027-03-28T01:00:00Z", "2027-03-28", "red")
    assert plain["pair"] == ["a", "0"]


@pytest.mark.parametrize("value", [float("nan"), Decimal("NaN"), datetime(2027, 1, 1), object(), {1, 2}])  # noqa: DTZ001
def test_what_has_no_place_in_a_snapshot_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        to_plain({"value": value})


@pytest.mark.parametrize(("kind", "value"), [(Part, {"mw": 1.5, "clock": "07:15"}), (Colour, 1), (int, "1")])
def test_a_snapshot_of_something_else_is_refused(kind: type, value: object) -> None:
    with pytest.raises(TypeError):
        from_plain(kind, value)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None, min_value=-(10**15), max_value=10**15))
def test_decimal_text_is_exact_and_has_no_exponent(value: Decimal) -> None:
    text = decimal_text(value)
    assert Decimal(text) == value
    assert "E" not in text
    assert decimal_text(Decimal(text)) == text


def test_times_are_written_in_utc() -> None:
    amsterdam_winter = timezone(timedelta(hours=1))
    assert instant_text(datetime(2027, 1, 1, 0, 30, tzinfo=amsterdam_winter)) == "2026-12-31T23:30:00Z"


def test_ids_are_version_7_and_sort_by_creation_even_when_the_clock_stands_or_goes_back() -> None:
    clock = HandClock()
    new_id = Uuid7Source(clock)
    ids = [new_id() for _ in range(10_000)]
    clock.move_to("2027-05-24T07:59:59Z")
    ids += [new_id() for _ in range(10)]
    clock.move_to("2027-05-24T08:00:01Z")
    ids.append(new_id())
    assert ids == sorted(set(ids))
    assert all(UUID(id).version == 7 and UUID(id).variant == "specified in RFC 4122" for id in ids)
    assert UUID(ids[-1]).int >> 80 == int(clock.now().timestamp() * 1000)
