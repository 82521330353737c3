"""Baselines: what a connection would have done. Named methods with one interface, for bids and for settlement alike.

A bid states the method it was computed with, and settlement uses the same function on what was known or measured. With
one baseline a number of chargers makes 100 kW, with another four times as many do: none is right, so none is a default.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Final

import numpy as np

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.errors import InvalidProblemError
from optimizer.findings import Finding
from optimizer.problems.series import BoolArray, FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.timegrid import AMSTERDAM, TimeGrid


class BaselineMethod(StrEnum):
    """Name of a baseline method, as written in bids and statements.

    `NOMINATION`: the programme the provider announced. `CONTRACT_LIMIT`: the contracted capacity, so that only power
    below it counts. `COMPARABLE_DAYS`: the mean of the last comparable days, adjusted to the hours before the call.
    `UNCONTROLLED`: every asset by its habit, vehicles at full power from arrival. `PRICE_OPTIMISED`: the plan that is
    cheapest at the energy prices without any promise.
    """

    NOMINATION = "nomination"
    CONTRACT_LIMIT = "contract_limit"
    COMPARABLE_DAYS = "comparable_days"
    UNCONTROLLED = "uncontrolled"
    PRICE_OPTIMISED = "price_optimised"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredPast:
    """Metered power of a connection.

    Attributes:
        grid: quarter-hours, gaps included.
        power_kw: net power, consumption positive, NaN where the meter is silent, shape (steps,).
        event_days: local days on which flexibility was called; they are not comparable.
        holidays: local days that count as Sundays.
    """

    grid: TimeGrid
    power_kw: FloatArray
    event_days: frozenset[date] = frozenset()
    holidays: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ComparableDays:
    """Parameters of the method of comparable days.

    Attributes:
        days: number of days averaged: the last of the same kind (working day, Saturday, Sunday) before each day.
        adjust_hours: length of the adjustment period; 0 for none.
        adjust_gap_hours: hours between the end of that period and the call, so that preparing does not move it.
        most_adjustment: largest adjustment as a share of the unadjusted baseline of that period.
    """

    days: int = 5
    adjust_hours: float = 2.0
    adjust_gap_hours: float = 1.0
    most_adjustment: float = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaselineEvidence:
    """Everything a method may look at.

    Attributes:
        site: the connection without the promise, on the grid of the baseline.
        nomination_kw: the announced programme, shape (steps,).
        measured: the metered past, up to the call where it is to be adjusted.
        called: steps in which flexibility is called, shape (steps,); for the adjustment.
        comparable: parameters of the comparable days.
    """

    site: SiteProblem
    nomination_kw: FloatArray | None = None
    measured: MeasuredPast | None = None
    called: BoolArray | None = None
    comparable: ComparableDays = field(default_factory=ComparableDays)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Baseline:
    """A baseline with its name.

    Attributes:
        method: how it was computed.
        grid: quarter-hours.
        power_kw: net power, consumption positive, shape (steps,).
        statement: the method in one sentence, with its parameters.
    """

    method: BaselineMethod
    grid: TimeGrid
    power_kw: FloatArray
    statement: str


def compute_baseline(method: BaselineMethod, evidence: BaselineEvidence) -> Baseline:
    """Compute a baseline by name.

    Raises:
        InvalidProblemError: the evidence lacks what the method needs; the findings say what.
    """
    power, statement = METHODS[method](evidence)
    return Baseline(method=method, grid=evidence.site.grid, power_kw=power, statement=statement)


def _nominate(evidence: BaselineEvidence) -> tuple[FloatArray, str]:
    programme = evidence.nomination_kw
    steps = evidence.site.grid.steps
    if programme is None or programme.shape != (steps,) or not np.isfinite(programme).all():
        raise _lacking("nomination_kw", f"a nomination has one finite value for each of the {steps} quarter-hours")
    return programme, "the programme announced by the provider"


def _limit(evidence: BaselineEvidence) -> tuple[FloatArray, str]:
    return evidence.site.contracted_offtake_kw, "the contracted capacity; only power below it counts as delivered"


def _uncontrolled(evidence: BaselineEvidence) -> tuple[FloatArray, str]:
    site = evidence.site
    plan = plan_uncontrolled(site)
    net = np.clip(plan.offtake_kw - plan.feed_in_kw, -site.contracted_feed_in_kw, site.contracted_offtake_kw)
    return net, "every asset by its habit, vehicles at full power from arrival, cut off at the contracted capacity"


def _price_optimised(evidence: BaselineEvidence) -> tuple[FloatArray, str]:
    outcome = dispatch_site(evidence.site)
    if outcome.plan is None:
        raise InvalidProblemError(outcome.findings or (_missing("site", "the site has no plan at these prices"),))
    return outcome.plan.offtake_kw - outcome.plan.feed_in_kw, "the cheapest plan at the energy prices, without promise"


def _compare(evidence: BaselineEvidence) -> tuple[FloatArray, str]:
    past, rule, grid = evidence.measured, evidence.comparable, evidence.site.grid
    if past is None or past.power_kw.shape != (past.grid.steps,):
        raise _lacking("measured", "comparable days need the metered past of the connection")
    known = {
        (now.date(), now.time()): float(kw)
        for now, kw in zip(past.grid.local_starts(), past.power_kw, strict=True)
        if np.isfinite(kw)
    }
    starts = grid.local_starts()
    power = np.array([_mean_of_days(now, known, past, rule.days) for now in starts])
    if not np.isfinite(power).all():
        when = starts[int(np.argmax(~np.isfinite(power)))]
        text = f"there are fewer than {rule.days} comparable days with a value at {when:%H:%M} before {when.date()}"
        raise _lacking("measured", text)
    shift = _adjustment(evidence, known, power)
    words = f"the mean of the last {rule.days} comparable days"
    if rule.adjust_hours and evidence.called is not None:
        words += (
            f", moved by {shift:.1f} kW to fit the {rule.adjust_hours:g} h that end {rule.adjust_gap_hours:g} h before"
            " the call"
        )
    return power + shift, words


def _mean_of_days(now: datetime, known: Mapping[tuple[date, time], float], past: MeasuredPast, wanted: int) -> float:
    day, values = now.date(), list[float]()
    first = past.grid.start.astimezone(AMSTERDAM).date()
    while len(values) < wanted and day > first:
        day -= timedelta(days=1)
        if day in past.event_days or _kind(day, past) != _kind(now.date(), past):
            continue
        value = known.get((day, now.time()))
        if value is not None:
            values.append(value)
    return float(np.mean(values)) if len(values) == wanted else np.nan


def _kind(day: date, past: MeasuredPast) -> int:
    return 7 if day in past.holidays else max(5, day.isoweekday())


def _adjustment(evidence: BaselineEvidence, known: Mapping[tuple[date, time], float], power: FloatArray) -> float:
    rule, grid, called = evidence.comparable, evidence.site.grid, evidence.called
    if called is None or not called.any() or rule.adjust_hours <= 0.0:
        return 0.0
    end = int(np.argmax(called)) - round(rule.adjust_gap_hours / grid.step_h)
    begin = max(0, end - round(rule.adjust_hours / grid.step_h))
    pairs = [
        (known[now.date(), now.time()], power[begin + k])
        for k, now in enumerate(grid.local_starts()[begin:end])
        if (now.date(), now.time()) in known
    ]
    if not pairs:
        return 0.0
    seen, expected = np.mean(np.array(pairs), axis=0)
    most = rule.most_adjustment * abs(float(expected))
    return float(np.clip(seen - expected, -most, most))


def _missing(path: str, message: str) -> Finding:
    return Finding(rule=f"baseline.{path}", path=path, message=message)


def _lacking(path: str, message: str) -> InvalidProblemError:
    return InvalidProblemError((_missing(path, message),))


METHODS: Final[Mapping[BaselineMethod, Callable[[BaselineEvidence], tuple[FloatArray, str]]]] = {
    BaselineMethod.NOMINATION: _nominate,
    BaselineMethod.CONTRACT_LIMIT: _limit,
    BaselineMethod.COMPARABLE_DAYS: _compare,
    BaselineMethod.UNCONTROLLED: _uncontrolled,
    BaselineMethod.PRICE_OPTIMISED: _price_optimised,
}
"""Every method by name."""
