"""Rules for the scenarios of a tender."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise

from market.domain.tender import CongestionEvent, Tender
from optimizer.findings import Finding
from optimizer.timegrid import AMSTERDAM

PROBABILITY_TOLERANCE = Decimal("0.000001")


def check_scenarios(tender: Tender) -> tuple[Finding, ...]:
    """Find every fault of the scenarios; empty when there are none."""
    return tuple(_faults(tender)) if tender.scenarios else ()


def _faults(tender: Tender) -> Iterator[Finding]:
    for name, count in sorted(Counter(s.id for s in tender.scenarios).items()):
        if count > 1:
            yield _finding("tender.scenario.unique", "scenarios", f"scenario {name} occurs {count} times")
    probabilities = [s.probability for s in tender.scenarios]
    if any(not p.is_finite() or p < 0 for p in probabilities):
        yield _finding("tender.scenario.probability", "scenarios", "a probability is negative or not a number")
    elif abs(sum(probabilities, Decimal(0)) - 1) > PROBABILITY_TOLERANCE:
        yield _finding(
            "tender.scenario.probability", "scenarios", f"probabilities add up to {sum(probabilities)}, not 1"
        )
    known = {window.id for window in tender.windows}
    for s, scenario in enumerate(tender.scenarios):
        for k, event in enumerate(scenario.events):
            yield from _event_faults(tender, event, f"scenarios[{s}].events[{k}]", known)
        yield from _overlaps(scenario.events, f"scenarios[{s}].events")


def _event_faults(tender: Tender, event: CongestionEvent, path: str, known: set[str]) -> Iterator[Finding]:
    if event.window_id not in known:
        yield _finding("tender.event.window", f"{path}.window_id", f"the tender has no window {event.window_id}")
    if event.start.tzinfo is None:
        yield _finding("tender.event.start", f"{path}.start", "the start of an event has a time zone")
    elif not tender.season_from <= event.start.astimezone(AMSTERDAM).date() <= tender.season_to:
        yield _finding("tender.event.season", f"{path}.start", f"{event.start.isoformat()} is outside the season")
    if not event.need_mw or any(not mw.is_finite() or mw < 0 for mw in event.need_mw):
        yield _finding("tender.event.need_mw", f"{path}.need_mw", "a need is missing, negative or not a number")
    if not event.step_h.is_finite() or event.step_h <= 0:
        yield _finding("tender.event.step_h", f"{path}.step_h", f"a step of {event.step_h} h is not a positive length")


def _overlaps(events: tuple[CongestionEvent, ...], path: str) -> Iterator[Finding]:
    """Events of one scenario share the same MW, so they must not overlap in time."""
    sound = [e for e in events if e.start.tzinfo is not None and e.step_h.is_finite()]
    ordered = sorted(sound, key=lambda e: (e.start, e.window_id))
    for earlier, later in pairwise(ordered):
        if earlier.start + timedelta(hours=float(earlier.step_h) * len(earlier.need_mw)) > later.start:
            yield _finding("tender.event.overlap", path, f"events overlap at {later.start.isoformat()}")


def _finding(rule: str, path: str, message: str) -> Finding:
    return Finding(rule=rule, path=path, message=message)
