"""The exclusivity ledger: the same kilowatt of an asset is offered once per quarter-hour, whatever the market.

Every offer claims power of its assets. Claims of one group of alternatives count once, at their largest, because at
most one of them is accepted. An award keeps what was accepted and gives the rest back; so does a withdrawal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from market.errors import ConflictError, NotFoundError, RefusedInputError
from optimizer.findings import Finding
from optimizer.offers.offer_window import Change

TOLERANCE_KW = 1e-6


class Venue(StrEnum):
    """Where flexibility is promised."""

    REDISPATCH = "redispatch"
    TENDER = "tender"
    BALANCING = "balancing"
    DAY_AHEAD = "day_ahead"


Slot = tuple[str, datetime]
"""An asset and the aware UTC start of a quarter-hour."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Power that an offer needs from its assets.

    Attributes:
        offer_id: the offer, unique in the ledger.
        venue: where it was made.
        change: direction.
        kw: power per asset and quarter-hour.
        alternative_of: group of offers of which at most one is accepted; None for an offer by itself.
        awarded: whether it was accepted.
    """

    offer_id: str
    venue: Venue
    change: Change
    kw: Mapping[Slot, float]
    alternative_of: str | None = None
    awarded: bool = False


class ExclusivityLedger:
    """Claims on the assets of one provider, against what each asset can give."""

    def __init__(self, capability_kw: Mapping[tuple[str, Change], float]) -> None:
        """Open a ledger.

        Args:
            capability_kw: flexibility of each asset per direction; an asset that is not listed gives nothing.
        """
        self._capability = dict(capability_kw)
        self._claims: dict[str, Claim] = {}

    def claims(self) -> tuple[Claim, ...]:
        """Every standing claim in order of offer."""
        return tuple(self._claims[name] for name in sorted(self._claims))

    def check(self, claims: Iterable[Claim]) -> tuple[Finding, ...]:
        """Find every quarter-hour in which new claims would promise an asset twice.

        Claims with the id of a standing one are checked as its replacement.
        """
        new = {claim.offer_id: claim for claim in claims}
        standing = [claim for name, claim in self._claims.items() if name not in new]
        found = []
        for change in Change:
            touched = {slot for claim in new.values() if claim.change is change for slot in claim.kw}
            before = _used(c for c in standing if c.change is change)
            after = _used(c for c in (*standing, *new.values()) if c.change is change)
            for slot in sorted(touched):
                limit = self._capability.get((slot[0], change), 0.0)
                if after[slot] > limit + TOLERANCE_KW:
                    found.append(self._conflict(slot, change, after[slot], before.get(slot, 0.0), limit))
        return tuple(found)

    def submit(self, claims: Iterable[Claim]) -> None:
        """Take claims into the ledger, all or none.

        Raises:
            RefusedInputError: an asset would be promised twice; the findings say where.
            ConflictError: an offer was awarded already and cannot be replaced.
        """
        listed = tuple(claims)
        for claim in listed:
            known = self._claims.get(claim.offer_id)
            if known is not None and known.awarded:
                raise ConflictError("offer", claim.offer_id, state="awarded", needed="it can no longer be changed")
        findings = self.check(listed)
        if findings:
            raise RefusedInputError(findings)
        self._claims.update({claim.offer_id: claim for claim in listed})

    def award(self, offer_id: str, share: float) -> None:
        """Keep the accepted share of an offer, and drop its alternatives.

        Args:
            offer_id: the offer.
            share: accepted share of its power, 0 to 1; 0 gives everything back.

        Raises:
            NotFoundError: the offer is not in the ledger: it was never checked.
            ConflictError: an alternative of it was awarded before.
            RefusedInputError: more than was offered, or what the asset has promised elsewhere meanwhile.
        """
        claim = self._claims.get(offer_id)
        if claim is None:
            raise NotFoundError("offer", offer_id)
        if not 0.0 <= share <= 1.0 + 1e-12:
            text = f"offer {offer_id} is awarded {share:.1%} of what it offered"
            raise RefusedInputError([Finding(rule="ledger.award", path="share", message=text, ids=(offer_id,))])
        rivals = [
            c
            for c in self._claims.values()
            if c.alternative_of is not None and c.alternative_of == claim.alternative_of and c.offer_id != offer_id
        ]
        if share > 0.0 and any(rival.awarded for rival in rivals):
            raise ConflictError("offer", offer_id, state="excluded", needed="an alternative of it was awarded")
        if share == 0.0:
            del self._claims[offer_id]
            return
        kept = replace(claim, kw={slot: share * kw for slot, kw in claim.kw.items()}, awarded=True)
        findings = self.check([kept])
        if findings:
            raise RefusedInputError(findings)
        self._claims[offer_id] = kept
        for rival in rivals:
            del self._claims[rival.offer_id]

    def withdraw(self, offer_id: str) -> None:
        """Give back what an offer claims.

        Raises:
            NotFoundError: the offer is not in the ledger.
            ConflictError: it was awarded.
        """
        claim = self._claims.get(offer_id)
        if claim is None:
            raise NotFoundError("offer", offer_id)
        if claim.awarded:
            raise ConflictError("offer", offer_id, state="awarded", needed="only an open offer can be withdrawn")
        del self._claims[offer_id]

    def _conflict(self, slot: Slot, change: Change, used: float, before: float, limit: float) -> Finding:
        asset, start = slot
        holders = sorted(
            f"{c.offer_id} ({c.venue.value})" for c in self._claims.values() if c.change is change and slot in c.kw
        )
        elsewhere = f" of which {before:.1f} kW in {', '.join(holders)}" if holders else ""
        text = (
            f"{asset} would promise {used:.1f} kW {change.value} at {start.isoformat()},{elsewhere}"
            f" and can give {limit:.1f} kW"
        )
        return Finding(
            rule="ledger.promised_twice",
            path=f"kw[{asset}][{start.isoformat()}]",
            message=text,
            ids=(asset,),
            value=f"{used:.3f} kW",
            limit=f"{limit:.3f} kW",
        )


def _used(claims: Iterable[Claim]) -> dict[Slot, float]:
    """Power in use per slot; alternatives count once, at their largest."""
    alone: dict[Slot, float] = {}
    largest: dict[tuple[str, Slot], float] = {}
    for claim in claims:
        for slot, kw in claim.kw.items():
            if claim.alternative_of is None:
                alone[slot] = alone.get(slot, 0.0) + kw
            else:
                key = (claim.alternative_of, slot)
                largest[key] = max(largest.get(key, 0.0), kw)
    for (_, slot), kw in largest.items():
        alone[slot] = alone.get(slot, 0.0) + kw
    return alone
