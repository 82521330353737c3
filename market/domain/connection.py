"""Connections (aansluitingen) and congestion areas (congestiegebieden)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A metering point behind which assets can be controlled.

    Attributes:
        ean: 18-digit EAN code.
        name: name of the site.
        company: party connected here.
        area_ids: congestion areas whose load this connection changes; nested areas share connections.
    """

    ean: str
    name: str
    company: str
    area_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CongestionArea:
    """A bottleneck of the grid.

    Attributes:
        id: id of the area.
        name: name for people.
        operator: distribution or transmission operator that announces needs here.
    """

    id: str
    name: str
    operator: str


def is_ean18(text: str) -> bool:
    """Whether a text has the form of an EAN-18: eighteen digits."""
    return len(text) == 18 and text.isascii() and text.isdigit()


def has_valid_check_digit(ean: str) -> bool:
    """Whether the GS1 modulo-10 check digit fits (weights 3, 1 from the right, check digit excluded).

    A warning, not a reason to refuse: codes in circulation on the platform fail it.
    """
    digits = [int(c) for c in ean]
    total = sum(d * (3 if k % 2 == 0 else 1) for k, d in enumerate(reversed(digits[:-1])))
    return (10 - total % 10) % 10 == digits[-1]
