"""Tenders, by named profile and seed.

Everything is drawn; no real company or price is in it. Levels follow what is public about Dutch flexibility: windows
07:00-10:00 and 16:00-21:00, activation between 60 and 500 EUR/MWh, batteries of two to four hours, an evening need
that follows the weather. Prices per technology (availability EUR/MW/h, activation EUR/MWh, run time h, emission kg/MWh)
stand in `TECHNOLOGIES`.

- ``season``: one winter, one evening window, ten weather scenarios of about 60 event days.
- ``regional``: five years, morning and evening window, twenty scenarios of 1,000 congested hours each.
- ``regional permits``: as ``regional``, and gas engines have a limit on hours per year, which couples their days.
- ``stack``: one window, no scenarios, evaluated at expected hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final

import numpy as np

from market.domain.bid import Bid, BidStep
from market.domain.connection import Connection
from market.domain.need import Congestion
from market.domain.tender import CongestionEvent, Scenario, Tender, TenderWindow

AREA: Final = "region"
CLOSES: Final = datetime(2026, 9, 1, 10, tzinfo=UTC)
WORKDAYS: Final = (1, 2, 3, 4, 5)
LOT: Final = Decimal("0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Technology:
    """Range of prices and limits of one kind of bid.

    Attributes:
        share: share of the bids.
        mw: smallest and largest quantity.
        availability: EUR/MW/h.
        activation: EUR/MWh.
        run_h: longest runs to draw from; None for unlimited.
        emission_kg_per_mwh: CO2 emission.
        hours_per_year: limit under ``permits``; None for none.
    """

    share: float
    mw: tuple[float, float]
    availability: tuple[float, float]
    activation: tuple[float, float]
    run_h: tuple[float | None, ...]
    emission_kg_per_mwh: float = 0.0
    hours_per_year: float | None = None


TECHNOLOGIES: Final = {
    "demand response": Technology(
        share=0.45, mw=(0.5, 6), availability=(1, 8), activation=(120, 480), run_h=(None, None, 4.0, 3.0, 2.0)
    ),
    "battery": Technology(share=0.3, mw=(1, 10), availability=(5, 14), activation=(60, 140), run_h=(2.0, 3.0, 4.0)),
    "gas engine": Technology(
        share=0.15,
        mw=(2, 15),
        availability=(4, 10),
        activation=(130, 220),
        run_h=(None,),
        emission_kg_per_mwh=500,
        hours_per_year=120,
    ),
    "cogeneration": Technology(
        share=0.1, mw=(2, 12), availability=(6, 12), activation=(90, 160), run_h=(None,), emission_kg_per_mwh=350
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Shape of a tender: years, scenarios and congested hours per scenario and year."""

    years: int
    scenarios: int
    hours_per_year: int
    morning: bool
    permits: bool = False


PROFILES: Final = {
    "season": Profile(years=1, scenarios=10, hours_per_year=240, morning=False),
    "regional": Profile(years=5, scenarios=20, hours_per_year=200, morning=True),
    "regional permits": Profile(years=5, scenarios=20, hours_per_year=200, morning=True, permits=True),
    "stack": Profile(years=1, scenarios=0, hours_per_year=240, morning=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedTender:
    """Everything a clearing takes.

    Attributes:
        name: profile, number of bids and seed.
        tender: the tender.
        bids: its bids.
        connections: one per bid.
        qualified_mw: MW per connection, enough for its bid.
    """

    name: str
    tender: Tender
    bids: tuple[Bid, ...]
    connections: tuple[Connection, ...]
    qualified_mw: dict[str, Decimal]


def generate_tender(profile: str, bids: int, seed: int) -> GeneratedTender:
    """Draw a tender of a profile with a number of bids; the need is about half of what is offered."""
    shape, rng = PROFILES[profile], np.random.default_rng([seed, bids])
    drawn = tuple(_draw_bid(rng, k, shape) for k in range(bids))
    offered = float(sum(bid.quantity_mw for bid in drawn))
    windows = [_window("evening", time(16), time(21), offered, shape)]
    if shape.morning:
        windows.insert(0, _window("morning", time(7), time(10), offered, shape))
    first = date(2026, 11, 1) if shape.years == 1 else date(2027, 1, 1)
    last = date(2027, 3, 31) if shape.years == 1 else date(2026 + shape.years, 12, 31)
    days = [first + timedelta(days=k) for k in range((last - first).days + 1)]
    winter = [day for day in days if day.month in (11, 12, 1, 2, 3) and day.isoweekday() in WORKDAYS]
    tender = Tender(
        id=profile,
        area_id=AREA,
        buyer="operator",
        congestion=Congestion.CONSUMPTION,
        season_from=first,
        season_to=last,
        windows=tuple(windows),
        closes_at=CLOSES,
        availability_ceiling_eur_per_mw_h=Decimal(20),
        activation_ceiling_eur_per_mwh=Decimal(500),
        activation_weight=Decimal(1),
        shortfall_price_eur_per_mwh=Decimal(5000),
        scenarios=tuple(_draw_scenario(rng, s, shape, winter, offered) for s in range(shape.scenarios)),
    )
    eans = [bid.eans[0] for bid in drawn]
    return GeneratedTender(
        name=f"{profile}-{bids}-{seed}",
        tender=tender,
        bids=drawn,
        connections=tuple(Connection(ean=e, name=e, company="drawn", area_ids=(AREA,)) for e in eans),
        qualified_mw={ean: Decimal(100) for ean in eans},
    )


def _window(name: str, begin: time, end: time, offered: float, shape: Profile) -> TenderWindow:
    return TenderWindow(
        id=name,
        weekdays=WORKDAYS,
        local_from=begin,
        local_to=end,
        min_mw=_lots(offered * 0.4),
        max_mw=_lots(offered),
        expected_activation_h=Decimal(shape.hours_per_year * shape.years),
    )


def _draw_bid(rng: np.random.Generator, number: int, shape: Profile) -> Bid:
    names = list(TECHNOLOGIES)
    name = names[int(rng.choice(len(names), p=[TECHNOLOGIES[n].share for n in names]))]
    kind = TECHNOLOGIES[name]
    quantity = _lots(float(rng.uniform(*kind.mw)))
    run_h = kind.run_h[int(rng.integers(len(kind.run_h)))]
    step = BidStep(
        quantity_mw=quantity,
        availability_eur_per_mw_h=_price(float(rng.uniform(*kind.availability))),
        activation_eur_per_mwh=_price(float(rng.uniform(*kind.activation))),
    )
    share = float(rng.choice([0.0, 0.5, 1.0], p=[0.6, 0.25, 0.15]))
    windows: tuple[str, ...] = ("evening",)
    if shape.morning:
        windows = (("evening",), ("morning",), ("morning", "evening"))[int(rng.choice(3, p=[0.5, 0.2, 0.3]))]
    return Bid(
        id=f"bid-{number:04d}",
        tender_id=next(k for k, p in PROFILES.items() if p is shape),
        csp=f"csp-{int(rng.integers(0, 12)):02d}",
        company=f"company-{number:04d}",
        eans=(f"8716859{number:011d}",),
        windows=windows,
        steps=(step,),
        submitted_at=CLOSES - timedelta(days=20) + timedelta(minutes=int(rng.integers(0, 20_000))),
        minimum_mw=_lots(float(quantity) * share) if share else Decimal(0),
        service_fee_eur_per_mw=_price(float(rng.uniform(0, 500))),
        max_run_h=None if run_h is None else Decimal(str(run_h)),
        technology=name,
        emission_kg_per_mwh=Decimal(str(kind.emission_kg_per_mwh)),
        hours_per_year=Decimal(str(kind.hours_per_year)) if shape.permits and kind.hours_per_year else None,
    )


def _draw_scenario(
    rng: np.random.Generator, number: int, shape: Profile, winter: list[date], offered: float
) -> Scenario:
    """A weather course: severe and mild years, and on each chosen day hours of need that rise and fall."""
    events: list[CongestionEvent] = []
    for year in sorted({day.year if shape.years > 1 else 0 for day in winter}):
        days = [day for day in winter if shape.years == 1 or day.year == year]
        severity, left = float(rng.lognormal(0.0, 0.25)), shape.hours_per_year
        for day in [days[int(k)] for k in rng.permutation(len(days))]:
            evening = not shape.morning or rng.random() < 0.75
            longest = 5 if evening else 3
            hours = min(left, int(rng.integers(2, longest + 1)))
            if hours == 0:
                break
            left -= hours
            start = datetime(day.year, day.month, day.day, 15 if evening else 6, tzinfo=UTC)
            peak = offered * 0.3 * severity * float(rng.lognormal(0.0, 0.3))
            bell = np.sin(np.pi * (np.arange(hours) + 1) / (hours + 1))
            need = tuple(_lots(min(offered, peak * float(b))) for b in bell * rng.uniform(0.9, 1.1, hours))
            window = "evening" if evening else "morning"
            events.append(CongestionEvent(window_id=window, start=start, need_mw=need, step_h=Decimal(1)))
    ordered = tuple(sorted(events, key=lambda e: e.start))
    return Scenario(id=f"{number:03d}", probability=Decimal(1) / shape.scenarios, events=ordered)


def _lots(mw: float) -> Decimal:
    return max(LOT, Decimal(round(mw * 10)) * LOT)


def _price(eur: float) -> Decimal:
    return Decimal(f"{eur:.2f}")
