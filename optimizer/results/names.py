"""Names of things in results."""

from __future__ import annotations

import re


def kind_of(asset: object) -> str:
    """Kind of an asset in words: its class name, such as "charging session"."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(asset).__name__).lower()
