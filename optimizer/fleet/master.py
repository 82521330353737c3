"""The master of Dantzig-Wolfe: mix the responses of the groups so that the shared rows hold at least cost.

Columns: the share of each response (one per group and round), slack of the rows, peaks.
Rows: ``convexity[g]``: shares of a group add up to 1; ``limit[r]``: sign * mixed power - slack <= level.
Rows that nothing comes near are added only once a mixture violates them. Hard rows have an artificial slack whose price
is raised, and finally forbidden, until it is empty: it helps the search and is never part of a plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from optimizer.errors import SolverError
from optimizer.fleet.limit_rows import LimitRows, LongArray
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.problems.fleet import FloatArray, IntArray
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import HighsSession, Patch

EAGER_ROWS = 4000
_TOLERANCE = 1e-9
_SIZE = 1000.0


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Mixture:
    """An optimum of the master.

    Attributes:
        objective_eur: its objective, artificial slack included.
        shares: share per column, shape (columns,).
        duals: dual per shared row in EUR per kW, 0 or less; 0 for rows not in the master, shape (rows,).
        convexity: dual per group in EUR.
        artificial_kw: slack in hard rows, added up.
    """

    objective_eur: float
    shares: FloatArray
    duals: FloatArray
    convexity: FloatArray
    artificial_kw: float


class Master:
    """One live linear program that grows by columns and rows.

    Power is scaled so that typical numbers are around a thousand, because the solver's tolerances are absolute.
    """

    def __init__(self, rows: LimitRows, group_area: IntArray, *, scale_kw: float, artificial_eur: float) -> None:
        self.rows = rows
        self.groups = len(group_area)
        self._covered = rows.covers[group_area] if self.groups else rows.covers[:0]
        self._scale = scale_kw / _SIZE
        self._artificial = artificial_eur
        self._searching = False
        self._powers: list[FloatArray] = []
        self._costs: list[float] = []
        self._group: list[int] = []
        self._place = np.full(len(rows), -1, dtype=np.int64)
        self._share_columns: list[int] = []
        self._slack_place = np.zeros(0, dtype=np.int64)
        self._slack_row = np.zeros(0, dtype=np.int64)
        self._hard = ~rows.priced
        self._session = HighsSession(SolverOptions(method="simplex", feasibility_tolerance=_TOLERANCE))
        self._load()
        if len(rows) <= EAGER_ROWS:
            self._add_rows(np.arange(len(rows)))
        else:
            self._add_rows(np.flatnonzero(rows.source < 0))

    @property
    def columns(self) -> int:
        """Number of responses."""
        return len(self._group)

    @property
    def column_group(self) -> LongArray:
        """Group of each response."""
        return np.array(self._group, dtype=np.int64)

    def add(self, groups: LongArray, power_kw: FloatArray, cost_eur: FloatArray) -> None:
        """Add one response per listed group: power of shape (listed, steps), energy and own cost of shape (listed,)."""
        power, cost = power_kw / self._scale, cost_eur / self._scale
        here = np.flatnonzero(self._place >= 0)
        here = here[np.argsort(self._place[here])]
        matrix = np.zeros((len(groups), self._session.rows))
        matrix[np.arange(len(groups)), groups] = 1.0
        matrix[:, self._place[here]] = self._coefficients(here, groups, power)
        first = self._session.columns
        self._session.append_columns(
            np.zeros(len(groups)) if self._searching else cost,
            np.zeros(len(groups)),
            np.full(len(groups), np.inf),
            csr_array(matrix),
        )
        self._share_columns += range(first, first + len(groups))
        self._powers += list(power)
        self._costs += cost.tolist()
        self._group += groups.tolist()

    def solve(self, time_limit_s: float | None = None) -> Mixture | None:
        """Mix at least cost, adding rows until the mixture violates none; None when time is up.

        Raises:
            SolverError: the solver failed on a program that always has a solution.
        """
        options = SolverOptions(method="simplex", feasibility_tolerance=_TOLERANCE, time_limit_s=time_limit_s)
        while True:
            outcome = self._session.run(options)
            if outcome.stop is Stop.TIME_LIMIT:
                return None
            if outcome.incumbent is None or outcome.incumbent.row_duals is None:
                raise SolverError(f"the master of the fleet ended with {outcome.stop.value}")
            values = outcome.incumbent.values
            shares = np.maximum(values[self._share_columns], 0.0)
            missed = self._violated(shares)
            if not len(missed):
                return self._mixture(outcome.incumbent.objective, values, shares, outcome.incumbent.row_duals)
            self._add_rows(missed)

    def recost(self, cost_eur: FloatArray) -> None:
        """Give every response a new cost, shape (responses,)."""
        self._costs = (cost_eur / self._scale).tolist()
        self._reprice()

    @property
    def costs_eur(self) -> FloatArray:
        """Cost of every response, shape (responses,)."""
        return np.array(self._costs) * self._scale

    @property
    def powers_kw(self) -> FloatArray:
        """Power of every response, shape (responses, steps)."""
        return np.array(self._powers) * self._scale

    def search_feasible(self) -> None:
        """From now on minimise the artificial slack alone."""
        self._searching = True
        self._reprice()

    def forbid_artificial(self) -> None:
        """From now on minimise cost without artificial slack; call when a mixture without it is known."""
        self._searching = False
        self._reprice()
        hard = self._slack_place[self._hard[self._slack_row]].astype(np.int32)
        self._session.patch(Patch(column_bounds=(hard, np.zeros(len(hard)), np.zeros(len(hard)))))

    @property
    def searching(self) -> bool:
        """Whether the master looks for feasibility, not for cost."""
        return self._searching

    def group_power(self, shares: FloatArray) -> FloatArray:
        """Mixed power per group in kW, shape (groups, steps)."""
        power = np.zeros((self.groups, self._powers[0].shape[0] if self._powers else 0))
        for column in np.flatnonzero(shares):
            power[self._group[column]] += shares[column] * self._powers[column]
        return power * self._scale

    def _load(self) -> None:
        """Load the program of the first moment: convexity rows and one column per peak, which no row uses yet."""
        peaks = len(self.rows.peak_area)
        self._session.load(
            Program(
                name="fleet master",
                objectives=(Objective(name="cost", costs=np.array(self.rows.peak_price, dtype=np.float64)),),
                column_lower=self.rows.peak_floor_kw / self._scale,
                column_upper=np.full(peaks, np.inf),
                integer=np.zeros(peaks, dtype=np.bool_),
                rows=csr_array((self.groups, peaks)),
                row_lower=np.ones(self.groups),
                row_upper=np.ones(self.groups),
                column_labels=Labels(("peak",) * peaks, tuple((int(a),) for a in self.rows.peak_area)),
                row_labels=Labels(("convexity",) * self.groups, tuple((g,) for g in range(self.groups))),
            )
        )

    def _add_rows(self, added: LongArray) -> None:
        if not len(added):
            return
        first = self._session.rows
        self._place[added] = first + np.arange(len(added))
        matrix = np.zeros((len(added), self._session.columns))
        if self._group:
            powers = np.array(self._powers)
            matrix[:, self._share_columns] = self._coefficients(added, self.column_group, powers).T
        peak = self.rows.peak_of_row[added]
        matrix[np.flatnonzero(peak >= 0), peak[peak >= 0]] = -1.0
        self._session.append_rows(
            np.full(len(added), -np.inf), self.rows.level_kw[added] / self._scale, csr_array(matrix)
        )
        self._add_slack(added[self.rows.source[added] >= 0])

    def _add_slack(self, rows: LongArray) -> None:
        column = self._session.columns
        entries = csr_array(
            (np.full(len(rows), -1.0), (np.arange(len(rows)), self._place[rows])),
            shape=(len(rows), self._session.rows),
        )
        self._session.append_columns(self._slack_price(rows), np.zeros(len(rows)), np.full(len(rows), np.inf), entries)
        self._slack_place = np.concatenate([self._slack_place, column + np.arange(len(rows))])
        self._slack_row = np.concatenate([self._slack_row, rows])

    def _slack_price(self, rows: LongArray) -> FloatArray:
        price = self.rows.price_eur_per_kw[rows]
        if self._searching:
            return np.where(np.isfinite(price), 0.0, 1.0)
        return np.where(np.isfinite(price), price, self._artificial)

    def _reprice(self) -> None:
        count = self._session.columns
        costs = np.zeros(count)
        costs[self._slack_place] = self._slack_price(self._slack_row)
        if not self._searching:
            costs[: len(self.rows.peak_price)] = self.rows.peak_price
            costs[self._share_columns] = self._costs
        self._session.patch(Patch(costs=(np.arange(count, dtype=np.int32), costs)))

    def _coefficients(self, rows: LongArray, groups: LongArray, power: FloatArray) -> FloatArray:
        """Coefficient of each response in each row, shape (responses, rows)."""
        taken = power[:, self.rows.step[rows]] * self.rows.sign[rows]
        return np.where(self._covered[groups][:, self.rows.area[rows]], taken, 0.0)

    def _violated(self, shares: FloatArray) -> LongArray:
        waiting = np.flatnonzero(self._place < 0)
        if not len(waiting):
            return waiting
        power = self.group_power(shares) / self._scale
        area_power = self._covered.astype(np.float64).T @ power
        beyond = self.rows.use(area_power)[waiting] - self.rows.level_kw[waiting] / self._scale
        return waiting[beyond > 1e-7]

    def _mixture(self, objective: float, values: FloatArray, shares: FloatArray, row_duals: FloatArray) -> Mixture:
        duals = np.zeros(len(self.rows))
        known = np.flatnonzero(self._place >= 0)
        duals[known] = np.minimum(row_duals[self._place[known]], 0.0)
        hard = self._slack_place[self._hard[self._slack_row]]
        return Mixture(
            objective_eur=objective * self._scale,
            shares=shares,
            duals=duals,
            convexity=row_duals[: self.groups] * self._scale,
            artificial_kw=float(values[hard].sum()) * self._scale,
        )
