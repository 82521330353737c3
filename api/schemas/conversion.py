"""From schemas to the market's own objects."""

from __future__ import annotations

from typing import Any, TypeVar

from api.schemas.grid import ConnectionRecord
from api.schemas.redispatch import HeadroomTerms, RedispatchRules
from api.schemas.values import Model
from market.clearing.redispatch import RedispatchOptions
from market.domain.connection import Connection
from market.domain.need import Headroom
from market.ports import QualifiedConnection
from market.snapshot import JsonValue, from_plain, to_plain

T = TypeVar("T")


def to_domain(kind: type[T], terms: Model, **given: Any) -> T:
    """Build a domain object from a schema with the same field names and what the server adds to it."""
    return from_plain(kind, {**_fields(terms), **given})


def to_connection(terms: ConnectionRecord) -> QualifiedConnection:
    """Build a connection with what it is qualified for."""
    fields = _fields(terms)
    qualified_mw = fields.pop("qualified_mw")
    return QualifiedConnection(connection=from_plain(Connection, fields), qualified_mw=qualified_mw)


def to_headroom(terms: HeadroomTerms) -> Headroom:
    """Build the room left in an area or on a line."""
    shares = None if terms.shares is None else tuple((entry.ean, entry.share) for entry in terms.shares)
    return to_domain(Headroom, terms, shares=shares)


def to_rules(terms: RedispatchRules) -> RedispatchOptions:
    """Build the rules of a redispatch clearing."""
    return to_domain(RedispatchOptions, terms)


def to_snapshot(terms: Model) -> JsonValue:
    """Write what was received as plain JSON values."""
    return to_plain(_fields(terms))


def _fields(value: Any) -> Any:
    """Take a schema apart into mappings and lists; scalars are those of the domain already."""
    if isinstance(value, Model):
        return {name: _fields(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, list):
        return [_fields(item) for item in value]
    return value
