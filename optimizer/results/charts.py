"""Charts of a plan: power stack against the limit, temperature band against power, batches over time.

matplotlib is an optional dependency (``pip install flexclear[chart]``) and is imported when a chart is drawn.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from optimizer.problems.assets import BuildingZone
from optimizer.problems.contracts import offtake_capacity_kw
from optimizer.problems.profiles import comfort_band
from optimizer.problems.series import BoolArray, FloatArray
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import Direction
from optimizer.results.site import SitePlan
from optimizer.timegrid import AMSTERDAM, TimeGrid

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, POWER, HABIT, BAND, LIMIT = "#1f2933", "#1f6f8b", "#9aa5b1", "#dcebdd", "#b3362b"
PALETTE = ("#c9d1d9", "#1f6f8b", "#e0a43b", "#6a9a5b", "#8c5b8f", "#4f6d7a", "#d97757")


def draw_zone(problem: SiteProblem, plan: SitePlan, zone: BuildingZone, habit: SitePlan | None = None) -> Figure:
    """Draw the temperature of a zone in its comfort band above the power of its machines.

    Args:
        problem: the site.
        plan: its plan.
        zone: a zone of the site.
        habit: the uncontrolled plan to compare with.
    """
    figure, (above, below) = _axes(2)
    bounds = _local_times(problem.grid, problem.grid.steps + 1)
    lower, upper = comfort_band(zone, problem.grid)
    above.fill_between(bounds[1:], lower[1:], upper[1:], color=BAND, label="comfort band")
    below.set_ylabel("power (kW)")
    above.set_ylabel("temperature (°C)")
    for label, shown, colour in (("uncontrolled", habit, HABIT), ("planned", plan, POWER)):
        if shown is not None:
            of_zone = shown.asset(zone.id)
            above.plot(bounds, of_zone.series["temperature_c"], color=colour, label=label)
            below.stairs(of_zone.power_kw, _edges(bounds), color=colour, label=label)
    shaded = np.zeros(problem.grid.steps, dtype=np.bool_)
    for window in problem.windows:
        shaded |= window.steps
    for axis in (above, below):
        _shade(axis, bounds, shaded)
    _legend(above)
    return figure


def draw_power_stack(problem: SiteProblem, plan: SitePlan) -> Figure:
    """Draw the power of every kind of asset on top of each other, against contracted capacity and windows."""
    figure, (axis,) = _axes(1)
    edges = _edges(_local_times(problem.grid, problem.grid.steps + 1))
    stack = _power_by_kind(plan)
    for sign in (1.0, -1.0):
        base = np.zeros(problem.grid.steps)
        for k, (kind, power) in enumerate(stack.items()):
            part = sign * np.maximum(sign * power, 0.0)
            label = kind if sign > 0.0 else "_nolegend_"
            axis.stairs(base + part, edges, baseline=base, fill=True, color=PALETTE[k % len(PALETTE)], label=label)
            base = base + part
    axis.stairs(offtake_capacity_kw(problem), edges, color=LIMIT, label="contracted capacity", baseline=None)
    for window in problem.windows:
        if window.direction is Direction.OFFTAKE and not window.asset_ids:
            limit = np.where(window.steps, window.limit_kw, np.nan)
            axis.stairs(limit, edges, color=LIMIT, linestyle="--", label=f"window {window.id}", baseline=None)
    axis.set_ylabel("power (kW)")
    _legend(axis)
    return figure


def _power_by_kind(plan: SitePlan) -> dict[str, FloatArray]:
    count = Counter(asset.kind for asset in plan.assets)
    stack: dict[str, FloatArray] = {}
    for asset in sorted(plan.assets, key=lambda a: a.kind):
        name = asset.kind if count[asset.kind] == 1 else f"{count[asset.kind]} × {asset.kind}"
        stack[name] = stack.get(name, np.zeros(len(asset.power_kw))) + asset.power_kw
    return stack


def draw_batches(problem: SiteProblem, plan: SitePlan) -> Figure:
    """Draw the running times of every batch of the plan as a Gantt chart."""
    figure, (axis,) = _axes(1)
    bounds = _local_times(problem.grid, problem.grid.steps + 1)
    batches = [asset for asset in plan.assets if "start" in asset.series]
    for row, asset in enumerate(batches):
        running = np.flatnonzero(asset.power_kw != 0.0)
        if len(running):
            begin, end = bounds[running[0]], bounds[running[-1] + 1]
            axis.barh(row, end - begin, left=begin, height=0.6, color=POWER)
    axis.set_yticks(range(len(batches)), [asset.asset_id for asset in batches])
    axis.invert_yaxis()
    axis.set_xlim(bounds[0], bounds[-1])
    return figure


def save_chart(figure: Figure, path: Path) -> None:
    """Write a chart as PNG, always with the same bytes for the same figure."""
    figure.savefig(path, dpi=120, metadata={"Software": None})


def _axes(rows: int) -> tuple[Figure, tuple[Axes, ...]]:
    """Make a figure without a window system: nothing here opens a screen or keeps global state."""
    from matplotlib.dates import DateFormatter, HourLocator
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.0, 2.4 + 1.6 * rows), layout="constrained")
    axes = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
    for axis in axes:
        axis.spines[["top", "right"]].set_visible(False)
        axis.tick_params(colors=INK)
        axis.xaxis.set_major_locator(HourLocator(byhour=range(0, 24, 3), tz=AMSTERDAM))  # type: ignore[no-untyped-call]
        axis.xaxis.set_major_formatter(DateFormatter("%H:%M", tz=AMSTERDAM))  # type: ignore[no-untyped-call]
    return figure, tuple(axes)


def _legend(axis: Axes) -> None:
    entries = dict(zip(*axis.get_legend_handles_labels()[::-1], strict=True))
    axis.legend(
        entries.values(),
        entries.keys(),
        loc="lower left",
        bbox_to_anchor=(0.0, 1.0),
        frameon=False,
        ncols=3,
        fontsize="small",
    )


def _local_times(grid: TimeGrid, count: int) -> list[Any]:
    return [grid.at(step).astimezone(AMSTERDAM) for step in range(count)]


def _edges(times: list[Any]) -> FloatArray:
    from matplotlib.dates import date2num

    return np.asarray(date2num(times), dtype=np.float64)  # type: ignore[no-untyped-call]


def _shade(axis: Axes, bounds: list[Any], steps: BoolArray) -> None:
    padded = np.concatenate([[False], steps, [False]])
    changes = np.flatnonzero(padded[1:] != padded[:-1])
    for begin, end in zip(changes[::2], changes[1::2], strict=True):
        axis.axvspan(bounds[begin], bounds[end], color=LIMIT, alpha=0.10, linewidth=0, label="congestion window")
