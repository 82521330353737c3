"""Dantzig-Wolfe coordination: prices go out, responses come back, the master mixes them, a bound proves how far it is.

Each round: the master's duals become prices per area and step; every group answers with its cheapest response; the
Lagrangian value of those answers is a lower bound on any plan; responses that improve the master enter it. Prices are
smoothed towards the best bound so far (Wentges), because raw duals of an early master swing wildly; when smoothing
finds nothing new, the same round asks again at the master's own duals.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from optimizer.fleet.limit_rows import LimitRows, LongArray
from optimizer.fleet.master import Master, Mixture
from optimizer.fleet.oracles.oracle import Response
from optimizer.fleet.pricing import Pricing
from optimizer.problems.fleet import FloatArray, IntArray
from optimizer.results.fleet import Round
from optimizer.solver.outcome import Stop

RoundListener = Callable[[Round], bool]

IDLE_ROUNDS = 40
_IMPROVES = 1e-9
_EMPTY = 1e-7


@dataclass(frozen=True, slots=True, kw_only=True)
class CoordinationOptions:
    """How far and how the coordinator goes.

    Attributes:
        relative_gap: stop once this gap is proven.
        absolute_gap_eur: or this one.
        time_limit_s: then stop with the best feasible mixture and its gap; None for no limit.
        round_limit: rounds at most.
        smoothing: weight of the best prices so far, in [0, 1).
    """

    relative_gap: float = 1e-6
    absolute_gap_eur: float = 1e-9
    time_limit_s: float | None = None
    round_limit: int = 2000
    smoothing: float = 0.3


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Coordination:
    """What the coordinator knows at the end.

    Attributes:
        stop: why it stopped.
        cost_eur: cost of the best mixture in which every hard limit holds, or None.
        bound_eur: proven lower bound.
        group_power_kw: power per group of that mixture (of the least infeasible one for an infeasible fleet).
        prices: prices of every round that takes part, each of shape (areas, steps).
        weights: share per group and round of `prices`, rows adding up to 1, shape (groups, rounds).
        details: details of the responses per round, as the oracles gave them.
        rounds: progress.
        area_prices: energy price plus the price of every limit per area and step, in EUR per kW and step.
        duals: duals of the shared rows that prove the bound, shape (rows,).
    """

    stop: Stop
    cost_eur: float | None
    bound_eur: float
    group_power_kw: FloatArray
    prices: tuple[FloatArray, ...]
    weights: FloatArray
    details: tuple[Any, ...]
    rounds: tuple[Round, ...]
    area_prices: FloatArray
    duals: FloatArray


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Offered:
    """Every answer in the master at the end; arrays have one entry per answer.

    Attributes:
        group: group that gave it.
        round: place of its round in ``details``.
        power_kw: its power, shape (answers, steps).
        cost_eur: its energy and own cost.
        covered: areas in which it counts, shape (answers, areas).
        shares: its share in the best mixture; zeros without one.
        details: details of every round.
    """

    group: LongArray
    round: LongArray
    power_kw: FloatArray
    cost_eur: FloatArray
    covered: NDArray[np.bool_]
    shares: FloatArray
    details: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class _Memory:
    """Every price asked, who of the answers is in the master, and the best so far."""

    prices: list[FloatArray] = field(default_factory=list)
    details: list[Any] = field(default_factory=list)
    column_round: list[int] = field(default_factory=list)
    rounds: list[Round] = field(default_factory=list)
    bound: float = -np.inf
    bound_duals: FloatArray | None = None
    cost: float | None = None
    shares: FloatArray | None = None


class Coordinator:
    """Coordinate the groups of a pricing under shared rows."""

    def __init__(
        self,
        rows: LimitRows,
        pricing: Pricing,
        energy_eur_per_kw: FloatArray,
        options: CoordinationOptions | None = None,
    ) -> None:
        """Prepare a coordination.

        Args:
            rows: shared rows.
            pricing: the oracles.
            energy_eur_per_kw: price of a kW held for one step, shape (steps,).
            options: how far to go.
        """
        self._rows = rows
        self._pricing = pricing
        self._energy = energy_eur_per_kw
        self._options = options or CoordinationOptions()
        self._memory = _Memory()
        self._idle = 0
        self._started = time.perf_counter()

    @property
    def group_area(self) -> IntArray:
        """Area of each group."""
        return self._pricing.group_area

    def run(
        self,
        listener: RoundListener | None = None,
        first_prices: Sequence[FloatArray] = (),
        first_duals: FloatArray | None = None,
    ) -> Coordination:
        """Coordinate until the gap is proven, the fleet is proven infeasible, or time is up.

        Args:
            listener: called after every round; returning False interrupts.
            first_prices: prices of an earlier plan of a similar fleet, each of shape (areas, steps), whose responses
                start the master.
            first_duals: duals of the shared rows to start from, 0 or less, shape (rows,); none unless given.
        """
        self._started = time.perf_counter()
        memory = self._memory
        response = self._ask(np.zeros(len(self._rows)) if first_duals is None else first_duals, None)
        master = self._master = self._first_master(response)
        for price in first_prices:
            answer = self._pricing.ask(price)
            self._enter(master, answer, price, np.arange(master.groups))
        while True:
            mixture = master.solve(self._seconds_left())
            stop = Stop.TIME_LIMIT if mixture is None else self._price_round(master, mixture)
            self._report(master)
            if stop is None and listener is not None and not listener(memory.rounds[-1]):
                stop = Stop.INTERRUPTED
            if stop is None and self._out_of_time():
                stop = Stop.TIME_LIMIT
            if stop is None and len(memory.rounds) >= self._options.round_limit:
                stop = Stop.NODE_LIMIT
            if stop is not None:
                return self._conclude(master, mixture, stop)

    def offered(self) -> Offered:
        """Every answer in the master, once `run` has ended."""
        memory, master = self._memory, self._master
        shares = np.zeros(master.columns)
        if memory.shares is not None:
            shares[: len(memory.shares)] = memory.shares
        return Offered(
            group=master.column_group,
            round=np.array(memory.column_round, dtype=np.int64),
            power_kw=master.powers_kw,
            cost_eur=master.costs_eur,
            covered=self._rows.covers[self.group_area[master.column_group]],
            shares=shares,
            details=tuple(memory.details),
        )

    def _price_round(self, master: Master, mixture: Mixture) -> Stop | None:
        memory, options = self._memory, self._options
        feasible = mixture.artificial_kw <= _EMPTY * max(1.0, self._scale_kw)
        if feasible and not master.searching:
            memory.cost, memory.shares = mixture.objective_eur, mixture.shares
        if self._gap_closed():
            return self._proven()
        if not master.searching and memory.bound_duals is not None and options.smoothing > 0:
            duals = options.smoothing * memory.bound_duals + (1 - options.smoothing) * mixture.duals
            if self._add_improving(master, mixture, duals):
                return self._proven() if self._gap_closed() else None
        if self._add_improving(master, mixture, mixture.duals):
            return self._proven() if self._gap_closed() else None
        return self._exhausted(master, feasible=feasible)

    def _exhausted(self, master: Master, *, feasible: bool) -> Stop | None:
        """No response improves the master: it is optimal for what it currently minimises."""
        if master.searching:
            if not feasible:
                return Stop.INFEASIBLE
            master.forbid_artificial()
            return None
        if not self._pricing.exact:
            # The responses get better by being asked again; only the bound can end the search.
            self._idle += 1
            return Stop.NODE_LIMIT if self._idle > IDLE_ROUNDS else None
        if feasible:
            return self._proven()
        master.search_feasible()
        return None

    def _add_improving(self, master: Master, mixture: Mixture, duals: FloatArray) -> int:
        response = self._ask(duals, None if master.searching else self._energy)
        price = self._memory.prices[-1]
        cost = response.own_cost_eur + response.power_kw @ self._energy
        charged = np.zeros_like(cost) if master.searching else cost
        at_duals = self._rows.energy_prices(np.zeros_like(self._energy), mixture.duals)
        reduced = charged + (response.power_kw * at_duals[self._pricing.group_area]).sum(axis=1) - mixture.convexity
        better = np.flatnonzero(reduced < -_IMPROVES * np.maximum(1.0, np.abs(mixture.convexity)))
        self._enter(master, response, price, better, remember=False)
        return len(better)

    def _ask(self, duals: FloatArray, energy: FloatArray | None) -> Response:
        """Ask at prices from these duals and take the Lagrangian bound they prove; no bound without energy prices."""
        memory = self._memory
        first = not memory.prices
        base = self._energy if first or energy is not None else np.zeros_like(self._energy)
        price = self._rows.energy_prices(base, duals)
        response = self._pricing.ask(price)
        memory.prices.append(price)
        memory.details.append(response.detail)
        if first or energy is not None:
            bound = float(response.bound_eur.sum()) + self._row_terms(duals)
            if bound > memory.bound:
                memory.bound, memory.bound_duals = bound, duals
        return response

    def _row_terms(self, duals: FloatArray) -> float:
        """Contribution of the shared rows to the Lagrangian; peaks settle at their floor when their price is left."""
        rows = self._rows
        value = float(duals @ rows.level_kw)
        peak = rows.peak_of_row
        left = rows.peak_price + np.bincount(peak[peak >= 0], duals[peak >= 0], len(rows.peak_price))
        return value + float(np.maximum(left, 0.0) @ rows.peak_floor_kw)

    def _enter(
        self, master: Master, response: Response, price: FloatArray, groups: LongArray, *, remember: bool = True
    ) -> None:
        memory = self._memory
        if remember:
            memory.prices.append(price)
            memory.details.append(response.detail)
        if len(groups):
            power = response.power_kw[groups]
            master.add(groups, power, response.own_cost_eur[groups] + power @ self._energy)
            memory.column_round += [len(memory.prices) - 1] * len(groups)

    def _first_master(self, response: Response) -> Master:
        power = np.abs(response.power_kw).sum(axis=0)
        self._scale_kw = float(max(power.max(initial=0.0), 1e-3))
        # Dear enough to empty the artificial slack in most fleets; where it is not, feasibility is searched for first.
        dear = 4.0 * float(np.abs(self._energy).max()) + 0.025
        finite = self._rows.price_eur_per_kw[self._rows.priced]
        master = Master(
            self._rows,
            self._pricing.group_area,
            scale_kw=self._scale_kw,
            artificial_eur=max(dear, 2.0 * float(finite.max(initial=0.0))),
        )
        self._enter(master, response, self._memory.prices[-1], np.arange(master.groups), remember=False)
        return master

    def _gap_closed(self) -> bool:
        memory, options = self._memory, self._options
        if memory.cost is None:
            return False
        gap = memory.cost - memory.bound
        return gap <= max(options.absolute_gap_eur, options.relative_gap * abs(memory.cost))

    def _proven(self) -> Stop:
        memory = self._memory
        gap = (memory.cost or 0.0) - memory.bound
        return Stop.OPTIMAL if gap <= 1e-9 * max(1.0, abs(memory.cost or 0.0)) else Stop.GAP_REACHED

    def _seconds_left(self) -> float | None:
        if self._options.time_limit_s is None:
            return None
        return max(0.01, self._options.time_limit_s - (time.perf_counter() - self._started))

    def _out_of_time(self) -> bool:
        limit = self._options.time_limit_s
        return limit is not None and time.perf_counter() - self._started >= limit

    def _report(self, master: Master) -> None:
        memory = self._memory
        memory.rounds.append(
            Round(
                number=len(memory.rounds),
                seconds=time.perf_counter() - self._started,
                cost_eur=memory.cost,
                bound_eur=memory.bound,
                columns=master.columns,
            )
        )

    def _conclude(self, master: Master, mixture: Mixture | None, stop: Stop) -> Coordination:
        memory = self._memory
        shares = memory.shares
        if shares is None:
            shares = mixture.shares if mixture is not None else np.zeros(0)
        weights = np.zeros((master.groups, len(memory.prices)))
        taken = np.flatnonzero(shares)
        np.add.at(weights, (master.column_group[taken], np.array(memory.column_round)[taken]), shares[taken])
        totals = weights.sum(axis=1, keepdims=True)
        weights /= np.where(totals > 0, totals, 1.0)
        used = np.flatnonzero(weights.any(axis=0))
        duals = memory.bound_duals if memory.bound_duals is not None else np.zeros(len(self._rows))
        return Coordination(
            stop=stop,
            cost_eur=memory.cost,
            bound_eur=memory.bound,
            group_power_kw=master.group_power(shares) if len(shares) else np.zeros((master.groups, len(self._energy))),
            prices=tuple(memory.prices[j] for j in used),
            weights=weights[:, used],
            details=tuple(memory.details[j] for j in used),
            rounds=tuple(memory.rounds),
            area_prices=self._rows.energy_prices(self._energy, duals),
            duals=duals,
        )
