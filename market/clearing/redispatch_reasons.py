"""Say for every order why it ended as it did: a code for machines and a sentence for people."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.clearing.redispatch_book import Book
from market.domain.award import OrderReason
from market.domain.order import Order, Side
from optimizer.problems.redispatch import RedispatchProblem
from optimizer.results.redispatch import RedispatchResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Reason code and sentence."""

    reason: OrderReason
    sentence: str


def judge_orders(book: Book, result: RedispatchResult) -> dict[str, Verdict]:
    """Return the verdict of every order of the book by its id."""
    verdicts = {
        name: Verdict(reason=reason, sentence=f"Not taken: {text}.") for name, (reason, text) in book.refused.items()
    }
    context = _Context(book.problem, result)
    for position, order in enumerate(book.eligible):
        verdicts[order.id] = _judge(position, order, context)
    return verdicts


class _Context:
    """What the verdicts look at: per step the worst price taken on each side, and what ran out."""

    def __init__(self, problem: RedispatchProblem, result: RedispatchResult) -> None:
        self.problem = problem
        self.units = result.units
        orders, steps = problem.orders, problem.steps
        of, step = orders.entry_order, orders.profile_step
        worst = orders.tier_price_ticks[orders.tier_start[1:] - 1] if len(orders) else np.zeros(0)
        taken = result.units[of] > 0
        self.dearest_sell = np.full(steps, -np.inf)
        np.maximum.at(self.dearest_sell, step[taken & (orders.sign[of] < 0)], worst[of[taken & (orders.sign[of] < 0)]])
        self.cheapest_buy = np.full(steps, np.inf)
        np.minimum.at(self.cheapest_buy, step[taken & (orders.sign[of] > 0)], worst[of[taken & (orders.sign[of] > 0)]])
        self.short = result.shortfall_lots > 0
        change = problem.limit_change(result.units)
        self.full_up = change >= problem.limits.up_lots - 1e-9
        self.full_down = change <= -problem.limits.down_lots + 1e-9
        self.taken_of_group = {
            int(orders.group[o]): o for o in np.flatnonzero((orders.group >= 0) & (result.units > 0)).tolist()
        }

    def steps_of(self, position: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Steps in which an order has power."""
        orders = self.problem.orders
        return np.asarray(orders.profile_step[orders.profile_start[position] : orders.profile_start[position + 1]])

    def relieves_what_is_short(self, position: int) -> bool:
        """Whether an order would relieve a need that stayed short."""
        orders, needs = self.problem.orders, self.problem.needs
        steps = self.steps_of(position)
        helps = needs.relieved_by[:, None] * orders.sign[position] * needs.share[:, orders.place[position], :] > 0
        return bool((helps & self.short)[:, steps].any())

    def meets_full_limit(self, position: int) -> str | None:
        """Name of a limit without room in the direction of an order."""
        orders, limits = self.problem.orders, self.problem.limits
        steps = self.steps_of(position)
        for k, name in enumerate(limits.ids):
            push = limits.share[k, orders.place[position]] * orders.sign[position]
            if (push > 0 and self.full_up[k, steps].any()) or (push < 0 and self.full_down[k, steps].any()):
                return name
        return None


def _judge(position: int, order: Order, context: _Context) -> Verdict:
    taken, offered = context.units[position], context.problem.orders.units[position]
    if taken >= offered:
        return Verdict(reason=OrderReason.ACCEPTED, sentence="Taken in full.")
    if taken > 0:
        return Verdict(reason=OrderReason.ACCEPTED_PARTLY, sentence="Taken in part: the rest was not needed.")
    barred = _judge_by_links(position, context)
    if barred is not None:
        return barred
    if context.relieves_what_is_short(position):
        text = "Not taken although relief is short: no counter-order could balance it."
        return Verdict(reason=OrderReason.NO_COUNTER_ORDER, sentence=text)
    return _judge_by_price(position, order, context)


def _judge_by_links(position: int, context: _Context) -> Verdict | None:
    """Whether another order or a limit barred this one."""
    orders = context.problem.orders
    rival = context.taken_of_group.get(int(orders.group[position]))
    if orders.group[position] >= 0 and rival is not None:
        text = f"Not taken: order {orders.ids[rival]} of its exclusive group was."
        return Verdict(reason=OrderReason.EXCLUSIVE_ALTERNATIVE, sentence=text)
    parent = int(orders.parent[position])
    if parent >= 0 and context.units[parent] <= 0:
        text = f"Not taken: it depends on order {orders.ids[parent]}, which was not."
        return Verdict(reason=OrderReason.PARENT_NOT_ACCEPTED, sentence=text)
    full = context.meets_full_limit(position)
    if full is not None:
        return Verdict(reason=OrderReason.NO_HEADROOM, sentence=f"Not taken: there is no room left in {full}.")
    return None


def _judge_by_price(position: int, order: Order, context: _Context) -> Verdict:
    orders, steps = context.problem.orders, context.steps_of(position)
    price = float(orders.tier_price_ticks[orders.tier_start[position]])
    if order.side is Side.SELL:
        limit = float(context.dearest_sell[steps].max(initial=-np.inf))
        beaten, equal = price > limit, price == limit
    else:
        limit = float(context.cheapest_buy[steps].min(initial=np.inf))
        beaten, equal = price < limit, price == limit
    if not np.isfinite(limit):
        return Verdict(reason=OrderReason.NOT_NEEDED, sentence="Not taken: nothing was traded in its quarter-hours.")
    margin = f"{limit * context.problem.price_tick_eur_per_mwh:.2f} EUR/MWh"
    if equal:
        text = f"Not taken: others at the same price of {margin} came earlier or fit better."
        return Verdict(reason=OrderReason.TIE_LATER_SUBMISSION, sentence=text)
    if beaten:
        better = "cheaper sells" if order.side is Side.SELL else "buys that pay more"
        text = f"Not taken: {better} sufficed, the last one at {margin}."
        return Verdict(reason=OrderReason.TOO_EXPENSIVE, sentence=text)
    if order.minimum_acceptance_mw > 0:
        text = f"Not taken: its minimum of {order.minimum_acceptance_mw} MW did not fit."
        return Verdict(reason=OrderReason.MINIMUM_TOO_LARGE, sentence=text)
    return Verdict(reason=OrderReason.NOT_NEEDED, sentence="Not taken: other orders fit the need at lower cost.")
