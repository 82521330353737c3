"""The grid of quarter-hours on ordinary days and on the two days a year that are not."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.timegrid import AMSTERDAM, TimeGrid, local_instant

# Summer time in the European Union starts on the last Sunday of March and ends on the last Sunday of October
# (Directive 2000/84/EC); quarter-hours of the local days in Europe/Amsterdam.
CLOCK_CHANGES = {
    date(2025, 3, 30): 92,
    date(2025, 10, 26): 100,
    date(2026, 3, 29): 92,
    date(2026, 10, 25): 100,
    date(2027, 3, 28): 92,
    date(2027, 10, 31): 100,
    date(2028, 3, 26): 92,
    date(2028, 10, 29): 100,
}
LONG_DAY, SHORT_DAY, PLAIN_DAY = date(2026, 10, 25), date(2026, 3, 29), date(2026, 6, 15)


@pytest.mark.parametrize(("day", "quarters"), CLOCK_CHANGES.items())
def test_days_of_the_clock_change_have_92_and_100_quarter_hours(day: date, quarters: int) -> None:
    assert TimeGrid.of_local_day(day).steps == quarters


@given(st.dates(date(2025, 1, 1), date(2028, 12, 31)))
def test_every_day_joins_the_next_and_only_clock_changes_differ_from_96(day: date) -> None:
    grid = TimeGrid.of_local_day(day)
    assert grid.steps == CLOCK_CHANGES.get(day, 96)
    assert grid.end == TimeGrid.of_local_day(day + timedelta(days=1)).start
    assert grid.local_starts()[0].replace(tzinfo=None) == datetime.combine(day, time(0))


@pytest.mark.parametrize("day", [LONG_DAY, SHORT_DAY, PLAIN_DAY])
def test_every_start_finds_its_own_step(day: date) -> None:
    grid = TimeGrid.of_local_day(day)
    assert [grid.index_of(start) for start in grid.starts()] == list(range(grid.steps))
    assert [grid.index_of(start) for start in grid.local_starts()] == list(range(grid.steps))
    assert grid.index_of(grid.end) == grid.steps
    assert grid.at(grid.steps) == grid.end


@pytest.mark.parametrize(
    "instant",
    [
        datetime(2026, 6, 14, 21, 45, tzinfo=UTC),  # before
        datetime(2026, 6, 15, 22, 15, tzinfo=UTC),  # after
        datetime(2026, 6, 15, 10, 1, tzinfo=UTC),  # between two steps
        datetime(2026, 6, 15, 10, 0),  # noqa: DTZ001 - naive on purpose
    ],
)
def test_an_instant_off_the_grid_is_refused(instant: datetime) -> None:
    with pytest.raises(ValueError, match=r"grid|step"):
        TimeGrid.of_local_day(PLAIN_DAY).index_of(instant)


def test_window_of_the_evening_peak() -> None:
    inside = TimeGrid.of_local_day(PLAIN_DAY).inside([(time(16), time(21))])
    assert inside.sum() == 20
    assert inside[64]
    assert inside[83]
    assert not inside[63]
    assert not inside[84]


def test_two_windows_add_up_and_their_ends_are_exclusive() -> None:
    grid = TimeGrid.of_local_day(PLAIN_DAY)
    assert grid.inside([(time(7), time(10)), (time(16), time(21))]).sum() == 32
    assert grid.inside([(time(7), time(10)), (time(9), time(11))]).sum() == 16
    assert grid.inside([]).sum() == 0


@pytest.mark.parametrize(("day", "quarters"), [(PLAIN_DAY, 32), (SHORT_DAY, 28), (LONG_DAY, 36)])
def test_window_across_midnight_follows_the_clock_of_the_day(day: date, quarters: int) -> None:
    # 23:00-07:00 touches a day at both ends: 00:00-07:00 (28 quarters, 24 or 32 at a change) and 23:00-24:00 (4).
    inside = TimeGrid.of_local_day(day).inside([(time(23), time(7))])
    assert inside.sum() == quarters
    assert inside[0]
    assert inside[-1]
    assert not inside[48]


@pytest.mark.parametrize(("day", "quarters"), [(PLAIN_DAY, 4), (SHORT_DAY, 0), (LONG_DAY, 8)])
def test_the_hour_from_two_to_three_is_missing_once_and_there_twice(day: date, quarters: int) -> None:
    assert TimeGrid.of_local_day(day).inside([(time(2), time(3))]).sum() == quarters


def test_equal_ends_mean_the_whole_day() -> None:
    assert TimeGrid.of_local_day(LONG_DAY).inside([(time(0), time(0))]).all()


def test_a_clock_time_shown_twice_means_the_first_and_a_skipped_one_the_instant_it_would_have_been() -> None:
    assert local_instant(LONG_DAY, time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_instant(SHORT_DAY, time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert local_instant(PLAIN_DAY, time(2, 30)) == datetime(2026, 6, 15, 0, 30, tzinfo=UTC)


def test_between_counts_elapsed_time_and_not_wall_clocks() -> None:
    start = datetime(2026, 10, 25, 1, 0, tzinfo=AMSTERDAM)
    end = datetime(2026, 10, 25, 4, 0, tzinfo=AMSTERDAM)
    assert (end - start) == timedelta(hours=3)  # what the language says within one zone
    assert TimeGrid.between(start, end).steps == 16  # what passed on the clock tower


def test_between_accepts_zones_and_other_step_lengths() -> None:
    grid = TimeGrid.between(
        datetime(2026, 6, 15, 12, tzinfo=ZoneInfo("America/New_York")), datetime(2026, 6, 15, 18, tzinfo=UTC), 3600
    )
    assert (grid.start, grid.steps, grid.step_h) == (datetime(2026, 6, 15, 16, tzinfo=UTC), 2, 1.0)


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC)),
        (datetime(2026, 6, 16, tzinfo=UTC), datetime(2026, 6, 15, tzinfo=UTC)),
        (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 6, 15, 0, 20, tzinfo=UTC)),
        (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 6, 15, 0, 15, 0, 500_000, tzinfo=UTC)),
        (datetime(2026, 6, 15), datetime(2026, 6, 16, tzinfo=UTC)),  # noqa: DTZ001
        (datetime(2026, 6, 15, tzinfo=UTC), datetime(2026, 6, 16)),  # noqa: DTZ001
        (datetime(2026, 6, 15, 0, 5, tzinfo=UTC), datetime(2026, 6, 15, 0, 20, tzinfo=UTC)),
        (datetime(2026, 6, 15, 0, 0, 0, 1, tzinfo=UTC), datetime(2026, 6, 15, 0, 15, 0, 1, tzinfo=UTC)),
    ],
)
def test_a_grid_off_the_quarter_hours_is_refused(start: datetime, end: datetime) -> None:
    with pytest.raises(ValueError, match=r"step|aware"):
        TimeGrid.between(start, end)


@pytest.mark.parametrize(
    ("start", "steps"),
    [(datetime(2026, 6, 15), 4), (datetime(2026, 6, 15, tzinfo=UTC), 0)],  # noqa: DTZ001
)
def test_a_naive_or_empty_grid_is_refused(start: datetime, steps: int) -> None:
    with pytest.raises(ValueError, match=r"aware|at least one"):
        TimeGrid(start=start, steps=steps)


def test_a_grid_is_the_same_whatever_zone_its_start_is_told_in() -> None:
    assert TimeGrid(start=datetime(2026, 6, 15, tzinfo=AMSTERDAM), steps=96) == TimeGrid.of_local_day(PLAIN_DAY)
