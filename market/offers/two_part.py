"""Two-part prices: what is paid per MWh and what for being there, joined by the hours committed.

The study's compensation has a part that occurs only on activation and a part that occurs every year. Spread over 1,040
structural hours the yearly part is small, over 250 incidental hours it is four times as large: hours drive the price.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from market.region.costs import Compensation

STRUCTURAL_HOURS: Final = Decimal(1040)
INCIDENTAL_HOURS: Final = Decimal(250)


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoPartPrice:
    """Price of flexibility in two parts, both including margin.

    Attributes:
        variable_eur_per_mwh: paid per MWh activated.
        fixed_eur_per_mw_year: paid per MW and year whatever is activated.
    """

    variable_eur_per_mwh: Decimal = Decimal(0)
    fixed_eur_per_mw_year: Decimal = Decimal(0)

    @classmethod
    def of(cls, compensation: Compensation) -> TwoPartPrice:
        """Take the two parts of a compensation, whatever hours it was computed for."""
        return cls(
            variable_eur_per_mwh=compensation.variable_eur_per_mwh,
            fixed_eur_per_mw_year=compensation.fixed_eur_per_mw_year,
        )

    def at_hours(self, hours_per_year: Decimal) -> Decimal:
        """One price per MWh when the yearly part is spread over the hours committed.

        Raises:
            ValueError: no hours are committed, so there is nothing to spread over.
        """
        if hours_per_year <= 0:
            raise ValueError("a yearly cost needs hours to be spread over")
        return self.variable_eur_per_mwh + self.fixed_eur_per_mw_year / hours_per_year

    def plus(self, variable_eur_per_mwh: Decimal) -> TwoPartPrice:
        """The same with more per MWh."""
        return TwoPartPrice(
            variable_eur_per_mwh=self.variable_eur_per_mwh + variable_eur_per_mwh,
            fixed_eur_per_mw_year=self.fixed_eur_per_mw_year,
        )
