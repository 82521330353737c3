"""The progress line: silent for a second, then one line that says how far the work is."""

from __future__ import annotations

from io import StringIO
from time import monotonic, sleep

import pytest

from api.cli import progress
from api.cli.progress import ProgressLine


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.05)
    monkeypatch.setattr(progress, "_ON_TERMINAL_S", 0.01)
    monkeypatch.setattr(progress, "_ELSEWHERE_S", 0.02)


def wait_for(stream: StringIO, words: str) -> None:
    began = monotonic()
    while words not in stream.getvalue():
        assert monotonic() - began < 10, stream.getvalue()
        sleep(0.005)


def test_quick_work_is_not_talked_about() -> None:
    stream = StringIO()
    with ProgressLine("work", stream) as line:
        assert line.watch("cost", 1.0, None)
    assert stream.getvalue() == ""


def test_longer_work_tells_how_far_it_is() -> None:
    stream = StringIO()
    with ProgressLine("clearing", stream) as line:
        wait_for(stream, "clearing: 0 s\n")
        line.watch("cost", 1234.5, 1200.0)
        wait_for(stream, "clearing: 0 s; cost: best 1,234.50, bound 1,200.00\n")
        line.watch("ties", None, None)
        wait_for(stream, "ties: best none yet, bound none yet")


def test_on_a_terminal_it_is_one_line_that_disappears() -> None:
    stream = Terminal()
    with ProgressLine("clearing", stream):
        wait_for(stream, "clearing")
    assert "\n" not in stream.getvalue()
    assert stream.getvalue().endswith("\r\x1b[K")


def test_it_ends_with_the_work_even_when_that_fails() -> None:
    stream = StringIO()
    with pytest.raises(RuntimeError, match="broken"), ProgressLine("clearing", stream):
        raise RuntimeError("broken")
    sleep(0.1)
    assert stream.getvalue() == ""
