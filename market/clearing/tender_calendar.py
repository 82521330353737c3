"""When a tender's windows occur over its season: lengths in quarter-hours, exact on 92- and 100-quarter days."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from market.domain.tender import Tender, TenderWindow
from optimizer.timegrid import AMSTERDAM, TimeGrid, local_instant
from optimizer.units import QUARTER_HOUR_S


def occurrences_by_day(tender: Tender, window: TenderWindow) -> tuple[tuple[date, int], ...]:
    """Local day and length in quarter-hours of every occurrence of a window over the season."""
    days = (tender.season_from + timedelta(days=k) for k in range((tender.season_to - tender.season_from).days + 1))
    found = ((day, _quarter_hours(day, window)) for day in days if day.isoweekday() in window.weekdays)
    return tuple((day, length) for day, length in found if length > 0)


def count_occurrences(tender: Tender, window: TenderWindow) -> dict[int, int]:
    """Count occurrences of a window over the season by their length in quarter-hours, shortest first."""
    lengths = Counter(length for _, length in occurrences_by_day(tender, window))
    return {length: lengths[length] for length in sorted(lengths)}


def window_hours(tender: Tender, window: TenderWindow) -> Decimal:
    """Hours of a window over the season."""
    return Decimal(sum(length * count for length, count in count_occurrences(tender, window).items())) / 4


def _quarter_hours(day: date, window: TenderWindow) -> int:
    """Length of the occurrence that begins on a local day."""
    crosses = window.local_to <= window.local_from
    last = day + timedelta(days=1 if crosses else 0)
    if _offset(day) == _offset(last + timedelta(days=1)):
        plain = datetime.combine(last, window.local_to) - datetime.combine(day, window.local_from)
        return int(plain.total_seconds()) // QUARTER_HOUR_S
    begin, end = local_instant(day, time(0)), local_instant(last + timedelta(days=1), time(0))
    clock = [(start.date(), start.time()) for start in TimeGrid.between(begin, end).local_starts()]
    return sum((day, window.local_from) <= now < (last, window.local_to) for now in clock)


def _offset(day: date) -> timedelta | None:
    return datetime.combine(day, time(0), tzinfo=AMSTERDAM).utcoffset()
