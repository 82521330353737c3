"""Portfolios and the exclusivity ledger: one promise per kilowatt and quarter-hour, alternatives once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import ConflictError, NotFoundError, RefusedInputError
from market.offers.ledger import Claim, ExclusivityLedger, Venue
from market.offers.portfolio import Member, Portfolio, check_portfolio
from optimizer.offers.offer_window import Change

START = datetime(2027, 2, 2, 16, 0, tzinfo=UTC)


def at(quarter: int) -> datetime:
    return START + timedelta(minutes=15 * quarter)


def claim(name: str, kw: float, *quarters: int, asset: str = "chiller", **changes: object) -> Claim:
    made = Claim(
        offer_id=name, venue=Venue.REDISPATCH, change=Change.LESS, kw={(asset, at(q)): kw for q in quarters or (0,)}
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def ledger(kw: float = 100.0) -> ExclusivityLedger:
    return ExclusivityLedger({("chiller", Change.LESS): kw, ("pump", Change.LESS): kw})


def test_the_same_kilowatt_is_not_promised_to_two_markets() -> None:
    book = ledger()
    book.submit([claim("tender-1", 80.0, 0, 1, venue=Venue.TENDER)])
    with pytest.raises(RefusedInputError) as refused:
        book.submit([claim("redispatch-1", 30.0, 0, 1, 2)])
    assert [f.rule for f in refused.value.findings] == ["ledger.promised_twice"] * 2
    assert "tender-1 (tender)" in refused.value.findings[0].message
    assert [c.offer_id for c in book.claims()] == ["tender-1"]
    book.submit([claim("redispatch-1", 20.0, 0, 1), claim("later", 100.0, 2)])
    book.submit([claim("other asset", 100.0, 0, asset="pump")])
    with pytest.raises(RefusedInputError, match=r"can give 0\.0 kW"):
        book.submit([claim("unknown", 1.0, 0, asset="heat pump")])


def test_alternatives_count_once_and_only_one_is_awarded() -> None:
    book = ledger()
    options = [claim(f"block-{k}", 60.0 + 10 * k, *range(k + 1), alternative_of="blocks") for k in range(3)]
    book.submit(options)
    with pytest.raises(RefusedInputError):
        book.submit([claim("second", 30.0)])
    book.submit([claim("second", 20.0)])
    book.award("block-1", 0.5)
    assert [c.offer_id for c in book.claims()] == ["block-1", "second"]
    book.submit([claim("third", 45.0)])  # 35 awarded, 20 and 45 offered
    with pytest.raises(ConflictError):
        book.submit([claim("block-1", 10.0)])
    with pytest.raises(NotFoundError):
        book.award("block-2", 1.0)


@pytest.mark.parametrize("sizes", [(80.0, 30.0), (30.0, 80.0)])
def test_of_alternatives_the_largest_counts_whatever_their_order(sizes: tuple[float, float]) -> None:
    book = ledger()
    book.submit([claim(f"option-{k}", kw, alternative_of="options") for k, kw in enumerate(sizes)])
    with pytest.raises(RefusedInputError):
        book.submit([claim("second", 30.0)])
    book.submit([claim("second", 20.0)])


def test_an_award_checks_again_and_gives_back_what_was_not_taken() -> None:
    book = ledger()
    book.submit([claim("a", 100.0)])
    book.award("a", 0.0)
    assert book.claims() == ()
    book.submit([claim("b", 100.0)])
    with pytest.raises(RefusedInputError):
        book.award("b", 1.2)
    book.award("b", 0.25)
    book.submit([claim("c", 75.0)])
    with pytest.raises(ConflictError):
        book.withdraw("b")
    book.withdraw("c")
    with pytest.raises(NotFoundError):
        book.withdraw("c")


@given(st.lists(st.tuples(st.integers(0, 3), st.floats(1, 60), st.integers(0, 4), st.booleans()), max_size=12))
def test_whatever_is_submitted_no_asset_is_ever_overbooked(
    steps: list[tuple[int, float, int, bool]],
) -> None:
    book = ledger()
    for number, (quarter, kw, group, awarded) in enumerate(steps):
        name = f"offer-{number}"
        new = claim(name, kw, quarter, alternative_of=f"group-{group}" if group else None)
        if book.check([new]):
            with pytest.raises(RefusedInputError):
                book.submit([new])
            continue
        book.submit([new])
        rivals = [c for c in book.claims() if c.alternative_of is not None and c.alternative_of == new.alternative_of]
        if awarded and not any(c.awarded for c in rivals):
            book.award(name, 0.5)
    for quarter in range(4):
        alone = sum(c.kw.get(("chiller", at(quarter)), 0.0) for c in book.claims() if c.alternative_of is None)
        groups: dict[str, float] = {}
        for c in book.claims():
            if c.alternative_of is not None:
                seen = c.kw.get(("chiller", at(quarter)), 0.0)
                groups[c.alternative_of] = max(groups.get(c.alternative_of, 0.0), seen)
        assert alone + sum(groups.values()) <= 100.0 + 1e-6


def test_portfolio_adds_up_small_assets_and_names_its_members() -> None:
    members = tuple(
        Member(
            ean=f"{871000000000000000 + k}",
            asset_ids=("charger-1", "charger-2"),
            capability_kw=Decimal(9),
            area_ids=("east", "north") if k else ("east",),
        )
        for k in range(12)
    )
    pool = Portfolio(ean="871999999999999999", name="street chargers", csp="csp", members=members)
    assert pool.capability_kw == 108
    assert pool.area_ids == ("east",)
    assert pool.connection().area_ids == ("east",)
    assert len(set(pool.asset_ids)) == 24
    assert check_portfolio(pool) == ()
    few = replace(pool, members=(*members[:3], members[0], replace(members[4], area_ids=("west",), asset_ids=())))
    assert sorted(f.rule for f in check_portfolio(few)) == [
        "portfolio.area",
        "portfolio.member",
        "portfolio.member",
        "portfolio.minimum",
    ]
