"""The outcome of a tender: a decision with its reason for every bid, the cover of every window and the certificate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from market.domain.award import StageProof
from market.domain.tender import PricingRule
from optimizer.findings import Finding


class BidDecision(StrEnum):
    """What became of a bid."""

    ACCEPTED = "accepted"
    ACCEPTED_IN_PART = "accepted_in_part"
    REJECTED = "rejected"


class BidReason(StrEnum):
    """Why: a stable code; the sentence beside it is for people."""

    CHEAPEST = "cheapest"
    NEED_COVERED = "need_covered"
    LATE = "late"
    ABOVE_AVAILABILITY_CEILING = "above_availability_ceiling"
    ABOVE_ACTIVATION_CEILING = "above_activation_ceiling"
    OUTSIDE_AREA = "outside_area"
    NOT_QUALIFIED = "not_qualified"
    MINIMUM_ABOVE_NEED = "minimum_above_need"
    NOTICE_TOO_LONG = "notice_too_long"
    ALTERNATIVE_CHOSEN = "alternative_chosen"
    BUDGET = "budget"
    TECHNOLOGY = "technology"
    TECHNOLOGY_CAP = "technology_cap"
    MARKET_ACCESS = "market_access"
    RAMP_TOO_SLOW = "ramp_too_slow"
    NOT_AVAILABLE = "not_available"
    USE_TOO_LIMITED = "use_too_limited"
    LINKED_BID_OUT = "linked_bid_out"
    PROVIDER_RULES = "provider_rules"
    RISK_LIMIT = "risk_limit"
    OUTBID = "outbid"
    DEARER_THAN_SHORTFALL = "dearer_than_shortfall"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowAward:
    """What one bid is awarded in one window.

    Attributes:
        window_id: the window.
        accepted_mw: MW contracted.
        availability_eur_per_mw_h: price paid for availability, averaged over the accepted steps.
        activation_eur_per_mwh: price paid for activation, averaged over the accepted steps.
        availability_eur: availability payment over the season, in cents.
        expected_activation_eur: expected activation payment over the season, in cents.
    """

    window_id: str
    accepted_mw: Decimal
    availability_eur_per_mw_h: Decimal
    activation_eur_per_mwh: Decimal
    availability_eur: Decimal
    expected_activation_eur: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderAward:
    """The decision on one bid.

    Attributes:
        bid_id: the bid.
        csp: provider that submitted it.
        company: company whose assets deliver.
        decision: accepted, accepted in part or rejected.
        reason: stable reason code.
        sentence: the reason for people.
        offered_mw: MW offered.
        accepted_mw: MW contracted: the largest over the windows.
        windows: awards per window with accepted MW above zero.
        service_fee_eur: fee paid once, in cents.
        payment_eur: availability, expected activation and fee together, the exact sum of the parts.
        evaluated_eur: what the accepted MW counts in the evaluation.
        expected_mwh: energy expected to be called.
        emission_kg: CO2 expected from it.
        refer_to_regulator: whether its price exceeds what the tender calls reasonable.
    """

    bid_id: str
    csp: str
    company: str
    decision: BidDecision
    reason: BidReason
    sentence: str
    offered_mw: Decimal
    accepted_mw: Decimal
    windows: tuple[WindowAward, ...]
    service_fee_eur: Decimal
    payment_eur: Decimal
    evaluated_eur: Decimal
    expected_mwh: Decimal
    emission_kg: Decimal
    refer_to_regulator: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowCover:
    """How far the need of one window is covered.

    Attributes:
        window_id: the window.
        hours: hours of the window over the season.
        min_mw: need that must be covered.
        max_mw: need beyond which nothing is contracted.
        accepted_mw: MW contracted by all bids together.
        shortfall_mw: MW missing in each step of the worst event of the window.
        shortfall_mwh: MWh missing over the season.
    """

    window_id: str
    hours: Decimal
    min_mw: Decimal
    max_mw: Decimal
    accepted_mw: Decimal
    shortfall_mw: tuple[Decimal, ...]
    shortfall_mwh: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderCertificate:
    """Evidence that the award is the optimum of the published rules.

    Attributes:
        objective_eur: evaluated cost of the award including priced shortfall.
        bound_eur: proven lower bound on it, or None.
        gap_eur: proven absolute gap, or None.
        proven: whether the gap asked for was proven.
        stages: what was proven stage by stage.
        stack_eur: evaluated cost of the cheapest-first stack on the same bids; None where the stack would break a rule
            that it does not see.
        stack_shortfall_mwh: shortfall the stack would have left.
        input_hash: SHA-256 of tender, bids and qualifications.
        model_hash: SHA-256 of the program that was solved.
        solver: name and version of the solver.
        version: version of this software.
        seconds: wall-clock time from input to verified result.
    """

    objective_eur: Decimal
    bound_eur: Decimal | None
    gap_eur: Decimal | None
    proven: bool
    stages: tuple[StageProof, ...]
    stack_eur: Decimal | None
    stack_shortfall_mwh: Decimal | None
    input_hash: str
    model_hash: str
    solver: str
    version: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TenderClearing:
    """The outcome of one tender; it stands as a whole.

    Attributes:
        tender_id: the tender.
        pricing: rule by which prices and payments were set.
        risk_limits_kept: False where no choice of bids keeps the limits on shortfall; then nothing is awarded.
        awards: one per bid, in order of bid id.
        windows: cover per window, in the tender's order.
        payment_eur: expected payment over the season, the exact sum of the awards.
        evaluated_eur: evaluated cost of all awards, without shortfall.
        shortfall_mwh: MWh of need left uncovered over the season.
        shortfall_eur: what that shortfall counts in the evaluation.
        findings: why bids were not eligible, with the rule; nothing was repaired.
        certificate: evidence.
    """

    tender_id: str
    pricing: PricingRule
    risk_limits_kept: bool
    awards: tuple[TenderAward, ...]
    windows: tuple[WindowCover, ...]
    payment_eur: Decimal
    evaluated_eur: Decimal
    shortfall_mwh: Decimal
    shortfall_eur: Decimal
    findings: tuple[Finding, ...]
    certificate: TenderCertificate

    def award_of(self, bid_id: str) -> TenderAward:
        """Award of one bid.

        Raises:
            KeyError: no such bid in this clearing.
        """
        for award in self.awards:
            if award.bid_id == bid_id:
                return award
        raise KeyError(bid_id)
