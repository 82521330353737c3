from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.generators.tenders import generate_tender
from market.clearing.tender_problem import write_book
from optimizer.errors import InvalidProblemError
from optimizer.problems.tender import RiskLimits, TenderProblem
from optimizer.runs.tender import TenderRun, solve_tender
from optimizer.runs.tender_blocks import BlockDispatch, split_blocks
from optimizer.runs.tender_decomposed import DecomposedTender, Round
from optimizer.solver.outcome import Stop
from tests.tender_problems import draw_problem


def drawn(seed: int, **changes: object) -> TenderProblem:
    problem = draw_problem(np.random.default_rng(seed))
    free = RiskLimits(window_expected_mwh=np.full(problem.windows, np.inf), window_chance=np.zeros(problem.windows))
    return replace(problem, risk=free, **changes)  # type: ignore[arg-type]


def season(bids: int, seed: int, profile: str = "season") -> TenderProblem:
    made = generate_tender(profile, bids, seed)
    return write_book(made.tender, made.bids, made.qualified_mw).problem


@pytest.mark.parametrize("block", range(4))
def test_cuts_find_the_written_out_optimum(block: int) -> None:
    for seed in range(block * 15, block * 15 + 15):
        problem = drawn(500 + seed)
        written = solve_tender(problem).result
        outcome = DecomposedTender(problem).search(relative_gap=1e-8)
        assert written is not None
        assert outcome.result is not None
        assert outcome.result.cost_eur == pytest.approx(written.cost_eur, abs=1e-3), seed
        assert outcome.bound_eur <= written.cost_eur + 1e-3, seed
        assert outcome.bound_eur == pytest.approx(written.cost_eur, abs=1e-3), seed


def test_a_drawn_season_is_proven_and_equals_the_written_out_model() -> None:
    problem = season(3, 3)
    seen: list[Round] = []

    def remember(seen_now: Round) -> bool:
        seen.append(seen_now)
        return True

    outcome = DecomposedTender(problem).search(relative_gap=1e-5, listener=remember)
    written = TenderRun(problem).clear()
    assert written.result is not None
    assert outcome.stop is Stop.GAP_REACHED
    assert outcome.relative_gap <= 1e-5
    assert outcome.bound_eur <= written.result.cost_eur * (1 + 1e-9)
    assert outcome.cost_eur == pytest.approx(written.result.cost_eur, rel=1e-5)
    bounds = [r.bound_eur for r in seen]
    assert bounds == sorted(bounds)


def test_every_plane_lies_below_the_cost_of_calls() -> None:
    problem = season(6, 1)
    rng = np.random.default_rng(0)
    offered = problem.line_lots.astype(np.float64)
    dispatch = BlockDispatch(problem)
    dispatch.learn(offered * 0.6, every=3)
    for _ in range(5):
        lots = offered * rng.random(problem.lines)
        bounds, slopes = dispatch.estimate(lots)
        other = offered * rng.random(problem.lines)
        exact = dispatch.learn(other)
        assert (bounds + slopes @ (other - lots) <= exact + 1e-6 * np.maximum(1.0, exact)).all()


def test_events_under_one_limit_form_one_block() -> None:
    problem = season(12, 2, "regional permits")
    assert len(problem.usage.bid) > 0
    blocks = split_blocks(problem)
    assert sum(len(b.events) for b in blocks) == sum(
        bool((problem.need_mw[problem.steps_of(e)] > 0).any()) for e in range(problem.events)
    )
    assert len(blocks) == 20 * 5


def test_a_listener_ends_the_search_and_nothing_unproven_is_called_proven() -> None:
    outcome = DecomposedTender(season(10, 4)).search(listener=lambda _: False)
    assert (outcome.stop, outcome.result) == (Stop.INTERRUPTED, None)
    assert outcome.cost_eur == np.inf


def test_limits_on_shortfall_are_refused_in_words() -> None:
    problem = drawn(1)
    risky = replace(problem, risk=replace(problem.risk, tail_mwh=1.0))
    with pytest.raises(InvalidProblemError, match="written out"):
        DecomposedTender(risky)
