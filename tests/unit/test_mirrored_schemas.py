"""Schemas at the edge speak of the same fields as the market's classes."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from decimal import Decimal

import pytest

from api.schemas.grid import AreaRecord, ConnectionRecord
from api.schemas.mirror import mirrors
from api.schemas.redispatch import HeadroomTerms, NeedRecord, OrderRecord, RedispatchRules
from api.schemas.tenders import BidRecord, TenderRecord
from api.schemas.values import Model
from market.clearing.redispatch import RedispatchOptions
from market.domain.bid import Bid
from market.domain.connection import CongestionArea, Connection
from market.domain.need import Headroom, Need
from market.domain.order import Order
from market.domain.tender import Tender


@pytest.mark.parametrize(
    ("schema", "kind", "added", "left_out"),
    [
        (AreaRecord, CongestionArea, set(), set()),
        (ConnectionRecord, Connection, {"qualified_mw"}, set()),
        (NeedRecord, Need, set(), set()),
        (OrderRecord, Order, set(), set()),
        (HeadroomTerms, Headroom, set(), set()),
        (RedispatchRules, RedispatchOptions, set(), {"cleared_at", "relative_gap", "time_limit_s"}),
        (TenderRecord, Tender, set(), set()),
        (BidRecord, Bid, set(), {"tender_id"}),
    ],
)
def test_a_schema_has_the_fields_of_its_class(
    schema: type[Model], kind: type, added: set[str], left_out: set[str]
) -> None:
    names = {field.name for field in fields(kind)}
    assert set(schema.model_fields) - added == names - left_out
    assert left_out <= names


@pytest.mark.parametrize(("schema", "kind"), [(OrderRecord, Order), (TenderRecord, Tender), (BidRecord, Bid)])
def test_defaults_are_those_of_the_class(schema: type[Model], kind: type) -> None:
    for field in fields(kind):
        if field.name not in schema.model_fields:
            continue
        stated = schema.model_fields[field.name]
        assert stated.is_required() == (field.default is MISSING), field.name
        if field.default is not MISSING:
            default = stated.get_default(call_default_factory=True)
            assert (tuple(default) if isinstance(default, list) else default) == field.default


def test_a_type_without_a_form_at_the_edge_must_be_decided_on() -> None:
    @dataclass(frozen=True)
    class Curve:
        values: list[float]

    with pytest.raises(TypeError, match="values"):
        mirrors(Curve)(type("CurveTerms", (Model,), {"__module__": __name__}))


def test_descriptions_come_from_the_class() -> None:
    schema = OrderRecord.model_json_schema()
    assert schema["properties"]["ean"]["description"] == "connection."
    assert OrderRecord.model_fields["minimum_acceptance_mw"].default == Decimal(0)
