"""How schemas mirror the optimizer's assets: instants instead of steps, exact numbers instead of floats."""

from __future__ import annotations

from dataclasses import MISSING, fields
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_type_hints

from pydantic import Field, create_model

from api.schemas.descriptions import described_by
from api.schemas.values import Count, Id, Instant, Model, Number, Series
from optimizer.problems.series import FloatArray


class AssetModel(Model):
    """Base of the schemas of assets.

    Attributes:
        asset: class of the optimizer that the schema mirrors.
    """

    asset: ClassVar[type]


M = TypeVar("M", bound=AssetModel)


def edge_name(name: str) -> str:
    """Name at the edge of a field of the optimizer: instants end in ``_at``, lengths in ``_quarter_hours``.

    ``arrival_step`` is ``arrival_at``, ``guaranteed_by_step`` is ``guaranteed_by``, ``notice_steps`` is
    ``notice_quarter_hours``.
    """
    if name.endswith("_by_step"):
        return name.removesuffix("_step")
    if name.endswith("_step"):
        return name.removesuffix("_step") + "_at"
    return name.removesuffix("_steps") + "_quarter_hours" if name.endswith("_steps") else name


def mirrors_asset(schema: type[M]) -> type[M]:
    """Give a schema every field of its asset that it does not state itself."""
    hints = get_type_hints(schema.asset)
    mirrored: dict[str, Any] = {
        edge_name(item.name): (_edge_type(item.name, hints[item.name]), _default(item.default))
        for item in fields(schema.asset)
        if edge_name(item.name) not in schema.model_fields
    }
    return create_model(
        schema.__name__,
        __base__=schema,
        __module__=schema.__module__,
        __doc__=schema.__doc__,
        __cls_kwargs__=dict(described_by(schema.asset, rename=edge_name)),
        **mirrored,
    )


def _edge_type(name: str, hint: Any) -> Any:
    """The type of the edge for a type of the optimizer.

    Raises:
        TypeError: the type has no form at the edge; the schema must state the field.
    """
    if type(None) in get_args(hint):
        (member,) = (member for member in get_args(hint) if member is not type(None))
        return _edge_type(name, member) | None
    if hint is int:
        return Instant if name.endswith("_step") else Count
    if isinstance(hint, type) and issubclass(hint, Enum):
        return Annotated[hint, Field(strict=False)]
    forms: tuple[tuple[Any, Any], ...] = (
        (str, Id),
        (bool, bool),
        (float, Number),
        (FloatArray, Series),
        (tuple[str, ...], list[Id]),
    )
    for form, edge in forms:
        if hint == form:
            return edge
    raise TypeError(f"{name}: {hint} has no form at the edge")


def _default(default: Any) -> Any:
    if default is MISSING:
        return ...
    if default == ():
        return Field(default_factory=list)
    return Decimal(str(default)) if isinstance(default, float) else default
