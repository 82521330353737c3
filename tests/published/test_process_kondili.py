"""The state-task network of Kondili et al. (1993) in the two variants with published optima.

Data: the network as encoded in J. C. Kantor's ND-Pyomo-Cookbook, notebook 04.05 (MIT licence). Optima: 2744.375 for a
horizon of 10 with feeds of 200, reactors of 80 and 50, intermediates at -1, products at 10 and no start cost;
4870.33 net of 23 starts for a horizon of 16 with both reactors 80, intermediates at -100 and 1 per start.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from optimizer.problems.checks_site import check_site
from optimizer.problems.process import Material, ProcessPlant, Recipe, Running
from optimizer.problems.site import SiteProblem
from optimizer.runs.site import dispatch_site
from optimizer.timegrid import TimeGrid
from optimizer.verify.site import verify_site
from tests.site_examples import WINTER_DAY, grid_from, site_of

TANKS = {"Hot_A": 100.0, "Int_AB": 200.0, "Int_BC": 150.0, "Impure_E": 100.0}
RECIPES = (
    Recipe(id="Heating", inputs={"Feed_A": 1.0}, outputs={"Hot_A": (1.0, 1)}),
    Recipe(id="Reaction_1", inputs={"Feed_B": 0.5, "Feed_C": 0.5}, outputs={"Int_BC": (1.0, 2)}),
    Recipe(
        id="Reaction_2",
        inputs={"Hot_A": 0.4, "Int_BC": 0.6},
        outputs={"Product_1": (0.4, 2), "Int_AB": (0.6, 2)},
    ),
    Recipe(id="Reaction_3", inputs={"Feed_C": 0.2, "Int_AB": 0.8}, outputs={"Impure_E": (1.0, 1)}),
    Recipe(id="Separation", inputs={"Impure_E": 1.0}, outputs={"Int_AB": (0.1, 2), "Product_2": (0.9, 1)}),
)


def _site(hours: int, *, feed: float, reactors: tuple[float, float], leftover: float, start: float) -> SiteProblem:
    start_grid = grid_from(WINTER_DAY).start
    grid = TimeGrid(start=start_grid, steps=hours, step_s=3600)
    reactions = ("Reaction_1", "Reaction_2", "Reaction_3")
    units: list[tuple[str, str, float]] = [("Heater", "Heating", 100.0), ("Still", "Separation", 200.0)]
    units += [(f"Reactor_{k + 1}", task, reactors[k]) for k in (0, 1) for task in reactions]
    plant = ProcessPlant(
        id="plant",
        materials=(
            *(Material(id=f"Feed_{x}", capacity=500.0, initial=feed) for x in "ABC"),
            *(Material(id=name, capacity=size, value_eur=leftover) for name, size in TANKS.items()),
            *(Material(id=f"Product_{k}", capacity=500.0, value_eur=10.0) for k in (1, 2)),
        ),
        recipes=RECIPES,
        running=tuple(Running(unit=u, task=k, most=most, start_cost_eur=start) for u, k, most in units),
    )
    return site_of([plant], grid)


CASES: list[tuple[dict[str, Any], float]] = [
    ({"hours": 10, "feed": 200.0, "reactors": (80.0, 50.0), "leftover": -1.0, "start": 0.0}, 2744.375),
    (
        {"hours": 16, "feed": 500.0, "reactors": (80.0, 80.0), "leftover": -100.0, "start": 1.0},
        4893.0 + 1.0 / 3.0 - 23.0,
    ),
]


@pytest.mark.parametrize(("variant", "published"), CASES)
def test_published_optimum(variant: dict[str, Any], published: float) -> None:
    outcome = dispatch_site(_site(**variant))
    assert outcome.plan is not None
    assert -outcome.plan.total_cost_eur == pytest.approx(published, abs=1e-3)
    assert outcome.gap_eur is not None
    assert outcome.gap_eur <= 1e-2


def test_power_moves_the_batches_out_of_a_window() -> None:
    problem = _site(**CASES[0][0])
    (plant,) = problem.assets
    assert isinstance(plant, ProcessPlant)
    running = tuple(replace(r, power_kw=10.0, power_kw_per_amount=0.5) for r in plant.running)
    hungry = replace(problem, assets=(replace(plant, running=running),))
    free = dispatch_site(hungry).plan
    assert free is not None
    limit = np.where(np.arange(10) % 5 == 2, 40.0, 150.0)
    squeezed = dispatch_site(replace(hungry, contracted_offtake_kw=limit)).plan
    assert squeezed is not None
    assert squeezed.offtake_kw[[2, 7]].max() <= 40.0 + 1e-6
    assert squeezed.total_cost_eur > free.total_cost_eur


def test_the_judge_finds_a_batch_that_was_never_fed() -> None:
    problem = _site(**CASES[0][0])
    plan = dispatch_site(problem).plan
    assert plan is not None
    series = dict(plan.assets[0].series)
    name = next(key for key in sorted(series) if key.startswith("size[Reactor"))
    series[name] = np.where(series[name] > 0.0, series[name] + 5.0, 0.0)
    changed = replace(plan, assets=(replace(plan.assets[0], series=series),))
    assert verify_site(problem, changed)


def test_a_faulty_plant_is_refused_with_every_fault() -> None:
    problem = _site(**CASES[0][0])
    (plant,) = problem.assets
    assert isinstance(plant, ProcessPlant)
    faulty = replace(
        plant,
        materials=(*plant.materials, Material(id="tank", capacity=1.0, initial=2.0)),
        recipes=(*plant.recipes, Recipe(id="magic", inputs={"nothing": 1.0}, outputs={})),
        running=(*plant.running, Running(unit="u", task="unknown", most=-1.0, may_start=np.ones(3, dtype=bool))),
    )
    rules = [finding.rule for finding in check_site(replace(problem, assets=(faulty,)))]
    assert sorted(rules) == [
        "site.plant.material",
        "site.plant.recipe",
        "site.plant.running",
        "site.plant.series",
        "site.plant.stock",
        "site.plant.task",
    ]
