"""Figures of the example region with unit, kind and source, read from small files that ship with the project."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from importlib.resources import files
from typing import Any

from optimizer.timegrid import AMSTERDAM, local_instant

_DATA = files("market.region") / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One figure and where it comes from.

    Attributes:
        name: dotted name, such as ``office.chiller_kw``.
        value: number (Decimal), text or list of them.
        unit: unit in words.
        kind: ``study``, ``derived``, ``market data``, ``policy`` or ``assumption``.
        source: where it is printed, or why it was assumed.
    """

    name: str
    value: Any
    unit: str
    kind: str
    source: str


class Parameters(Mapping[str, Parameter]):
    """All parameters of the region by name."""

    def __init__(self, parameters: Mapping[str, Parameter], sources: Mapping[str, str]) -> None:
        self._parameters = dict(parameters)
        self.sources = dict(sources)

    def __getitem__(self, name: str) -> Parameter:
        return self._parameters[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __len__(self) -> int:
        return len(self._parameters)

    def number(self, name: str) -> Decimal:
        """Value of a numeric parameter."""
        value = self[name].value
        if not isinstance(value, Decimal):
            raise TypeError(f"{name} is not a number")
        return value

    def real(self, name: str) -> float:
        """Value of a numeric parameter as a float, for asset models."""
        return float(self.number(name))

    def text(self, name: str) -> str:
        """Value of a text parameter."""
        return str(self[name].value)

    def numbers(self, name: str) -> tuple[Decimal, ...]:
        """Values of a list of numbers."""
        return tuple(Decimal(v) for v in self[name].value)

    def hours(self, name: str) -> tuple[time, time]:
        """Value of a pair of local times."""
        begin, end = self[name].value
        return time.fromisoformat(begin), time.fromisoformat(end)

    def clock(self, name: str) -> time:
        """Value of a local time."""
        return time.fromisoformat(self.text(name))

    def day(self, name: str) -> date:
        """Value of a local day."""
        return date.fromisoformat(self.text(name))

    def instant(self, name: str) -> datetime:
        """UTC instant of a local date and time."""
        local = datetime.fromisoformat(self.text(name))
        return local_instant(local.date(), local.time(), AMSTERDAM)


def load_parameters() -> Parameters:
    """Read the parameters of the example region."""
    text = (_DATA / "parameters.json").read_text(encoding="utf-8")
    document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    entries = {name: Parameter(name=name, **entry) for name, entry in document["parameters"].items()}
    return Parameters(entries, document["sources"])


def load_table(name: str) -> tuple[dict[str, str], ...]:
    """Read one of the study's tables, ``measures`` or ``supply_curve``; every row names its source lines."""
    text = (_DATA / f"{name}.csv").read_text(encoding="utf-8")
    return tuple(csv.DictReader(text.splitlines()))
