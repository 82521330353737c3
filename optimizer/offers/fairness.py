"""Share an award fairly, after cost: among the cheapest plans, the one the published rule prefers.

*Proportional*: nobody is used for a larger share of its registered capability than needed. The largest share is made
as small as possible, those who are at it are kept there, and so on for the rest (the lexicographic min-max).
*Rotating*: whoever has the turn delivers as much as the cheapest plans allow, then the next.
Nobody works against the award (delivers less than nothing) unless the cheapest plans need that.

On/off decisions are those of the cheapest plan, so the rule is a series of linear programs on the live model.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import numpy as np
from scipy.sparse import csr_array, eye_array, hstack, vstack

from optimizer.model.program import FloatArray
from optimizer.offers.offer_session import OfferSession
from optimizer.offers.offer_window import OfferWindow
from optimizer.solver.outcome import Outcome
from optimizer.solver.session import Patch

SAME_COST = 1e-7
TIGHT = 1e-7


class Fairness(StrEnum):
    """Published rule by which equally cheap plans are told apart."""

    PROPORTIONAL = "proportional"
    ROTATING = "rotating"


def share_fairly(
    session: OfferSession,
    cheapest: Outcome,
    *,
    rule: Fairness,
    capability_kwh: Sequence[float],
    baselines_kw: Sequence[FloatArray],
    turn: int,
) -> Outcome:
    """Move on the face of cheapest plans to the one that the rule prefers.

    Args:
        session: live model, still posed as when it gave ``cheapest``.
        cheapest: the cheapest plan.
        rule: the published rule.
        capability_kwh: what each site was registered with; zero for a site that is not to be used.
        baselines_kw: baseline of each site, adding up to that of the group.
        turn: number of awards before this one; who comes first under rotation.

    Returns:
        The outcome of the last stage; the cheapest outcome itself if the face gave no other.
    """
    if cheapest.incumbent is None:
        return cheapest
    members = np.flatnonzero(np.asarray(capability_kwh) > 0.0)
    if len(members) < 2:
        return cheapest
    values = cheapest.incumbent.values
    first = _append_members(session, values, members, np.asarray(capability_kwh), baselines_kw)
    _forbid_opposing(session, values, first, len(members))
    if rule is Fairness.ROTATING:
        return _rotate(session, values, cheapest, first, members, turn)
    return _level(session, values, cheapest, first, np.asarray(capability_kwh)[members])


def _append_members(
    session: OfferSession, values: FloatArray, members: Any, capability: FloatArray, baselines_kw: Sequence[FloatArray]
) -> int:
    """Add columns ``delivered_kwh[i]`` and ``use``, rows that define them, and the limit on cost."""
    group, live, window = session.group, session.session, session.window
    count, columns = len(members), live.columns
    live.append_columns(
        np.zeros(count + 1),
        np.append(np.full(count, -np.inf), 0.0),
        np.full(count + 1, np.inf),
        csr_array((count + 1, live.rows)),
    )
    step_h = session.problems[0].grid.step_h
    define = vstack([_window_sum(group.net[k], window, step_h) for k in members])
    level = np.array(
        [step_h * window.change.sign * (baselines_kw[k] - group.fixed_kw[k])[window.steps].sum() for k in members]
    )
    live.append_rows(level, level, csr_array(hstack([define, eye_array(count), csr_array((count, 1))])))
    use = csr_array(-capability[members][:, None])
    live.append_rows(
        np.full(count, -np.inf),
        np.zeros(count),
        csr_array(hstack([csr_array((count, columns)), eye_array(count), use])),
    )
    costs = group.program.objectives[0].costs
    total = float(costs @ values)
    limit = total + SAME_COST * max(1.0, abs(total))
    live.append_rows(
        np.array([-np.inf]), np.array([limit]), csr_array(np.concatenate([costs, np.zeros(count + 1)])[None, :])
    )
    return columns


def _forbid_opposing(session: OfferSession, values: FloatArray, first: int, count: int) -> None:
    """Bound what every member delivers by zero from below, if a cheapest plan does that."""
    live = session.session
    columns = np.arange(first, first + count, dtype=np.int32)
    live.set_objective("none against", np.zeros(live.columns), 0.0)
    live.patch(Patch(column_bounds=(columns, np.zeros(count), np.full(count, np.inf))))
    if live.run_fixed(_padded(values, count + 1)).incumbent is None:
        live.patch(Patch(column_bounds=(columns, np.full(count, -np.inf), np.full(count, np.inf))))


def _window_sum(net: csr_array[Any, Any], window: OfferWindow, step_h: float) -> csr_array[Any, Any]:
    """Energy over the offer, signed so that adding what is delivered gives a constant."""
    weights = window.change.sign * step_h * window.steps.astype(np.float64)
    return csr_array((net.T @ weights)[None, :])


def _rotate(
    session: OfferSession, values: FloatArray, cheapest: Outcome, first: int, members: Any, turn: int
) -> Outcome:
    count = len(members)
    best, start = cheapest, _padded(values, count + 1)
    order = np.roll(np.arange(count), -(turn % count))
    for place in order[:-1]:
        goal = np.zeros(session.session.columns)
        goal[first + place] = -1.0
        session.session.set_objective("rotation", goal, 0.0)
        outcome = session.session.run_fixed(start)
        if outcome.incumbent is None:
            return best
        best = outcome
        got = float(outcome.incumbent.values[first + place])
        column = np.array([first + place], dtype=np.int32)
        keep = np.array([got - TIGHT * max(1.0, abs(got))])
        session.session.patch(Patch(column_bounds=(column, keep, np.array([np.inf]))))
    return best


def _level(session: OfferSession, values: FloatArray, cheapest: Outcome, first: int, capability: FloatArray) -> Outcome:
    live, count = session.session, len(capability)
    goal = np.zeros(live.columns)
    goal[first + count] = 1.0
    live.set_objective("largest use", goal, 0.0)
    start, best = _padded(values, count + 1), cheapest
    rows = np.arange(live.rows - 1 - count, live.rows - 1, dtype=np.int32)
    free = np.ones(count, dtype=np.bool_)
    while free.any():
        outcome = live.run_fixed(start)
        if outcome.incumbent is None or outcome.incumbent.row_duals is None:
            return best
        best = outcome
        use = float(outcome.incumbent.values[first + count])
        delivered = outcome.incumbent.values[first : first + count]
        tight = free & (outcome.incumbent.row_duals[rows] < -TIGHT)
        if use <= TIGHT or not tight.any():
            break
        free &= ~tight
        done = np.flatnonzero(tight).astype(np.int32)
        most = np.maximum(delivered[done], use * capability[done]) + TIGHT * np.maximum(1.0, capability[done])
        live.patch(
            Patch(
                column_bounds=((first + done).astype(np.int32), np.minimum(delivered[done], 0.0) - TIGHT, most),
                row_bounds=(rows[done], np.full(len(done), -np.inf), np.full(len(done), np.inf)),
            )
        )
    return best


def _padded(values: FloatArray, count: int) -> FloatArray:
    return np.concatenate([values, np.zeros(count)])
