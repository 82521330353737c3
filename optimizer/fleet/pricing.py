"""One round of pricing: ask every oracle, on any `concurrent.futures` executor, and put the answers in order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from optimizer.fleet.oracles.oracle import Oracle, Response
from optimizer.problems.fleet import FloatArray, IntArray


class Pricing:
    """Several oracles as one; without an executor they answer one after the other in this process."""

    def __init__(self, oracles: Sequence[Oracle], executor: Executor | None = None) -> None:
        self.oracles = tuple(oracles)
        self._executor = executor
        counts = [len(oracle.group_area) for oracle in self.oracles]
        self.starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)

    @property
    def group_area(self) -> IntArray:
        """Area of each group of all oracles together."""
        parts = [oracle.group_area for oracle in self.oracles]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)

    def ask(self, price_eur_per_kw: FloatArray) -> Response:
        """Ask every oracle the same prices; the answers come back in the order of the oracles, whoever is first."""
        answers = [oracle.respond(price_eur_per_kw) for oracle in self.oracles]
        steps = price_eur_per_kw.shape[1]
        return Response(
            power_kw=np.concatenate([a.power_kw for a in answers]) if answers else np.zeros((0, steps)),
            own_cost_eur=np.concatenate([a.own_cost_eur for a in answers]) if answers else np.zeros(0),
            bound_eur=np.concatenate([a.bound_eur for a in answers]) if answers else np.zeros(0),
            detail=tuple(a.detail for a in answers),
        )
