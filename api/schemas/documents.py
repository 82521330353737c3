"""Read JSON strictly: limits before parsing, exact numbers, and no key twice.

The standard parser would take ``NaN``, keep the last of two equal keys, turn ``0.1`` into a binary fraction and follow
any nesting until its stack ends. Here a document is measured before it is parsed, numbers become `Decimal` (whole ones
`int`), and what can be named with a place is a finding that is reported together with everything else.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final

import numpy as np

from optimizer.findings import Finding

MEGABYTE: Final = 1_000_000
_LONGEST_INTEGER: Final = 18
_LONGEST_SHOWN: Final = 60
_STRINGS: Final = re.compile(rb'"(?:[^"\\]++|\\.?)*+(?:"|\Z)', re.DOTALL)
_NOT_BRACKETS: Final = bytes(c for c in range(256) if c not in b"[]{}")
_SURROGATE: Final = re.compile(rb"\\u[dD][89abABcdefCDEF]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadLimits:
    """How much is read before a document is refused.

    Attributes:
        max_bytes: size of the document.
        max_depth: nesting of lists and objects.
    """

    max_bytes: int = 10 * MEGABYTE
    max_depth: int = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed document and what is already known to be wrong with it.

    Attributes:
        value: the JSON value; numbers are `int` or `Decimal` (which may be NaN or infinite: the schema refuses those).
        findings: keys given more than once.
    """

    value: Any
    findings: tuple[Finding, ...] = ()


class UnreadableError(Exception):
    """A document that cannot be read at all, so that nothing further is known about it.

    Attributes:
        finding: the one reason.
        too_large: whether the reason is its size.
    """

    def __init__(self, rule: str, message: str, *, value: str | None = None, limit: str | None = None) -> None:
        self.finding = Finding(rule=rule, path="", message=message, value=value, limit=limit)
        super().__init__(message)

    @property
    def too_large(self) -> bool:
        """Whether the document was refused for its size, before it was read."""
        return self.finding.rule == "document.size"


def read_file(path: Path, limits: ReadLimits) -> Document:
    """Read a JSON file; a file above the limit is refused without reading more than the limit.

    Raises:
        UnreadableError: the file cannot be opened, is too large or is not JSON.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limits.max_bytes + 1)
    except OSError as error:
        raise UnreadableError("document.open", f"{path} cannot be read: {error.strerror}") from error
    return parse(data, limits)


def parse(data: bytes, limits: ReadLimits) -> Document:
    """Parse one JSON document.

    Raises:
        UnreadableError: it is too large, too deep, not UTF-8 or not JSON.
    """
    if len(data) > limits.max_bytes:
        raise too_large(limits)
    _refuse_depth(data, limits.max_depth)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("document.encoding", f"the document is not UTF-8 at byte {error.start}") from error
    builder = _ObjectBuilder()
    try:
        value = json.loads(
            text,
            object_pairs_hook=builder.build,
            parse_float=_exact_number,
            parse_int=_exact_integer,
            parse_constant=Decimal,
        )
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError("document.syntax", f"the document is not JSON: {error.msg} at {place}") from error
    if _SURROGATE.search(data):
        _refuse_lone_surrogates(value)
    return Document(value=value, findings=tuple(_duplicates(value, "")) if builder.found_duplicates else ())


def too_large(limits: ReadLimits) -> UnreadableError:
    """Describe a document above the size limit."""
    size = f"{limits.max_bytes / MEGABYTE:g} MB"
    return UnreadableError("document.size", f"the document is larger than {size}", limit=f"{limits.max_bytes} bytes")


class _Repeated(dict[str, Any]):
    """An object some of whose keys were given more than once."""

    keys_twice: tuple[str, ...] = ()


class _ObjectBuilder:
    """Builds objects and remembers whether any key came twice."""

    def __init__(self) -> None:
        self.found_duplicates = False

    def build(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) == len(pairs):
            return built
        self.found_duplicates = True
        repeated = _Repeated(built)
        repeated.keys_twice = tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
        return repeated


def _duplicates(value: Any, path: str) -> Iterator[Finding]:
    if isinstance(value, dict):
        for key in value.keys_twice if isinstance(value, _Repeated) else ():
            place = f"{path}.{key}" if path else key
            yield Finding(rule="field.repeated", path=place, message=f"{place} is given more than once")
        for key, item in value.items():
            yield from _duplicates(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from _duplicates(item, f"{path}[{k}]")


def _refuse_depth(data: bytes, max_depth: int) -> None:
    brackets = np.frombuffer(_STRINGS.sub(b"", data).translate(None, _NOT_BRACKETS), dtype=np.uint8)
    opens = (brackets == ord("[")) | (brackets == ord("{"))
    depth = int(np.cumsum(np.where(opens, 1, -1)).max(initial=0))
    if depth > max_depth:
        raise UnreadableError(
            "document.depth",
            f"the document nests {depth} levels deep; {max_depth} are allowed",
            value=str(depth),
            limit=str(max_depth),
        )


def _refuse_lone_surrogates(value: Any) -> None:
    for text in _texts(value):
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise UnreadableError("document.encoding", "a text holds half of a surrogate pair") from error


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _exact_number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        return Decimal("NaN")


def _exact_integer(text: str) -> int | Decimal:
    return int(text) if len(text) <= _LONGEST_INTEGER else Decimal(text)


def shown(value: object) -> str:
    """Write an offending value for a finding, shortened."""
    if isinstance(value, Decimal):
        text = str(value)
    else:
        text = value if isinstance(value, str) else json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
