"""Contracts and tariffs on a connection that are more than a congestion window.

Fixed-window and on-call limits, two-sided limits and cleared obligations are congestion windows
(`optimizer.problems.windows`). What changes the contracted capacity or the bill is here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

from optimizer.findings import Finding
from optimizer.problems.checks_assets import numbers_within, series_within
from optimizer.problems.series import FloatArray, freeze_series

if TYPE_CHECKING:
    from optimizer.problems.site import SiteProblem

HOURS_PER_YEAR = 8760.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakTariff:
    """A price on the highest offtake of the month (kW-max).

    Attributes:
        id: id of the tariff.
        price_eur_per_kw: price of a kW of monthly peak.
        reached_kw: peak already reached this month: only what exceeds it costs.
    """

    id: str
    price_eur_per_kw: float
    reached_kw: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyTariff:
    """A price per kWh taken from the grid on top of the energy price: time-of-use tariff, energy tax.

    Attributes:
        id: id of the tariff.
        price_eur_per_kwh: per step, shape (steps,).
    """

    id: str
    price_eur_per_kwh: FloatArray

    def __post_init__(self) -> None:
        freeze_series(self, "price_eur_per_kwh")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CapacityRight:
    """Transport capacity beyond the contracted one in some steps: time-block right (blokstroom), night steps, non-firm.

    Attributes:
        id: id of the right.
        extra_kw: additional offtake capacity per step, shape (steps,); zero outside its hours.
        fee_eur: what the right costs over the grid.
    """

    id: str
    extra_kw: FloatArray
    fee_eur: float = 0.0

    def __post_init__(self) -> None:
        freeze_series(self, "extra_kw")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeDurationRight:
    """Capacity that may be withheld for a share of the hours of a year (85 % right), announced a day ahead.

    Attributes:
        id: id of the right.
        extra_kw: capacity of the right beside the contracted one.
        withheld: True in the announced steps in which the operator withholds it, shape (steps,).
        share: share of the hours of a year in which the right holds.
        withheld_h: hours withheld so far this year, before this grid.
    """

    id: str
    extra_kw: float
    withheld: NDArray[np.bool_]
    share: float = 0.85
    withheld_h: float = 0.0


Contract: TypeAlias = PeakTariff | EnergyTariff | CapacityRight | TimeDurationRight


def offtake_capacity_kw(problem: SiteProblem) -> FloatArray:
    """Offtake capacity per step with every right on top of the contracted one, shape (steps,)."""
    capacity = problem.contracted_offtake_kw.copy()
    for contract in problem.contracts:
        if isinstance(contract, CapacityRight):
            capacity = capacity + contract.extra_kw
        elif isinstance(contract, TimeDurationRight):
            capacity = capacity + np.where(contract.withheld, 0.0, contract.extra_kw)
    return capacity


def contract_cost_eur(contract: Contract, offtake_kw: FloatArray, step_h: float) -> float:
    """What a contract costs for a given offtake per step."""
    if isinstance(contract, PeakTariff):
        return contract.price_eur_per_kw * max(0.0, float(offtake_kw.max()) - contract.reached_kw)
    if isinstance(contract, EnergyTariff):
        return step_h * float(contract.price_eur_per_kwh @ offtake_kw)
    return contract.fee_eur if isinstance(contract, CapacityRight) else 0.0


def check_contract(contract: Contract, problem: SiteProblem, path: str) -> Iterator[Finding]:
    """Yield every fault of a contract, a yearly counter that has run out among them."""
    steps, rule, ids = problem.grid.steps, "site.contract", (contract.id,)
    if isinstance(contract, PeakTariff):
        yield from numbers_within(contract, path, rule, {"price_eur_per_kw": (0.0, None), "reached_kw": (0.0, None)})
    elif isinstance(contract, EnergyTariff):
        yield from series_within(contract.price_eur_per_kwh, steps, f"{path}.price_eur_per_kwh", rule, ids)
    elif isinstance(contract, CapacityRight):
        yield from series_within(contract.extra_kw, steps, f"{path}.extra_kw", rule, ids, least=0.0)
        yield from numbers_within(contract, path, rule, {"fee_eur": (None, None)})
    else:
        yield from numbers_within(
            contract, path, rule, {"extra_kw": (0.0, None), "share": (0.0, 1.0), "withheld_h": (0.0, None)}
        )
        if contract.withheld.shape != (steps,):
            message = f"{contract.id} has {contract.withheld.size} marks for {steps} steps"
            yield Finding(rule=f"{rule}.series", path=f"{path}.withheld", message=message, ids=ids)
            return
        allowed = (1.0 - contract.share) * HOURS_PER_YEAR
        hours = contract.withheld_h + problem.grid.step_h * float(contract.withheld.sum())
        if hours > allowed + 1e-9:
            yield Finding(
                rule=f"{rule}.counter",
                path=f"{path}.withheld",
                message=f"{contract.id} would be withheld for {hours:.2f} h this year, allowed are {allowed:.2f} h",
                ids=ids,
                value=f"{hours:.2f} h",
                limit=f"{allowed:.2f} h",
            )


def remaining_contract(contract: Contract, now: int, step_h: float) -> Contract:
    """What is left of a contract from step ``now`` on; a yearly counter carries what was withheld before."""
    if isinstance(contract, EnergyTariff):
        return replace(contract, price_eur_per_kwh=contract.price_eur_per_kwh[now:])
    if isinstance(contract, CapacityRight):
        return replace(contract, extra_kw=contract.extra_kw[now:])
    if isinstance(contract, TimeDurationRight):
        before = contract.withheld_h + step_h * float(contract.withheld[:now].sum())
        return replace(contract, withheld=contract.withheld[now:], withheld_h=before)
    return contract
