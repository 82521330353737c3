"""The second stage of a large tender, block by block.

A block is a set of events that limits on use tie together; without such limits every event is a block. Blocks of the
same shape share one live model: contracted lots and needs are patched, the solver starts from the last basis. What one
more lot is worth is read from the reduced costs of the fixed lots, so cost and slope of every block come from the
same solve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from optimizer.errors import SolverError
from optimizer.formulations.tender import build_dispatch
from optimizer.model.compile import compile_model
from optimizer.problems.tender import FloatArray, IntArray, TenderProblem
from optimizer.results.tender import Calls
from optimizer.runs.tender_reading import join_calls, read_calls
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent
from optimizer.solver.session import HighsSession, Patch

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Events that must be dispatched together.

    Attributes:
        events: their positions.
        limits: usage limits over them.
        probability: probability of their scenario.
    """

    events: tuple[int, ...]
    limits: tuple[int, ...]
    probability: float


def split_blocks(problem: TenderProblem) -> tuple[Block, ...]:
    """Split the events into blocks; events without any need are left out."""
    usage = problem.usage
    events, limits = problem.events, len(usage.bid)
    joined = coo_array(
        (np.ones(len(usage.pair_limit)), (usage.pair_event, events + usage.pair_limit)),
        shape=(events + limits, events + limits),
    )
    _, label = connected_components(joined, directed=False)
    members: dict[int, list[int]] = {}
    for event in range(events):
        members.setdefault(int(label[event]), []).append(event)
    limits_of: dict[int, list[int]] = {}
    for limit in range(limits):
        limits_of.setdefault(int(label[events + limit]), []).append(limit)
    return tuple(
        Block(
            events=tuple(here),
            limits=tuple(limits_of.get(component, ())),
            probability=float(problem.scenario_probability[problem.event_scenario[here[0]]]),
        )
        for component, here in members.items()
        if any((problem.need_mw[problem.steps_of(e)] > 0).any() for e in here)
    )


class BlockDispatch:
    """Dispatches blocks at given lots and remembers what every dispatch taught about all lots."""

    def __init__(self, problem: TenderProblem) -> None:
        self.problem = problem
        self.blocks = split_blocks(problem)
        by_shape: dict[Key, list[int]] = {}
        for k, block in enumerate(self.blocks):
            by_shape.setdefault(self._shape(block), []).append(k)
        # Neighbours in need are neighbours in basis: the solver then moves little from one block to the next.
        self._families = [
            _Family(problem, [(k, self.blocks[k], self._need(self.blocks[k])) for k in sorted(found, key=self._size)])
            for found in by_shape.values()
        ]
        self.weights: FloatArray = np.array([block.probability for block in self.blocks])

    def learn(self, lots: FloatArray, *, every: int = 1, offset: int = 0) -> FloatArray:
        """Dispatch every n-th block at these lots, which need not be whole.

        Returns:
            Cost per block where it was dispatched, else NaN, shape (blocks,).
        """
        costs = np.full(len(self.blocks), np.nan)
        for family in self._families:
            family.learn(lots, costs, every, offset)
        return costs

    def estimate(self, lots: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Bound the cost of every block from below by what was learnt.

        Returns:
            Bound per block at these lots, shape (blocks,), and its slope per lot, shape (blocks, L): the bound holds
            for all lots, as ``bound + slope @ (other - lots)``.
        """
        bounds = np.zeros(len(self.blocks))
        slopes = np.zeros((len(self.blocks), self.problem.lines))
        for family in self._families:
            family.estimate(lots, bounds, slopes)
        return bounds, slopes

    def calls(self, lots: FloatArray) -> Calls:
        """How these lots are called in every block."""
        return join_calls([calls for family in self._families for calls in family.calls(lots)])

    def sizes(self) -> FloatArray:
        """Energy needed per block, by which blocks are told apart, shape (blocks,)."""
        return np.array([self._size(k) for k in range(len(self.blocks))])

    def _size(self, block: int) -> float:
        return float(self._need(self.blocks[block]).sum())

    def _need(self, block: Block) -> FloatArray:
        return np.concatenate([self.problem.need_mw[self.problem.steps_of(e)] for e in block.events])

    def _shape(self, block: Block) -> Key:
        p, usage = self.problem, self.problem.usage
        events = tuple(
            (
                int(p.event_window[e]),
                int(p.event_segment[e]),
                p.steps_of(e).stop - p.steps_of(e).start,
                float(p.event_step_h[e]),
                float(p.event_occurrences[e]),
            )
            for e in block.events
        )
        local = {e: k for k, e in enumerate(block.events)}
        limits = []
        for j in block.limits:
            pairs = np.flatnonzero(usage.pair_limit == j)
            within = tuple((local[int(usage.pair_event[k])], float(usage.pair_times[k])) for k in pairs)
            limits.append((int(usage.bid[j]), bool(usage.of_activations[j]), float(usage.most[j]), within))
        return (events, tuple(limits))


class _Family:
    """Blocks of one shape, their live model and the dual solutions seen so far.

    A dual solution of one block prices the need of every block of the family: with cover prices p and slope g,
    ``p @ need + g @ lots`` bounds its cost from below whatever the lots.
    """

    def __init__(self, problem: TenderProblem, members: list[tuple[int, Block, FloatArray]]) -> None:
        self._problem, self._members = problem, members
        self._positions = np.array([k for k, _, _ in members], dtype=np.int64)
        self._needs = np.array([need for _, _, need in members])
        self._example = members[0][1]
        self._program = compile_model(build_dispatch(problem, self._example.events, self._example.limits))
        self._session = HighsSession(SolverOptions())
        self._session.load(self._program)
        lots = self._program.column_labels.positions("lots")
        self._lines: IntArray = np.array([line for (line,) in lots], dtype=np.int64)
        self._columns: NDArray[np.int32] = np.array(list(lots.values()), dtype=np.int32)
        cover = self._program.row_labels.positions("cover")
        steps = [t for e in self._example.events for t in range(*problem.steps_of(e).indices(len(problem.need_mw)))]
        self._rows: NDArray[np.int32] = np.array([cover[t,] for t in steps], dtype=np.int32)
        self._free = np.full(len(steps), np.inf)
        self._seen: set[bytes] = set()
        self._prices: list[FloatArray] = [np.zeros(len(steps))]
        self._slopes: list[FloatArray] = [np.zeros(len(self._lines))]

    def learn(self, lots: FloatArray, costs: FloatArray, every: int, offset: int) -> None:
        self._fix(lots)
        for k in range(offset % every, len(self._members), every):
            incumbent = self._run(self._needs[k])
            costs[self._positions[k]] = incumbent.objective
            if incumbent.row_duals is None or incumbent.reduced_costs is None:
                raise SolverError("a dispatch has no duals")
            prices, slope = incumbent.row_duals[self._rows], incumbent.reduced_costs[self._columns]
            fingerprint = np.round(np.concatenate([prices, slope]), 6).tobytes()
            if fingerprint not in self._seen:
                self._seen.add(fingerprint)
                self._prices.append(prices)
                self._slopes.append(slope)

    def estimate(self, lots: FloatArray, bounds: FloatArray, slopes: FloatArray) -> None:
        learnt = np.array(self._slopes)
        values = np.array(self._prices) @ self._needs.T + (learnt @ lots[self._lines])[:, None]
        best = values.argmax(axis=0)
        bounds[self._positions] = values[best, np.arange(len(best))]
        slopes[np.ix_(self._positions, self._lines)] = learnt[best]

    def calls(self, lots: FloatArray) -> Iterator[Calls]:
        self._fix(lots)
        for _, block, need in self._members:
            values = self._run(need).values
            yield read_calls(self._problem, self._program.column_labels, values, self._example.events, block.events)

    def _fix(self, lots: FloatArray) -> None:
        fixed = lots[self._lines]
        self._session.patch(Patch(column_bounds=(self._columns, fixed, fixed)))

    def _run(self, need_mw: FloatArray) -> Incumbent:
        self._session.patch(Patch(row_bounds=(self._rows, need_mw, self._free)))
        outcome = self._session.run()
        if outcome.incumbent is None:
            raise SolverError(f"a dispatch ended without solution: {outcome.stop}")
        return outcome.incumbent


def group_blocks(sizes: Sequence[float] | FloatArray, groups: int) -> IntArray:
    """Group blocks of similar size: their slopes are alike, so one cut per group says nearly as much as one each."""
    order = np.argsort(np.asarray(sizes), kind="stable")
    group = np.empty(len(order), dtype=np.int64)
    group[order] = np.arange(len(order)) * groups // max(len(order), 1)
    return group
