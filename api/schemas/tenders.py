"""Schemas of tenders and bids."""

from __future__ import annotations

from api.schemas.mirror import mirrors
from api.schemas.values import Id, Instant, Model
from market.domain.bid import Bid
from market.domain.tender import Tender


@mirrors(Tender, leave_out=("id",))
class TenderTerms(Model):
    """What an operator publishes."""


class TenderRecord(TenderTerms):
    """A tender with its id."""

    id: Id


@mirrors(Bid, leave_out=("id", "tender_id", "submitted_at"))
class BidTerms(Model):
    """What a company offers; the server adds id, tender and time of submission."""


class BidRecord(BidTerms):
    """A bid with its id and its time of submission."""

    id: Id
    submitted_at: Instant
