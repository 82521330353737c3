"""Clear a redispatch: from needs and orders of the market to a balanced, priced and proven set of awards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from market.domain.award import RedispatchClearing
from market.domain.connection import Connection
from market.domain.money import LOT_MW
from market.domain.need import Headroom, Need
from market.domain.order import Order
from optimizer.errors import InvalidProblemError


class ExcessPolicy(StrEnum):
    """What relief above the need costs.

    `NO_GAIN` prices it so that no pair of orders can profit from it; `STRICT` minimises it before cost; `PRICED`
    takes a stated price.
    """

    NO_GAIN = "no_gain"
    STRICT = "strict"
    PRICED = "priced"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchOptions:
    """Rules and limits of one clearing.

    Attributes:
        lot_mw: size of a lot; every volume is a multiple.
        minimum_mw: smallest order.
        excess_policy: what relief above the need costs.
        excess_price_eur_per_mwh: the stated price of policy `PRICED`.
        cleared_at: aware time of the clearing, against which validity is checked; None accepts any.
        lead_time_quarter_hours: an order must start at least this long after ``cleared_at``.
        relative_gap: relative gap at which the cost stage may stop; zero proves it to less than one granule of money.
        time_limit_s: wall-clock limit of each stage; None for none.
        explain: compute the exact price at which each losing order would have won and each winner's contribution.
    """

    lot_mw: Decimal = LOT_MW
    minimum_mw: Decimal = LOT_MW
    excess_policy: ExcessPolicy = ExcessPolicy.NO_GAIN
    excess_price_eur_per_mwh: Decimal | None = None
    cleared_at: datetime | None = None
    lead_time_quarter_hours: int = 0
    relative_gap: float = 0.0
    time_limit_s: float | None = None
    explain: bool = False


ProgressListener = Callable[[str, float | None, float | None], bool]


def clear_redispatch(
    needs: Sequence[Need],
    orders: Sequence[Order],
    connections: Sequence[Connection],
    *,
    headroom: Sequence[Headroom] = (),
    options: RedispatchOptions | None = None,
    listener: ProgressListener | None = None,
) -> RedispatchClearing:
    """Clear needs against an order book to the lexicographic optimum.

    Shortfall first, then excess by its policy and spread cost, then fewest activations, then the earliest order.

    Args:
        needs: congestion problems, cleared jointly.
        orders: the book.
        connections: which EAN lies in which areas; an order on an unknown EAN does not take part.
        headroom: room in other areas and on lines.
        options: rules and limits.
        listener: called with stage name, incumbent and bound while a stage runs; returning False stops it.

    Raises:
        InvalidProblemError: the input has faults; every one is in its findings.
        VerificationError: the result failed the independent check.
        SolverError: no stage produced a set within its limits.
    """
    raise InvalidProblemError(())
