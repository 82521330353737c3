"""Clear a tender: from published rules and sealed bids to a decision, a price and a reason for every bid."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from importlib.metadata import version

import numpy as np

from market.clearing.fingerprint import fingerprint
from market.clearing.tender_explain import Explanation, explain_bids
from market.clearing.tender_pricing import AcceptedSteps, price_awards
from market.clearing.tender_problem import TenderBook, evaluated_eur_per_mw, write_book
from market.domain.award import StageProof
from market.domain.bid import Bid
from market.domain.connection import Connection
from market.domain.money import to_cents
from market.domain.tender import Tender
from market.domain.tender_award import (
    BidDecision,
    BidReason,
    TenderAward,
    TenderCertificate,
    TenderClearing,
    WindowAward,
    WindowCover,
)
from market.rules.tender_rules import check_bids, check_qualified, check_tender, refusals
from optimizer.errors import InvalidProblemError, SolverError
from optimizer.findings import Finding
from optimizer.results.tender import TenderResult
from optimizer.runs.tender import COST_HAIR_EUR, EXACT, TenderOutcome, TenderRun
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import ProgressListener

MW_STEP = Decimal("0.000001")
EUR_STEP = Decimal("0.000001")
UNITS = {"cost": "EUR", "precedence": "lots x position"}


def clear_tender(
    tender: Tender,
    bids: Sequence[Bid],
    *,
    connections: Sequence[Connection],
    qualified_mw: Mapping[str, Decimal],
    options: SolverOptions = EXACT,
    listener: ProgressListener | None = None,
) -> TenderClearing:
    """Decide on every bid at least evaluated cost, with proof.

    Args:
        tender: the tender.
        bids: all bids submitted, late and ineligible ones included.
        connections: connections that bids name, with the areas they stand in.
        qualified_mw: MW that each connection is qualified for, per EAN.
        options: how far the proof goes.
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
    refused = {b.id: refusals(tender, b, connections=connections, qualified_mw=qualified_mw) for b in bids}
    book = write_book(tender, [bid for bid in bids if not refused[bid.id]], qualified_mw)
    run = TenderRun(book.problem, options)
    outcome = run.clear(listener)
    if outcome.result is None:
        raise SolverError(f"tender {tender.id}: no award was found ({outcome.stages[-1].outcome.stop})")
    stack = run.evaluate_stack()
    without_budget = run.clear_without("budget")
    explained = explain_bids(book, outcome.result, without_budget)
    explained |= {b: _refuse(reasons) for b, reasons in refused.items() if reasons}
    awards = _decide(tender, bids, book, outcome.result, explained)
    hashed = fingerprint(tender, sorted(bids, key=lambda b: b.id), dict(qualified_mw), _areas(connections))
    return TenderClearing(
        tender_id=tender.id,
        pricing=tender.pricing,
        awards=awards,
        windows=_cover(tender, book, outcome.result),
        payment_eur=sum((a.payment_eur for a in awards), Decimal(0)),
        evaluated_eur=sum((a.evaluated_eur for a in awards), Decimal(0)),
        shortfall_mwh=_decimal(float(outcome.result.shortfall_mw @ book.problem.step_expected_h), MW_STEP),
        shortfall_eur=_decimal(outcome.result.shortfall_eur, EUR_STEP),
        findings=tuple(finding for bid_id in sorted(refused) for _, finding in refused[bid_id]),
        certificate=_certify(
            outcome, outcome.result.cost_eur, stack, book, hashed, seconds=time.perf_counter() - started
        ),
    )


def _decide(
    tender: Tender,
    bids: Sequence[Bid],
    book: TenderBook,
    result: TenderResult,
    explained: Mapping[str, Explanation],
) -> tuple[TenderAward, ...]:
    accepted = _accepted_steps(tender, book, result)
    priced = price_awards(tender.pricing, tender, accepted, book.hours)
    windows: dict[str, list[WindowAward]] = {}
    evaluated: dict[str, Decimal] = {}
    for entry, award in zip(accepted, priced, strict=True):
        windows.setdefault(entry.bid.id, []).append(award)
        cost = sum(
            (evaluated_eur_per_mw(tender, s, entry.window, book.hours[entry.window.id]) * mw for s, mw in entry.steps),
            Decimal(0),
        )
        evaluated[entry.bid.id] = evaluated.get(entry.bid.id, Decimal(0)) + cost
    return tuple(
        _award(bid, explained[bid.id], tuple(windows.get(bid.id, ())), evaluated.get(bid.id, Decimal(0)))
        for bid in sorted(bids, key=lambda b: b.id)
    )


def _refuse(reasons: Sequence[tuple[BidReason, Finding]]) -> Explanation:
    reason, finding = reasons[0]
    return Explanation(decision=BidDecision.REJECTED, reason=reason, sentence=finding.message)


def _award(bid: Bid, explanation: Explanation, windows: tuple[WindowAward, ...], evaluated_eur: Decimal) -> TenderAward:
    accepted_mw = max((w.accepted_mw for w in windows), default=Decimal(0))
    fee = bid.service_fee_eur_per_mw * accepted_mw
    paid = sum((w.availability_eur + w.expected_activation_eur for w in windows), to_cents(fee))
    return TenderAward(
        bid_id=bid.id,
        csp=bid.csp,
        company=bid.company,
        decision=explanation.decision,
        reason=explanation.reason,
        sentence=explanation.sentence,
        offered_mw=bid.quantity_mw,
        accepted_mw=accepted_mw,
        windows=windows,
        service_fee_eur=to_cents(fee),
        payment_eur=paid,
        evaluated_eur=evaluated_eur + fee,
    )


def _accepted_steps(tender: Tender, book: TenderBook, result: TenderResult) -> tuple[AcceptedSteps, ...]:
    taken: dict[int, list[tuple[int, Decimal]]] = {}
    for line, lots in enumerate(result.lots):
        if lots > 0:
            taken.setdefault(book.lines[line][0], []).append((line, int(lots) * tender.lot_mw))
    return tuple(
        AcceptedSteps(
            bid=book.offers[offer][0],
            window=book.offers[offer][1],
            steps=tuple((book.lines[line][1], mw) for line, mw in lines),
        )
        for offer, lines in sorted(taken.items())
    )


def _cover(tender: Tender, book: TenderBook, result: TenderResult) -> tuple[WindowCover, ...]:
    problem = book.problem
    covers = []
    for k, window in enumerate(tender.windows):
        accepted = int(result.lots[problem.offer_window[problem.line_offer] == k].sum()) * tender.lot_mw
        events = np.flatnonzero(problem.event_window == k)
        ordinary = max(events, key=lambda e: (problem.event_count[e], -e), default=None)
        missing = result.shortfall_mw[slice(0) if ordinary is None else problem.steps_of(int(ordinary))]
        mine = problem.event_window[problem.step_event] == k
        covers.append(
            WindowCover(
                window_id=window.id,
                hours=book.hours[window.id],
                min_mw=window.min_mw,
                max_mw=window.max_mw,
                accepted_mw=accepted,
                shortfall_mw=tuple(_decimal(float(mw), MW_STEP) for mw in missing),
                shortfall_mwh=_decimal(float((result.shortfall_mw * problem.step_expected_h)[mine].sum()), MW_STEP),
            )
        )
    return tuple(covers)


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
        objective_eur=_decimal(objective, EUR_STEP),
        bound_eur=None if bound is None else _decimal(bound, EUR_STEP),
        gap_eur=None if bound is None else _decimal(max(0.0, objective - bound), EUR_STEP),
        proven=outcome.proven,
        stages=tuple(
            StageProof(
                name=stage.name,
                unit=UNITS[stage.name],
                objective=_decimal(stage.outcome.incumbent.objective, EUR_STEP),
                bound=None if stage.outcome.bound is None else _decimal(stage.outcome.bound, EUR_STEP),
                gap=None if stage.outcome.gap is None else _decimal(stage.outcome.gap, EUR_STEP),
                tolerance=Decimal(str(COST_HAIR_EUR)) if stage.name == "cost" else Decimal(0),
                proven=stage.outcome.stop.proven,
            )
            for stage in outcome.stages
            if stage.outcome.incumbent is not None
        ),
        stack_eur=None if stack is None else _decimal(stack.cost_eur, EUR_STEP),
        stack_shortfall_mwh=None
        if stack is None
        else _decimal(float(stack.shortfall_mw @ book.problem.step_expected_h), MW_STEP),
        input_hash=input_hash,
        model_hash=outcome.model_hash,
        solver=outcome.stages[0].outcome.report.solver,
        version=version("flexclear"),
        seconds=seconds,
    )


def _areas(connections: Sequence[Connection]) -> dict[str, tuple[str, ...]]:
    return {c.ean: tuple(sorted(c.area_ids)) for c in connections}


def _decimal(value: float, step: Decimal) -> Decimal:
    return Decimal(repr(value)).quantize(step)
