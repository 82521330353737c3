"""A plan as pandas frames: tidy, with units in the names, indexed by the UTC start of each step."""

from __future__ import annotations

import pandas as pd

from optimizer.problems.site import SiteProblem
from optimizer.results.site import SitePlan
from optimizer.timegrid import TimeGrid


def power_frame(plan: SitePlan, grid: TimeGrid) -> pd.DataFrame:
    """Power per step: a column per asset in kW, then offtake and feed-in of the connection."""
    columns = {asset.asset_id: asset.power_kw for asset in plan.assets}
    columns |= {"offtake_kw": plan.offtake_kw, "feed_in_kw": plan.feed_in_kw}
    return pd.DataFrame(columns, index=_starts(grid))


def series_frame(plan: SitePlan, grid: TimeGrid) -> pd.DataFrame:
    """What assets do beside their power, in long form: asset, series, start of the step and value.

    A series on step boundaries, such as a temperature, has one value more, at the end of the grid.
    """
    rows = [
        (asset.asset_id, name, grid.at(step), float(value))
        for asset in plan.assets
        for name, values in sorted(asset.series.items())
        for step, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=["asset_id", "series", "start", "value"])


def window_frame(plan: SitePlan, problem: SiteProblem) -> pd.DataFrame:
    """Every step of every window: limit, excess and shadow value."""
    parts = [
        pd.DataFrame(
            {
                "window_id": window.id,
                "direction": str(window.direction),
                "limit_kw": window.limit_kw,
                "excess_kw": seen.excess_kw,
                "value_eur_per_kwh": seen.value_eur_per_kwh,
            },
            index=_starts(problem.grid),
        )[window.steps]
        for window, seen in zip(problem.windows, plan.windows, strict=True)
    ]
    columns = ["window_id", "direction", "limit_kw", "excess_kw", "value_eur_per_kwh"]
    return pd.concat(parts) if parts else pd.DataFrame(columns=columns)


def cost_frame(plan: SitePlan, uncontrolled: SitePlan | None = None) -> pd.DataFrame:
    """Cost per kind in EUR, beside the uncontrolled plan if there is one; the last row is the total."""
    plans = {"planned_eur": plan} | ({"uncontrolled_eur": uncontrolled} if uncontrolled else {})
    kinds = sorted({kind for shown in plans.values() for kind in shown.cost_eur})
    frame = pd.DataFrame(
        {name: [shown.cost_eur.get(kind, 0.0) for kind in kinds] for name, shown in plans.items()},
        index=pd.Index(kinds, name="kind"),
    )
    frame.loc["total"] = frame.sum()
    return frame


def _starts(grid: TimeGrid) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(grid.starts(), name="start")
