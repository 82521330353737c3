"""Clear a redispatch: from needs and orders of the market to a balanced, priced and proven set of awards."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from hashlib import sha256
from time import perf_counter
from typing import Final

import numpy as np

from market.clearing.redispatch_book import Book, Gate, translate_book
from market.clearing.redispatch_reasons import Verdict, judge_orders
from market.domain.award import (
    CheapestFirst,
    ClearingState,
    MissingBid,
    NeedCoverage,
    RedispatchAward,
    RedispatchCertificate,
    RedispatchClearing,
    StageProof,
)
from market.domain.connection import Connection
from market.domain.money import CENT, LOT_MW, split_exactly, to_cents
from market.domain.need import Congestion, Headroom, Need
from market.domain.order import Order, Side
from market.rules.order_rules import (
    PRICE_TICK,
    QUARTER_HOUR,
    check_headroom,
    check_needs,
    check_order_book,
    cover_days,
)
from optimizer.baselines.merit_order_redispatch import take_cheapest_first
from optimizer.errors import InvalidProblemError
from optimizer.findings import Finding, sort_findings
from optimizer.problems.redispatch import FloatArray, RedispatchProblem, no_gain_prices
from optimizer.results.redispatch import RedispatchResult, evaluate
from optimizer.runs.redispatch import solve_redispatch
from optimizer.runs.redispatch_explain import SAME_LOTS, RedispatchQuestions
from optimizer.runs.redispatch_stages import RedispatchRun
from optimizer.solver.session import Progress

QUARTER: Final = Decimal("0.25")
TICK_ROUNDING: Final = 1e-4


class ExcessPolicy(StrEnum):
    """What relief above the need costs.

    `NO_GAIN` prices it so that no pair of orders can profit from it; `STRICT` minimises it before cost; `PRICED`
    takes a stated price.
    """

    NO_GAIN = "no_gain"
    STRICT = "strict"
    PRICED = "priced"


@dataclass(frozen=True, slots=True, kw_only=True)
class RedispatchOptions:
    """Rules and limits of one clearing.

    Attributes:
        lot_mw: size of a lot; every volume is a multiple.
        minimum_mw: smallest order.
        excess_policy: what relief above the need costs.
        excess_price_eur_per_mwh: the stated price of policy `PRICED`.
        cleared_at: aware time of the clearing, against which validity is checked; None accepts any.
        lead_time_quarter_hours: an order must start at least this long after ``cleared_at``.
        resting_seconds: an order must have been in the book at least this long before ``cleared_at``.
        relative_gap: relative gap at which the cost stage may stop; zero proves it to less than one granule of money.
        time_limit_s: wall-clock limit of each stage; None for none.
        explain: compute the exact price at which each losing order would have won and each winner's contribution.
    """

    lot_mw: Decimal = LOT_MW
    minimum_mw: Decimal = LOT_MW
    excess_policy: ExcessPolicy = ExcessPolicy.NO_GAIN
    excess_price_eur_per_mwh: Decimal | None = None
    cleared_at: datetime | None = None
    lead_time_quarter_hours: int = 0
    resting_seconds: int = 0
    relative_gap: float = 0.0
    time_limit_s: float | None = None
    explain: bool = False


ProgressListener = Callable[[str, float | None, float | None], bool]


def clear_redispatch(
    needs: Sequence[Need],
    orders: Sequence[Order],
    connections: Sequence[Connection],
    *,
    headroom: Sequence[Headroom] = (),
    obliged_eans: Sequence[str] = (),
    options: RedispatchOptions | None = None,
    listener: ProgressListener | None = None,
) -> RedispatchClearing:
    """Clear needs against an order book to the lexicographic optimum.

    Shortfall first, then excess by its policy and spread cost, then fewest activations, then the earliest order.

    Args:
        needs: congestion problems, cleared jointly.
        orders: the book.
        connections: which EAN lies in which areas; an order on an unknown EAN does not take part.
        headroom: room in other areas and on lines.
        obliged_eans: connections with a bid obligation; missing bids of theirs are listed for mandatory needs.
        options: rules and limits.
        listener: called with stage name, incumbent and bound while a stage runs; returning False stops it.

    Raises:
        InvalidProblemError: the input has faults; every one is in its findings.
        VerificationError: the result failed the independent check.
        SolverError: no stage produced a set within its limits.
    """
    started = perf_counter()
    rules = options or RedispatchOptions()
    book = open_book(needs, orders, connections, headroom=headroom, options=rules)
    problem = price_excess(book.problem, rules)
    result = solve_redispatch(problem, _run(rules, listener))
    missing = find_missing_bids(book, connections, obliged_eans)
    clearing = _conclude(book, problem, result, options=rules, missing=missing, started=started)
    return explain_awards(clearing, problem, result) if rules.explain else clearing


def explain_awards(
    clearing: RedispatchClearing, problem: RedispatchProblem, result: RedispatchResult
) -> RedispatchClearing:
    """Add to each award the price at which it would have won, or what the optimum would cost more without it.

    The price is the dearest tick of a sell, or the cheapest of a buy, at which the order is taken at least in part.
    Under the strict policy, and where the optimum is not exact, there is no such answer and the awards stay as they
    are.
    """
    if problem.excess_price_eur_per_mwh is None or not all(stage.exact for stage in result.stages):
        return clearing
    questions = RedispatchQuestions(problem)
    position = {name: k for k, name in enumerate(problem.orders.ids)}
    awards = []
    for award in clearing.awards:
        order = position.get(award.order_id)
        if order is None:
            awards.append(award)
        elif award.accepted_mw:
            lost = questions.contribution(order)
            worth = to_cents(_figure(lost.cost_eur))
            awards.append(replace(award, contribution_eur=worth if lost.shortfall_lots < SAME_LOTS else None))
        else:
            awards.append(replace(award, winning_price_eur_per_mwh=_winning_price(questions, order, award.side)))
    return replace(clearing, awards=tuple(awards))


def _winning_price(questions: RedispatchQuestions, order: int, side: Side) -> Decimal | None:
    ticks = questions.winning_price_ticks(order)
    if ticks is None:
        return None
    whole = math.ceil(ticks - TICK_ROUNDING) - 1 if side is Side.SELL else math.floor(ticks + TICK_ROUNDING) + 1
    return whole * PRICE_TICK


def open_book(
    needs: Sequence[Need],
    orders: Sequence[Order],
    connections: Sequence[Connection],
    *,
    headroom: Sequence[Headroom] = (),
    options: RedispatchOptions,
) -> Book:
    """Check and translate a book.

    Raises:
        InvalidProblemError: the input has faults; every one is in its findings.
    """
    grid = cover_days(needs)
    faults = [
        *check_needs(needs, options.lot_mw),
        *check_headroom(headroom),
        *check_order_book(orders, grid=grid, lot_mw=options.lot_mw, minimum_mw=options.minimum_mw),
        *_option_faults(options),
    ]
    if grid is None:
        faults.append(Finding(rule="need.none", path="needs", message="there is no need to clear"))
    if faults or grid is None:
        raise InvalidProblemError(sort_findings(faults))
    gate = Gate(
        cleared_at=options.cleared_at,
        lead_time=options.lead_time_quarter_hours * QUARTER_HOUR,
        resting_time=timedelta(seconds=options.resting_seconds),
    )
    return translate_book(needs, orders, connections, headroom, grid=grid, lot_mw=options.lot_mw, gate=gate)


def price_excess(problem: RedispatchProblem, options: RedispatchOptions) -> RedispatchProblem:
    """Set the price of relief above the need by the policy."""
    if options.excess_policy is ExcessPolicy.STRICT:
        return replace(problem, excess_price_eur_per_mwh=None)
    if options.excess_policy is ExcessPolicy.PRICED:
        stated = float(options.excess_price_eur_per_mwh or 0)
        return replace(problem, excess_price_eur_per_mwh=np.full(len(problem.needs), stated))
    return replace(problem, excess_price_eur_per_mwh=no_gain_prices(problem))


def find_missing_bids(
    book: Book, connections: Sequence[Connection], obliged_eans: Sequence[str]
) -> tuple[MissingBid, ...]:
    """List per mandatory need and obliged connection the quarter-hours without a bid on the relieving side (R12).

    An order that was refused for coming too late counts as missing.
    """
    areas = {connection.ean: connection.area_ids for connection in connections}
    taking_part = [order for order in book.eligible if order.ean in set(obliged_eans)]
    found = []
    for need in book.needs:
        if not need.mandatory:
            continue
        side = Side.BUY if need.congestion is Congestion.GENERATION else Side.SELL
        asked = [need.start + k * QUARTER_HOUR for k, mw in enumerate(need.required_mw) if mw > 0]
        for ean in sorted(set(obliged_eans)):
            if need.area_id not in areas.get(ean, ()):
                continue
            bids = [order for order in taking_part if order.ean == ean and order.side is side]
            gaps = tuple(t for t in asked if not any(order.start <= t < order.end for order in bids))
            if gaps:
                found.append(MissingBid(need_id=need.id, ean=ean, quarter_hours=gaps))
    return tuple(found)


def _run(options: RedispatchOptions, listener: ProgressListener | None) -> RedispatchRun:
    def relay(stage: str, progress: Progress) -> bool:
        return listener is None or listener(stage, progress.incumbent, progress.bound)

    return RedispatchRun(
        relative_gap=options.relative_gap,
        time_limit_s=options.time_limit_s,
        listener=None if listener is None else relay,
    )


def _option_faults(options: RedispatchOptions) -> list[Finding]:
    found = []
    for name in ("lot_mw", "minimum_mw"):
        value: Decimal = getattr(options, name)
        if not value.is_finite() or value <= 0:
            text = f"{name} is {value}, expected above zero"
            found.append(Finding(rule=f"options.{name}", path=f"options.{name}", message=text, value=str(value)))
    price = options.excess_price_eur_per_mwh
    stated = price is not None and price.is_finite() and price >= 0 and price % PRICE_TICK == 0
    if options.excess_policy is ExcessPolicy.PRICED and not stated:
        text = f"policy {options.excess_policy} needs a price of zero or more in whole cents, not {price}"
        path = "options.excess_price_eur_per_mwh"
        found.append(Finding(rule="options.excess_price", path=path, message=text, value=str(price)))
    return found


def _conclude(
    book: Book,
    problem: RedispatchProblem,
    result: RedispatchResult,
    *,
    options: RedispatchOptions,
    missing: tuple[MissingBid, ...],
    started: float,
) -> RedispatchClearing:
    verdicts = judge_orders(book, result)
    taken = dict(zip((order.id for order in book.eligible), result.units, strict=True))
    awards = tuple(_award(order, int(taken.get(order.id, 0)), verdicts[order.id], options) for order in book.orders)
    spread = sum((award.amount_eur for award in awards), Decimal(0))
    bought, sold = _traded(awards, book)
    coverage = _coverage(book, result, options.lot_mw, spread)
    short = any(mw > 0 for need in coverage for mw in need.shortfall_mw)
    paths = {order.id: f"orders.{order.id}" for order in book.orders}
    findings = tuple(
        Finding(rule=f"order.{reason}", path=paths[name], message=f"order {name}: {text}", ids=(name,))
        for name, (reason, text) in sorted(book.refused.items())
    )
    return RedispatchClearing(
        state=ClearingState.SHORT if short else ClearingState.CLEARED,
        start=book.grid.start,
        quarter_hours=book.grid.steps,
        awards=awards,
        needs=coverage,
        bought_mw=bought,
        sold_mw=sold,
        spread_cost_eur=spread,
        missing_bids=missing,
        findings=findings,
        certificate=_certificate(book, problem, result, options, started),
    )


def _award(order: Order, units: int, verdict: Verdict, options: RedispatchOptions) -> RedispatchAward:
    profile = order.power_mw
    lots = [int(mw / options.lot_mw) for mw in profile]
    scale = int(order.quantity_mw / options.lot_mw) if order.profile_mw is None else int(np.gcd.reduce(lots))
    power = tuple(mw * units / scale for mw in profile)
    accepted = order.quantity_mw * units / scale
    energy = sum(power, Decimal(0)) * QUARTER
    value = _value(order, accepted) * (energy / accepted if accepted else 0)
    signed = value if order.side is Side.SELL else -value
    return RedispatchAward(
        order_id=order.id,
        side=order.side,
        ean=order.ean,
        csp=order.csp,
        accepted_mw=accepted,
        start=order.start,
        power_mw=power,
        energy_mwh=energy,
        price_eur_per_mwh=(value / energy).quantize(PRICE_TICK) if energy else order.limit_price_eur_per_mwh,
        amount_eur=to_cents(signed) + Decimal(0),
        reason=verdict.reason,
        sentence=verdict.sentence,
    )


def _value(order: Order, accepted: Decimal) -> Decimal:
    """MW times price of the accepted part, first price step first."""
    if not order.price_steps:
        return accepted * order.limit_price_eur_per_mwh
    value, left = Decimal(0), accepted
    for step in order.price_steps:
        part = min(left, step.quantity_mw)
        value += part * step.price_eur_per_mwh
        left -= part
    return value


def _traded(awards: Sequence[RedispatchAward], book: Book) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    traded = {side: [Decimal(0)] * book.grid.steps for side in Side}
    for award in awards:
        if award.accepted_mw:
            first = book.grid.index_of(award.start)
            for t, mw in enumerate(award.power_mw, start=first):
                traded[award.side][t] += mw
    return tuple(traded[Side.BUY]), tuple(traded[Side.SELL])


def _coverage(
    book: Book, result: RedispatchResult, lot_mw: Decimal, spread_cost_eur: Decimal
) -> tuple[NeedCoverage, ...]:
    """Coverage per need; the spread is shared in proportion to the relief each need received up to what it required."""
    useful = [_lots(result.relief_lots[n] - result.excess_lots[n], Decimal(1)) for n in range(len(book.needs))]
    weights = [max(sum(lots, Decimal(0)), Decimal(0)) for lots in useful]
    shares = split_exactly(spread_cost_eur, weights, CENT)
    found = []
    for n, need in enumerate(book.needs):
        first = book.grid.index_of(need.start)
        span = slice(first, first + len(need.required_mw))
        found.append(
            NeedCoverage(
                need_id=need.id,
                start=need.start,
                required_mw=need.required_mw,
                relief_mw=_lots(result.relief_lots[n, span], lot_mw),
                shortfall_mw=_lots(result.shortfall_lots[n, span], lot_mw),
                excess_mw=_lots(result.excess_lots[n, span], lot_mw),
                share_eur=shares[n],
            )
        )
    return tuple(found)


def _lots(values: FloatArray, lot_mw: Decimal) -> tuple[Decimal, ...]:
    """Lots as MW: whole thousandths of a lot, because shares have three decimals."""
    return tuple((Decimal(round(float(v) * 1000)) / 1000 * lot_mw).normalize() + Decimal(0) for v in values)


def _certificate(
    book: Book, problem: RedispatchProblem, result: RedispatchResult, options: RedispatchOptions, started: float
) -> RedispatchCertificate:
    prices = problem.excess_price_eur_per_mwh
    return RedispatchCertificate(
        stages=tuple(
            StageProof(
                name=stage.name,
                unit=stage.unit,
                objective=_figure(stage.objective),
                bound=None if stage.bound is None else _figure(stage.bound),
                gap=None if stage.gap is None else _figure(stage.gap),
                tolerance=_figure(stage.tolerance),
                proven=stage.proven,
            )
            for stage in result.stages
        ),
        excess_policy=options.excess_policy,
        excess_price_eur_per_mwh=tuple(
            (need.id, _figure(price).quantize(PRICE_TICK)) for need, price in zip(book.needs, prices, strict=True)
        )
        if prices is not None
        else (),
        input_hash=hash_problem(problem),
        solver=result.solver,
        seconds=perf_counter() - started,
        cheapest_first=_cheapest_first(problem, options.lot_mw),
    )


def _figure(value: float) -> Decimal:
    return Decimal(repr(round(float(value), 9) + 0.0))


def _cheapest_first(problem: RedispatchProblem, lot_mw: Decimal) -> CheapestFirst | None:
    units = take_cheapest_first(problem)
    if units is None:
        return None
    figures = evaluate(problem, units)
    return CheapestFirst(
        shortfall_mwh=sum(_lots(figures.shortfall_lots.ravel(), lot_mw), Decimal(0)) * QUARTER,
        spread_cost_eur=to_cents(_figure(figures.spread_cost_eur)),
    )


def hash_problem(problem: RedispatchProblem) -> str:
    """SHA-256 over everything a clearing depends on; equal inputs in another order give the same."""
    digest = sha256()
    orders, needs, limits = problem.orders, problem.needs, problem.limits
    for part in (orders, needs, limits):
        for name in part.__slots__:
            value = getattr(part, name)
            digest.update(name.encode() + (repr(value).encode() if isinstance(value, tuple) else value.tobytes()))
    excess = problem.excess_price_eur_per_mwh
    digest.update(repr((problem.steps, problem.step_h, problem.lot_mw, problem.price_tick_eur_per_mwh)).encode())
    digest.update(b"strict" if excess is None else excess.tobytes())
    return digest.hexdigest()
