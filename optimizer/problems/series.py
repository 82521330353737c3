"""Series: read-only float arrays on a time grid, so that a frozen problem is really frozen."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def frozen_series(values: ArrayLike) -> FloatArray:
    """Copy values into a read-only float array; what they mean is for the checks to judge."""
    series = np.array(values, dtype=np.float64)
    series.setflags(write=False)
    return series


def freeze_series(owner: Any, *names: str) -> None:
    """Replace the named fields of a frozen dataclass by read-only float arrays; absent (None) fields stay absent."""
    for name in names:
        values = getattr(owner, name)
        if values is not None:
            object.__setattr__(owner, name, frozen_series(values))
