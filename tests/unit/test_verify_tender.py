from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import InvalidProblemError
from optimizer.problems.checks_tender import check_tender_problem
from optimizer.problems.tender import Budgets, Caps, RiskLimits, TenderProblem, UsageLimits
from optimizer.results.tender import Activation, Calls, TenderResult, price_result
from optimizer.runs.tender import solve_tender
from optimizer.verify.tender import verify_tender


@pytest.fixture
def problem() -> TenderProblem:
    """Bid a (two steps, minimum 2) throughout, bids b and c in turns and alternatives of each other."""
    return TenderProblem(
        bid_ids=("a", "b", "c"),
        window_ids=("w",),
        lot_mw=0.5,
        bid_group=np.array([-1, 0, 0]),
        bid_link=np.array([-1, -1, -1]),
        bid_provider=np.array([0, 1, 2]),
        bid_same_lots=np.zeros(3, dtype=np.bool_),
        bid_fee_eur_per_lot=np.array([1.0, 0.0, 0.0]),
        bid_run_h=np.array([np.inf, 0.5, 0.5]),
        bid_rest_h=np.array([np.inf, 0.25, 0.25]),
        bid_delivery=np.ones(3),
        offer_bid=np.array([0, 1, 2]),
        offer_window=np.array([0, 0, 0]),
        offer_limit_lots=np.array([4, 2, 2]),
        offer_minimum_lots=np.array([2, 0, 0]),
        offer_available=np.ones((3, 1), dtype=np.bool_),
        line_offer=np.array([0, 0, 1, 2]),
        line_lots=np.array([2, 2, 2, 2]),
        line_evaluated_eur_per_lot=np.array([5.0, 8.0, 2.0, 2.5]),
        line_payment_eur_per_lot=np.array([6.0, 9.0, 2.0, 2.5]),
        line_call_eur_per_mwh=np.zeros(4),
        line_paid_eur_per_mwh=np.zeros(4),
        decides_calls=False,
        window_max_lots=np.array([3]),
        scenario_probability=np.ones(1),
        event_window=np.array([0]),
        event_scenario=np.array([0]),
        event_segment=np.array([0]),
        event_occurrences=np.array([10.0]),
        event_step_h=np.array([0.25]),
        event_first_step=np.array([0, 4]),
        need_mw=np.array([1.0, 2.0, 1.0, 1.0]),
        shortfall_eur_per_mwh=100.0,
        budgets=budget(50.0),
        caps=Caps(ids=("gas",), most_lots=np.array([9]), pair_cap=np.array([0, 0]), pair_bid=np.array([0, 1])),
        usage=UsageLimits(
            bid=np.array([1, 2]),
            of_activations=np.array([False, True]),
            most=np.array([5.0, 20.0]),
            pair_limit=np.array([0, 1]),
            pair_event=np.array([0, 0]),
            pair_times=np.array([10.0, 10.0]),
        ),
        risk=RiskLimits(window_expected_mwh=np.full(1, np.inf), window_chance=np.zeros(1)),
        minimum_providers=0,
        provider_share=1.0,
        connection_lots=np.array([2, 2]),
        backing_bid=np.array([1, 2]),
        backing_connection=np.array([0, 0]),
    )


def budget(most_eur: float) -> Budgets:
    return Budgets(
        ids=("total",),
        most_eur=np.array([most_eur]),
        line_eur_per_lot=np.array([[6.0, 9.0, 2.0, 2.5]]),
        bid_eur_per_lot=np.array([[1.0, 0.0, 0.0]]),
    )


def decide(problem: TenderProblem, lots: list[int], *activations: Activation) -> TenderResult:
    """Call all MW that run."""
    line_of = {0: 0, 1: 2, 2: 3}
    power: dict[tuple[int, int], float] = {}
    for a in activations:
        for step in range(a.begin, min(a.end, 4)):
            power[line_of[a.offer], step] = power.get((line_of[a.offer], step), 0.0) + a.power_mw
    calls = Calls(
        line=np.array([k for k, _ in power], dtype=np.int64),
        step=np.array([t for _, t in power], dtype=np.int64),
        power_mw=np.array(list(power.values()), dtype=np.float64),
        activations=activations,
    )
    return price_result(problem, np.array(lots), calls)


def run(begin: int, end: int, power_mw: float = 1.0, offer: int = 1) -> Activation:
    return Activation(offer=offer, event=0, begin=begin, end=end, power_mw=power_mw)


def broken_rules(problem: TenderProblem, result: TenderResult) -> set[str]:
    return {finding.rule.removeprefix("verify.tender.") for finding in verify_tender(problem, result)}


def test_a_right_result_passes(problem: TenderProblem) -> None:
    assert broken_rules(problem, decide(problem, [2, 0, 2, 0], run(0, 2))) == set()
    result = solve_tender(problem).result
    assert result is not None
    assert broken_rules(problem, result) == set()


@pytest.mark.parametrize(
    ("lots", "activations", "rule"),
    [
        ([0, 2, 0, 0], (), "lots.order"),
        ([3, 0, 0, 0], (), "lots.range"),
        ([1, 0, 0, 0], (), "offer.minimum"),
        ([2, 0, 2, 2], (), "group.choice"),
        ([2, 0, 0, 2, 0], (), "shape"),
        ([2, 0, 2, 0], (run(0, 3),), "activation.run"),
        ([2, 0, 2, 0], (run(0, 1), run(1, 3)), "activation.power"),
        ([2, 0, 1, 0], (run(0, 2),), "activation.power"),
        ([2, 0, 2, 0], (run(0, 2), run(0, 2)), "calls.power"),
        ([2, 0, 2, 0], (run(3, 5),), "activation.range"),
        ([2, 2, 2, 0], (run(0, 2),), "maximum"),
        ([2, 0, 2, 0], (run(0, 1), run(2, 4)), "usage"),
        ([2, 0, 0, 2], (run(0, 1, offer=2), run(2, 3, offer=2), run(3, 4, offer=2)), "usage"),
    ],
)
def test_every_broken_rule_is_seen(
    problem: TenderProblem, lots: list[int], activations: tuple[Activation, ...], rule: str
) -> None:
    if rule == "shape":
        result = replace(decide(problem, [2, 0, 2, 0]), lots=np.array(lots))
    elif rule == "activation.range":
        right = decide(problem, lots)
        result = replace(right, calls=replace(right.calls, activations=activations))
    else:
        result = decide(problem, lots, *activations)
    assert rule in broken_rules(problem, result)


def test_budget_connections_and_limits_are_judged(problem: TenderProblem) -> None:
    assert broken_rules(replace(problem, budgets=budget(10.0)), decide(problem, [2, 0, 0, 0])) == {"budget"}
    ungrouped = replace(problem, bid_group=np.array([-1, -1, -1]))
    assert broken_rules(ungrouped, decide(ungrouped, [2, 0, 2, 2])) == {"connection.limit"}
    apart = replace(ungrouped, backing_connection=np.array([0, 1]))
    assert broken_rules(apart, decide(apart, [2, 0, 2, 2])) == set()
    few = replace(problem, caps=replace(problem.caps, most_lots=np.array([3])))
    assert broken_rules(few, decide(few, [2, 0, 2, 0])) == {"cap"}
    lonely = replace(problem, minimum_providers=2)
    assert broken_rules(lonely, decide(lonely, [2, 0, 0, 0])) == {"provider.count"}
    shared = replace(problem, provider_share=0.5)
    assert broken_rules(shared, decide(shared, [2, 0, 1, 0])) == {"provider.share"}
    linked = replace(problem, bid_link=np.array([0, 0, -1]))
    assert broken_rules(linked, decide(linked, [2, 0, 0, 0])) == {"link.choice"}
    capped = replace(problem, window_max_lots=np.array([9]), offer_limit_lots=np.array([3, 2, 2]))
    assert broken_rules(capped, decide(capped, [2, 2, 0, 0])) == {"offer.limit"}


@pytest.mark.parametrize("figure", ["contract_eur", "calls_eur", "payment_eur", "shortfall_eur"])
def test_a_wrong_figure_is_seen(problem: TenderProblem, figure: str) -> None:
    right = decide(problem, [2, 0, 2, 0], run(0, 2))
    wrong = replace(right, **{figure: getattr(right, figure) + 0.01})
    assert broken_rules(problem, wrong) == {"money"}


@pytest.mark.parametrize(
    ("risk", "rule"),
    [
        ({"window_expected_mwh": np.array([9.9])}, "risk.expected"),
        ({"window_chance": np.array([0.5])}, "risk.chance"),
        ({"tail_share": 0.5, "tail_mwh": 9.9}, "risk.tail"),
    ],
)
def test_too_much_shortfall_is_seen(problem: TenderProblem, risk: dict[str, object], rule: str) -> None:
    risky = replace(problem, risk=replace(problem.risk, **risk))  # type: ignore[arg-type]
    assert broken_rules(risky, decide(risky, [0, 0, 0, 0])) == {rule}


def test_calls_must_run(problem: TenderProblem) -> None:
    right = decide(problem, [2, 0, 2, 0], run(0, 2))
    assert "calls.running" in broken_rules(problem, replace(right, calls=replace(right.calls, activations=())))


def test_understated_shortfall_is_seen(problem: TenderProblem) -> None:
    right = decide(problem, [2, 0, 0, 0])
    assert "cover" in broken_rules(problem, replace(right, shortfall_mw=np.zeros(4)))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lot_mw": 0.0}, "tender.lot_mw"),
        ({"shortfall_eur_per_mwh": np.nan}, "tender.shortfall_eur_per_mwh"),
        ({"provider_share": 0.0}, "tender.provider_share"),
        ({"need_mw": np.array([1.0, np.nan, 1.0, 1.0])}, "tender.need_mw"),
        ({"line_evaluated_eur_per_lot": np.array([1.0, -2.0, 1.0, 1.0])}, "tender.line_evaluated_eur_per_lot"),
        ({"offer_bid": np.array([0, 1, 7])}, "tender.offer_bid"),
        ({"offer_bid": np.array([0, 1, 1])}, "tender.offer.unique"),
        ({"event_first_step": np.array([0, 3])}, "tender.shape"),
        ({"bid_group": np.array([0])}, "tender.shape"),
        ({"offer_minimum_lots": np.array([5, 0, 0])}, "tender.offer_minimum_lots"),
        ({"offer_limit_lots": np.array([4, 3, 2])}, "tender.offer_limit_lots"),
        ({"line_offer": np.array([1, 0, 0, 2])}, "tender.line.order"),
        ({"event_step_h": np.array([0.0])}, "tender.event_step_h"),
        ({"bid_ids": ("a", "a", "c")}, "tender.id.unique"),
        ({"scenario_probability": np.array([0.9])}, "tender.scenario_probability"),
        ({"bid_delivery": np.array([1.0, 0.0, 1.0])}, "tender.bid_delivery"),
    ],
)
def test_a_meaningless_problem_is_refused(problem: TenderProblem, changes: dict[str, object], rule: str) -> None:
    wrong = replace(problem, **changes)  # type: ignore[arg-type]
    assert rule in {finding.rule for finding in check_tender_problem(wrong)}
    with pytest.raises(InvalidProblemError):
        solve_tender(wrong)
