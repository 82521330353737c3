"""Patch a compiled site to a later moment: what has passed is neutral, states and series are new, nothing is rebuilt.

Steps before ``now`` are taken out: their columns are fixed at zero, their rows are freed. States enter as bounds of
the boundary at ``now`` or as what is left on the right-hand side. Only bounds, right-hand sides and prices change; a
change of coefficients (efficiency, COP, resistance, profile) is refused, because the program would silently be wrong.
The result is the program of `optimizer.problems.states.remaining_site`, step by step.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import ModelError
from optimizer.formulations.site_program import SiteProgram
from optimizer.model.labels import LabelIndex, Labels
from optimizer.model.program import Objective
from optimizer.problems.assets import Asset, BaseLoad, Batch, Battery, BuildingZone, ChargingSession
from optimizer.problems.contracts import offtake_capacity_kw
from optimizer.problems.profiles import comfort_band, possible_starts
from optimizer.problems.site import SiteProblem
from optimizer.problems.windows import Direction

PATCHABLE: Mapping[type, frozenset[str]] = {
    ChargingSession: frozenset({"energy_kwh", "guaranteed_kwh"}),
    BuildingZone: frozenset({"initial_temperature_c", "outdoor_temperature_c", "gains_kw", "lower_c", "upper_c"}),
    Battery: frozenset({"initial_kwh", "final_kwh", "reserved_kwh"}),
    BaseLoad: frozenset({"power_kw"}),
}
PATCHABLE_OF_SITE = frozenset(
    {
        "contracted_offtake_kw",
        "contracted_feed_in_kw",
        "offtake_price_eur_per_kwh",
        "feed_in_price_eur_per_kwh",
    }
)


class SitePatcher:
    """Writes later moments of one compiled site.

    Args:
        problem: the site as compiled.
        site: its program.
    """

    def __init__(self, problem: SiteProblem, site: SiteProgram) -> None:
        self.problem = problem
        self.site = site
        self.columns = _positions(site.program.column_labels)
        self.rows = _positions(site.program.row_labels)
        self.names = {(asset, local): full for full, (asset, local) in site.components.items()}
        self._column_step = _last_step(site.program.column_labels)
        self._row_step = _last_step(site.program.row_labels)

    def program_at(self, problem: SiteProblem, remaining: SiteProblem) -> SiteProgram:
        """Write the program of what is left of the site.

        Args:
            problem: the site on the compiled grid, with the series that hold now.
            remaining: what is left of it, see `remaining_site`.

        Raises:
            ModelError: something changed that bounds, right-hand sides and prices cannot say.
        """
        _require_same_structure(self.problem, problem)
        now = problem.grid.steps - remaining.grid.steps
        draft = SiteDraft(self, now)
        draft.take_out(self._column_step < now, self._column_step >= 0, self._row_step < now, self._row_step >= 0)
        fixed = dict(zip(self.site.asset_ids, np.zeros_like(self.site.fixed_kw), strict=True))
        for asset, left in zip(problem.assets, remaining.assets, strict=True):
            patch_asset(asset, left, draft, remaining)
            if isinstance(left, BaseLoad):
                fixed[asset.id][now:] = left.power_kw
        draft.patch_connection(remaining, sum(fixed.values(), np.zeros(problem.grid.steps)))
        draft.patch_windows(remaining, fixed)
        energy = draft.patch_prices(remaining)
        program = self.site.program
        return replace(
            self.site,
            program=replace(
                program,
                objectives=(replace(program.objectives[0], costs=draft.costs),),
                column_lower=draft.column_lower,
                column_upper=draft.column_upper,
                row_lower=draft.row_lower,
                row_upper=draft.row_upper,
            ),
            fixed_kw=np.array([fixed[asset_id] for asset_id in self.site.asset_ids]),
            costs=dict(self.site.costs) | {"energy": energy},
        )


class SiteDraft:
    """Bounds, sides and costs of one later moment, being written.

    Args:
        patcher: index of the compiled site.
        now: first step that is still to be planned.
    """

    def __init__(self, patcher: SitePatcher, now: int) -> None:
        program = patcher.site.program
        self.now = now
        self.column_lower, self.column_upper = program.column_lower.copy(), program.column_upper.copy()
        self.row_lower, self.row_upper = program.row_lower.copy(), program.row_upper.copy()
        self.costs = program.objectives[0].costs.copy()
        self._patcher = patcher

    def take_out(self, *masks: NDArray[np.bool_]) -> None:
        """Fix the columns of past steps at zero and free their rows."""
        columns, rows = masks[0] & masks[1], masks[2] & masks[3]
        self.column_lower[columns] = self.column_upper[columns] = 0.0
        self.row_lower[rows], self.row_upper[rows] = -np.inf, np.inf

    def bound(self, owner: str, variable: str, at: int, lower: float, upper: float) -> None:
        """Set the bounds of an asset's variable at one index; an index without variable is left out."""
        position = self._patcher.columns[self._patcher.names.get((owner, variable), "")].get((at,))
        if position is not None:
            self.column_lower[position], self.column_upper[position] = lower, upper

    def limit(self, owner: str, constraint: str, at: int | None, lower: float, upper: float) -> None:
        """Set the sides of an asset's constraint, at one index or as a whole; an absent row is left out."""
        rows = self._patcher.rows[self._patcher.names.get((owner, constraint), "")]
        position = rows.get(() if at is None else (at,))
        if position is not None:
            self.row_lower[position], self.row_upper[position] = lower, upper

    def free(self, owner: str, constraint: str, at: int | None = None) -> None:
        """Take a row of an asset out."""
        self.limit(owner, constraint, at, -np.inf, np.inf)

    def free_sequence(self, before: str) -> None:
        """Take out the rows that wait for a batch."""
        for index, position in self._patcher.rows["sequence"].items():
            if index[1] == before:
                self.row_lower[position], self.row_upper[position] = -np.inf, np.inf

    def indices(self, owner: str, variable: str) -> list[int]:
        """Indices of an asset's variable."""
        return [int(index[0]) for index in self._patcher.columns[self._patcher.names.get((owner, variable), "")]]

    def patch_prices(self, remaining: SiteProblem) -> Objective:
        """Move the energy prices inside the total; return the cost of energy by itself."""
        energy = np.zeros(len(self.costs))
        step_h = remaining.grid.step_h
        for name, prices in (
            ("offtake_kw", remaining.offtake_price_eur_per_kwh),
            ("feed_in_kw", -remaining.feed_in_price_eur_per_kwh),
        ):
            for (t,), position in self._patcher.columns[name].items():
                if t >= self.now:
                    energy[position] = step_h * prices[t - self.now]
        self.costs += energy - self._patcher.site.costs["energy"].costs
        return Objective(name="energy", costs=energy)

    def patch_connection(self, remaining: SiteProblem, fixed: NDArray[np.float64]) -> None:
        """Write given loads, contracted capacity and window limits of the steps that are left."""
        rows, columns = self._patcher.rows, self._patcher.columns
        capacity = offtake_capacity_kw(remaining)
        for k in range(remaining.grid.steps):
            t = self.now + k
            row = rows["balance"][(t,)]
            self.row_lower[row] = self.row_upper[row] = -fixed[t]
            self.column_upper[columns["offtake_kw"][(t,)]] = capacity[k]
            feed_in = columns["feed_in_kw"].get((t,))
            if feed_in is not None:
                self.column_upper[feed_in] = remaining.contracted_feed_in_kw[k]
            elif remaining.contracted_feed_in_kw[k] > 0.0:
                raise ModelError("feed-in is contracted in a step in which the compiled site has none")

    def patch_windows(self, remaining: SiteProblem, fixed: Mapping[str, NDArray[np.float64]]) -> None:
        """Write the limits of windows, less the given loads of the assets a window holds for."""
        rows = self._patcher.rows["window_limit"]
        for window in remaining.windows:
            sign = 1.0 if window.direction is Direction.OFFTAKE else -1.0
            given = sum((fixed[asset_id] for asset_id in window.asset_ids), np.zeros(self.now + remaining.grid.steps))
            for at in (int(k) for k in np.flatnonzero(window.steps)):
                row = rows.get((window.id, self.now + at))
                if row is not None:
                    self.row_upper[row] = window.limit_kw[at] - sign * given[self.now + at]


@singledispatch
def patch_asset(asset: Any, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """Write what is left of an asset into the draft; the type of the asset decides which function answers.

    Raises:
        ModelError: assets of this type cannot be patched.
    """
    del left, draft, remaining
    raise ModelError(f"assets of type {type(asset).__name__} cannot be patched; build the site anew")


@patch_asset.register
def patch_session(asset: ChargingSession, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """What was received is no longer needed; a session that left is out. The step now counts as arrival step."""
    del remaining
    if not isinstance(left, ChargingSession):
        draft.free(asset.id, "energy_by_departure")
        draft.free(asset.id, "energy_guaranteed")
        return
    draft.limit(asset.id, "energy_by_departure", None, left.energy_kwh, left.energy_kwh)
    promised = left.guaranteed_kwh if left.guaranteed_by_step is not None else -np.inf
    draft.limit(asset.id, "energy_guaranteed", None, promised, np.inf)
    if draft.now > asset.arrival_step:
        draft.bound(asset.id, "charging", draft.now, 0.0, 0.0)
        for constraint in ("above_minimum", "below_maximum", "no_restart"):
            draft.free(asset.id, constraint, draft.now)
        draft.free(asset.id, "no_restart", draft.now + 1)


@patch_asset.register
def patch_zone(asset: BuildingZone, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """Start at the measured temperature, with the weather, gains and band that hold now."""
    if not isinstance(left, BuildingZone):
        raise ModelError(f"{asset.id} is no longer a zone")
    grid = remaining.grid
    kept = float(np.exp(-grid.step_h / (left.resistance_k_per_kw * left.capacity_kwh_per_k)))
    free = (1.0 - kept) * (left.outdoor_temperature_c + left.resistance_k_per_kw * left.gains_kw)
    lower, upper = comfort_band(left, grid)
    draft.bound(asset.id, "temperature_c", draft.now, left.initial_temperature_c, left.initial_temperature_c)
    draft.free(asset.id, "band_lower", draft.now)
    draft.free(asset.id, "band_upper", draft.now)
    for k in range(grid.steps):
        t = draft.now + k
        draft.limit(asset.id, "heat_balance", t, free[k], free[k])
        if asset.discomfort_eur_per_kh is None:
            draft.bound(asset.id, "temperature_c", t + 1, lower[k + 1], upper[k + 1])
        else:
            draft.limit(asset.id, "band_lower", t + 1, lower[k + 1], np.inf)
            draft.limit(asset.id, "band_upper", t + 1, -np.inf, upper[k + 1])


@patch_asset.register
def patch_battery(asset: Battery, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """Start with the energy that is held."""
    if not isinstance(left, Battery):
        raise ModelError(f"{asset.id} is no longer a battery")
    draft.bound(asset.id, "stored_kwh", draft.now, left.initial_kwh, left.initial_kwh)
    for k in range(1, remaining.grid.steps + 1):
        least = max(left.reserved_kwh, left.final_kwh) if k == remaining.grid.steps else left.reserved_kwh
        draft.bound(asset.id, "stored_kwh", draft.now + k, least, left.capacity_kwh)


@patch_asset.register
def patch_batch(asset: Batch, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """A batch that has started is a given load; any other may move as far as its notice still allows."""
    started = not isinstance(left, Batch)
    allowed = (
        set() if not isinstance(left, Batch) else set(possible_starts(left, remaining.grid, remaining.announced_step))
    )
    for s in draft.indices(asset.id, "start"):
        draft.bound(asset.id, "start", s, 0.0, 1.0 if s - draft.now in allowed else 0.0)
    if started:
        draft.free(asset.id, "starts_once")
        draft.free_sequence(asset.id)
    elif (
        isinstance(left, Batch)
        and left.planned_start_step + draft.now != asset.planned_start_step
        and asset.move_cost_eur
    ):
        raise ModelError(f"{asset.id} was announced anew, which changes what a move costs; build the site anew")


@patch_asset.register
def patch_base_load(asset: BaseLoad, left: Asset, draft: SiteDraft, remaining: SiteProblem) -> None:
    """A base load enters through the balance of the connection."""
    del asset, left, draft, remaining


def _require_same_structure(compiled: SiteProblem, wanted: SiteProblem) -> None:
    _require_same(compiled, wanted, PATCHABLE_OF_SITE | {"assets", "windows", "announced_step"}, "the site")
    _require_members(compiled.windows, wanted.windows)
    for before, after in zip(compiled.windows, wanted.windows, strict=True):
        _require_same(before, after, frozenset({"limit_kw"}), f"window {before.id}")
    _require_members(compiled.assets, wanted.assets)
    for asset, changed in zip(compiled.assets, wanted.assets, strict=True):
        _require_same(asset, changed, PATCHABLE.get(type(asset), frozenset()), asset.id)


def _require_members(before: Iterable[Any], after: Iterable[Any]) -> None:
    if [(type(x), x.id) for x in before] != [(type(x), x.id) for x in after]:
        raise ModelError("assets or windows were added, removed or reordered; build the site anew")


def _require_same(before: Any, after: Any, may_change: frozenset[str], what: str) -> None:
    if before is after:
        return
    for name in (field.name for field in fields(before)):
        if name not in may_change and not np.array_equal(getattr(before, name), getattr(after, name)):
            raise ModelError(f"{what}: {name} changed, which a patch cannot say; build the site anew")


def _positions(labels: Labels) -> Mapping[str, dict[LabelIndex, int]]:
    found: dict[str, dict[LabelIndex, int]] = defaultdict(dict)
    for position, (name, index) in enumerate(zip(labels.blocks, labels.indices, strict=True)):
        found[name][index] = position
    return found


def _last_step(labels: Labels) -> NDArray[np.int64]:
    return np.array([i[-1] if i and isinstance(i[-1], int) else -1 for i in labels.indices], dtype=np.int64)
