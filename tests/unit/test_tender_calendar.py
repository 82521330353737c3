from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from market.clearing.tender_calendar import count_occurrences, window_hours
from tests.tenders import make_tender, make_window

EVERY_DAY = (1, 2, 3, 4, 5, 6, 7)


def test_ordinary_window_counts_weekdays_of_the_season() -> None:
    tender = make_tender(season_from=date(2026, 11, 2), season_to=date(2026, 11, 30))
    window = make_window(weekdays=(1, 3), local_from=time(16), local_to=time(21))
    assert count_occurrences(tender, window) == {20: 9}
    assert window_hours(tender, window) == Decimal(45)


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        (date(2026, 3, 29), {8: 1}),  # 92 quarter-hours: 02:00-03:00 does not exist
        (date(2026, 10, 25), {16: 1}),  # 100 quarter-hours: 02:00-03:00 occurs twice
        (date(2026, 6, 1), {12: 1}),
    ],
)
def test_a_night_window_follows_the_clock_change(first: date, expected: dict[int, int]) -> None:
    tender = make_tender(season_from=first, season_to=first)
    assert count_occurrences(tender, make_window(weekdays=EVERY_DAY, local_from=time(1), local_to=time(4))) == expected


def test_a_window_across_midnight_belongs_to_the_day_it_begins() -> None:
    tender = make_tender(season_from=date(2026, 3, 28), season_to=date(2026, 3, 28))
    window = make_window(weekdays=(6,), local_from=time(22), local_to=time(6))
    assert count_occurrences(tender, window) == {28: 1}


def test_a_window_from_midnight_to_midnight_is_the_whole_day() -> None:
    window = make_window(weekdays=EVERY_DAY, local_from=time(0), local_to=time(0))
    for day, quarters in ((date(2026, 3, 29), 92), (date(2026, 10, 25), 100), (date(2026, 7, 1), 96)):
        assert count_occurrences(make_tender(season_from=day, season_to=day), window) == {quarters: 1}


def test_a_window_that_falls_into_the_missing_hour_does_not_occur() -> None:
    tender = make_tender(season_from=date(2026, 3, 29), season_to=date(2026, 3, 29))
    assert count_occurrences(tender, make_window(weekdays=(7,), local_from=time(2), local_to=time(3))) == {}
