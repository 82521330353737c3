"""Judge a tender result from problem and result alone; written apart from the model it judges."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems.tender import TenderProblem
from optimizer.results.tender import TenderResult
from optimizer.verify.tender_calls import check_calls

MW_TOLERANCE = 1e-6
EUR_TOLERANCE = 1e-6


def verify_tender(problem: TenderProblem, result: TenderResult) -> tuple[Finding, ...]:
    """Find every rule the result breaks and every figure it states wrongly; empty when it may be shown."""
    if result.lots.shape != (problem.lines,) or result.shortfall_mw.shape != problem.need_mw.shape:
        return (_finding("shape", "the result does not belong to this problem"),)
    lots_of = [0] * problem.offers
    for line in range(problem.lines):
        lots_of[int(problem.line_offer[line])] += int(result.lots[line])
    most: dict[int, int] = {}
    for offer, lots in enumerate(lots_of):
        bid = int(problem.offer_bid[offer])
        most[bid] = max(most.get(bid, 0), lots)
    return sort_findings(
        [
            *_check_lots(problem, result, lots_of),
            *_check_choices(problem, most),
            *_check_quantities(problem, lots_of, most),
            *_check_connections(problem, lots_of),
            *_check_providers(problem, lots_of),
            *check_calls(problem, result, lots_of),
            *_check_risk(problem, result),
            *_check_money(problem, result, most),
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


def _check_choices(problem: TenderProblem, most: dict[int, int]) -> Iterator[Finding]:
    winners: dict[int, set[int]] = {}
    links: dict[int, set[bool]] = {}
    for bid, lots in most.items():
        if lots > 0 and problem.bid_group[bid] >= 0:
            winners.setdefault(int(problem.bid_group[bid]), set()).add(bid)
        if problem.bid_link[bid] >= 0:
            links.setdefault(int(problem.bid_link[bid]), set()).add(lots > 0)
    for group, bids in winners.items():
        if len(bids) > 1:
            names = ", ".join(problem.bid_ids[bid] for bid in sorted(bids))
            yield _finding("group.choice", f"group {group} has more than one accepted bid: {names}")
    for link, taken in links.items():
        if len(taken) > 1:
            yield _finding("link.choice", f"linked group {link} is accepted in part")


def _check_quantities(problem: TenderProblem, lots_of: list[int], most: dict[int, int]) -> Iterator[Finding]:
    seen: dict[int, set[int]] = {}
    for offer, lots in enumerate(lots_of):
        if problem.bid_same_lots[problem.offer_bid[offer]]:
            seen.setdefault(int(problem.offer_bid[offer]), set()).add(lots)
    for bid, different in seen.items():
        if len(different) > 1:
            yield _finding("same_lots", f"bid {problem.bid_ids[bid]} has different lots in its windows")
    totals = [0] * len(problem.caps.ids)
    for cap, bid in zip(problem.caps.pair_cap.tolist(), problem.caps.pair_bid.tolist(), strict=True):
        totals[cap] += most.get(bid, 0)
    for cap, total in enumerate(totals):
        if total > problem.caps.most_lots[cap]:
            yield _finding("cap", f"{problem.caps.ids[cap]}: {total} lots, at most {problem.caps.most_lots[cap]}")


def _check_connections(problem: TenderProblem, lots_of: list[int]) -> Iterator[Finding]:
    stands_on: dict[int, set[int]] = {}
    for bid, connection in zip(problem.backing_bid, problem.backing_connection, strict=True):
        stands_on.setdefault(int(bid), set()).add(int(connection))
    if not stands_on:
        return
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


def _check_providers(problem: TenderProblem, lots_of: list[int]) -> Iterator[Finding]:
    held: dict[int, int] = {}
    for offer, lots in enumerate(lots_of):
        provider = int(problem.bid_provider[int(problem.offer_bid[offer])])
        held[provider] = held.get(provider, 0) + lots
    total, engaged = sum(held.values()), sum(lots > 0 for lots in held.values())
    if 0 < engaged < problem.minimum_providers:
        yield _finding("provider.count", f"{engaged} providers, at least {problem.minimum_providers}")
    for provider, lots in held.items():
        if lots > problem.provider_share * total + 1e-6:
            yield _finding("provider.share", f"provider {provider} holds {lots} of {total} lots")


def _check_risk(problem: TenderProblem, result: TenderResult) -> Iterator[Finding]:
    risk = problem.risk
    if not risk.any:
        return
    scenarios = len(problem.scenario_probability)
    missing = np.zeros((problem.windows, scenarios))
    for event in range(problem.events):
        steps = result.shortfall_mw[problem.event_first_step[event] : problem.event_first_step[event + 1]]
        mwh = float(steps.sum()) * float(problem.event_step_h[event] * problem.event_occurrences[event])
        missing[problem.event_window[event], problem.event_scenario[event]] += mwh
    for window, name in enumerate(problem.window_ids):
        expected = float(missing[window] @ problem.scenario_probability)
        if expected > risk.window_expected_mwh[window] + MW_TOLERANCE * max(1.0, expected):
            yield _finding("risk.expected", f"window {name} lacks {expected} MWh on average")
        chance = float(problem.scenario_probability[missing[window] <= MW_TOLERANCE].sum())
        if chance < risk.window_chance[window] - 1e-6:
            yield _finding("risk.chance", f"window {name} is covered with probability {chance}")
    worst = sorted(zip(missing.sum(axis=0), problem.scenario_probability, strict=True), reverse=True)
    left, tail = risk.tail_share, 0.0
    for mwh, probability in worst:
        part = min(left, float(probability))
        tail += part * float(mwh)
        left -= part
    if tail / risk.tail_share > risk.tail_mwh + MW_TOLERANCE * max(1.0, tail):
        yield _finding("risk.tail", f"the worst {risk.tail_share:.0%} of scenarios lack {tail / risk.tail_share} MWh")


def _check_money(problem: TenderProblem, result: TenderResult, most: dict[int, int]) -> Iterator[Finding]:
    fees = math.fsum(lots * float(problem.bid_fee_eur_per_lot[bid]) for bid, lots in most.items())
    taken = [int(n) for n in result.lots]
    contract = fees + math.fsum(n * float(c) for n, c in zip(taken, problem.line_evaluated_eur_per_lot, strict=True))
    payment = fees + math.fsum(n * float(c) for n, c in zip(taken, problem.line_payment_eur_per_lot, strict=True))
    hours = np.empty(len(problem.need_mw))
    for event in range(problem.events):
        weight = problem.scenario_probability[problem.event_scenario[event]] * problem.event_occurrences[event]
        hours[problem.event_first_step[event] : problem.event_first_step[event + 1]] = (
            weight * problem.event_step_h[event]
        )
    calls = result.calls
    called = math.fsum((calls.power_mw * hours[calls.step] * problem.line_call_eur_per_mwh[calls.line]).tolist())
    missing = math.fsum((hours * result.shortfall_mw).tolist()) * problem.shortfall_eur_per_mwh
    for what, seen, stated in (
        ("contract cost", contract, result.contract_eur),
        ("payment", payment, result.payment_eur),
        ("cost of calls", called, result.calls_eur),
        ("priced shortfall", missing, result.shortfall_eur),
    ):
        if abs(seen - stated) > EUR_TOLERANCE * max(1.0, abs(seen)):
            yield _finding("money", f"{what} is {seen} EUR, the result states {stated} EUR")
    budgets = problem.budgets
    for year, name in enumerate(budgets.ids):
        paid = math.fsum(n * float(c) for n, c in zip(taken, budgets.line_eur_per_lot[year], strict=True))
        paid += math.fsum(lots * float(budgets.bid_eur_per_lot[year, bid]) for bid, lots in most.items())
        limit = float(budgets.most_eur[year])
        if paid > limit + EUR_TOLERANCE * max(1.0, limit):
            yield _finding("budget", f"budget {name}: {paid} EUR, at most {limit} EUR")


def _finding(rule: str, message: str) -> Finding:
    return Finding(rule=f"verify.tender.{rule}", path="result", message=message)
