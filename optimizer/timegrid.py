"""The grid of quarter-hours (PTUs).

Counting happens in UTC: Python subtracts two aware times of one zone by their wall clocks, which gives 96 quarter-hours
on a day that has 92 or 100. A local day therefore becomes two UTC instants first, and every step is a UTC start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from optimizer.units import QUARTER_HOUR_S, SECONDS_PER_HOUR

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")

LocalWindow = tuple[time, time]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeGrid:
    """Consecutive steps of equal length, each named by its UTC start.

    Attributes:
        start: aware UTC start of step 0, on a whole step.
        steps: number of steps, at least one.
        step_s: length of a step in seconds; a quarter-hour unless stated.
    """

    start: datetime
    steps: int
    step_s: int = QUARTER_HOUR_S

    def __post_init__(self) -> None:
        if self.start.tzinfo is None:
            raise ValueError("a time grid starts at an aware time")
        if self.steps < 1 or self.step_s < 1:
            raise ValueError("a time grid has at least one step of at least one second")
        object.__setattr__(self, "start", self.start.astimezone(UTC))
        if int(self.start.timestamp()) % self.step_s or self.start.microsecond:
            raise ValueError(f"{self.start.isoformat()} is not on a whole step of {self.step_s} s")

    @classmethod
    def of_local_day(cls, day: date, zone: ZoneInfo = AMSTERDAM) -> TimeGrid:
        """Cover one local day: 92, 96 or 100 quarter-hours."""
        return cls.between(local_instant(day, time(0), zone), local_instant(day + timedelta(days=1), time(0), zone))

    @classmethod
    def between(cls, start: datetime, end: datetime, step_s: int = QUARTER_HOUR_S) -> TimeGrid:
        """Cover the time from start to end, both aware and on whole steps, end exclusive."""
        if start.tzinfo is None or end.tzinfo is None:
            raise ValueError("a time grid starts and ends at an aware time")
        steps, rest = divmod((end.astimezone(UTC) - start.astimezone(UTC)).total_seconds(), step_s)
        if rest or steps < 1:
            raise ValueError(f"{start.isoformat()} to {end.isoformat()} is not a whole number of steps of {step_s} s")
        return cls(start=start, steps=int(steps), step_s=step_s)

    @property
    def step_h(self) -> float:
        """Length of a step in hours."""
        return self.step_s / SECONDS_PER_HOUR

    @property
    def end(self) -> datetime:
        """UTC end of the last step."""
        return self.start + timedelta(seconds=self.steps * self.step_s)

    def at(self, step: int) -> datetime:
        """UTC start of a step; ``at(steps)`` is the end of the grid."""
        return self.start + timedelta(seconds=step * self.step_s)

    def starts(self) -> tuple[datetime, ...]:
        """UTC start of every step."""
        return tuple(self.at(step) for step in range(self.steps))

    def index_of(self, instant: datetime) -> int:
        """Step that starts at an aware instant; ``steps`` for the end of the grid.

        Raises:
            ValueError: the instant is naive, outside the grid or not on a whole step.
        """
        if instant.tzinfo is None:
            raise ValueError("an instant on the grid is an aware time")
        seconds = (instant.astimezone(UTC) - self.start).total_seconds()
        step, rest = divmod(seconds, self.step_s)
        if rest or not 0 <= step <= self.steps:
            raise ValueError(
                f"{instant.isoformat()} is not a step between {self.start.isoformat()} and {self.end.isoformat()}"
            )
        return int(step)

    def local_starts(self, zone: ZoneInfo = AMSTERDAM) -> tuple[datetime, ...]:
        """Local start of every step, for the edge of the system only."""
        return tuple(start.astimezone(zone) for start in self.starts())

    def inside(self, windows: Sequence[LocalWindow], zone: ZoneInfo = AMSTERDAM) -> NDArray[np.bool_]:
        """Mark the steps whose local start lies in one of the daily windows.

        Args:
            windows: pairs (from, to) of local times, ``to`` exclusive; a window whose ``to`` is not later than its
                ``from`` crosses midnight.
            zone: the local time zone.

        Returns:
            Boolean array of shape (steps,).
        """
        clock = [start.time() for start in self.local_starts(zone)]
        return np.array([any(_in_window(now, window) for window in windows) for now in clock], dtype=np.bool_)


def local_instant(day: date, clock: time, zone: ZoneInfo = AMSTERDAM) -> datetime:
    """UTC instant of a local wall-clock time; the first of the two where the clock shows it twice."""
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _in_window(now: time, window: LocalWindow) -> bool:
    begin, end = window
    if begin < end:
        return begin <= now < end
    return now >= begin or now < end
