"""The one question of the coordinator: what would you do at these prices, and what would it cost you?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from optimizer.problems.fleet import FloatArray, IntArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Response:
    """What the groups of an oracle do at given prices.

    Attributes:
        power_kw: power per group and step, consumption positive, shape (groups, steps).
        own_cost_eur: cost beside energy, such as discomfort, per group, shape (groups,).
        bound_eur: proven lower bound of own cost plus energy at the prices asked, per group; equal to the cost of the
            response for an oracle that answers exactly.
        detail: what the oracle needs to turn the response into schedules later, if prices alone are not enough.
    """

    power_kw: FloatArray
    own_cost_eur: FloatArray
    bound_eur: FloatArray
    detail: Any = None


class Oracle(Protocol):
    """A class of assets that answers prices. It is deterministic: equal prices give equal responses anywhere."""

    @property
    def exact(self) -> bool:
        """Whether a response is a cheapest one; otherwise only its bound proves anything."""
        ...

    @property
    def group_area(self) -> IntArray:
        """Area of each group, shape (groups,); a group is what the master mixes separately."""
        ...

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Minimise own cost plus energy at prices in EUR per kW held for one step, shape (areas, steps)."""
        ...

    def split(self, parts: int, /) -> Sequence[Oracle]:
        """Cut into at most so many oracles whose groups, one after the other, are the groups of this one.

        Each part answers exactly as it does inside the whole, so that a plan does not depend on where it was made.
        """
        ...

    def join(self, details: Sequence[Any]) -> Any:
        """Put the details of the parts of a split together as the whole would have given them."""
        ...
