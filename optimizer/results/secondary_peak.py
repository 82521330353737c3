"""Find the peak that a tariff creates somewhere else while it avoids one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problems.series import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondaryPeak:
    """What a plan does to the load inside and outside the dear hours, against the uncontrolled load.

    Attributes:
        step: step of the highest planned load outside the dear hours.
        height_kw: that load.
        avoided_kw: highest uncontrolled load inside the dear hours.
        rise: how much higher the whole day's peak has become, as a share; negative where it fell.
        relief: by how much the mean load inside the dear hours has fallen, as a share.
    """

    step: int
    height_kw: float
    avoided_kw: float
    rise: float
    relief: float

    @property
    def is_higher(self) -> bool:
        """Whether the new peak is higher than the one that was avoided."""
        return self.height_kw > self.avoided_kw * (1.0 + 1e-9)


def find_secondary_peak(planned_kw: FloatArray, uncontrolled_kw: FloatArray, dear: BoolArray) -> SecondaryPeak:
    """Compare a plan with the uncontrolled load.

    Args:
        planned_kw: planned offtake per step, shape (steps,).
        uncontrolled_kw: uncontrolled offtake per step, shape (steps,).
        dear: True in the hours the tariff wants to relieve, shape (steps,).

    Raises:
        ValueError: every step or no step is dear, or there is no uncontrolled load to compare with.
    """
    if dear.all() or not dear.any() or uncontrolled_kw[dear].max() <= 0.0:
        raise ValueError("a secondary peak needs dear and cheap hours, and load in the dear ones")
    outside = np.where(dear, -np.inf, planned_kw)
    step = int(np.argmax(outside))
    return SecondaryPeak(
        step=step,
        height_kw=float(outside[step]),
        avoided_kw=float(uncontrolled_kw[dear].max()),
        rise=float(planned_kw.max() / uncontrolled_kw.max()) - 1.0,
        relief=1.0 - float(planned_kw[dear].mean() / uncontrolled_kw[dear].mean()),
    )
