"""Schemas that mirror a class of the market field by field, so that both always speak of the same things.

The market's classes grow with its rules. A schema states what is different at the edge (what the server adds, what is
written in another form); every other field follows from the class: its name, its description, its default and the value
type of the edge that belongs to its type.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from dataclasses import Field as DataField
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import Field, create_model

from api.schemas.descriptions import described_by
from api.schemas.values import Clock, Count, Day, Ean, Id, Instant, Model, Name, Number

M = TypeVar("M", bound=Model)

_SCALARS: Final[dict[type, Any]] = {
    Decimal: Number,
    datetime: Instant,
    date: Day,
    time: Clock,
    bool: bool,
    int: Count,
}
_ID_ENDINGS: Final = ("id", "ids", "group", "parent_order", "windows")


def mirrors(kind: type, *, leave_out: tuple[str, ...] = ()) -> Callable[[type[M]], type[M]]:
    """Give a schema every field of a dataclass that it does not state itself.

    Args:
        kind: the class to mirror.
        leave_out: fields that the edge does not take.
    """

    def mirror(schema: type[M]) -> type[M]:
        stated = {*leave_out, *schema.model_fields}
        hints = get_type_hints(kind)
        mirrored: dict[str, Any] = {
            item.name: (_edge_type(item.name, hints[item.name]), _default(item))
            for item in fields(kind)
            if item.name not in stated
        }
        return create_model(
            schema.__name__,
            __base__=schema,
            __module__=schema.__module__,
            __doc__=schema.__doc__,
            __cls_kwargs__=dict(described_by(kind)),
            **mirrored,
        )

    return mirror


@cache
def mirror_of(kind: type) -> type[Model]:
    """Mirror a dataclass that needs nothing stated, such as a part of another."""
    plain = create_model(f"{kind.__name__}Terms", __base__=Model, __module__=__name__, __doc__=kind.__doc__)
    return mirrors(kind)(plain)


def _edge_type(name: str, hint: Any) -> Any:
    """The type of the edge for a type of the market.

    Raises:
        TypeError: the type has no form at the edge; the schema must state the field or leave it out.
    """
    origin, members = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (member,) = (member for member in members if member is not NoneType)
        return _edge_type(name, member) | None
    if origin is tuple and members[1:] == (Ellipsis,):
        return list[_edge_type(name, members[0])]  # type: ignore[misc]
    if hint is str:
        return Ean if name in ("ean", "eans") else Id if name.endswith(_ID_ENDINGS) else Name
    if hint in _SCALARS:
        return _SCALARS[hint]
    if isinstance(hint, type) and is_dataclass(hint):
        return mirror_of(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Annotated[hint, Field(strict=False)]
    raise TypeError(f"{name}: {hint} has no form at the edge")


def _default(item: DataField[Any]) -> Any:
    if item.default is MISSING:
        return ...
    return Field(default_factory=list) if item.default == () else item.default
