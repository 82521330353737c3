"""An asset type from outside the package, as the page ``docs/add_an_asset.md`` tells it, in under 80 lines."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from optimizer.baselines.uncontrolled import plan_uncontrolled
from optimizer.problems.checks_site import check_site
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.verify.site import verify_site
from tests.pool_pump import PoolPump
from tests.site_examples import WINTER_DAY, evening_window, grid_from, site_of

GRID = grid_from(WINTER_DAY)


def _pool(chlorine: float = 5.0) -> SiteProblem:
    price = np.where(np.arange(96) < 48, 0.3, 0.1)
    pump: Any = PoolPump(id="pump", power_kw=2.0, hours=6.0, chlorine_eur_per_h=chlorine)
    return site_of([pump], GRID, offtake_price_eur_per_kwh=price, windows=(evening_window(GRID, 0.5),))


def test_the_new_asset_is_planned_verified_compared_and_explained() -> None:
    plan = dispatch_site(_pool()).plan
    assert plan is not None
    assert plan.total_cost_eur == pytest.approx(6.0 * 2.0 * 0.1, abs=1e-6)
    assert plan.asset("pump").kind == "pool pump"
    assert plan_uncontrolled(_pool()).total_cost_eur == pytest.approx(6.0 * 2.0 * 0.3)
    skipped = dispatch_site(_pool(chlorine=0.05)).plan
    assert skipped is not None
    assert skipped.slack == ("pump: 6.000 hours of filtering",)


def test_its_checks_and_its_judge_work() -> None:
    problem = _pool()
    faulty: Any = PoolPump(id="pump", power_kw=0.0, hours=30.0, chlorine_eur_per_h=1.0)
    assert [f.rule for f in check_site(replace(problem, assets=(faulty,)))] == ["site.pump.hours", "site.pump.power_kw"]
    plan = dispatch_site(problem).plan
    assert plan is not None
    cheated = replace(plan, assets=(replace(plan.assets[0], cost_eur={"chlorine": -1.0}),))
    assert verify_site(problem, cheated)


def test_an_asset_nobody_registered_is_refused_by_the_model_and_by_the_judge() -> None:
    @dataclass(frozen=True)
    class Unknown:
        id: str = "thing"

    stranger: Any = Unknown()
    with pytest.raises(TypeError, match="no block is registered"):
        dispatch_site(site_of([stranger], GRID))
    plan = dispatch_site(_pool()).plan
    assert plan is not None
    renamed = replace(plan, assets=(replace(plan.assets[0], asset_id="thing"),))
    assert "verify.judge" in {f.rule for f in verify_site(replace(_pool(), assets=(stranger,)), renamed)}


def test_the_page_shows_this_code_and_it_is_under_80_lines() -> None:
    root = Path(__file__).parents[2]
    source = (root / "tests" / "pool_pump.py").read_text(encoding="utf-8")
    assert len(source.splitlines()) < 80
    page = (root / "docs" / "add_an_asset.md").read_text(encoding="utf-8")
    blocks = [block.split("\n```")[0] for block in page.split("```python\n")[1:]]
    assert "\n\n\n".join(blocks) + "\n" == source
