"""From costs per lot to price steps that cover them, whatever number of lots is accepted.

With costs C_m .. C_K of m to K lots, the first step holds the m lots that must be taken together at their average
cost, and every further lot costs at least what it adds, never less than the lot before. So for every k the payment
covers C_k: a bid is never accepted at a loss. Starting costs make the average fall at first; then the first step grows
to where the average is lowest, because no smaller quantity is worth its start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from market.domain.money import CENT
from market.offers.two_part import TwoPartPrice
from optimizer.results.offers import SupplyCurve
from optimizer.units import KW_PER_MW

COST_TICK = Decimal("0.000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class LotStep:
    """Lots at one price.

    Attributes:
        lots: number of lots.
        eur_per_mwh: price that covers their cost, whole cents.
    """

    lots: int
    eur_per_mwh: Decimal


def read_lot_costs(curve: SupplyCurve, lot_mw: Decimal, most_kw: float) -> dict[int, Decimal]:
    """Cost in euro of every number of lots up to a volume, for the block of the curve; lots without a plan are absent.

    A convex curve knows every volume between its first and last point, another only the volumes that were asked.
    """
    lot_kw = float(lot_mw) * KW_PER_MW
    count = int((min(curve.max_kw, most_kw) + 1e-6) // lot_kw)
    known = {round(point.volume_kw, 6): point.cost_eur for point in curve.points}
    if not known:
        return {}
    least, most = min(known) - 1e-6, max(known) + 1e-6
    costs = {}
    for lots in range(1, count + 1):
        volume = lots * lot_kw
        if curve.convex and least <= volume <= most:
            cost: float | None = curve.cost_at(max(volume, min(known)))
        else:
            cost = known.get(round(volume, 6))
        if cost is not None:
            costs[lots] = Decimal(repr(max(0.0, float(cost)))).quantize(COST_TICK, rounding=ROUND_CEILING)
    return costs


def price_lots(
    costs: Mapping[int, Decimal], *, lot_mw: Decimal, hours: Decimal, added: TwoPartPrice, hours_per_year: Decimal
) -> tuple[LotStep, ...]:
    """Turn costs per number of lots into rising price steps; the first step must be accepted whole.

    Args:
        costs: cost in euro of the block per number of lots.
        lot_mw: size of a lot.
        hours: length of the block.
        added: what is asked on top of the asset's cost: margin per MWh and yearly costs.
        hours_per_year: hours committed, over which yearly costs are spread.

    Returns:
        Steps that cover every quantity from the first step on; empty without costs. Numbers of lots that no plan
        delivers (holes) lie inside the first step; lots beyond the last hole follow one by one.
    """
    if not costs:
        return ()
    last = max(costs)
    first = last
    while first - 1 in costs:
        first -= 1
    first = min(range(first, last + 1), key=lambda lots: (costs[lots] / lots, lots))
    extra = added.at_hours(hours_per_year)
    energy = lot_mw * hours
    price = _ceiling(costs[first] / (first * energy))
    steps, covered = [LotStep(lots=first, eur_per_mwh=_ceiling(price + extra))], price * first * energy
    for lots in range(first + 1, last + 1):
        price = max(price, _ceiling((costs[lots] - covered) / energy))
        covered += price * energy
        whole = _ceiling(price + extra)
        if steps[-1].eur_per_mwh == whole and len(steps) > 1:
            steps[-1] = LotStep(lots=steps[-1].lots + 1, eur_per_mwh=whole)
        else:
            steps.append(LotStep(lots=1, eur_per_mwh=whole))
    return tuple(steps)


def _ceiling(price: Decimal) -> Decimal:
    return price.quantize(CENT, rounding=ROUND_CEILING)
