"""Portfolios: small assets of one provider that are offered as one, with the list of who takes part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from market.domain.connection import Connection
from optimizer.findings import Finding

MINIMUM_KW: Final = Decimal(100)
"""Smallest offer of the redispatch market: one lot of 0.1 MW."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One connection in a portfolio with the assets it brings.

    Attributes:
        ean: its connection.
        asset_ids: assets that take part.
        capability_kw: flexibility it was registered with.
        area_ids: congestion areas it lies in.
    """

    ean: str
    asset_ids: tuple[str, ...]
    capability_kw: Decimal
    area_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """Connections that deliver as one.

    Attributes:
        ean: code under which the portfolio is registered at the market.
        name: name for people.
        csp: provider that answers for it.
        members: who takes part.
    """

    ean: str
    name: str
    csp: str
    members: tuple[Member, ...]

    @property
    def capability_kw(self) -> Decimal:
        """Flexibility of all members together."""
        return sum((member.capability_kw for member in self.members), Decimal(0))

    @property
    def area_ids(self) -> tuple[str, ...]:
        """Areas that every member lies in: only there does the whole portfolio count."""
        shared = Counter(area for member in self.members for area in dict.fromkeys(member.area_ids))
        return tuple(sorted(area for area, count in shared.items() if count == len(self.members)))

    @property
    def asset_ids(self) -> tuple[str, ...]:
        """Every asset with its connection in front, so that ids are unique."""
        return tuple(f"{member.ean}/{asset}" for member in self.members for asset in member.asset_ids)

    def connection(self) -> Connection:
        """The portfolio as the market sees it: one connection in the areas all members share."""
        return Connection(ean=self.ean, name=self.name, company=self.csp, area_ids=self.area_ids)


def check_portfolio(portfolio: Portfolio, *, minimum_kw: Decimal = MINIMUM_KW) -> tuple[Finding, ...]:
    """Find everything that keeps a portfolio from being offered."""
    return tuple(_faults(portfolio, minimum_kw))


def _faults(portfolio: Portfolio, minimum_kw: Decimal) -> Iterator[Finding]:
    name = portfolio.name
    if portfolio.capability_kw < minimum_kw:
        text = f"{name} has {portfolio.capability_kw} kW, less than the {minimum_kw} kW of one offer"
        yield Finding(
            rule="portfolio.minimum",
            path="members",
            message=text,
            value=str(portfolio.capability_kw),
            limit=str(minimum_kw),
        )
    for ean, count in sorted(Counter(member.ean for member in portfolio.members).items()):
        if count > 1:
            text = f"connection {ean} takes part {count} times in {name}"
            yield Finding(rule="portfolio.member", path="members", message=text, ids=(ean,))
    for k, member in enumerate(portfolio.members):
        if not member.asset_ids or member.capability_kw <= 0:
            text = f"connection {member.ean} brings no asset or no flexibility to {name}"
            yield Finding(rule="portfolio.member", path=f"members[{k}]", message=text, ids=(member.ean,))
    if portfolio.members and not portfolio.area_ids:
        text = f"the members of {name} share no congestion area, so nowhere does the whole portfolio count"
        yield Finding(rule="portfolio.area", path="members", message=text)
