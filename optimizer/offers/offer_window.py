"""When and in which direction flexibility is offered, and what counts as delivered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from optimizer.problems.series import BoolArray, FloatArray


class Change(StrEnum):
    """Direction of flexibility at the connection: consume less (or feed in more), or consume more."""

    LESS = "less"
    MORE = "more"

    @property
    def sign(self) -> float:
        """Sign by which delivered flexibility is baseline minus power: +1 for less, -1 for more."""
        return 1.0 if self is Change.LESS else -1.0


class Delivery(StrEnum):
    """What keeps a promise: exactly the volume in every step, or at least the volume."""

    EXACT = "exact"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OfferWindow:
    """The steps of one offer; the volume is the same in each of them.

    Attributes:
        steps: True in the steps of the offer, shape (steps,).
        change: direction.
        delivery: what counts as delivered.
    """

    steps: BoolArray
    change: Change = Change.LESS
    delivery: Delivery = Delivery.EXACT

    def __post_init__(self) -> None:
        steps = np.array(self.steps, dtype=np.bool_)
        steps.setflags(write=False)
        object.__setattr__(self, "steps", steps)
        if not steps.any():
            raise ValueError("an offer covers at least one step")

    @property
    def first(self) -> int:
        """First step of the offer."""
        return int(np.argmax(self.steps))

    @property
    def after(self) -> int:
        """First step after the last step of the offer."""
        return len(self.steps) - int(np.argmax(self.steps[::-1]))

    def hours(self, step_h: float) -> float:
        """Hours the offer lasts."""
        return float(self.steps.sum()) * step_h

    def delivered_kw(self, baseline_kw: FloatArray, power_kw: FloatArray) -> FloatArray:
        """Flexibility delivered per step against a baseline, shape (steps,); zero outside the window."""
        return np.where(self.steps, self.change.sign * (baseline_kw - power_kw), 0.0)
