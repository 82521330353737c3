"""The contract between an asset and the site it belongs to.

An asset type is a Pyomo block written by one function, registered with ``@add_asset.register``. The function declares
variables and named constraints on the block it is given and returns `AssetTerms`: the linear expressions the site
needs. The site balances power, prices energy, applies limits and windows, keeps exclusive pairs apart and reads every
time-indexed variable back into the plan under its own name, so variables carry units in their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import singledispatch
from typing import Any

import pyomo.environ as pyo

from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AssetTerms:
    """What an asset hands to its site; every expression is linear in variables of its own block, without constants.

    Attributes:
        power_kw: net power per step, consumption positive; absent steps are zero.
        fixed_kw: power nobody decides on, added to ``power_kw``, shape (steps,); None for none.
        cost_eur: costs beyond energy, by kind.
        given_up: preferences given up, by the unit and words that follow the amount in a sentence.
        exclusive: pairs of variables over the same steps, bounded above, of which one is zero in every step.
    """

    power_kw: Mapping[int, Any] = field(default_factory=dict)
    fixed_kw: FloatArray | None = None
    cost_eur: Mapping[str, Any] = field(default_factory=dict)
    given_up: Mapping[str, Any] = field(default_factory=dict)
    exclusive: tuple[tuple[pyo.Var, pyo.Var], ...] = ()


@singledispatch
def add_asset(asset: Any, block: pyo.Block, problem: SiteProblem) -> AssetTerms:
    """Write an asset's variables and constraints on its block.

    Args:
        asset: the asset; the type decides which registered function answers.
        block: empty Pyomo block of the asset.
        problem: the site, for its grid and announcement.

    Raises:
        TypeError: no block is registered for this type of asset.
    """
    del block, problem
    raise TypeError(f"no block is registered for assets of type {type(asset).__name__}")
