"""The clock gates are closed by, passed in so that a test can stop it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Aware UTC time."""
        ...


class SystemClock:
    """The clock of the server."""

    def now(self) -> datetime:
        """Aware UTC time, to the microsecond."""
        return datetime.now(UTC)
