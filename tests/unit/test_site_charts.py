"""Charts show what the plan says, and the same plan gives the same bytes."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import numpy as np
from matplotlib.patches import StepPatch

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.assets import Batch
from optimizer.results.charts import draw_batches, draw_power_stack, draw_zone, save_chart
from optimizer.runs.site import dispatch_site
from tests.site_examples import SUMMER_DAY, depot, evening_window, grid_from, office_zone, site_of


def test_zone_chart_shows_plan_and_habit_as_the_same_bytes_twice(tmp_path: Path) -> None:
    grid = grid_from(SUMMER_DAY, time(7))
    zone = office_zone(grid)
    problem = site_of([zone], grid, windows=(evening_window(grid, 0.0),))
    plan = dispatch_site(problem).plan
    assert plan is not None
    for name in ("one.png", "two.png"):
        save_chart(draw_zone(problem, plan, zone, plan_uncontrolled(problem)), tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    above, below = draw_zone(problem, plan, zone).axes
    np.testing.assert_allclose(
        np.asarray(above.lines[0].get_ydata(), dtype=float), plan.asset("office").series["temperature_c"]
    )
    (power,) = [patch for patch in below.patches if isinstance(patch, StepPatch)]
    np.testing.assert_allclose(power.get_data()[0], plan.asset("office").power_kw)


def test_power_stack_ends_at_the_offtake_of_the_connection() -> None:
    problem = depot(90.0)
    plan = dispatch_site(problem).plan
    assert plan is not None
    (axis,) = draw_power_stack(problem, plan).axes
    top = max(
        (patch.get_data()[0] for patch in axis.patches if isinstance(patch, StepPatch) and patch.get_fill()),
        key=lambda values: float(values.sum()),
    )
    np.testing.assert_allclose(top, plan.offtake_kw, atol=1e-9)
    legend = axis.get_legend()
    assert legend is not None
    assert "3 × charging session" in [text.get_text() for text in legend.get_texts()]


def test_batch_chart_has_a_bar_per_batch() -> None:
    grid = grid_from(SUMMER_DAY)
    batches = [
        Batch(
            id=f"batch-{k}",
            profile_kw=np.array([5.0, 5.0]),
            earliest_start_step=0,
            latest_start_step=90,
            planned_start_step=k,
        )
        for k in range(3)
    ]
    problem = site_of(batches, grid)
    (axis,) = draw_batches(problem, plan_uncontrolled(problem)).axes
    assert len(axis.patches) == 3
    assert [text.get_text() for text in axis.get_yticklabels()] == ["batch-0", "batch-1", "batch-2"]
