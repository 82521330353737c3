"""Units and signs, written once.

Sign convention: consumption is positive power. Flexibility volumes are positive and carry an explicit direction.
Energy is in kWh; power is in kW on the asset side and in MW on the market side; prices are EUR/kWh on the asset
side and EUR/MWh on the market side. Conversions happen only here.
"""

from __future__ import annotations

from typing import Final

KW_PER_MW: Final = 1000.0
KWH_PER_MWH: Final = 1000.0
SECONDS_PER_HOUR: Final = 3600
QUARTER_HOUR_S: Final = 900
QUARTER_HOUR_H: Final = 0.25


def kw_from_mw(power_mw: float) -> float:
    """Convert a market power in MW to an asset power in kW."""
    return power_mw * KW_PER_MW


def mw_from_kw(power_kw: float) -> float:
    """Convert an asset power in kW to a market power in MW."""
    return power_kw / KW_PER_MW


def eur_per_kwh_from_eur_per_mwh(price_eur_per_mwh: float) -> float:
    """Convert a market price in EUR/MWh to an asset price in EUR/kWh."""
    return price_eur_per_mwh / KWH_PER_MWH
