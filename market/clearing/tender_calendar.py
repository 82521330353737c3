"""When a tender's windows occur over its season: lengths in quarter-hours, exact on 92- and 100-quarter days."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from market.domain.tender import Tender, TenderWindow
from optimizer.timegrid import AMSTERDAM, TimeGrid, local_instant
from optimizer.units import QUARTER_HOUR_S


def count_occurrences(tender: Tender, window: TenderWindow) -> dict[int, int]:
    """Count occurrences of a window over the season by their length in quarter-hours, shortest first."""
    lengths: Counter[int] = Counter()
    for offset in range((tender.season_to - tender.season_from).days + 1):
        day = tender.season_from + timedelta(days=offset)
        if day.isoweekday() in window.weekdays:
            lengths[_quarter_hours(day, window)] += 1
    return {length: lengths[length] for length in sorted(lengths) if length > 0}


def window_hours(tender: Tender, window: TenderWindow) -> Decimal:
    """Hours of a window over the season."""
    occurrences = count_occurrences(tender, window)
    return Decimal(sum(length * count for length, count in occurrences.items())) / 4


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
