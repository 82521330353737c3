"""Work out what flexibility to expect from scenario load against capacity, and score it against what was called.

A block is a run of consecutive steps in which load exceeds capacity. The score is Brier's: the mean squared distance
between the probability that was published for a period and what happened (1 called, 0 not); 0 is perfect, and always
saying one half gives 0.25 (Brier, Monthly Weather Review 78, 1950).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np

from market.domain.flex_expectation import ExpectedBlock, FlexExpectation, Horizon
from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import FloatArray
from optimizer.timegrid import AMSTERDAM, TimeGrid

PLACES = Decimal("0.001")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LoadScenario:
    """One course of the load of an area.

    Attributes:
        probability: its probability.
        load_mw: load per step of the grid, shape (steps,).
    """

    probability: float
    load_mw: FloatArray


def check_load_scenarios(grid: TimeGrid, scenarios: Sequence[LoadScenario], capacity_mw: float) -> tuple[Finding, ...]:
    """Find every fault of load scenarios."""
    found = [
        Finding(rule="expectation.load", path=f"scenarios[{k}].load_mw", message="one finite load is needed per step")
        for k, s in enumerate(scenarios)
        if s.load_mw.shape != (grid.steps,) or not np.isfinite(s.load_mw).all()
    ]
    total = sum(s.probability for s in scenarios)
    if not abs(total - 1.0) <= 1e-6 or any(not s.probability >= 0 for s in scenarios):
        message = f"probabilities add up to {total}, not 1"
        found.append(Finding(rule="expectation.probability", path="scenarios", message=message))
    if not (np.isfinite(capacity_mw) and capacity_mw >= 0):
        message = f"a capacity of {capacity_mw} MW is negative or not a number"
        found.append(Finding(rule="expectation.capacity", path="capacity_mw", message=message))
    return sort_findings(found)


def expect_flexibility(
    area_id: str,
    horizon: Horizon,
    grid: TimeGrid,
    scenarios: Sequence[LoadScenario],
    capacity_mw: float,
    *,
    issued_at: datetime,
    conditions: str = "",
    past_calls: int | None = None,
) -> FlexExpectation:
    """Work out the five published fields: per month for a year ahead, per week for a month, per day for the radar."""
    days = [start.date() for start in grid.local_starts(AMSTERDAM)]
    period_of = [_period(day, horizon) for day in days]
    blocks = []
    for first in sorted(set(period_of)):
        steps = np.array([p == first for p in period_of])
        here = [day for day, inside in zip(days, steps, strict=True) if inside]
        blocks.append(_expect_block(min(here), max(here), grid, scenarios, capacity_mw, steps))
    return FlexExpectation(
        area_id=area_id,
        horizon=horizon,
        issued_at=issued_at,
        blocks=tuple(blocks),
        conditions=conditions,
        past_calls=past_calls,
    )


def brier_score(expectation: FlexExpectation, called: Sequence[date]) -> Decimal:
    """Score what was expected against the days on which flexibility was called.

    Raises:
        ValueError: the expectation has no period.
    """
    if not expectation.blocks:
        raise ValueError("an expectation without periods has no score")
    errors = [
        (block.probability - int(any(block.first <= day <= block.last for day in called))) ** 2
        for block in expectation.blocks
    ]
    return (sum(errors, Decimal(0)) / len(errors)).quantize(Decimal("0.000001"))


def _expect_block(
    first: date,
    last: date,
    grid: TimeGrid,
    scenarios: Sequence[LoadScenario],
    capacity_mw: float,
    steps: np.ndarray[tuple[int], np.dtype[np.bool_]],
) -> ExpectedBlock:
    probability = expected = hours = energy = largest = 0.0
    for scenario in scenarios:
        short = np.maximum(scenario.load_mw[steps] - capacity_mw, 0.0)
        over = short > 1e-9
        begins = int(np.count_nonzero(np.diff(over.astype(np.int8), prepend=0) == 1))
        probability += scenario.probability * bool(begins)
        expected += scenario.probability * begins
        hours += scenario.probability * float(over.sum()) * grid.step_h
        energy += scenario.probability * float(short.sum()) * grid.step_h
        largest = max(largest, float(short.max(initial=0.0)))
    return ExpectedBlock(
        first=first,
        last=last,
        probability=_decimal(min(1.0, probability)),
        expected_blocks=_decimal(expected),
        mean_block_h=_decimal(hours / expected) if expected else None,
        largest_mw=_decimal(largest),
        expected_mwh=_decimal(energy),
    )


def _period(day: date, horizon: Horizon) -> date:
    if horizon is Horizon.YEAR:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if horizon is Horizon.MONTH else day


def _decimal(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(PLACES)
