"""Operator override: "restore my load now", whatever was promised.

Safety and production come before any contract. The asset is taken out of the optimisation and does from now on what
it would do by itself; hard windows get a price, so that a plan exists and says what the override breaks.
"""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatch
from typing import Any

from optimizer.problems.assets import Asset, Batch, Battery, ChargingSession
from optimizer.problems.generation import ContinuousUnit
from optimizer.problems.site import SiteProblem
from optimizer.problems.utility import Utility


def restore_load(remaining: SiteProblem, asset_id: str, shortfall_price_eur_per_kwh: float) -> SiteProblem:
    """Let one asset run freely from the start of what remains of a site.

    Args:
        remaining: the site from now on, see `optimizer.problems.states.remaining_site`.
        asset_id: asset whose load is restored.
        shortfall_price_eur_per_kwh: price of breaking a window that was hard.

    Returns:
        The site to plan instead.

    Raises:
        KeyError: there is no asset of that id.
        TypeError: an asset of this type has no load to restore.
    """
    if asset_id not in {asset.id for asset in remaining.assets}:
        raise KeyError(asset_id)
    return replace(
        remaining,
        assets=tuple(restore_asset(asset) if asset.id == asset_id else asset for asset in remaining.assets),
        windows=tuple(
            window
            if window.excess_price_eur_per_kwh is not None
            else replace(window, excess_price_eur_per_kwh=shortfall_price_eur_per_kwh)
            for window in remaining.windows
        ),
    )


@singledispatch
def restore_asset(asset: Any) -> Asset:
    """The asset as it runs when nobody may steer it; the type decides which registered function answers.

    Raises:
        TypeError: an asset of this type has no load to restore.
    """
    raise TypeError(f"assets of type {type(asset).__name__} have no load to restore")


@restore_asset.register
def restore_session(asset: ChargingSession) -> Asset:
    """Charge at full power at once."""
    return replace(asset, flexible=False)


@restore_asset.register
def restore_batch(asset: Batch) -> Asset:
    """Start at the first step it may."""
    first = max(0, asset.earliest_start_step)
    return replace(asset, latest_start_step=first, earliest_start_step=first, planned_start_step=first, notice_steps=0)


@restore_asset.register
def restore_utility(asset: Utility) -> Asset:
    """Cut it no further."""
    return replace(asset, lowest_kw=float(asset.power_kw.max()))


@restore_asset.register
def restore_line(asset: ContinuousUnit) -> Asset:
    """Produce normally."""
    return replace(asset, most_interruptions=0)


@restore_asset.register
def restore_battery(asset: Battery) -> Asset:
    """Keep what it holds for its owner."""
    return replace(asset, charge_kw=0.0, discharge_kw=0.0, final_kwh=0.0)
