"""Fingerprint of an input: the same for the same content, whatever its order of fields or trailing zeros."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any


def fingerprint(*parts: object) -> str:
    """SHA-256 over dataclasses, mappings, sequences, numbers, times and texts."""
    text = json.dumps(parts, default=_plain, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Turn what JSON does not know into what it knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, (date, time)):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no fingerprint")
