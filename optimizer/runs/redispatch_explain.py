"""What an order's price would have had to be, and what a winner is worth, both by solving again.

**Winning price.** Let F(p) be the least cost with the order forced in at price p. F is concave and rises with what the
order is paid; the order is taken exactly where F(p) does not exceed the optimum. Newton's method from its own price
walks along the pieces of F and ends on the root itself, in one solve for an all-or-none order. **Contribution.** What
the optimum costs more without the order. No dual prices: a book with indivisible orders has none that explain it.

One live model serves all questions; each is a patch of a few bounds and costs. The price of relief above the need
stays what it was in the clearing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optimizer.errors import SolverError
from optimizer.formulations.redispatch_arrays import compile_redispatch
from optimizer.model.program import FloatArray
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.runs.redispatch_columns import column_orders, unit_matrix
from optimizer.runs.redispatch_stages import shortfall_price_eur, whole_units
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession, Patch

NEWTON_ROUNDS = 30
SAME_EUR = 1e-6
SAME_LOTS = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What the optimum loses without an order.

    Attributes:
        cost_eur: higher cost, the price of excess included.
        shortfall_lots: higher shortfall in lots times steps.
    """

    cost_eur: float
    shortfall_lots: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Answer:
    merged_eur: float
    shortfall_lots: float
    units: FloatArray


class RedispatchQuestions:
    """A cleared problem that can be asked what if."""

    def __init__(self, problem: RedispatchProblem, *, limit_rows: NDArray[np.bool_] | None = None) -> None:
        """Load the problem and solve it once.

        Args:
            problem: the problem, with shortfall and cost as its stages.
            limit_rows: limits and steps that get a row; None for all.
        """
        self._problem = problem
        self._program = compile_redispatch(problem, limit_rows=limit_rows)
        self._to_units = unit_matrix(problem, self._program)
        self._order_of = column_orders(self._program)
        counted = np.zeros(self._program.columns, dtype=np.bool_)
        counted[self._to_units.indices] = True
        self._counted = counted
        unmet, cost = self._program.objectives[0].costs, self._program.objectives[-1].costs
        self._unmet = unmet
        self._price = shortfall_price_eur(problem)
        self._costs = cost + self._price * unmet
        gap = max(0.9 * problem.granule_eur, SAME_EUR)
        self._session = HighsSession(SolverOptions(relative_gap=0.0, absolute_gap=gap, restart=False))
        self._session.load(self._program)
        self._session.set_objective("least_cost", self._costs, 0.0)
        self._optimum = self._require()

    def winning_price_ticks(self, order: int) -> float | None:
        """Highest price of a sell, or lowest of a buy, at which the order is taken at least in part.

        Returns:
            The price in ticks, or None where no price helps: forced in, it would leave more relief short or is
            impossible.
        """
        mine = np.flatnonzero(self._order_of == order)
        counted = mine[self._counted[mine]]
        decided = mine[~self._counted[mine]] if not self._problem.orders.indivisible[order] else counted
        forced = decided if len(decided) else counted[:1]
        positions = forced.astype(np.int32)
        lower, upper = self._program.column_lower[forced], self._program.column_upper[forced]
        lots = counted[:1].astype(np.int32)
        self._session.patch(Patch(column_bounds=(lots, np.ones(1), self._program.column_upper[lots])))
        self._session.patch(Patch(column_bounds=(positions, np.ones(len(forced)), upper)))
        try:
            return self._newton(order, counted)
        finally:
            self._session.patch(Patch(column_bounds=(positions, lower, upper)))
            self._session.patch(Patch(column_bounds=(lots, np.zeros(1), self._program.column_upper[lots])))
            self._session.patch(Patch(costs=(counted.astype(np.int32), self._costs[counted])))

    def contribution(self, order: int) -> Contribution:
        """What the optimum loses without an order."""
        mine = np.flatnonzero(self._order_of == order).astype(np.int32)
        none = np.zeros(len(mine))
        self._session.patch(Patch(column_bounds=(mine, none, none)))
        try:
            without = self._require()
        finally:
            self._session.patch(Patch(column_bounds=(mine, none, self._program.column_upper[mine])))
        short = without.shortfall_lots - self._optimum.shortfall_lots
        cost = without.merged_eur - self._optimum.merged_eur - self._price * short
        return Contribution(cost_eur=cost, shortfall_lots=short)

    def _newton(self, order: int, counted: NDArray[np.int64]) -> float | None:
        orders = self._problem.orders
        paid = -float(orders.sign[order]) * float(orders.unit_lot_steps[order]) * self._problem.granule_eur
        scale = float(orders.units[order]) if orders.indivisible[order] else 1.0
        price = float(orders.tier_price_ticks[orders.tier_start[order]])
        for _ in range(NEWTON_ROUNDS):
            costs = np.full(len(counted), paid * price * scale)
            self._session.patch(Patch(costs=(counted.astype(np.int32), costs)))
            answer = self._solve()
            if answer is None or answer.shortfall_lots > self._optimum.shortfall_lots + SAME_LOTS:
                return None
            above = answer.merged_eur - self._optimum.merged_eur
            if abs(above) <= SAME_EUR:
                break
            price -= above / (paid * float(answer.units[order]))
        return price

    def _solve(self) -> _Answer | None:
        outcome = self._session.run()
        if outcome.incumbent is None:
            return None
        values = outcome.incumbent.values
        return _Answer(
            merged_eur=outcome.incumbent.objective,
            shortfall_lots=float(self._unmet @ values),
            units=whole_units(self._problem, self._to_units @ values),
        )

    def _require(self) -> _Answer:
        answer = self._solve()
        if answer is None:
            raise SolverError("the cleared problem has no solution when solved again")
        return answer
