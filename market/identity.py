"""Ids for things the market creates: UUID version 7 (RFC 9562), opaque to readers and ordered by creation."""

from __future__ import annotations

import secrets
from threading import Lock
from typing import Protocol
from uuid import UUID

from market.clock import Clock

_RANDOM_BITS = 62
_COUNTER_LIMIT = 1 << 12


class IdSource(Protocol):
    """Gives a new id at every call."""

    def __call__(self) -> str:
        """A new id, later in sort order than every id given before."""
        ...


class Uuid7Source:
    """Counts ids within a millisecond, so that a bulk submission keeps its order in the ids."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = Lock()
        self._last_ms = 0
        self._counter = 0

    def __call__(self) -> str:
        """A new id, later in sort order than every id this source gave before."""
        with self._lock:
            now_ms = int(self._clock.now().timestamp() * 1000)
            if now_ms > self._last_ms:
                self._last_ms, self._counter = now_ms, 0
            else:
                self._counter += 1
                if self._counter == _COUNTER_LIMIT:
                    self._last_ms, self._counter = self._last_ms + 1, 0
            value = self._last_ms << 80 | 7 << 76 | self._counter << 64 | 2 << 62 | secrets.randbits(_RANDOM_BITS)
        return str(UUID(int=value))
