"""The redispatch formulation written straight into arrays.

`optimizer.formulations.redispatch` is the formulation; this is the same program without the scalar algebra, which
takes most of the time of a clearing from a few dozen orders on. A property test compares the two label by label
(bounds, integrality, costs, coefficients) on generated books with every feature on and off.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.formulations.redispatch import needs_used
from optimizer.model.labels import LabelIndex, Labels
from optimizer.model.program import Objective, Program
from optimizer.problems.redispatch import FloatArray, IntArray, RedispatchProblem


def compile_redispatch(
    problem: RedispatchProblem, *, count_activations: bool = False, limit_rows: NDArray[np.bool_] | None = None
) -> Program:
    """Build the program that `build_redispatch` compiles to.

    Args:
        problem: a problem whose checks found nothing.
        count_activations: give every order its ``used`` and add the objective ``fewest_activations``.
        limit_rows: limits and steps that get a row, shape (L, T); None for all that can bind.
    """
    columns = _Columns(problem, needs_used(problem, count_activations=count_activations), limit_rows)
    rows = _Rows(columns.count)
    _add_order_rows(problem, columns, rows)
    _add_link_rows(problem, columns, rows)
    slack = problem.balance_tolerance_lots
    rows.add_matrix("balance", problem.net_purchase(), columns, -slack, slack)
    rows.add_matrix("pairing", problem.counter_sales(), columns, -np.inf, 0.0)
    _add_relief_rows(problem, columns, rows)
    _add_limit_rows(problem, columns, rows)
    objectives = _objectives(problem, columns)
    if count_activations:
        costs = np.zeros(columns.count)
        costs[columns.used[columns.used >= 0]] = 1.0
        objectives.append(Objective(name="fewest_activations", costs=costs))
    return rows.program(columns, tuple(objectives))


class _Columns:
    """Positions and bounds of all columns."""

    def __init__(
        self, problem: RedispatchProblem, asked: NDArray[np.bool_], limit_rows: NDArray[np.bool_] | None
    ) -> None:
        orders, needs, steps = problem.orders, problem.needs, problem.steps
        whole = orders.indivisible
        self.problem = problem
        self.tiers = np.flatnonzero(~whole[orders.tier_order])
        self.tier_order = orders.tier_order[self.tiers]
        self.take = np.arange(len(self.tiers))
        self.used = np.full(len(orders), -1, dtype=np.int64)
        self.used[asked] = len(self.take) + np.arange(int(asked.sum()))
        first = len(self.take) + int(asked.sum())
        relief = problem.relief()
        touched = (np.diff(relief.indptr) > 0).reshape(len(needs), steps)
        self.relief = relief
        self.cells = np.argwhere(touched | (needs.required_lots > 0))
        self.excess_cells = np.argwhere(touched & problem.allows_excess)
        self.shortfall = first + np.arange(len(self.cells))
        self.excess = first + len(self.cells) + np.arange(len(self.excess_cells))
        first += len(self.cells) + len(self.excess_cells)
        self.change = problem.change(limit_rows)
        self.limit_cells = limit_cells(problem, self.change, limit_rows)
        soft = problem.shortfall_price_eur_per_mwh is not None
        overloads = len(self.limit_cells) if soft else 0
        self.overload_up = first + np.arange(overloads)
        self.overload_down = first + overloads + np.arange(overloads)
        self.count = first + 2 * overloads

    def spread(self, matrix: csr_array[Any, Any]) -> tuple[IntArray, IntArray, FloatArray]:
        """Turn a matrix over units of orders into triples over columns."""
        orders = self.problem.orders
        coo = matrix.tocoo()
        row, order, value = coo.row.astype(np.int64), coo.col.astype(np.int64), coo.data
        whole = orders.indivisible[order]
        tiers = np.bincount(self.tier_order, minlength=len(orders))
        first = np.cumsum(tiers) - tiers
        repeat = tiers[order[~whole]]
        offset = np.arange(int(repeat.sum())) - np.repeat(np.cumsum(repeat) - repeat, repeat)
        return (
            np.concatenate([row[whole], np.repeat(row[~whole], repeat)]),
            np.concatenate([self.used[order[whole]], np.repeat(first[order[~whole]], repeat) + offset]),
            np.concatenate([value[whole] * orders.units[order[whole]], np.repeat(value[~whole], repeat)]),
        )

    def bounds(self) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Upper bound and integrality per column; every lower bound is zero."""
        upper = np.full(self.count, np.inf)
        upper[self.take] = self.problem.orders.tier_units[self.tiers]
        integer = np.zeros(self.count, dtype=np.bool_)
        integer[self.take] = not self.problem.divisible
        used = self.used[self.used >= 0]
        upper[used] = 1.0
        integer[used] = True
        return upper, integer

    def labels(self) -> Labels:
        """Block and index per column, as the formulation names them."""
        orders = self.problem.orders
        tier_index = (self.tiers - orders.tier_start[self.tier_order]).tolist()
        overload = [(int(k), int(t)) for k, t in self.limit_cells] if len(self.overload_up) else []
        parts: list[tuple[str, list[LabelIndex]]] = [
            ("take", list(zip(self.tier_order.tolist(), tier_index, strict=True))),
            ("used", [(o,) for o in np.flatnonzero(self.used >= 0).tolist()]),
            ("shortfall", [(n, t) for n, t in self.cells.tolist()]),
            ("excess", [(n, t) for n, t in self.excess_cells.tolist()]),
            ("overload_up", list(overload)),
            ("overload_down", list(overload)),
        ]
        return _labels(parts)


class _Rows:
    """Collects rows as triples."""

    def __init__(self, columns: int) -> None:
        self._columns = columns
        self._count = 0
        self._triples: list[tuple[IntArray, IntArray, FloatArray]] = []
        self._lower: list[FloatArray] = []
        self._upper: list[FloatArray] = []
        self._labels: list[tuple[str, list[LabelIndex]]] = []

    def add(
        self,
        block: str,
        index: list[LabelIndex],
        bounds: tuple[FloatArray | float, FloatArray | float],
        *parts: tuple[IntArray, IntArray, FloatArray | float],
    ) -> None:
        """Add rows of one block; the parts are (row within the block, column, value)."""
        count = len(index)
        for row, column, value in parts:
            values = np.broadcast_to(np.asarray(value, dtype=np.float64), np.shape(row))
            self._triples.append((np.asarray(row) + self._count, np.asarray(column), values))
        self._lower.append(np.broadcast_to(np.asarray(bounds[0], dtype=np.float64), (count,)))
        self._upper.append(np.broadcast_to(np.asarray(bounds[1], dtype=np.float64), (count,)))
        self._labels.append((block, index))
        self._count += count

    def add_matrix(
        self, block: str, matrix: csr_array[Any, Any], columns: _Columns, lower: float, upper: float
    ) -> None:
        """Add the rows of a matrix over units that are not empty."""
        kept = np.flatnonzero(np.diff(matrix.indptr))
        part = columns.spread(csr_array(matrix[kept]))
        self.add(block, [(t,) for t in kept.tolist()], (lower, upper), part)

    def program(self, columns: _Columns, objectives: tuple[Objective, ...]) -> Program:
        """Put everything together."""
        row, column, value = (np.concatenate(part) for part in zip(*self._triples, strict=True))
        matrix = csr_array((value, (row, column)), shape=(self._count, self._columns))
        matrix.sum_duplicates()
        matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
        upper, integer = columns.bounds()
        return Program(
            name="redispatch",
            objectives=objectives,
            column_lower=np.zeros(self._columns),
            column_upper=upper,
            integer=integer,
            rows=matrix,
            row_lower=np.concatenate(self._lower),
            row_upper=np.concatenate(self._upper),
            column_labels=columns.labels(),
            row_labels=_labels(self._labels),
        )


def limit_cells(
    problem: RedispatchProblem, change: csr_array[Any, Any], asked: NDArray[np.bool_] | None = None
) -> IntArray:
    """Limits and steps that need a row: some order changes them, or a soft one is overrun from the start."""
    limits = problem.limits
    cells = (np.diff(change.indptr) > 0).reshape(len(limits), problem.steps)
    cells &= np.isfinite(limits.up_lots) | np.isfinite(limits.down_lots)
    if problem.shortfall_price_eur_per_mwh is not None:
        cells |= np.minimum(limits.up_lots, limits.down_lots) < 0
    if asked is not None:
        cells &= asked
    return np.argwhere(cells)


def _add_order_rows(problem: RedispatchProblem, columns: _Columns, rows: _Rows) -> None:
    """``at_most`` and ``at_least``: units and the decision to use an order belong together."""
    orders = problem.orders
    linked = np.flatnonzero((columns.used >= 0) & ~orders.indivisible)
    row_of = np.full(len(orders), -1, dtype=np.int64)
    row_of[linked] = np.arange(len(linked))
    mine = row_of[columns.tier_order] >= 0
    taken = (row_of[columns.tier_order[mine]], columns.take[mine], 1.0)
    here = np.arange(len(linked))
    used = (here, columns.used[linked], -orders.units[linked])
    rows.add("at_most", [(o,) for o in linked.tolist()], (-np.inf, 0.0), taken, used)
    least = orders.minimum_units.copy()
    if not problem.divisible:
        parents = orders.parent[orders.parent >= 0]
        least[parents] = np.maximum(least[parents], 1.0)
    asked = linked[least[linked] > 0]
    row_of[:] = -1
    row_of[asked] = np.arange(len(asked))
    mine = row_of[columns.tier_order] >= 0
    taken = (row_of[columns.tier_order[mine]], columns.take[mine], -1.0)
    used = (np.arange(len(asked)), columns.used[asked], least[asked])
    rows.add("at_least", [(o,) for o in asked.tolist()], (-np.inf, 0.0), taken, used)


def _add_link_rows(problem: RedispatchProblem, columns: _Columns, rows: _Rows) -> None:
    """``one_of`` an exclusive group, and no ``child`` without its parent."""
    orders = problem.orders
    members = np.flatnonzero(orders.group >= 0)
    groups, position, size = np.unique(orders.group[members], return_inverse=True, return_counts=True)
    kept = size > 1
    row_of_order = np.full(len(orders), -1, dtype=np.int64)
    row_of_order[members] = np.where(kept[position], (np.cumsum(kept) - 1)[position], -1)
    decided = members[(row_of_order[members] >= 0) & (columns.used[members] >= 0)]
    shared = (row_of_order[columns.tier_order] >= 0) & (columns.used[columns.tier_order] < 0)
    sharer = columns.tier_order[shared]
    rows.add(
        "one_of",
        [(g,) for g in groups[kept].tolist()],
        (-np.inf, 1.0),
        (row_of_order[decided], columns.used[decided], 1.0),
        (row_of_order[sharer], columns.take[shared], 1.0 / orders.units[sharer]),
    )
    children = np.flatnonzero(orders.parent >= 0)
    here = np.arange(len(children))
    decides = columns.used[children] >= 0
    scale = np.where(decides, 1.0, orders.units[children])
    row_of = np.full(len(orders), -1, dtype=np.int64)
    row_of[children[~decides]] = here[~decides]
    mine = row_of[columns.tier_order] >= 0
    rows.add(
        "child",
        [(o,) for o in children.tolist()],
        (-np.inf, 0.0),
        (here[decides], columns.used[children[decides]], 1.0),
        (row_of[columns.tier_order[mine]], columns.take[mine], 1.0),
        (here, columns.used[orders.parent[children]], -scale),
    )


def _add_relief_rows(problem: RedispatchProblem, columns: _Columns, rows: _Rows) -> None:
    cells, steps = columns.cells, problem.steps
    flat = cells[:, 0] * steps + cells[:, 1]
    position = np.full(len(problem.needs) * steps, -1, dtype=np.int64)
    position[flat] = np.arange(len(cells))
    here = np.arange(len(cells))
    with_excess = position[columns.excess_cells[:, 0] * steps + columns.excess_cells[:, 1]]
    required = problem.needs.required_lots[cells[:, 0], cells[:, 1]]
    row, column, value = columns.spread(columns.relief)
    rows.add(
        "relief",
        [(n, t) for n, t in cells.tolist()],
        (required, required),
        (position[row], column, value),
        (here, columns.shortfall, 1.0),
        (with_excess, columns.excess, -1.0),
    )


def _add_limit_rows(problem: RedispatchProblem, columns: _Columns, rows: _Rows) -> None:
    cells, steps = columns.limit_cells, problem.steps
    position = np.full(len(problem.limits) * steps, -1, dtype=np.int64)
    position[cells[:, 0] * steps + cells[:, 1]] = np.arange(len(cells))
    row, column, value = columns.spread(columns.change)
    kept = position[row] >= 0
    parts = [(position[row[kept]], column[kept], value[kept])]
    if len(columns.overload_up):
        here = np.arange(len(cells))
        parts += [(here, columns.overload_up, np.full(len(cells), -1.0))]
        parts += [(here, columns.overload_down, np.full(len(cells), 1.0))]
    down = -problem.limits.down_lots[cells[:, 0], cells[:, 1]]
    up = problem.limits.up_lots[cells[:, 0], cells[:, 1]]
    rows.add("limit", [(k, t) for k, t in cells.tolist()], (down, up), *parts)


def _objectives(problem: RedispatchProblem, columns: _Columns) -> list[Objective]:
    orders, price = problem.orders, problem.excess_price_eur_per_mwh
    unit_cost = problem.tier_cost_eur
    cost = np.zeros(columns.count)
    cost[columns.take] = unit_cost[columns.tiers]
    whole = np.flatnonzero(orders.indivisible)
    full = np.bincount(orders.tier_order, weights=unit_cost * orders.tier_units, minlength=len(orders))
    cost[columns.used[whole]] = full[whole]
    if price is not None:
        cost[columns.excess] = price[columns.excess_cells[:, 0]] * problem.lot_step_mwh
    if problem.shortfall_price_eur_per_mwh is not None:
        missing = problem.shortfall_price_eur_per_mwh * problem.lot_step_mwh
        cost[columns.shortfall] = missing
        cost[columns.overload_up] = missing
        cost[columns.overload_down] = missing
        return [Objective(name="least_cost", costs=cost)]
    unmet = np.zeros(columns.count)
    unmet[columns.shortfall] = 1.0
    stages = [Objective(name="least_shortfall", costs=unmet)]
    if price is None:
        above = np.zeros(columns.count)
        above[columns.excess] = 1.0
        stages.append(Objective(name="least_excess", costs=above))
    return [*stages, Objective(name="least_cost", costs=cost)]


def _labels(parts: list[tuple[str, list[LabelIndex]]]) -> Labels:
    blocks: list[str] = []
    indices: list[LabelIndex] = []
    for block, index in parts:
        blocks += [block] * len(index)
        indices += index
    return Labels(tuple(blocks), tuple(indices))
