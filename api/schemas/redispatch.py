"""Schemas of redispatch: needs, orders, headroom and the rules of a clearing."""

from __future__ import annotations

from api.schemas.mirror import mirrors
from api.schemas.values import Ean, Id, Instant, Model, Name, Number
from market.clearing.redispatch import RedispatchOptions
from market.domain.need import Headroom, Need
from market.domain.order import Order


@mirrors(Need, leave_out=("id",))
class NeedTerms(Model):
    """What an operator announces."""

    operator: Name


class NeedRecord(NeedTerms):
    """A need with its id."""

    id: Id


@mirrors(Order, leave_out=("id", "submitted_at"))
class OrderTerms(Model):
    """What a provider submits; the server adds id and time of submission."""


class OrderRecord(OrderTerms):
    """An order with its id and its time of submission."""

    id: Id
    submitted_at: Instant


class ShareTerms(Model):
    """Sensitivity of an area or line to one connection."""

    ean: Ean
    share: Number


@mirrors(Headroom)
class HeadroomTerms(Model):
    """Room left elsewhere in the grid."""

    shares: list[ShareTerms] | None = None


@mirrors(RedispatchOptions, leave_out=("cleared_at", "relative_gap", "time_limit_s"))
class RedispatchRules(Model):
    """Rules of one redispatch clearing."""
