"""What a solved tender says: lots per line, activations of limited offers and what stays uncovered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optimizer.problems.tender import FloatArray, IntArray, TenderProblem


@dataclass(frozen=True, slots=True, kw_only=True)
class Activation:
    """One uninterrupted run of part of a limited offer in an event.

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
class TenderResult:
    """A first-stage decision with the cover it gives.

    Attributes:
        lots: contracted lots per line, shape (L,).
        activations: runs of limited offers.
        shortfall_mw: uncovered need per step of all events, shape (S,).
        evaluated_eur: evaluated cost of lots and fees.
        shortfall_eur: priced shortfall.
        payment_eur: expected payment including fees.
    """

    lots: IntArray
    activations: tuple[Activation, ...]
    shortfall_mw: FloatArray
    evaluated_eur: float
    shortfall_eur: float
    payment_eur: float

    @property
    def cost_eur(self) -> float:
        """What was minimised: evaluated cost and priced shortfall."""
        return self.evaluated_eur + self.shortfall_eur


def offer_lots(problem: TenderProblem, lots: IntArray) -> IntArray:
    """Contracted lots per offer, shape (O,)."""
    return np.bincount(problem.line_offer, weights=lots, minlength=problem.offers).astype(np.int64)


def fees_eur(problem: TenderProblem, lots: IntArray) -> float:
    """Fees: per bid on the most lots over its windows."""
    most = np.zeros(problem.bids, dtype=np.int64)
    np.maximum.at(most, problem.offer_bid, offer_lots(problem, lots))
    return float(most @ problem.bid_fee_eur_per_lot)


def cover_mw(problem: TenderProblem, lots: IntArray, activations: tuple[Activation, ...]) -> FloatArray:
    """Flexibility at hand per step of all events, shape (S,)."""
    accepted = offer_lots(problem, lots) * problem.lot_mw
    throughout = np.bincount(
        problem.offer_window,
        weights=np.where(problem.offer_is_limited, 0.0, accepted),
        minlength=len(problem.window_ids),
    )
    cover = throughout[problem.event_window[problem.step_event]].astype(np.float64)
    for run in activations:
        start = int(problem.event_first_step[run.event])
        cover[start + run.begin : start + run.end] += run.power_mw
    return cover


def price_result(problem: TenderProblem, lots: IntArray, activations: tuple[Activation, ...]) -> TenderResult:
    """Work out cover, shortfall and costs of a decision."""
    missing = np.maximum(problem.need_mw - cover_mw(problem, lots, activations), 0.0)
    missing[missing < 1e-7] = 0.0
    fees = fees_eur(problem, lots)
    return TenderResult(
        lots=lots,
        activations=activations,
        shortfall_mw=missing,
        evaluated_eur=float(lots @ problem.line_evaluated_eur_per_lot) + fees,
        shortfall_eur=float(missing @ problem.step_expected_h) * problem.shortfall_eur_per_mwh,
        payment_eur=float(lots @ problem.line_payment_eur_per_lot) + fees,
    )
