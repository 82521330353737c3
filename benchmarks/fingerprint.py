"""Hash of an instance: the same for the same numbers, whichever process generated them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np


def instance_hash(instance: Any) -> str:
    """SHA-256 over everything in an instance: dataclasses, arrays, collections and plain values.

    Raises:
        TypeError: a value is of a kind whose text would not be the same in another process.
    """
    digest = hashlib.sha256()
    for part in _parts(instance):
        digest.update(part + b"\0")
    return digest.hexdigest()


def _parts(value: Any) -> Iterator[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, np.ndarray):
        yield str((value.dtype, value.shape)).encode() + np.ascontiguousarray(value).tobytes()
    elif is_dataclass(value) and not isinstance(value, type):
        for field in fields(value):
            yield field.name.encode()
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            yield from _parts(key)
            yield from _parts(value[key])
    elif isinstance(value, (set, frozenset)):
        yield from sorted(b"".join(_parts(item)) for item in value)
    elif isinstance(value, Enum):
        yield str(value.value).encode()
    elif value is None or isinstance(
        value, (str, bytes, bool, int, float, Decimal, datetime, date, time, Path, np.generic)
    ):
        yield repr(value).encode()
    elif isinstance(value, Sequence):
        yield str(len(value)).encode()
        for item in value:
            yield from _parts(item)
    else:
        raise TypeError(f"cannot hash a {type(value).__name__} the same way in every process")
