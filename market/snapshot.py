"""Snapshots: domain objects as plain JSON values and back, so that a clearing keeps what it was computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from functools import cache
from math import isfinite
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
JsonValue = Any


def to_plain(value: object) -> JsonValue:
    """Turn a domain object into plain JSON values.

    Raises:
        TypeError: it holds something that has no place in a snapshot, such as an array or a NaN.
    """
    if isinstance(value, Mapping):
        return {str(to_plain(key)): to_plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [to_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return {f.name: to_plain(getattr(value, f.name)) for f in fields(value)}
    return _scalar_to_plain(value)


def from_plain(kind: type[T], value: JsonValue) -> T:
    """Rebuild a domain object of a class from the plain values `to_plain` made of it.

    Values that have the right type already are taken as they are; fields that are absent get their default.
    """
    rebuilt: T = _rebuild(kind, value)
    return rebuilt


def decimal_text(value: Decimal) -> str:
    """Write a finite decimal without exponent and without trailing zeros; zero is ``0``."""
    if not value.is_finite():
        raise TypeError(f"a snapshot cannot hold {value}")
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def instant_text(value: datetime) -> str:
    """Write an aware time as RFC 3339 in UTC with a ``Z``."""
    if value.tzinfo is None:
        raise TypeError("a snapshot cannot hold a time without zone")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _scalar_to_plain(value: object) -> str | int | float | None:
    if isinstance(value, Enum):
        plain: str | int = value.value
        return plain
    if value is None or isinstance(value, bool | int | str) or (isinstance(value, float) and isfinite(value)):
        return value
    for kind, text in _TEXTS.items():
        if isinstance(value, kind):
            return text(value)
    raise TypeError(f"a snapshot cannot hold {type(value).__name__} {value!r:.40}")


def _clock_text(value: time) -> str:
    return value.isoformat("seconds" if value.second else "minutes")


_TEXTS: Mapping[type, Callable[[Any], str]] = {
    Decimal: decimal_text,
    datetime: instant_text,
    date: date.isoformat,
    time: _clock_text,
}
"""Text of each scalar; `datetime` before `date`, of which it is a kind."""


def _rebuild(kind: Any, value: JsonValue) -> Any:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        return None if value is None else _rebuild_member(kind, value)
    if origin is tuple:
        return _rebuild_tuple(get_args(kind), value)
    if origin is not None and issubclass(origin, Mapping):
        key_kind, item_kind = get_args(kind)
        return {_rebuild(key_kind, key): _rebuild(item_kind, item) for key, item in value.items()}
    if kind is Any or isinstance(value, kind):
        return value
    if isinstance(kind, type) and is_dataclass(kind):
        hints = _hints(kind)
        return kind(**{name: _rebuild(hints[name], item) for name, item in value.items()})
    return _rebuild_scalar(kind, value)


def _rebuild_tuple(members: tuple[Any, ...], value: JsonValue) -> tuple[Any, ...]:
    if len(members) == 2 and members[1] is Ellipsis:
        return tuple(_rebuild(members[0], item) for item in value)
    return tuple(_rebuild(member, item) for member, item in zip(members, value, strict=True))


def _rebuild_member(kind: Any, value: JsonValue) -> Any:
    members = [member for member in get_args(kind) if member is not NoneType]
    if len(members) != 1:
        raise TypeError(f"a snapshot cannot tell the members of {kind} apart")
    return _rebuild(members[0], value)


def _rebuild_scalar(kind: Any, value: JsonValue) -> Any:
    if kind in (datetime, date, time) and isinstance(value, str):
        return kind.fromisoformat(value)
    if (kind is Decimal or issubclass(kind, Enum)) and isinstance(value, str):
        return kind(value)
    if kind is float and isinstance(value, int):
        return float(value)
    raise TypeError(f"{value!r} is no {kind.__name__}")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)
