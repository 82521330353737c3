"""Schemas at the edge speak of the same fields as the market's classes."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from decimal import Decimal
from typing import get_args, get_type_hints

import pytest

from api.schemas.asset_mirror import AssetModel, edge_name
from api.schemas.assets import AssetTerms
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


ASSETS: list[type[AssetModel]] = list(get_args(get_args(AssetTerms)[0]))


@pytest.mark.parametrize("schema", ASSETS, ids=lambda schema: schema.__name__)
def test_an_asset_has_the_fields_of_its_class_with_the_names_of_the_edge(schema: type[AssetModel]) -> None:
    kind = schema.asset
    assert set(schema.model_fields) == {"kind", *(edge_name(field.name) for field in fields(kind))}
    described = schema.model_json_schema()["properties"]
    assert all(described[name]["description"] for name in described if name != "kind")
    hints = get_type_hints(kind)
    for field in fields(kind):
        stated = schema.model_fields[edge_name(field.name)]
        if field.default is not MISSING:
            default = stated.get_default(call_default_factory=True)
            assert hints[field.name](default) == field.default if isinstance(default, Decimal) else True
            assert not stated.is_required()


def test_steps_are_instants_and_lengths_at_the_edge() -> None:
    names = ("arrival_step", "guaranteed_by_step", "notice_steps", "energy_kwh")
    assert [edge_name(name) for name in names] == ["arrival_at", "guaranteed_by", "notice_quarter_hours", "energy_kwh"]


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
