"""What flexibility costs in the example region, computed from the study's cost curve and its compensation formula.

``fee = (1 + margin) x (CAPEX / (P Y H) + variable cost + 365 h x staff rate / (P H))`` with P in MW, Y years of
amortisation and H hours a year. Source: flexibility potential study, lines 4982-4986 and 5396-5412; it gives 488, 62
and 35 EUR/MWh for the study's own nitrogen, overhaul and battery examples.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from market.domain.money import to_cents
from market.region.parameters import Parameters, load_table

STAFF_HOURS_PER_YEAR = Decimal(365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """Fee of one measure, split in what is paid per MWh and what is paid for being there.

    Attributes:
        variable_eur_per_mwh: cost that occurs only on activation, margin included.
        fixed_eur_per_mw_year: cost per MW and year, margin included.
        hours_per_year: hours over which the study spreads the fixed part.
    """

    variable_eur_per_mwh: Decimal
    fixed_eur_per_mw_year: Decimal
    hours_per_year: Decimal

    @property
    def fee_eur_per_mwh(self) -> Decimal:
        """One price per MWh at the hours a year it was computed for."""
        return self.variable_eur_per_mwh + self.fixed_eur_per_mw_year / self.hours_per_year


def compute_compensation(
    parameters: Parameters,
    *,
    power_mw: Decimal,
    capex_eur: Decimal,
    variable_eur_per_mwh: Decimal,
    hours_per_year: Decimal,
    staff: bool = True,
) -> Compensation:
    """Apply the study's compensation formula.

    Args:
        parameters: margin, amortisation and staff rate.
        power_mw: flexible power.
        capex_eur: one-off investment.
        variable_eur_per_mwh: extra cost per MWh of flexibility.
        hours_per_year: hours of use per year: 1,040 structural, 250 incidental.
        staff: whether one staff hour a day is counted.
    """
    factor = 1 + parameters.number("fee.margin")
    yearly = capex_eur / parameters.number("fee.amortisation_years")
    if staff:
        yearly += STAFF_HOURS_PER_YEAR * parameters.number("fee.staff_eur_per_h")
    return Compensation(
        variable_eur_per_mwh=factor * variable_eur_per_mwh,
        fixed_eur_per_mw_year=factor * yearly / power_mw,
        hours_per_year=hours_per_year,
    )


def compute_nitrogen_fee(parameters: Parameters, hours_per_year: Decimal) -> Compensation:
    """Fee of switching a nitrogen generator off and using liquid nitrogen instead."""
    return compute_compensation(
        parameters,
        power_mw=parameters.number("plant.nitrogen_mw"),
        capex_eur=parameters.number("plant.nitrogen_capex_eur"),
        variable_eur_per_mwh=parameters.number("plant.nitrogen_extra_cost"),
        hours_per_year=hours_per_year,
    )


def read_curve_price(curve: str, measure: str) -> Decimal:
    """Price of one step of the study's supply-cost curve in EUR/MWh.

    Raises:
        KeyError: the curve has no such step.
    """
    for row in load_table("supply_curve"):
        if (row["curve"], row["measure"]) == (curve, measure):
            return to_cents(Decimal(row["eur_per_mwh_low"]))
    raise KeyError(f"{curve}: {measure}")
