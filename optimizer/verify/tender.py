"""Judge a tender result from problem and result alone; written apart from the model it judges."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import TenderProblem
from optimizer.results.tender import TenderResult

MW_TOLERANCE = 1e-6
EUR_TOLERANCE = 1e-6


def verify_tender(problem: TenderProblem, result: TenderResult) -> tuple[Finding, ...]:
    """Find every rule the result breaks and every figure it states wrongly; empty when it may be shown."""
    if result.lots.shape != (problem.lines,) or result.shortfall_mw.shape != problem.need_mw.shape:
        return (_finding("shape", "the result does not belong to this problem"),)
    lots_of = [0] * problem.offers
    for line in range(problem.lines):
        lots_of[int(problem.line_offer[line])] += int(result.lots[line])
    return sort_findings(
        [
            *_check_lots(problem, result, lots_of),
            *_check_choices(problem, lots_of),
            *_check_connections(problem, lots_of),
            *_check_activations(problem, result, lots_of),
            *_check_cover(problem, result, lots_of),
            *_check_money(problem, result, lots_of),
        ]
    )


def _check_lots(problem: TenderProblem, result: TenderResult, lots_of: list[int]) -> Iterator[Finding]:
    if not np.issubdtype(result.lots.dtype, np.integer):
        yield _finding("lots.whole", "lots are not whole numbers")
    for line in range(problem.lines):
        lots, most = int(result.lots[line]), int(problem.line_lots[line])
        if not 0 <= lots <= most:
            yield _finding("lots.range", f"line {line} has {lots} lots of {most}")
        is_later = line > 0 and problem.line_offer[line] == problem.line_offer[line - 1]
        if lots > 0 and is_later and result.lots[line - 1] < problem.line_lots[line - 1]:
            yield _finding("lots.order", f"line {line} is taken before the step ahead of it is full")
    for offer, lots in enumerate(lots_of):
        name = problem.bid_ids[int(problem.offer_bid[offer])]
        if lots > problem.offer_limit_lots[offer]:
            yield _finding("offer.limit", f"bid {name} has {lots} lots, limit {problem.offer_limit_lots[offer]}")
        if 0 < lots < problem.offer_minimum_lots[offer]:
            yield _finding("offer.minimum", f"bid {name} has {lots} lots, minimum {problem.offer_minimum_lots[offer]}")


def _check_choices(problem: TenderProblem, lots_of: list[int]) -> Iterator[Finding]:
    winners: dict[int, set[int]] = {}
    for offer, lots in enumerate(lots_of):
        bid = int(problem.offer_bid[offer])
        if lots > 0 and problem.bid_group[bid] >= 0:
            winners.setdefault(int(problem.bid_group[bid]), set()).add(bid)
    for group, bids in winners.items():
        if len(bids) > 1:
            names = ", ".join(problem.bid_ids[bid] for bid in sorted(bids))
            yield _finding("group.choice", f"group {group} has more than one accepted bid: {names}")


def _check_connections(problem: TenderProblem, lots_of: list[int]) -> Iterator[Finding]:
    """Check by Hall's condition: no set of bids exceeds the connections it stands on."""
    stands_on: dict[int, set[int]] = {}
    for bid, connection in zip(problem.backing_bid, problem.backing_connection, strict=True):
        stands_on.setdefault(int(bid), set()).add(int(connection))
    for window, name in enumerate(problem.window_ids):
        sold = {
            int(problem.offer_bid[offer]): lots
            for offer, lots in enumerate(lots_of)
            if lots > 0 and problem.offer_window[offer] == window and int(problem.offer_bid[offer]) in stands_on
        }
        if _largest_flow(sold, stands_on, problem.connection_lots.tolist()) < sum(sold.values()):
            yield _finding("connection.limit", f"a connection is sold more than once in window {name}")


def _largest_flow(sold: dict[int, int], stands_on: dict[int, set[int]], capacity: list[int]) -> int:
    """Lots that can stand on connections: augmenting paths from bids to connections."""
    placed: dict[tuple[int, int], int] = {}
    left = list(capacity)

    def place(bid: int, seen: set[int]) -> bool:
        for connection in sorted(stands_on[bid] - seen):
            seen.add(connection)
            if left[connection] > 0:
                left[connection] -= 1
                placed[bid, connection] = placed.get((bid, connection), 0) + 1
                return True
            for other in sorted(sold):
                if placed.get((other, connection), 0) > 0 and other != bid and place(other, seen):
                    placed[other, connection] -= 1
                    placed[bid, connection] = placed.get((bid, connection), 0) + 1
                    return True
        return False

    return sum(place(bid, set()) for bid, lots in sorted(sold.items()) for _ in range(lots))


def _check_activations(problem: TenderProblem, result: TenderResult, lots_of: list[int]) -> Iterator[Finding]:
    busy: dict[tuple[int, int], list[float]] = {}
    for run in result.activations:
        bid = int(problem.offer_bid[run.offer])
        steps = int(problem.event_first_step[run.event + 1] - problem.event_first_step[run.event])
        limit, rest = int(problem.bid_run_steps[bid]), int(problem.bid_rest_steps[bid])
        name = problem.bid_ids[bid]
        if not 0 <= run.begin < run.end <= steps or run.power_mw < 0:
            yield _finding("activation.range", f"bid {name} has an activation outside its event")
            continue
        if problem.offer_window[run.offer] != problem.event_window[run.event]:
            yield _finding("activation.window", f"bid {name} is activated in a window it is not offered in")
        if limit and run.end - run.begin > limit:
            yield _finding("activation.run", f"bid {name} runs {run.end - run.begin} steps, limit {limit}")
        load = busy.setdefault((run.offer, run.event), [0.0] * steps)
        for step in range(run.begin, min(steps, run.end + rest)):
            load[step] += run.power_mw
    for (offer, _), load in busy.items():
        if max(load) > lots_of[offer] * problem.lot_mw + MW_TOLERANCE:
            name = problem.bid_ids[int(problem.offer_bid[offer])]
            yield _finding("activation.power", f"bid {name} runs or rests with {max(load)} MW, more than contracted")


def _check_cover(problem: TenderProblem, result: TenderResult, lots_of: list[int]) -> Iterator[Finding]:
    longest = [0] * len(problem.window_ids)
    for event, window in enumerate(problem.event_window):
        steps = int(problem.event_first_step[event + 1] - problem.event_first_step[event])
        longest[window] = max(longest[window], steps)
    throughout = [0.0] * len(problem.window_ids)
    for offer, lots in enumerate(lots_of):
        window, run = int(problem.offer_window[offer]), int(problem.bid_run_steps[int(problem.offer_bid[offer])])
        if run == 0 or run >= longest[window]:
            throughout[window] += lots * problem.lot_mw
    in_turn = [0.0] * len(problem.need_mw)
    for a in result.activations:
        first = int(problem.event_first_step[a.event])
        for step in range(first + a.begin, min(first + a.end, len(in_turn))):
            in_turn[step] += a.power_mw
    for event, window in enumerate(problem.event_window):
        for step in range(int(problem.event_first_step[event]), int(problem.event_first_step[event + 1])):
            at_hand = throughout[window] + in_turn[step]
            if at_hand > problem.window_max_lots[window] * problem.lot_mw + MW_TOLERANCE:
                yield _finding("maximum", f"step {step} has {at_hand} MW at hand, more than the maximum of its window")
            missing = max(0.0, float(problem.need_mw[step]) - at_hand)
            stated = float(result.shortfall_mw[step])
            if abs(missing - stated) > MW_TOLERANCE:
                yield _finding("cover", f"step {step} lacks {missing} MW, the result states {stated} MW")


def _check_money(problem: TenderProblem, result: TenderResult, lots_of: list[int]) -> Iterator[Finding]:
    most: dict[int, int] = {}
    for offer, lots in enumerate(lots_of):
        bid = int(problem.offer_bid[offer])
        most[bid] = max(most.get(bid, 0), lots)
    fees = math.fsum(lots * float(problem.bid_fee_eur_per_lot[bid]) for bid, lots in most.items())
    taken = [int(n) for n in result.lots]
    evaluated = fees + math.fsum(n * float(c) for n, c in zip(taken, problem.line_evaluated_eur_per_lot, strict=True))
    payment = fees + math.fsum(n * float(c) for n, c in zip(taken, problem.line_payment_eur_per_lot, strict=True))
    hours = [
        float(problem.event_count[e] * problem.event_step_h[e])
        for e in range(problem.events)
        for _ in range(int(problem.event_first_step[e]), int(problem.event_first_step[e + 1]))
    ]
    missing = math.fsum(
        h * float(mw) * problem.shortfall_eur_per_mwh for h, mw in zip(hours, result.shortfall_mw, strict=True)
    )
    for what, seen, stated in (
        ("evaluated cost", evaluated, result.evaluated_eur),
        ("payment", payment, result.payment_eur),
        ("priced shortfall", missing, result.shortfall_eur),
    ):
        if abs(seen - stated) > EUR_TOLERANCE * max(1.0, abs(seen)):
            yield _finding("money", f"{what} is {seen} EUR, the result states {stated} EUR")
    if payment > problem.budget_eur + EUR_TOLERANCE * max(1.0, problem.budget_eur):
        yield _finding("budget", f"payment of {payment} EUR exceeds the budget of {problem.budget_eur} EUR")


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=f"verify.tender.{rule}", path="result", message=message)
