"""Times in sentences: local wall clock, as people on the site read it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from optimizer.timegrid import AMSTERDAM, TimeGrid


def say_time(grid: TimeGrid, step: int) -> str:
    """Local time of the start of a step, with the date where it is not the day the grid starts on."""
    first = grid.start.astimezone(AMSTERDAM)
    instant = (grid.start + timedelta(seconds=step * grid.step_s)).astimezone(AMSTERDAM)
    clock = instant.strftime("%H:%M")
    return clock if instant.date() == first.date() else f"{clock} on {instant:%Y-%m-%d}"


def say_hours(grid: TimeGrid, steps: Sequence[int]) -> str:
    """Local hours covered by sorted steps, as a list of intervals."""
    spans: list[list[int]] = []
    for step in steps:
        if spans and spans[-1][1] == step:
            spans[-1][1] = step + 1
        else:
            spans.append([step, step + 1])
    return ", ".join(f"{say_time(grid, begin)} to {say_time(grid, end)}" for begin, end in spans)
