"""One round of pricing: ask every oracle, on any `concurrent.futures` executor, and put the answers in order."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor

import numpy as np

from optimizer.fleet.executor import RemoteOracle, ask_everywhere
from optimizer.fleet.oracles.oracle import Oracle, Response
from optimizer.problems.fleet import FloatArray, IntArray

PARTS = 8


class Pricing:
    """Several oracles as one; without an executor they answer one after the other in this process."""

    def __init__(self, oracles: Sequence[Oracle], executor: Executor | None = None, *, parts: int = PARTS) -> None:
        """Prepare the oracles.

        Args:
            oracles: who answers.
            executor: where they answer; in this process unless given.
            parts: into how many parts an oracle is cut for an executor.
        """
        self.oracles = tuple(oracles)
        self._executor = executor
        self._split = [tuple(oracle.split(parts)) if executor is not None else (oracle,) for oracle in self.oracles]
        # What does not split is quick and stays here.
        self._remote = [RemoteOracle.of(part) for split in self._split if len(split) > 1 for part in split]

    @property
    def exact(self) -> bool:
        """Whether every oracle answers exactly."""
        return all(oracle.exact for oracle in self.oracles)

    @property
    def group_area(self) -> IntArray:
        """Area of each group of all oracles together."""
        parts = [oracle.group_area for oracle in self.oracles]
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int32)

    def ask(self, price_eur_per_kw: FloatArray) -> Response:
        """Ask every oracle the same prices; the answers come back in the order of the oracles, whoever is first."""
        far: list[Response] = []
        if self._executor is not None and self._remote:
            far = ask_everywhere(self._executor, self._remote, price_eur_per_kw)
        answers: list[Response] = []
        for oracle, split in zip(self.oracles, self._split, strict=True):
            if len(split) == 1:
                answers.append(oracle.respond(price_eur_per_kw))
            else:
                parts, far = far[: len(split)], far[len(split) :]
                answers.append(_together(parts, oracle.join([part.detail for part in parts])))
        if not answers:
            nothing = np.zeros(0)
            return Response(
                power_kw=np.zeros((0, price_eur_per_kw.shape[1])), own_cost_eur=nothing, bound_eur=nothing, detail=()
            )
        return _together(answers, tuple(each.detail for each in answers))


def _together(parts: Sequence[Response], detail: object) -> Response:
    return Response(
        power_kw=np.concatenate([part.power_kw for part in parts]),
        own_cost_eur=np.concatenate([part.own_cost_eur for part in parts]),
        bound_eur=np.concatenate([part.bound_eur for part in parts]),
        detail=detail,
    )
