"""Fixtures of the integration tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import Service, serving


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """A service with the example area and connections."""
    with serving(tmp_path) as running:
        running.declare_grid()
        yield running
