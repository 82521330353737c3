"""Base load: power nobody decides on. It has no variables and no constraints."""

from __future__ import annotations

import pyomo.environ as pyo

from optimizer.formulations.blocks.asset import AssetTerms, add_asset
from optimizer.problems.assets import BaseLoad
from optimizer.problems.site import SiteProblem


@add_asset.register
def add_base_load(asset: BaseLoad, block: pyo.Block, problem: SiteProblem) -> AssetTerms:  # noqa: ARG001
    """Hand the load to the site as it is."""
    return AssetTerms(fixed_kw=asset.power_kw)
