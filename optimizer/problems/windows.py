"""Windows: limits on the power of a connection that a congestion contract, an award or an order puts on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from optimizer.problems.series import FloatArray, freeze_series


class Direction(StrEnum):
    """Direction of power at a connection."""

    OFFTAKE = "offtake"
    FEED_IN = "feed_in"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CongestionWindow:
    """A cap on offtake or feed-in in some steps; an awarded commitment is such a window.

    The cap holds for net power, so a negative limit asks for the other direction. It holds for the connection, or for
    the sum of some assets on it.

    Attributes:
        id: id of the window, such as the contract, award or order it follows from.
        steps: True in the steps where it holds, shape (steps,).
        limit_kw: highest power per step, shape (steps,); values outside ``steps`` are ignored.
        direction: whether offtake or feed-in is capped.
        excess_price_eur_per_kwh: price of energy above the limit; None makes the window hard.
        asset_ids: assets it holds for together, such as points behind one cable; the whole connection when empty.
    """

    id: str
    steps: NDArray[np.bool_]
    limit_kw: FloatArray
    direction: Direction = Direction.OFFTAKE
    excess_price_eur_per_kwh: float | None = None
    asset_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        steps = np.array(self.steps, dtype=np.bool_)
        steps.setflags(write=False)
        object.__setattr__(self, "steps", steps)
        freeze_series(self, "limit_kw")
