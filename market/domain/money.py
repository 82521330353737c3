"""Money and awarded quantities: `Decimal` from the edge inwards, and one rounding."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Final

CENT: Final = Decimal("0.01")
LOT_MW: Final = Decimal("0.1")


def to_cents(amount_eur: Decimal) -> Decimal:
    """Round one amount to whole cents, halves to even."""
    return amount_eur.quantize(CENT, rounding=ROUND_HALF_EVEN)


def split_exactly(total: Decimal, weights: Sequence[Decimal], unit: Decimal = CENT) -> tuple[Decimal, ...]:
    """Split a total into parts proportional to weights that add up to it exactly, by largest remainder.

    Args:
        total: amount to split, a whole multiple of ``unit``.
        weights: non-negative weights; equal shares if all are zero.
        unit: smallest step of a part.

    Returns:
        One part per weight, each a multiple of ``unit``; ties go to the earlier position.

    Raises:
        ValueError: no weights, a negative weight, or a total that is not a multiple of the unit.
    """
    if not weights or any(w < 0 for w in weights):
        raise ValueError("a split needs weights, none of them negative")
    if total % unit:
        raise ValueError(f"{total} is not a multiple of {unit}")
    scale = sum(weights, Decimal(0))
    shares = [total * w / scale if scale else total / len(weights) for w in weights]
    parts = [(share / unit).to_integral_value(rounding=ROUND_FLOOR) * unit for share in shares]
    missing = int((total - sum(parts, Decimal(0))) / unit)
    by_remainder = sorted(range(len(parts)), key=lambda k: (parts[k] - shares[k], k))
    for k in by_remainder[:missing]:
        parts[k] += unit
    return tuple(parts)
