"""A batch plant as a state-task network: materials, recipes and the units that run them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A feed, intermediate or product with its tank.

    Attributes:
        id: id of the material.
        capacity: most that can be stored; inf where unlimited.
        initial: amount in store at the start.
        value_eur: value per unit of amount left at the end; negative where leftovers cost.
    """

    id: str
    capacity: float = float("inf")
    initial: float = 0.0
    value_eur: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a task turns into what, per unit of batch size.

    Attributes:
        id: id of the task.
        inputs: share taken of each material at the start.
        outputs: share given to each material, and after how many steps.
    """

    id: str
    inputs: Mapping[str, float]
    outputs: Mapping[str, tuple[float, int]]

    @property
    def duration_steps(self) -> int:
        """Steps a unit is occupied: until the last output."""
        return max(steps for _, steps in self.outputs.values())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Running:
    """A unit that can run a task.

    Attributes:
        unit: id of the unit.
        task: id of the recipe.
        least: smallest batch; equal to ``most`` for a fixed size.
        most: largest batch.
        start_cost_eur: cost per start.
        power_kw: power while running, whatever the size.
        power_kw_per_amount: further power per unit of batch size while running.
        cleaning_steps: steps the unit is out of use afterwards.
        may_start: True in the steps in which staff can start it, shape (steps,); None for always.
    """

    unit: str
    task: str
    most: float
    least: float = 0.0
    start_cost_eur: float = 0.0
    power_kw: float = 0.0
    power_kw_per_amount: float = 0.0
    cleaning_steps: int = 0
    may_start: NDArray[np.bool_] | None = None

    @property
    def name(self) -> str:
        """Unit and task, for series and messages."""
        return f"{self.unit}/{self.task}"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProcessPlant:
    """A plant whose batches, sizes and times are all to be decided.

    A batch is never interrupted; one that could not end within the grid is not started.

    Attributes:
        id: id of the plant.
        materials: feeds, intermediates and products.
        recipes: tasks.
        running: which unit can run which task.
        final_least: least amount of a material at the end, by id: the order book.
    """

    id: str
    materials: tuple[Material, ...]
    recipes: tuple[Recipe, ...]
    running: tuple[Running, ...]
    final_least: Mapping[str, float] = field(default_factory=dict)

    def recipe(self, task: str) -> Recipe:
        """Find a recipe.

        Raises:
            KeyError: there is no such task.
        """
        for recipe in self.recipes:
            if recipe.id == task:
                return recipe
        raise KeyError(task)

    def start_steps(self, running: Running, steps: int) -> list[int]:
        """Steps in which a unit may start a task so that it ends within the grid."""
        last = steps - self.recipe(running.task).duration_steps
        allowed = running.may_start
        return [t for t in range(last + 1) if allowed is None or allowed[t]]
