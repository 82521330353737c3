"""When a tender is called: segments of its season, events with their need, and limits on use over days and years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

import numpy as np

from market.clearing.tender_calendar import occurrences_by_day
from market.domain.bid import Bid
from market.domain.tender import Tender, TenderWindow
from optimizer.problems.tender import UsageLimits
from optimizer.timegrid import AMSTERDAM
from optimizer.units import QUARTER_HOUR_H


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Part of the season in one calendar year over which the same bids are available.

    Attributes:
        first: first day.
        last: last day, inclusive.
        hours: hours per window id in it.
        lengths: occurrences per window id and length in quarter-hours.
    """

    first: date
    last: date
    hours: Mapping[str, Decimal]
    lengths: Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedEvent:
    """An event of the problem.

    Attributes:
        window: position of its window.
        scenario: position of its scenario.
        segment: position of its segment.
        occurrences: how often it occurs in its scenario.
        step_h: length of a step.
        need_mw: need per step.
        day: first local day on which it occurs.
        recurs: whether it stands for many days rather than this one.
        variant: rank by frequency among the lengths of a recurring window; 0 is the ordinary day.
    """

    window: int
    scenario: int
    segment: int
    occurrences: float
    step_h: float
    need_mw: tuple[float, ...]
    day: date
    recurs: bool
    variant: int = 0


def cut_season(tender: Tender, bids: Sequence[Bid]) -> tuple[Segment, ...]:
    """Cut the season at new years and where a bid begins or ends to be available."""
    cuts = {tender.season_from, *(date(y, 1, 1) for y in range(tender.season_from.year + 1, tender.season_to.year + 1))}
    cuts |= {bid.available_from for bid in bids if bid.available_from is not None}
    cuts |= {bid.available_until + timedelta(days=1) for bid in bids if bid.available_until is not None}
    starts = sorted(day for day in cuts if tender.season_from <= day <= tender.season_to)
    ends = [day - timedelta(days=1) for day in starts[1:]] + [tender.season_to]
    by_day = {window.id: occurrences_by_day(tender, window) for window in tender.windows}
    segments = []
    for first, last in zip(starts, ends, strict=True):
        lengths: dict[str, dict[int, int]] = {}
        for window, days in by_day.items():
            found: dict[int, int] = {}
            for day, length in days:
                if first <= day <= last:
                    found[length] = found.get(length, 0) + 1
            lengths[window] = dict(sorted(found.items()))
        hours = {w: Decimal(sum(n * times for n, times in found.items())) / 4 for w, found in lengths.items()}
        segments.append(Segment(first=first, last=last, hours=hours, lengths=lengths))
    return tuple(segments)


def is_available(bid: Bid, segment: Segment) -> bool:
    """Whether a bid is available throughout a segment."""
    begins = bid.available_from is None or bid.available_from <= segment.first
    return begins and (bid.available_until is None or segment.last <= bid.available_until)


def plan_events(
    tender: Tender, segments: Sequence[Segment], offers: Sequence[tuple[Bid, TenderWindow]]
) -> tuple[PlannedEvent, ...]:
    """Turn windows, or scenarios where there are any, into events; equal events without limits on use become one."""
    planned = _scenario_events(tender, segments) if tender.scenarios else _window_events(tender, segments, offers)
    if any(_limits_of(bid) for bid, _ in offers):
        return planned
    alike: dict[tuple[object, ...], PlannedEvent] = {}
    for event in planned:
        key = (event.window, event.scenario, event.segment, event.step_h, event.need_mw)
        known = alike.get(key)
        times = event.occurrences + (known.occurrences if known else 0.0)
        alike[key] = replace(known or event, occurrences=times)
    return tuple(alike.values())


def limit_usage(bids: Sequence[Bid], events: Sequence[PlannedEvent], windows: Sequence[str]) -> UsageLimits:
    """Write the limits on hours and activations per MW over days, weeks and years."""
    limits: list[tuple[int, bool, float]] = []
    pairs: list[tuple[int, int, float]] = []
    for position, bid in enumerate(bids):
        mine = [k for k, event in enumerate(events) if windows[event.window] in bid.windows]
        for period, of_activations, most in _limits_of(bid):
            groups: dict[tuple[object, ...], list[int]] = {}
            for k in mine:
                if not (events[k].recurs and period != "day"):
                    groups.setdefault((events[k].scenario, *_period(events[k], period)), []).append(k)
            for group in groups.values():
                pairs += [(len(limits), k, 1.0 if period == "day" else events[k].occurrences) for k in group]
                limits.append((position, of_activations, most))
    return UsageLimits(
        bid=np.array([b for b, _, _ in limits], dtype=np.int64),
        of_activations=np.array([a for _, a, _ in limits], dtype=np.bool_),
        most=np.array([m for _, _, m in limits], dtype=np.float64),
        pair_limit=np.array([j for j, _, _ in pairs], dtype=np.int64),
        pair_event=np.array([e for _, e, _ in pairs], dtype=np.int64),
        pair_times=np.array([n for _, _, n in pairs], dtype=np.float64),
    )


def needs_same_lots(bid: Bid) -> bool:
    """Whether a bid must be contracted with the same MW in all its windows: it says so, or its use is limited."""
    return bid.all_windows or (len(bid.windows) > 1 and bool(_limits_of(bid)))


def _limits_of(bid: Bid) -> list[tuple[str, bool, float]]:
    """Limits as (period, of activations, most per MW)."""
    quantity = float(bid.quantity_mw)
    limits = [
        ("day", False, None if bid.energy_mwh_per_day is None else float(bid.energy_mwh_per_day) / quantity),
        ("day", True, bid.activations_per_day),
        ("week", True, bid.activations_per_week),
        ("year", True, bid.activations_per_year),
        ("year", False, bid.hours_per_year),
    ]
    return [(period, counted, float(most)) for period, counted, most in limits if most is not None]


def _period(event: PlannedEvent, period: str) -> tuple[object, ...]:
    if event.recurs:
        return (event.segment, event.variant)
    if period == "day":
        return (event.day,)
    return tuple(event.day.isocalendar()[:2]) if period == "week" else (event.day.year,)


def _window_events(
    tender: Tender, segments: Sequence[Segment], offers: Sequence[tuple[Bid, TenderWindow]]
) -> tuple[PlannedEvent, ...]:
    """Need in every quarter-hour of every occurrence; one step where nobody's run time or use is short."""
    events = []
    for w, window in enumerate(tender.windows):
        mine = [bid for bid, offered in offers if offered.id == window.id]
        need = float(max(Decimal(0), window.min_mw - window.contracted_mw))
        for g, segment in enumerate(segments):
            lengths = segment.lengths[window.id]
            longest = max(lengths, default=0) * QUARTER_HOUR_H
            one_step = not any((b.max_run_h is not None and b.max_run_h < longest) or _limits_of(b) for b in mine)
            if one_step and lengths:
                lengths = {1: sum(n * times for n, times in lengths.items())}
            by_frequency = sorted(lengths, key=lambda n: (-lengths[n], n))
            events += [
                PlannedEvent(
                    window=w,
                    scenario=0,
                    segment=g,
                    occurrences=float(times),
                    step_h=QUARTER_HOUR_H,
                    need_mw=(need,) * length,
                    day=segment.first,
                    recurs=True,
                    variant=by_frequency.index(length),
                )
                for length, times in lengths.items()
            ]
    return tuple(events)


def _scenario_events(tender: Tender, segments: Sequence[Segment]) -> tuple[PlannedEvent, ...]:
    windows = {window.id: (k, float(window.contracted_mw)) for k, window in enumerate(tender.windows)}
    events = []
    for s, scenario in enumerate(sorted(tender.scenarios, key=lambda scenario: scenario.id)):
        for event in sorted(scenario.events, key=lambda e: (e.start, e.window_id)):
            window, contracted = windows[event.window_id]
            day = event.start.astimezone(AMSTERDAM).date()
            segment = next(g for g, part in enumerate(segments) if part.first <= day <= part.last)
            need = tuple(max(0.0, float(mw) - contracted) for mw in event.need_mw)
            events.append(
                PlannedEvent(
                    window=window,
                    scenario=s,
                    segment=segment,
                    occurrences=1.0,
                    step_h=float(event.step_h),
                    need_mw=need,
                    day=day,
                    recurs=False,
                )
            )
    return tuple(events)
