"""One line that tells that work longer than a second goes on, and how far it is."""

from __future__ import annotations

import sys
from threading import Event, Thread
from time import monotonic
from types import TracebackType
from typing import Final, Self, TextIO

_PATIENCE_S: Final = 1.0
_ON_TERMINAL_S: Final = 0.25
_ELSEWHERE_S: Final = 10.0
_CLEAR_LINE: Final = "\r\x1b[K"


class ProgressLine:
    """Writes to standard error while its block runs, from the first second on."""

    def __init__(self, work: str, stream: TextIO | None = None) -> None:
        self._work = work
        self._stream = stream or sys.stderr
        self._terminal = self._stream.isatty()
        self._done = Event()
        self._known = ""
        self._started = monotonic()
        self._thread = Thread(target=self._report, daemon=True)

    def watch(self, stage: str, incumbent: float | None, bound: float | None) -> bool:
        """Note how far a solve is; never stops it."""
        best = "none yet" if incumbent is None else f"{incumbent:,.2f}"
        proven = "none yet" if bound is None else f"{bound:,.2f}"
        self._known = f"; {stage}: best {best}, bound {proven}"
        return True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        self._thread.join()

    def _report(self) -> None:
        if self._done.wait(_PATIENCE_S):
            return
        while True:
            text = f"{self._work}: {monotonic() - self._started:.0f} s{self._known}"
            self._stream.write(f"{_CLEAR_LINE}{text}" if self._terminal else f"{text}\n")
            self._stream.flush()
            if self._done.wait(_ON_TERMINAL_S if self._terminal else _ELSEWHERE_S):
                break
        if self._terminal:
            self._stream.write(_CLEAR_LINE)
            self._stream.flush()
