"""What a solved tender says: lots per line, how they are called in every event and what stays uncovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problems.tender import FloatArray, IntArray, TenderProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One uninterrupted run of part of an offer that takes turns.

    Attributes:
        offer: the offer.
        event: the event.
        begin: first step served, counted from the event's start.
        end: first step no longer served.
        power_mw: MW that run.
    """

    offer: int
    event: int
    begin: int
    end: int
    power_mw: float


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Calls:
    """Called MW, only where above zero; one entry per line and step.

    Attributes:
        line: line per entry.
        step: step per entry.
        power_mw: MW called per entry.
        activations: runs of offers that take turns.
    """

    line: IntArray
    step: IntArray
    power_mw: FloatArray
    activations: tuple[Activation, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TenderResult:
    """Contracted lots with the cover they give.

    Attributes:
        lots: contracted lots per line, shape (L,).
        calls: how they are called.
        shortfall_mw: uncovered need per step of all events, shape (S,).
        contract_eur: evaluated cost of lots and fees.
        calls_eur: evaluated expected cost of calls.
        shortfall_eur: priced expected shortfall.
        payment_eur: expected payment including fees, at the expected hours published with the tender.
    """

    lots: IntArray
    calls: Calls
    shortfall_mw: FloatArray
    contract_eur: float
    calls_eur: float
    shortfall_eur: float
    payment_eur: float

    @property
    def cost_eur(self) -> float:
        """What was minimised."""
        return self.contract_eur + self.calls_eur + self.shortfall_eur


def offer_lots(problem: TenderProblem, lots: IntArray) -> IntArray:
    """Contracted lots per offer, shape (O,)."""
    return np.bincount(problem.line_offer, weights=lots, minlength=problem.offers).astype(np.int64)


def bid_lots(problem: TenderProblem, lots: IntArray) -> IntArray:
    """Most contracted lots over the windows of every bid, shape (B,)."""
    most = np.zeros(problem.bids, dtype=np.int64)
    np.maximum.at(most, problem.offer_bid, offer_lots(problem, lots))
    return most


def called_mwh(problem: TenderProblem, calls: Calls) -> FloatArray:
    """Expected called energy per line [MWh], shape (L,)."""
    energy = calls.power_mw * problem.step_expected_h[calls.step]
    return np.bincount(calls.line, weights=energy, minlength=problem.lines).astype(np.float64)


def cover_mw(problem: TenderProblem, lots: IntArray, calls: Calls) -> FloatArray:
    """Flexibility that arrives per step of all events, shape (S,)."""
    delivery = problem.bid_delivery[problem.offer_bid]
    arriving = np.where(problem.offer_is_called, 0.0, offer_lots(problem, lots) * problem.lot_mw * delivery)
    steady = np.zeros((problem.windows, problem.offer_available.shape[1]))
    np.add.at(steady, problem.offer_window, arriving[:, None] * problem.offer_available)
    cover = steady[problem.event_window, problem.event_segment][problem.step_event]
    called = calls.power_mw * delivery[problem.line_offer[calls.line]]
    return np.asarray(cover + np.bincount(calls.step, weights=called, minlength=len(cover)), dtype=np.float64)


def contract_eur(problem: TenderProblem, lots: IntArray) -> float:
    """Evaluated cost of lots and fees."""
    fees = float(bid_lots(problem, lots) @ problem.bid_fee_eur_per_lot)
    return float(lots @ problem.line_evaluated_eur_per_lot) + fees


def price_result(problem: TenderProblem, lots: IntArray, calls: Calls) -> TenderResult:
    """Work out cover, shortfall and costs of a decision."""
    missing = np.maximum(problem.need_mw - cover_mw(problem, lots, calls), 0.0)
    missing[missing < 1e-7] = 0.0
    fees = float(bid_lots(problem, lots) @ problem.bid_fee_eur_per_lot)
    return TenderResult(
        lots=lots,
        calls=calls,
        shortfall_mw=missing,
        contract_eur=contract_eur(problem, lots),
        calls_eur=float(called_mwh(problem, calls) @ problem.line_call_eur_per_mwh),
        shortfall_eur=float(missing @ problem.step_expected_h) * problem.shortfall_eur_per_mwh,
        payment_eur=float(lots @ problem.line_payment_eur_per_lot) + fees,
    )
