"""One program for several connections that deliver together.

The programs of the sites stand side by side; what couples them is delivery in the steps of the offer:

    sum_i net_i[t] + sign * (volume - short[t] + over[t])  =  B_t - sign * relief_t        (delivery[t], exact)

    sum_t dt (short[t] + over[t]) <= missed                                                (missed_limit)

with sign +1 for consuming less and -1 for more; delivery of at least the volume leaves the side open on which more is
delivered. ``volume`` is one column: its reduced cost is the marginal cost of the whole block. ``short`` and ``over``
are fixed at zero unless a promise is being repaired, which first asks how little can be missed and then keeps that.
Every site keeps the formulation it has by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import block_diag, coo_array, csr_array, hstack, vstack

from optimizer.formulations.site import GuardedSteps
from optimizer.formulations.site_program import SiteProgram, compile_site
from optimizer.model.labels import Labels
from optimizer.model.program import Objective, Program
from optimizer.offers.offer_window import Delivery, OfferWindow
from optimizer.problems.series import FloatArray
from optimizer.problems.site import SiteProblem

COST, MISSED, LARGEST, SMALLEST = "cost", "missed", "largest volume", "smallest volume"
SAME_POWER_KW = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """What the assets of a site have done already and cannot undo.

    Attributes:
        steps: number of steps that have passed.
        power_kw: power per asset id, of which the first ``steps`` values count, each of shape (steps of the grid,).
    """

    steps: int
    power_kw: Mapping[str, FloatArray]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupProgram:
    """The assembled program and where to find what.

    Attributes:
        program: the program with the objectives cost, missed delivery, largest and smallest volume.
        sites: program per site.
        columns: first column per site, and the column after the last.
        rows: first row per site, and the row after the last.
        net: power of each site per step in terms of all columns, one matrix of shape (steps, columns) per site.
        fixed_kw: power nobody decides on per site and step, shape (sites, steps).
        delivery: rows of the delivery, in order of the steps of the offer.
        missed_limit: row of the missed delivery in kWh.
        volume: column of the volume.
        short: columns of missing delivery.
        over: columns of delivery beyond the promise.
    """

    program: Program
    sites: tuple[SiteProgram, ...]
    columns: tuple[int, ...]
    rows: tuple[int, ...]
    net: tuple[csr_array[Any, Any], ...]
    fixed_kw: FloatArray
    delivery: range
    missed_limit: int
    volume: int
    short: range
    over: range


def assemble_group(
    problems: Sequence[SiteProblem],
    guarded: Sequence[GuardedSteps],
    window: OfferWindow,
    past: Sequence[Past | None],
) -> GroupProgram:
    """Compile every site and put the delivery rows under them; their bounds stay open until a volume is asked.

    Args:
        problems: sites on one time grid.
        guarded: steps with a binary per exclusive pair, per site.
        window: steps, direction and kind of delivery.
        past: what each site has done already, or None.
    """
    sites = tuple(compile_site(p, g) for p, g in zip(problems, guarded, strict=True))
    starts = np.cumsum([0, *(s.program.columns for s in sites)])
    row_starts = np.cumsum([0, *(s.program.row_count for s in sites)])
    columns, count = int(starts[-1]), int(window.steps.sum())
    steps = len(window.steps)
    net = tuple(_net_map(site, int(start), columns, steps) for site, start in zip(sites, starts, strict=False))
    fixed = np.array([site.fixed_kw.sum(axis=0) for site in sites])
    history, executed = _history(sites, past, starts, columns)
    volume, short, over = columns, columns + 1, columns + 1 + count
    total: Any = net[0]
    for one in net[1:]:
        total = total + one
    sign = window.change.sign
    each = np.arange(count)
    extra = coo_array(
        (
            sign * np.concatenate([np.ones(count), -np.ones(count), np.ones(count)]),
            (np.tile(each, 3), np.concatenate([np.zeros(count, dtype=int), 1 + each, 1 + count + each])),
        ),
        shape=(count, 1 + 2 * count),
    )
    own = block_diag([s.program.rows for s in sites], format="csr")
    blank = csr_array((own.shape[0] + history.shape[0], 1 + 2 * count))
    missed = np.concatenate([np.zeros(columns + 1), np.full(2 * count, problems[0].grid.step_h)])
    rows = csr_array(
        vstack(
            [
                hstack([vstack([own, history]), blank]),
                hstack([total[np.flatnonzero(window.steps)], extra]),
                csr_array(missed[None, :]),
            ]
        )
    )
    first = own.shape[0] + history.shape[0]
    program = Program(
        name="group " + ", ".join(p.id for p in problems),
        objectives=_objectives(sites, count, problems[0].grid.step_h),
        column_lower=np.concatenate([*(s.program.column_lower for s in sites), np.zeros(1 + 2 * count)]),
        column_upper=np.concatenate([*(s.program.column_upper for s in sites), np.zeros(1 + 2 * count)]),
        integer=np.concatenate([*(s.program.integer for s in sites), np.zeros(1 + 2 * count, dtype=np.bool_)]),
        rows=rows,
        row_lower=np.concatenate(
            [*(s.program.row_lower for s in sites), executed - SAME_POWER_KW, np.full(count + 1, -np.inf)]
        ),
        row_upper=np.concatenate(
            [*(s.program.row_upper for s in sites), executed + SAME_POWER_KW, np.full(count + 1, np.inf)]
        ),
        column_labels=_labels(problems, [s.program.column_labels for s in sites], count, ("volume", "short", "over")),
        row_labels=_row_labels(problems, [s.program.row_labels for s in sites], history.shape[0], count),
    )
    return GroupProgram(
        program=program,
        sites=sites,
        columns=tuple(map(int, starts)),
        rows=tuple(map(int, row_starts)),
        net=tuple(csr_array(hstack([one, csr_array((steps, 1 + 2 * count))])) for one in net),
        fixed_kw=fixed,
        delivery=range(first, first + count),
        missed_limit=first + count,
        volume=volume,
        short=range(short, short + count),
        over=range(over, over + count),
    )


def delivery_bounds(
    group: GroupProgram, window: OfferWindow, baseline_kw: FloatArray, relief_kw: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bound of the delivery rows for a relief per step that is promised beside the volume.

    Args:
        group: the program.
        window: the offer.
        baseline_kw: baseline of the group, shape (steps,).
        relief_kw: flexibility promised per step, positive, shape (steps,).
    """
    sign = window.change.sign
    level = (baseline_kw - group.fixed_kw.sum(axis=0) - sign * relief_kw)[window.steps]
    if window.delivery is Delivery.EXACT:
        return level, level
    open_side = np.full(len(level), np.inf)
    return (-open_side, level) if sign > 0 else (level, open_side)


def _net_map(site: SiteProgram, start: int, columns: int, steps: int) -> csr_array[Any, Any]:
    entries = site.power_map.tocoo()
    where = (entries.row % steps, start + entries.col)
    return coo_array((entries.data, where), shape=(steps, columns)).tocsr()


def _history(
    sites: Sequence[SiteProgram], past: Sequence[Past | None], starts: Any, columns: int
) -> tuple[Any, FloatArray]:
    parts, values = [csr_array((0, columns))], [np.zeros(0)]
    for site, known, start in zip(sites, past, starts, strict=False):
        if known is None or known.steps == 0:
            continue
        steps = site.fixed_kw.shape[1]
        passed = np.arange(known.steps)
        rows = (np.arange(len(site.asset_ids))[:, None] * steps + passed).ravel()
        power = np.array([known.power_kw[asset][: known.steps] for asset in site.asset_ids]).reshape(-1)
        mine = site.power_map[rows].tocoo()
        matrix = coo_array((mine.data, (mine.row, start + mine.col)), shape=(len(rows), columns)).tocsr()
        used = np.flatnonzero(np.diff(matrix.indptr))
        parts.append(matrix[used])
        values.append((power - site.fixed_kw[:, : known.steps].reshape(-1))[used])
    return vstack(parts), np.concatenate(values)


def _objectives(sites: Sequence[SiteProgram], count: int, step_h: float) -> tuple[Objective, ...]:
    own = sum(s.program.columns for s in sites)
    costs = np.concatenate([*(s.program.objectives[0].costs for s in sites), np.zeros(1 + 2 * count)])
    missed, volume = np.zeros(own + 1 + 2 * count), np.zeros(own + 1 + 2 * count)
    missed[own + 1 :] = step_h
    volume[own] = -1.0
    return (
        Objective(name=COST, costs=costs, offset=sum(s.program.objectives[0].offset for s in sites)),
        Objective(name=MISSED, costs=missed),
        Objective(name=LARGEST, costs=volume),
        Objective(name=SMALLEST, costs=-volume),
    )


def _labels(
    problems: Sequence[SiteProblem], parts: Sequence[Labels], count: int, added: tuple[str, str, str]
) -> Labels:
    volume, short, over = added
    blocks = [f"{p.id}.{block}" for p, labels in zip(problems, parts, strict=True) for block in labels.blocks]
    indices = [index for labels in parts for index in labels.indices]
    each = [(k,) for k in range(count)]
    return Labels(blocks=(*blocks, volume, *([short] * count), *([over] * count)), indices=(*indices, (), *each, *each))


def _row_labels(problems: Sequence[SiteProblem], parts: Sequence[Labels], history: int, count: int) -> Labels:
    blocks = [f"{p.id}.{block}" for p, labels in zip(problems, parts, strict=True) for block in labels.blocks]
    indices = [index for labels in parts for index in labels.indices]
    return Labels(
        blocks=(*blocks, *["past"] * history, *["delivery"] * count, "missed_limit"),
        indices=(*indices, *((k,) for k in range(history)), *((k,) for k in range(count)), ()),
    )
