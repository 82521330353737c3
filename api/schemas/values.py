"""The value types of the edge: exact decimals, UTC times, ids. They judge form; the market's rules judge meaning."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Final, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from market.domain.connection import is_ean18
from market.snapshot import decimal_text, instant_text

_DECIMAL: Final = re.compile(r"-?\d{1,30}(\.\d{1,30})?", re.ASCII)
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_CLOCK: Final = re.compile(r"\d\d:\d\d", re.ASCII)
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_LARGEST_EXPONENT: Final = 11
_SMALLEST_EXPONENT: Final = -9
_FIRST_YEAR: Final = 1970
_LAST_YEAR: Final = 2999
_PRINTABLE: Final = re.compile(r"[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?")


NOT_READ: Final = Decimal("NaN")
"""Stands for a number that was refused already, so that the rest of its object can still be judged: the market's rules
know how to look past what is no number. Told from a NaN in the input by being this very object."""

T = TypeVar("T", date, time)


class Model(BaseModel):
    """Base of every schema: unknown fields are refused, types are not guessed, objects do not change."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


def read_decimal(value: Any) -> Decimal:
    """Read a number exactly: a JSON number as it was written, or a decimal number as text."""
    if value is NOT_READ:
        return Decimal(NOT_READ)
    readable = _DECIMAL.fullmatch(value) if isinstance(value, str) else isinstance(value, int | Decimal)
    if not readable or isinstance(value, bool):
        raise PydanticCustomError("number.form", "must be a decimal number, as text or as a JSON number")
    number = Decimal(value)
    if not number.is_finite():
        raise PydanticCustomError("number.finite", "must be a finite number")
    exponent = number.as_tuple().exponent
    if number.adjusted() > _LARGEST_EXPONENT or (isinstance(exponent, int) and exponent < _SMALLEST_EXPONENT):
        raise PydanticCustomError("number.size", "must be smaller than 10^12 with at most nine digits after the point")
    return number


def read_instant(value: Any) -> datetime:
    """Read an RFC 3339 time with an explicit offset as UTC."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise PydanticCustomError(
            "time.form", "must be an RFC 3339 time with seconds and an offset, such as 2026-11-20T16:00:00Z"
        )
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError("time.form", "must be a time that exists") from error
    if not _FIRST_YEAR < instant.year <= _LAST_YEAR:
        raise PydanticCustomError("time.range", f"must lie after {_FIRST_YEAR} and not after {_LAST_YEAR}")
    return instant.astimezone(UTC)


def read_clock(value: Any) -> time:
    """Read a local wall-clock time ``HH:MM``."""
    return _read_iso(value, _CLOCK, time, "time.form", "must be a local time HH:MM")


def read_day(value: Any) -> date:
    """Read a date ``YYYY-MM-DD``."""
    return _read_iso(value, _DAY, date, "date.form", "must be a date YYYY-MM-DD")


def _read_iso(value: Any, form: re.Pattern[str], kind: type[T], rule: str, message: str) -> T:
    if isinstance(value, kind):
        return value
    if not isinstance(value, str) or not form.fullmatch(value):
        raise PydanticCustomError(rule, message)
    try:
        return kind.fromisoformat(value)
    except ValueError as error:
        raise PydanticCustomError(rule, message) from error


def _shown_as(form: str, example: str, description: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": form, "examples": [example], "description": description})


def _read_text(longest: int) -> Callable[[str], str]:
    def read(value: str) -> str:
        if len(value) > longest or not _PRINTABLE.fullmatch(value):
            raise PydanticCustomError(
                "text.form",
                "must be 1 to {longest} characters, without control characters and without blanks at its ends",
                {"longest": longest},
            )
        return value

    return read


def _read_ean(value: str) -> str:
    if not is_ean18(value):
        raise PydanticCustomError("connection.ean.form", "must be an EAN of eighteen digits")
    return value


def _form_of_series(value: Any) -> str:
    return "series" if isinstance(value, list) else "number"


Number = Annotated[
    Decimal,
    PlainValidator(read_decimal),
    PlainSerializer(decimal_text, return_type=str),
    WithJsonSchema({"type": "string", "format": "decimal", "examples": ["1.5"], "description": "decimal as text"}),
]
"""An exact decimal: text or a JSON number in, text out."""

Series = Annotated[
    Annotated[Number, Tag("number")] | Annotated[list[Number], Tag("series")], Discriminator(_form_of_series)
]
"""One number for every quarter-hour, or a list with one number per quarter-hour."""

Instant = Annotated[
    datetime,
    PlainValidator(read_instant),
    PlainSerializer(instant_text, return_type=str),
    _shown_as("date-time", "2026-11-20T16:00:00Z", "RFC 3339 time with an offset; UTC in every answer"),
]
"""A time with an explicit offset in, UTC out."""

Clock = Annotated[
    time, PlainValidator(read_clock), _shown_as("time", "16:00", "wall-clock time in Europe/Amsterdam, HH:MM")
]
Day = Annotated[date, PlainValidator(read_day), _shown_as("date", "2026-11-20", "local day in Europe/Amsterdam")]

Name = Annotated[str, AfterValidator(_read_text(200)), Field(json_schema_extra={"minLength": 1, "maxLength": 200})]
"""A name for people, without control characters and without blanks at its ends."""

Id = Annotated[str, AfterValidator(_read_text(100)), Field(json_schema_extra={"minLength": 1, "maxLength": 100})]
"""An id, opaque to the reader."""

Ean = Annotated[str, AfterValidator(_read_ean), Field(json_schema_extra={"pattern": "^[0-9]{18}$"})]
"""EAN-18 of a connection."""

Count = Annotated[int, Field(ge=0, le=100_000)]
"""A number of quarter-hours or other whole things."""
