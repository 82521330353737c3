"""`SiteProgram`: a compiled site with a map back from columns to what people ask for.

Powers, costs and slacks are linear in the columns. Their coefficients are taken from the compiled model once: the
balance rows say what each column contributes to the power of its asset, and every cost kind is compiled as one more
objective. Reading a plan is then a handful of matrix-vector products, however often the program is patched and solved.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray
from pyomo.common.gc_manager import PauseGC
from scipy.sparse import coo_array, csr_array

from optimizer.errors import ModelError
from optimizer.formulations.site import GuardedSteps, SiteModel, build_site
from optimizer.model.compile import compile_model
from optimizer.model.program import Objective, Program
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placed:
    """A series of columns or rows: their positions in the program and in the series.

    Attributes:
        positions: columns or rows of the program.
        at: place of each in the series.
        size: length of the series.
    """

    positions: Positions
    at: Positions
    size: int

    def read(self, values: FloatArray) -> FloatArray:
        """Lay the values of these columns or rows out as a series; zero where there is none."""
        series = np.zeros(self.size)
        series[self.at] = values[self.positions]
        return series


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SiteProgram:
    """A site ready to be solved and read.

    Attributes:
        program: the program; its one objective is the total cost.
        asset_ids: asset ids in the order of the rows of ``power_map``.
        components: asset id and local name of every variable and constraint inside an asset, by full name.
        power_map: matrix of shape (assets * steps, columns): power of an asset in a step.
        fixed_kw: power nobody decides on, shape (assets, steps).
        series: named variables per asset id.
        costs: cost per kind of the whole site.
        asset_costs: cost per asset id and kind.
        given_up: preference given up per asset id and words.
        windows: rows per window id.
        excess: columns per window id.
        offtake: columns of the power taken from the grid.
        balance_rows: row of the power balance per step.
        pairs: columns of exclusive pairs by name.
    """

    program: Program
    asset_ids: tuple[str, ...]
    components: Mapping[str, tuple[str, str]]
    power_map: csr_array[Any, Any]
    fixed_kw: FloatArray
    series: Mapping[str, Mapping[str, Placed]]
    costs: Mapping[str, Objective]
    asset_costs: Mapping[tuple[str, str], Objective]
    given_up: Mapping[tuple[str, str], Objective]
    windows: Mapping[str, Placed]
    excess: Mapping[str, Placed]
    offtake: Placed
    balance_rows: Positions
    pairs: Mapping[str, tuple[Placed, Placed]]


def compile_site(problem: SiteProblem, guarded: GuardedSteps) -> SiteProgram:
    """Build and compile a checked site.

    Raises:
        ModelError: an asset's block is not linear or hides a constant in its power.
    """
    with PauseGC():  # a model is a million small objects that all stay alive; collecting would double the time
        site = build_site(problem, guarded)
        extra = _declare_measures(site)
        compiled = compile_model(site.model)
    total, *measures = compiled.objectives
    program = replace(compiled, objectives=(total,))
    measured = dict(zip(extra, measures, strict=True))
    steps = problem.grid.steps
    components = _components(site)
    columns = _place_columns(program, steps)
    series: dict[str, dict[str, Placed]] = {asset_id: {} for asset_id in site.terms}
    for (name, suffix), placed in columns.items():
        if name in components:
            asset_id, local = components[name]
            series[asset_id][local + suffix] = placed
    place = dict(zip(site.terms, range(len(site.terms)), strict=True))
    owners = np.array([place[components[n][0]] if n in components else -1 for n in program.column_labels.blocks])
    fixed = np.array([np.zeros(steps) if t.fixed_kw is None else t.fixed_kw for t in site.terms.values()])
    _require_no_hidden_constant(program, fixed)
    nowhere = _placed([], [], steps)
    return SiteProgram(
        program=program,
        asset_ids=tuple(site.terms),
        components=components,
        power_map=_power_map(program, owners, len(site.terms), steps),
        fixed_kw=fixed.reshape(len(site.terms), steps),
        series=series,
        costs={key[1]: m for key, m in measured.items() if key[0] == "cost"},
        asset_costs={(key[1], key[2]): m for key, m in measured.items() if key[0] == "asset cost"},
        given_up={(key[1], key[2]): m for key, m in measured.items() if key[0] == "given up"},
        windows=_place_by_window(program.row_labels.positions("window_limit"), steps),
        excess=_place_by_window(program.column_labels.positions("excess_kw"), steps),
        offtake=columns.get(("offtake_kw", ""), nowhere),
        balance_rows=_balance_rows(program, steps),
        pairs={
            name: (columns.get((str(a.name), ""), nowhere), columns.get((str(b.name), ""), nowhere))
            for name, (a, b) in site.pairs.items()
        },
    )


def _declare_measures(site: SiteModel) -> list[tuple[str, ...]]:
    """Add every cost kind and slack as one more objective; the order is that of the returned keys."""
    wanted: dict[tuple[str, ...], Any] = {("cost", kind): cost for kind, cost in site.cost_eur.items()}
    for asset_id, terms in site.terms.items():
        wanted |= {("asset cost", asset_id, kind): cost for kind, cost in terms.cost_eur.items()}
        wanted |= {("given up", asset_id, words): amount for words, amount in terms.given_up.items()}
    site.model.measure = pyo.ObjectiveList()
    for expression in wanted.values():
        site.model.measure.add(expression)
    return list(wanted)


def _components(site: SiteModel) -> dict[str, tuple[str, str]]:
    """Asset id and local name of every variable and constraint inside an asset's block, by full name."""
    return {
        str(component.name): (asset_id, str(component.local_name))
        for asset_id in site.terms
        for component in site.model.asset[asset_id].component_objects((pyo.Var, pyo.Constraint))
    }


def _place_columns(program: Program, steps: int) -> dict[tuple[str, str], Placed]:
    """Lay out every component by its last index, where that is a step or boundary; other indices name the series."""
    found: dict[tuple[str, str], tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for position, (name, index) in enumerate(
        zip(program.column_labels.blocks, program.column_labels.indices, strict=True)
    ):
        if index and isinstance(index[-1], int):
            places = found[name, f"[{','.join(map(str, index[:-1]))}]" if len(index) > 1 else ""]
            places[0].append(position)
            places[1].append(index[-1])
    return {key: _placed(positions, at, max(steps, max(at) + 1)) for key, (positions, at) in found.items()}


def _placed(positions: list[int], at: list[int], size: int) -> Placed:
    return Placed(positions=np.array(positions, dtype=np.int64), at=np.array(at, dtype=np.int64), size=size)


def _power_map(program: Program, owners: Positions, assets: int, steps: int) -> csr_array[Any, Any]:
    balance = program.rows[_balance_rows(program, steps)].tocoo()
    owner = owners[balance.col]
    mine = owner >= 0
    where = (owner[mine] * steps + balance.row[mine], balance.col[mine])
    return coo_array((balance.data[mine], where), shape=(assets * steps, program.columns)).tocsr()


def _balance_rows(program: Program, steps: int) -> Positions:
    rows = program.row_labels.positions("balance")
    return np.array([rows[(t,)] for t in range(steps)], dtype=np.int64)


def _require_no_hidden_constant(program: Program, fixed: FloatArray) -> None:
    seen = -program.row_upper[_balance_rows(program, fixed.shape[1])]
    if not np.allclose(seen, fixed.sum(axis=0), rtol=1e-12, atol=1e-9):
        raise ModelError("an asset's power has a constant that belongs in fixed_kw")


def _place_by_window(positions: Mapping[tuple[Any, ...], int], steps: int) -> dict[str, Placed]:
    found: dict[str, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
    for (window, t), position in positions.items():
        found[window][0].append(position)
        found[window][1].append(t)
    return {window: _placed(p, at, steps) for window, (p, at) in found.items()}
