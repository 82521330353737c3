"""The cheapest calls of given lots, written apart from the model: every on-off pattern of a MW is a column.

A pattern is a row of on and off over the steps of an event that respects run time and rest. A MW follows one pattern
per event; what it is called for is at most what its pattern allows. Usage and risk limits are rows over events; chance
levels are settled by trying every set of scenarios that must be without shortfall.
"""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import coo_array

from optimizer.problems.tender import IntArray, TenderProblem

Pattern = tuple[int, ...]


def least_recourse_eur(problem: TenderProblem, lots: IntArray) -> float | None:
    """Least expected cost of calls and shortfall with these lots; None when the risk limits cannot be kept."""
    chancy = [w for w in range(problem.windows) if problem.risk.window_chance[w] > 0]
    scenarios = range(len(problem.scenario_probability))
    sets = [s for r in range(len(scenarios) + 1) for s in itertools.combinations(scenarios, r)]
    best: float | None = None
    for choice in itertools.product(sets, repeat=len(chancy)):
        secure = {(w, s) for w, chosen in zip(chancy, choice, strict=True) for s in chosen}
        enough = all(
            sum(problem.scenario_probability[s] for s in chosen) >= problem.risk.window_chance[w] - 1e-9
            for w, chosen in zip(chancy, choice, strict=True)
        )
        cost = _solve(problem, lots, secure) if enough else None
        if cost is not None and (best is None or cost < best):
            best = cost
    return best


class _Rows:
    """A linear program that grows by columns and rows."""

    def __init__(self) -> None:
        self.costs: list[float] = []
        self.upper: list[float] = []
        self.limits: list[float] = []
        self.entries: list[tuple[int, int, float]] = []

    def column(self, cost: float = 0.0, upper: float = math.inf) -> int:
        self.costs.append(cost)
        self.upper.append(upper)
        return len(self.costs) - 1

    def at_most(self, terms: list[tuple[int, float]], limit: float) -> None:
        self.entries += [(len(self.limits), column, factor) for column, factor in terms]
        self.limits.append(limit)

    def minimum(self) -> float | None:
        if not self.costs:
            return 0.0
        rows, columns, values = zip(*self.entries, strict=True) if self.entries else ((), (), ())
        matrix = coo_array((values, (rows, columns)), shape=(len(self.limits), len(self.costs))).toarray()
        bounds = [(0.0, u) for u in self.upper]
        found = linprog(self.costs, A_ub=matrix, b_ub=self.limits, bounds=bounds, method="highs")
        return None if found.status or found.fun is None else float(found.fun)


def _solve(problem: TenderProblem, lots: IntArray, secure: set[tuple[int, int]]) -> float | None:
    rows = _Rows()
    hours_used: dict[tuple[int, int], list[tuple[int, float]]] = {}
    starts: dict[tuple[int, int], list[tuple[int, float]]] = {}
    missing: dict[tuple[int, int], list[tuple[int, float]]] = {}
    for event in range(problem.events):
        _add_event(problem, lots, event, secure, rows, hours_used, starts, missing)
    accepted = np.bincount(problem.line_offer, lots, problem.offers) if problem.lines else np.zeros(problem.offers)
    contracted = {
        (int(problem.offer_bid[o]), int(problem.offer_window[o])): n * problem.lot_mw for o, n in enumerate(accepted)
    }
    usage = problem.usage
    for limit in range(len(usage.bid)):
        bid = int(usage.bid[limit])
        source = starts if usage.of_activations[limit] else hours_used
        mine = usage.pair_limit == limit
        pairs = list(zip(usage.pair_event[mine].tolist(), usage.pair_times[mine].tolist(), strict=True))
        mw = max((contracted.get((bid, int(problem.event_window[e])), 0.0) for e, _ in pairs), default=0.0)
        terms = [(column, times * used) for e, times in pairs for column, used in source.get((bid, e), [])]
        rows.at_most(terms, float(usage.most[limit]) * mw)
    _add_risk(problem, rows, missing)
    return rows.minimum()


def _add_event(
    problem: TenderProblem,
    lots: IntArray,
    event: int,
    secure: set[tuple[int, int]],
    rows: _Rows,
    hours_used: dict[tuple[int, int], list[tuple[int, float]]],
    starts: dict[tuple[int, int], list[tuple[int, float]]],
    missing: dict[tuple[int, int], list[tuple[int, float]]],
) -> None:
    steps = problem.steps_of(event)
    window, scenario = int(problem.event_window[event]), int(problem.event_scenario[event])
    step_h, times = float(problem.event_step_h[event]), float(problem.event_occurrences[event])
    weight = float(problem.scenario_probability[scenario]) * times * step_h
    needs = problem.need_mw[steps]
    cover: list[list[tuple[int, float]]] = [[] for _ in needs]
    for offer in range(problem.offers):
        available = problem.offer_available[offer, problem.event_segment[event]]
        if problem.offer_window[offer] != window or not available:
            continue
        bid = int(problem.offer_bid[offer])
        lines = [k for k in range(problem.lines) if problem.line_offer[k] == offer and lots[k] > 0]
        contracted = sum(int(lots[k]) for k in lines) * problem.lot_mw
        if not contracted:
            continue
        run, rest = problem.bid_run_h[bid] / step_h, problem.bid_rest_h[bid] / step_h
        patterns = _patterns(
            math.floor(min(run, len(needs)) + 1e-9), math.ceil(min(rest, len(needs)) - 1e-9), len(needs)
        )
        follows = [rows.column() for _ in patterns]
        rows.at_most([(column, 1.0) for column in follows], contracted)
        starts[bid, event] = [
            (column, float(_starts(pattern))) for column, pattern in zip(follows, patterns, strict=True)
        ]
        for step in range(len(needs)):
            price = weight * problem.line_call_eur_per_mwh
            called = [rows.column(float(price[k]), float(lots[k]) * problem.lot_mw) for k in lines]
            on = [(column, -1.0) for column, pattern in zip(follows, patterns, strict=True) if pattern[step]]
            rows.at_most([(c, 1.0) for c in called] + on, 0.0)
            cover[step] += [(c, -float(problem.bid_delivery[bid])) for c in called]
            hours_used.setdefault((bid, event), []).extend((c, step_h) for c in called)
    for step, need in enumerate(needs.tolist()):
        none = 0.0 if (window, scenario) in secure else need
        short = rows.column(weight * problem.shortfall_eur_per_mwh, none)
        rows.at_most([*cover[step], (short, -1.0)], -need)
        missing.setdefault((window, scenario), []).append((short, times * step_h))


def _add_risk(problem: TenderProblem, rows: _Rows, missing: dict[tuple[int, int], list[tuple[int, float]]]) -> None:
    risk, probability = problem.risk, problem.scenario_probability
    for window in range(problem.windows):
        if np.isfinite(risk.window_expected_mwh[window]):
            terms = [(c, h * float(probability[s])) for (w, s), ts in missing.items() if w == window for c, h in ts]
            rows.at_most(terms, float(risk.window_expected_mwh[window]))
    if np.isfinite(risk.tail_mwh):
        threshold = rows.column()
        tail = [(threshold, 1.0)]
        for scenario, share in enumerate(probability.tolist()):
            above = rows.column()
            terms = [t for (_, s), ts in missing.items() if s == scenario for t in ts]
            rows.at_most([*terms, (threshold, -1.0), (above, -1.0)], 0.0)
            tail.append((above, share / risk.tail_share))
        rows.at_most(tail, risk.tail_mwh)


@cache
def _patterns(run: int, rest: int, steps: int) -> tuple[Pattern, ...]:
    return tuple(p for p in itertools.product((0, 1), repeat=steps) if _is_pattern(p, run, rest))


def _is_pattern(pattern: Pattern, run: int, rest: int) -> bool:
    ran, idle = False, 0
    for on, group in itertools.groupby(pattern):
        length = sum(1 for _ in group)
        if on and (length > run or (ran and idle < rest)):
            return False
        ran, idle = ran or bool(on), 0 if on else length
    return True


def _starts(pattern: Pattern) -> int:
    return sum(1 for on, _ in itertools.groupby(pattern) if on)
