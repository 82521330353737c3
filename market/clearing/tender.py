"""Clear a tender: from published rules and sealed bids to a decision, a price and a reason for every bid."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from importlib.metadata import version

import numpy as np

from market.clearing.fingerprint import fingerprint
from market.clearing.tender_awards import award_bids, cover_windows, exact
from market.clearing.tender_explain import Explanation, bids_without_rules, explain_bids, explain_nothing
from market.clearing.tender_problem import TenderBook, write_book
from market.domain.award import StageProof
from market.domain.bid import Bid
from market.domain.connection import Connection
from market.domain.tender import Tender
from market.domain.tender_award import BidDecision, BidReason, TenderCertificate, TenderClearing
from market.rules.tender_rules import check_bids, check_qualified, check_tender, refusals
from optimizer.errors import InvalidProblemError, SolverError
from optimizer.findings import Finding
from optimizer.problems.tender import TenderProblem
from optimizer.results.tender import TenderResult, price_result
from optimizer.runs.tender import COST_HAIR_EUR, EXACT, TenderEngine, TenderOutcome, TenderRun
from optimizer.runs.tender_decomposed import DecomposedTender
from optimizer.runs.tender_reading import join_calls
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Stop
from optimizer.solver.session import ProgressListener

MOST_WRITTEN_OUT = 20_000
"""Calls (lines times steps) up to which a tender is written out: about a second of work."""

CUTS_GAP = 1e-6
"""Relative gap that a tender solved by cuts is proven to."""

UNITS = {"cost": "EUR", "precedence": "lots x position"}


class Method(StrEnum):
    """How a tender is solved."""

    CHOOSE = "choose"
    WRITTEN_OUT = "written_out"
    CUTS = "cuts"


def clear_tender(
    tender: Tender,
    bids: Sequence[Bid],
    *,
    connections: Sequence[Connection],
    qualified_mw: Mapping[str, Decimal],
    options: SolverOptions = EXACT,
    method: Method = Method.CHOOSE,
    listener: ProgressListener | None = None,
) -> TenderClearing:
    """Decide on every bid at least evaluated cost, with proof.

    Args:
        tender: the tender.
        bids: all bids submitted, late and ineligible ones included.
        connections: connections that bids name, with the areas they stand in.
        qualified_mw: MW that each connection is qualified for, per EAN.
        options: how far the proof goes when written out.
        method: written out or by cuts.
        listener: called while the solver runs; returning False interrupts it.

    Raises:
        InvalidProblemError: tender, bids or qualifications have faults; carries all findings.
        SolverError: the search was stopped before it found any award.
        VerificationError: the award does not pass the independent check.
    """
    started = time.perf_counter()
    findings = (*check_tender(tender), *check_bids(tender, bids), *check_qualified(qualified_mw))
    if findings:
        raise InvalidProblemError(findings)
    refused = _refusals(tender, bids, connections, qualified_mw)
    book = write_book(tender, [bid for bid in bids if not refused[bid.id]], qualified_mw)
    run = choose_engine(book.problem, method, options)
    outcome = run.clear(listener)
    if outcome.result is None and outcome.stages[0].outcome.stop is not Stop.INFEASIBLE:
        raise SolverError(f"tender {tender.id}: no award was found ({outcome.stages[-1].outcome.stop})")
    result = _nothing(book) if outcome.result is None else outcome.result
    stack = run.evaluate_stack()
    explained = explain_nothing(book)
    if outcome.result is not None:
        explained = explain_bids(book, result, bids_without_rules(run, book))
    explained |= {b: _refuse(reasons) for b, reasons in refused.items() if reasons}
    awards = award_bids(tender.pricing, tender, bids, book, result, explained)
    hashed = fingerprint(tender, sorted(bids, key=lambda b: b.id), dict(qualified_mw), _areas(connections))
    return TenderClearing(
        tender_id=tender.id,
        pricing=tender.pricing,
        risk_limits_kept=outcome.result is not None,
        awards=awards,
        windows=cover_windows(tender, book, result),
        payment_eur=sum((a.payment_eur for a in awards), Decimal(0)),
        evaluated_eur=sum((a.evaluated_eur for a in awards), Decimal(0)),
        shortfall_mwh=exact(float(result.shortfall_mw @ book.problem.step_expected_h)),
        shortfall_eur=exact(result.shortfall_eur),
        findings=tuple(finding for bid_id in sorted(refused) for _, finding in refused[bid_id]),
        certificate=_certify(outcome, result.cost_eur, stack, book, hashed, seconds=time.perf_counter() - started),
    )


def choose_engine(problem: TenderProblem, method: Method, options: SolverOptions = EXACT) -> TenderEngine:
    """Write a tender out while it is small; solve it by cuts when many calls must be decided."""
    if method is Method.CHOOSE:
        many = len(problem.need_mw) * problem.lines > MOST_WRITTEN_OUT
        method = Method.CUTS if many and problem.decides_calls and not problem.risk.any else Method.WRITTEN_OUT
    if method is Method.CUTS:
        return DecomposedTender(problem, CUTS_GAP)
    return TenderRun(problem, options)


def _refuse(reasons: Sequence[tuple[BidReason, Finding]]) -> Explanation:
    reason, finding = reasons[0]
    return Explanation(decision=BidDecision.REJECTED, reason=reason, sentence=finding.message)


def _refusals(
    tender: Tender, bids: Sequence[Bid], connections: Sequence[Connection], qualified_mw: Mapping[str, Decimal]
) -> dict[str, list[tuple[BidReason, Finding]]]:
    """Reasons per bid that may not take part; a linked group falls as a whole."""
    refused = {b.id: list(refusals(tender, b, connections=connections, qualified_mw=qualified_mw)) for b in bids}
    broken = {bid.linked_group for bid in bids if refused[bid.id] and bid.linked_group is not None}
    for bid in bids:
        if bid.linked_group in broken and not refused[bid.id]:
            message = f"bid {bid.id}: another bid of its linked group {bid.linked_group} may not take part"
            finding = Finding(
                rule="bid.linked_bid_out", path=f"bids[{bid.id}].linked_group", message=message, ids=(bid.id,)
            )
            refused[bid.id].append((BidReason.LINKED_BID_OUT, finding))
    return refused


def _nothing(book: TenderBook) -> TenderResult:
    return price_result(book.problem, np.zeros(book.problem.lines, dtype=np.int64), join_calls([]))


def _certify(
    outcome: TenderOutcome,
    objective: float,
    stack: TenderResult | None,
    book: TenderBook,
    input_hash: str,
    *,
    seconds: float,
) -> TenderCertificate:
    bound = outcome.bound_eur
    return TenderCertificate(
        objective_eur=exact(objective),
        bound_eur=None if bound is None else exact(bound),
        gap_eur=None if bound is None else exact(max(0.0, objective - bound)),
        proven=outcome.proven or outcome.result is None,
        stages=tuple(
            StageProof(
                name=stage.name,
                unit=UNITS[stage.name],
                objective=exact(stage.outcome.incumbent.objective),
                bound=None if stage.outcome.bound is None else exact(stage.outcome.bound),
                gap=None if stage.outcome.gap is None else exact(stage.outcome.gap),
                tolerance=Decimal(str(COST_HAIR_EUR)) if stage.name == "cost" else Decimal(0),
                proven=stage.outcome.stop.proven,
            )
            for stage in outcome.stages
            if stage.outcome.incumbent is not None
        ),
        stack_eur=None if stack is None else exact(stack.cost_eur),
        stack_shortfall_mwh=None if stack is None else exact(float(stack.shortfall_mw @ book.problem.step_expected_h)),
        input_hash=input_hash,
        model_hash=outcome.model_hash,
        solver=outcome.stages[0].outcome.report.solver,
        version=version("flexclear"),
        seconds=seconds,
    )


def _areas(connections: Sequence[Connection]) -> dict[str, tuple[str, ...]]:
    return {c.ean: tuple(sorted(c.area_ids)) for c in connections}
