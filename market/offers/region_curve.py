"""Supply-cost curve of a region from the study's measures, and how many MW a yearly budget releases.

The study prices measures per MWh over very different hours: 182 full-load hours of cooling, 1,040 structural hours,
250 incidental hours. They are put on one line by what a MW costs per year. Heating and cooling are one machine in two
seasons and are never added; over a year the larger counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

from market.offers.two_part import STRUCTURAL_HOURS
from market.region.parameters import load_table

TEMPORARY_RELEASE: Final = Decimal("0.5")
"""Share of temporary flexibility that an operator issues to its queue; of indefinite all (study 485-500)."""


class Season(StrEnum):
    """Season the curve is for; over a year the larger of two exclusive measures counts."""

    WINTER = "winter"
    SUMMER = "summer"
    YEAR = "year"


class Scenario(StrEnum):
    """Low: what companies say they would hand in. High: what is technically there."""

    LOW = "low"
    HIGH = "high"


class OfficeOwner(StrEnum):
    """Who asks the fee in offices: the user asks its costs, a landlord a tenth of the energy costs of the measure."""

    USER = "owner_user"
    LANDLORD = "landlord"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionStep:
    """One measure on the curve.

    Attributes:
        sector: sector it is in.
        measure: the measure.
        mw: potential in the scenario.
        eur_per_mwh: fee over its own hours.
        hours_per_year: those hours.
        hours_stated: whether the study states them; where it does not, structural hours are assumed.
        eur_per_mw_year: what a MW costs per year: the order of the curve.
        cumulative_mw: MW up to and including this step.
    """

    sector: str
    measure: str
    mw: Decimal
    eur_per_mwh: Decimal
    hours_per_year: Decimal
    hours_stated: bool
    eur_per_mw_year: Decimal
    cumulative_mw: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What a yearly budget buys.

    Attributes:
        budget_eur: budget per year.
        spent_eur: what is spent; less than the budget once everything is bought.
        contracted_mw: MW bought, cheapest per year first.
        released_mw: MW that can be issued to the queue.
        marginal_eur_per_mw_year: price of the last MW; None when nothing is bought.
    """

    budget_eur: Decimal
    spent_eur: Decimal
    contracted_mw: Decimal
    released_mw: Decimal
    marginal_eur_per_mw_year: Decimal | None


def build_region_curve(
    scenario: Scenario,
    *,
    season: Season = Season.YEAR,
    owner: OfficeOwner = OfficeOwner.USER,
    night_capacity: bool = True,
) -> tuple[RegionStep, ...]:
    """Build the curve of offices, logistics and chemistry, cheapest MW per year first.

    Args:
        scenario: low or high potential and fee.
        season: winter has heating, summer cooling, the year the larger of the two.
        owner: who asks the fee in offices.
        night_capacity: whether depots are given extra capacity at night, which makes their fee zero.
    """
    rows = {(row["curve"], row["measure"]): row for row in load_table("supply_curve")}
    offices = [f"offices_{owner.value}_{part}" for part in ("winter", "summer")]
    depot = "logistics_with_blokstroom" if night_capacity else "logistics_without_blokstroom"
    chosen = {
        "offices": _without_adding_seasons([row for key, row in rows.items() if key[0] in offices], scenario, season),
        "logistics": [row for key, row in rows.items() if key[0] == depot],
        "chemistry": [row for key, row in rows.items() if key[0].startswith("chemistry_")],
    }
    steps = sorted(
        (_step(sector, row, scenario) for sector, listed in chosen.items() for row in listed),
        key=lambda step: (step.eur_per_mw_year, step.sector, step.measure),
    )
    total, cumulative = Decimal(0), []
    for step in steps:
        total += step.mw
        cumulative.append(replace(step, cumulative_mw=total))
    return tuple(cumulative)


def release_by_budget(curve: Iterable[RegionStep], budget_eur: Decimal, *, indefinite: bool = False) -> Release:
    """Buy the cheapest MW per year until the budget is spent; the last step is bought in part.

    Args:
        curve: steps, cheapest first.
        budget_eur: budget per year, zero or more.
        indefinite: contracts without end release all they free, temporary ones half.
    """
    left, bought, marginal = budget_eur, Decimal(0), None
    for step in curve:
        price = step.eur_per_mw_year
        mw = step.mw if price == 0 else min(step.mw, left / price)
        if mw <= 0:
            break
        bought += mw
        left -= mw * price
        marginal = price
    share = Decimal(1) if indefinite else TEMPORARY_RELEASE
    return Release(
        budget_eur=budget_eur,
        spent_eur=budget_eur - left,
        contracted_mw=bought,
        released_mw=share * bought,
        marginal_eur_per_mw_year=marginal,
    )


def whole_mw(value: Decimal) -> int:
    """Whole MW as the study prints them, halves up: its low total of 639.5 MW is printed as 640."""
    return int(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def _without_adding_seasons(rows: list[dict[str, str]], scenario: Scenario, season: Season) -> list[dict[str, str]]:
    """Rows of the season; measures that exclude each other never together, and one measure once."""
    wanted = [row for row in rows if season is Season.YEAR or row["curve"].endswith(season.value)]
    once = {row["measure"]: row for row in wanted}
    kept = [row for row in once.values() if not row["exclusive_group"]]
    groups = sorted({row["exclusive_group"] for row in once.values() if row["exclusive_group"]})
    for group in groups:
        rivals = [row for row in once.values() if row["exclusive_group"] == group]
        kept.append(max(rivals, key=lambda row: (Decimal(row[f"mw_{scenario.value}"]), row["measure"])))
    return kept


def _step(sector: str, row: dict[str, str], scenario: Scenario) -> RegionStep:
    fee = Decimal(row[f"eur_per_mwh_{scenario.value}"])
    stated = bool(row["hours_per_year"])
    hours = Decimal(row["hours_per_year"]) if stated else STRUCTURAL_HOURS
    return RegionStep(
        sector=sector,
        measure=row["measure"],
        mw=Decimal(row[f"mw_{scenario.value}"]),
        eur_per_mwh=fee,
        hours_per_year=hours,
        hours_stated=stated,
        eur_per_mw_year=fee * hours,
        cumulative_mw=Decimal(0),
    )
