from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from optimizer.errors import InvalidProblemError
from optimizer.problems.checks_tender import check_tender_problem
from optimizer.problems.tender import TenderProblem
from optimizer.results.tender import Activation, TenderResult, price_result
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
        bid_fee_eur_per_lot=np.array([1.0, 0.0, 0.0]),
        bid_run_steps=np.array([0, 2, 2]),
        bid_rest_steps=np.array([0, 1, 1]),
        offer_bid=np.array([0, 1, 2]),
        offer_window=np.array([0, 0, 0]),
        offer_limit_lots=np.array([4, 2, 2]),
        offer_minimum_lots=np.array([2, 0, 0]),
        line_offer=np.array([0, 0, 1, 2]),
        line_lots=np.array([2, 2, 2, 2]),
        line_evaluated_eur_per_lot=np.array([5.0, 8.0, 2.0, 2.5]),
        line_payment_eur_per_lot=np.array([6.0, 9.0, 2.0, 2.5]),
        window_max_lots=np.array([4]),
        event_window=np.array([0]),
        event_count=np.array([10.0]),
        event_step_h=np.array([0.25]),
        event_first_step=np.array([0, 4]),
        need_mw=np.array([1.0, 2.0, 1.0, 1.0]),
        shortfall_eur_per_mwh=100.0,
        budget_eur=50.0,
        connection_lots=np.array([2, 2]),
        backing_bid=np.array([1, 2]),
        backing_connection=np.array([0, 0]),
    )


def decide(problem: TenderProblem, lots: list[int], *activations: Activation) -> TenderResult:
    return price_result(problem, np.array(lots), activations)


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
        ([2, 0, 2, 0], (run(3, 5),), "activation.range"),
        ([2, 2, 2, 0], (run(0, 2),), "maximum"),
    ],
)
def test_every_broken_rule_is_seen(
    problem: TenderProblem, lots: list[int], activations: tuple[Activation, ...], rule: str
) -> None:
    if rule == "shape":
        result = replace(decide(problem, [2, 0, 2, 0]), lots=np.array(lots))
    elif rule == "activation.range":
        result = replace(decide(problem, lots), activations=activations)
    else:
        result = decide(problem, lots, *activations)
    assert rule in broken_rules(problem, result)


def test_budget_connections_and_limits_are_judged(problem: TenderProblem) -> None:
    assert broken_rules(replace(problem, budget_eur=10.0), decide(problem, [2, 0, 0, 0])) == {"budget"}
    ungrouped = replace(problem, bid_group=np.array([-1, -1, -1]))
    assert broken_rules(ungrouped, decide(ungrouped, [2, 0, 2, 2])) == {"connection.limit"}
    apart = replace(ungrouped, backing_connection=np.array([0, 1]))
    assert broken_rules(apart, decide(apart, [2, 0, 2, 2])) == set()
    capped = replace(problem, offer_limit_lots=np.array([3, 2, 2]))
    assert broken_rules(capped, decide(capped, [2, 2, 0, 0])) == {"offer.limit"}


@pytest.mark.parametrize("figure", ["evaluated_eur", "payment_eur", "shortfall_eur"])
def test_a_wrong_figure_is_seen(problem: TenderProblem, figure: str) -> None:
    right = decide(problem, [2, 0, 2, 0], run(0, 2))
    wrong = replace(right, **{figure: getattr(right, figure) + 0.01})
    assert broken_rules(problem, wrong) == {"money"}


def test_understated_shortfall_is_seen(problem: TenderProblem) -> None:
    right = decide(problem, [2, 0, 0, 0])
    assert "cover" in broken_rules(problem, replace(right, shortfall_mw=np.zeros(4)))


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"lot_mw": 0.0}, "tender.lot"),
        ({"shortfall_eur_per_mwh": np.nan}, "tender.shortfall"),
        ({"budget_eur": np.nan}, "tender.budget"),
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
    ],
)
def test_a_meaningless_problem_is_refused(problem: TenderProblem, changes: dict[str, object], rule: str) -> None:
    wrong = replace(problem, **changes)  # type: ignore[arg-type]
    assert rule in {finding.rule for finding in check_tender_problem(wrong)}
    with pytest.raises(InvalidProblemError):
        solve_tender(wrong)
