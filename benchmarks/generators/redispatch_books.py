"""Order books for redispatch, by named profile and seed.

Calibration: events of distribution operators have 4-20 quarter-hours and 0.1-3 MW (median 1.2 MW), those of the
transmission operator 4-56 quarter-hours and 1-640 MW (median 100 MW); every volume is a multiple of 0.1 MW.

- ``gopacs_dso``: one area, one event, tens of orders.
- ``gopacs_tso``: one large event, hundreds of orders.
- ``national``: a whole day in one large area with four smaller areas that keep headroom; 60 % of the orders last one
  quarter-hour, the others up to 16; 15 % are all-or-none, 25 % have a minimum acceptance.
- ``blocks``: 90 % all-or-none blocks of 4-16 quarter-hours around an event of 40 quarter-hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from market.domain.connection import Connection
from market.domain.need import Congestion, Headroom, Need
from market.domain.order import Order, Side
from optimizer.timegrid import TimeGrid

DAY: Final = datetime(2026, 3, 10, 12, tzinfo=UTC).date()
QUARTER: Final = timedelta(minutes=15)
LOT: Final = Decimal("0.1")
PROFILES: Final = {"gopacs_dso": 60, "gopacs_tso": 120, "national": 10_000, "blocks": 1_000}
CONNECTIONS_PER_ORDER: Final = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedBook:
    """Everything a clearing takes.

    Attributes:
        name: profile, size and seed.
        needs: congestion problems.
        orders: the book.
        connections: connections of the orders.
        headroom: room in other areas.
    """

    name: str
    needs: tuple[Need, ...]
    orders: tuple[Order, ...]
    connections: tuple[Connection, ...]
    headroom: tuple[Headroom, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What the orders of a profile look like."""

    single: float
    all_or_none: float
    with_minimum: float
    longest: int
    shortest_block: int
    largest_lots: int
    spread_over_day: bool


_SHAPES: Final = {
    "gopacs_dso": _Shape(
        single=0.3,
        all_or_none=0.2,
        with_minimum=0.2,
        longest=8,
        shortest_block=2,
        largest_lots=8,
        spread_over_day=False,
    ),
    "gopacs_tso": _Shape(
        single=0.3,
        all_or_none=0.2,
        with_minimum=0.2,
        longest=12,
        shortest_block=2,
        largest_lots=200,
        spread_over_day=False,
    ),
    "national": _Shape(
        single=0.6,
        all_or_none=0.15,
        with_minimum=0.25,
        longest=16,
        shortest_block=2,
        largest_lots=60,
        spread_over_day=True,
    ),
    "blocks": _Shape(
        single=0.1,
        all_or_none=0.9,
        with_minimum=0.0,
        longest=16,
        shortest_block=4,
        largest_lots=40,
        spread_over_day=True,
    ),
}


def generate_book(profile: str, *, orders: int | None = None, seed: int = 0) -> GeneratedBook:
    """Generate a book.

    Args:
        profile: one of `PROFILES`.
        orders: number of orders; the usual one of the profile unless given.
        seed: seed of the generator.
    """
    count = PROFILES[profile] if orders is None else orders
    rng = np.random.default_rng([seed, count, sorted(PROFILES).index(profile)])
    grid = TimeGrid.of_local_day(DAY)
    first, required = _draw_need(profile, rng, grid, count)
    direction = Congestion.GENERATION if rng.random() < 0.5 or profile == "blocks" else Congestion.CONSUMPTION
    need = Need(
        id="need",
        area_id="area",
        operator="operator",
        congestion=direction,
        start=grid.at(first),
        required_mw=tuple(int(lots) * LOT for lots in required),
    )
    connections = _draw_connections(profile, rng, count)
    book = _draw_orders(_SHAPES[profile], rng, grid, count=count, need=need, connections=connections)
    headroom = _draw_headroom(profile, grid, required)
    return GeneratedBook(
        name=f"{profile}_{count}_s{seed}", needs=(need,), orders=book, connections=connections, headroom=headroom
    )


def _draw_need(
    profile: str, rng: np.random.Generator, grid: TimeGrid, count: int
) -> tuple[int, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    """First quarter-hour and required lots of the event."""
    if profile == "gopacs_dso":
        length, peak = int(rng.integers(4, 21)), float(np.clip(rng.lognormal(np.log(12), 0.6), 1, 30))
    elif profile == "gopacs_tso":
        length, peak = int(rng.integers(4, 57)), float(np.clip(rng.lognormal(np.log(1000), 0.9), 10, 6400))
    elif profile == "national":
        length, peak = 64, 0.004 * count * _SHAPES[profile].largest_lots / 2
    else:
        length, peak = 40, 0.012 * count * _SHAPES[profile].largest_lots / 2
    first = int(rng.integers(0, grid.steps - length + 1)) if profile.startswith("gopacs") else 28
    hump = np.sin(np.pi * (np.arange(length) + 0.5) / length)
    lots = np.maximum(1, np.round(peak * (0.4 + 0.6 * hump) * rng.uniform(0.85, 1.15, length)))
    return first, lots


def _draw_connections(profile: str, rng: np.random.Generator, count: int) -> tuple[Connection, ...]:
    total = max(4, int(count * CONNECTIONS_PER_ORDER))
    inside = rng.random(total) < 0.5
    regions = rng.integers(0, 4, total)
    found = []
    for k in range(total):
        areas = ("area",) if inside[k] else (f"region{regions[k]}",) if profile == "national" else ()
        name = f"site {k}"
        found.append(Connection(ean=f"8716859{k:011d}", name=name, company=f"company {k % 97}", area_ids=areas))
    return tuple(found)


def _draw_orders(
    shape: _Shape,
    rng: np.random.Generator,
    grid: TimeGrid,
    *,
    count: int,
    need: Need,
    connections: tuple[Connection, ...],
) -> tuple[Order, ...]:
    helps = Side.BUY if need.congestion is Congestion.GENERATION else Side.SELL
    other = Side.SELL if helps is Side.BUY else Side.BUY
    begin, length = grid.index_of(need.start), len(need.required_mw)
    where = rng.integers(0, len(connections), count)
    single = rng.random(count) < shape.single
    lengths = np.where(single, 1, rng.integers(shape.shortest_block, shape.longest + 1, count))
    kind = rng.random(count)
    lots = rng.integers(1, shape.largest_lots + 1, count)
    draw, late = rng.random(count), rng.integers(0, 6 * 3600, count)
    fraction = rng.choice([0.2, 0.3, 0.5], count)
    buys, sells = np.round(rng.normal(35, 15, count), 2), np.round(rng.normal(100, 20, count), 2)
    found = []
    for k in range(count):
        connection = connections[where[k]]
        side = helps if "area" in connection.area_ids else other
        size = int(min(lengths[k], grid.steps if shape.spread_over_day else length))
        low, high = (0, grid.steps - size) if shape.spread_over_day else (begin, begin + length - size)
        quantity = int(lots[k]) * LOT
        least = Decimal(0)
        if kind[k] < shape.all_or_none:
            least = quantity
        elif kind[k] < shape.all_or_none + shape.with_minimum:
            least = max(1, round(fraction[k] * int(lots[k]))) * LOT
        found.append(
            Order(
                id=f"o{k:06d}",
                side=side,
                ean=connection.ean,
                csp=f"csp {k % 41}",
                quantity_mw=quantity,
                minimum_acceptance_mw=least,
                limit_price_eur_per_mwh=Decimal(f"{buys[k] if side is Side.BUY else sells[k]:.2f}"),
                start=grid.at(low + int(draw[k] * (high - low + 1))),
                quarter_hours=size,
                submitted_at=grid.start - timedelta(hours=8) + timedelta(seconds=int(late[k])),
            )
        )
    return tuple(found)


def _draw_headroom(
    profile: str, grid: TimeGrid, required: np.ndarray[tuple[int], np.dtype[np.float64]]
) -> tuple[Headroom, ...]:
    if profile != "national":
        return ()
    room = (Decimal(int(required.max() * 0.3)) * LOT,) * grid.steps
    return tuple(Headroom(id=f"region{k}", start=grid.start, up_mw=room, down_mw=room) for k in range(4))
