"""Random small redispatch problems with every feature on or off, for the oracle and the invariances."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.baselines.exhaustive_redispatch import count_combinations
from optimizer.problems.redispatch import (
    RedispatchLimits,
    RedispatchNeeds,
    RedispatchOrders,
    RedispatchProblem,
    no_gain_prices,
)

MOST_COMBINATIONS = 20_000
PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Which features a small problem may use."""

    minimum: bool = True
    blocks: bool = True
    profiles: bool = True
    tiers: bool = True
    groups: bool = True
    parents: bool = True
    needs: int = 2
    shares: bool = True
    limits: int = 1
    strict: bool = False
    few_prices: bool = False
    tolerance: float = 0.0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Features:
        """Switch every feature on or off by chance."""
        on = rng.random(9) < 0.5
        return cls(
            minimum=bool(on[0]),
            blocks=bool(on[1]),
            profiles=bool(on[2]),
            tiers=bool(on[3]),
            groups=bool(on[4]),
            parents=bool(on[5]),
            needs=int(rng.integers(1, 4)),
            shares=bool(on[6]),
            limits=int(rng.integers(0, 3)),
            strict=bool(on[7]),
            few_prices=bool(on[8]),
            tolerance=float(rng.choice([0.0, 0.0, 0.0, 1.0])),
        )


def draw_problem(rng: np.random.Generator, features: Features) -> RedispatchProblem:
    """Draw a problem small enough to enumerate."""
    while True:
        problem = _draw(rng, features)
        if count_combinations(problem) <= MOST_COMBINATIONS:
            return problem


def _draw(rng: np.random.Generator, features: Features) -> RedispatchProblem:
    steps = int(rng.integers(1, 4)) if features.blocks else int(rng.integers(1, 3))
    count = int(rng.integers(3, 11))
    needs = _draw_needs(rng, features, steps)
    orders = _draw_orders(rng, features, steps, count, int(needs.relieved_by[0]))
    limits = RedispatchLimits(
        ids=tuple(f"limit{k}" for k in range(features.limits)),
        share=np.round(rng.uniform(-1, 1, (features.limits, PLACES)), 2)
        * (rng.random((features.limits, PLACES)) < 0.7),
        up_lots=rng.integers(0, 9, (features.limits, steps)).astype(np.float64),
        down_lots=rng.integers(0, 9, (features.limits, steps)).astype(np.float64),
    )
    problem = RedispatchProblem(
        steps=steps,
        step_h=0.25,
        lot_mw=0.1,
        price_tick_eur_per_mwh=0.01,
        orders=orders,
        needs=needs,
        limits=limits,
        excess_price_eur_per_mwh=None,
        balance_tolerance_lots=features.tolerance,
    )
    return problem if features.strict else with_no_gain(problem)


def with_no_gain(problem: RedispatchProblem) -> RedispatchProblem:
    """The same problem under the default excess policy."""
    fields = {name: getattr(problem, name) for name in problem.__slots__}
    return RedispatchProblem(**(fields | {"excess_price_eur_per_mwh": no_gain_prices(problem)}))


def _draw_needs(rng: np.random.Generator, features: Features, steps: int) -> RedispatchNeeds:
    share = (rng.random((features.needs, PLACES, steps)) < 0.5).astype(np.float64)
    share[0, 0] = 1.0
    share[0, 1] = 0.0
    if features.shares:
        share *= rng.choice([1.0, 0.5, 0.25, 0.8], share.shape)
    required = rng.integers(0, 6, (features.needs, steps)) * (rng.random((features.needs, steps)) < 0.8)
    return RedispatchNeeds(
        ids=tuple(f"need{n}" for n in range(features.needs)),
        relieved_by=rng.choice(np.array([1, -1], dtype=np.int64), features.needs),
        required_lots=required.astype(np.float64),
        share=share,
    )


def _draw_orders(
    rng: np.random.Generator, features: Features, steps: int, count: int, relieved_by: int
) -> RedispatchOrders:
    units = rng.integers(1, 5, count)
    profile_start, profile_step, profile_lots = [0], list[int](), list[int]()
    tier_start, tier_units, tier_ticks = [0], list[int](), list[int]()
    place = rng.choice(PLACES, count, p=[0.45, 0.4, 0.15])
    sign = np.where(place == 0, relieved_by, np.where(place == 1, -relieved_by, rng.choice([1, -1], count)))
    for o in range(count):
        length = int(rng.integers(1, steps + 1)) if features.blocks and rng.random() < 0.6 else 1
        first = int(rng.integers(0, steps - length + 1))
        profile_step += range(first, first + length)
        profile_lots += rng.integers(1, 4, length).tolist() if features.profiles else [1] * length
        profile_start.append(len(profile_step))
        cuts = [int(units[o])]
        if features.tiers and units[o] > 1:
            cut = int(rng.integers(1, units[o]))
            cuts = [cut, int(units[o]) - cut]
        prices = rng.integers(1, 5, len(cuts)) * 1000 if features.few_prices else rng.integers(-500, 12000, len(cuts))
        tier_units += cuts
        tier_ticks += np.sort(prices).tolist() if sign[o] < 0 else (-np.sort(-prices)).tolist()
        tier_start.append(len(tier_units))
    least = np.zeros(count)
    if features.minimum:
        least = np.where(rng.random(count) < 0.5, rng.integers(1, units + 1), 0)
        least = np.where(rng.random(count) < 0.3, units, least)
    group = np.where(rng.random(count) < 0.5, rng.integers(0, 2, count), -1) if features.groups else np.full(count, -1)
    parent = np.full(count, -1)
    if features.parents:
        for o in range(1, count):
            if rng.random() < 0.4:
                parent[o] = rng.integers(0, o)
    return RedispatchOrders(
        ids=tuple(f"order{o}" for o in range(count)),
        sign=sign,
        place=place,
        units=units.astype(np.float64),
        minimum_units=least.astype(np.float64),
        profile_start=np.array(profile_start),
        profile_step=np.array(profile_step),
        profile_lots=np.array(profile_lots, dtype=np.float64),
        tier_start=np.array(tier_start),
        tier_units=np.array(tier_units, dtype=np.float64),
        tier_price_ticks=np.array(tier_ticks),
        group=group,
        parent=parent,
        precedence=rng.permutation(count),
    )
