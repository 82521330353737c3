"""The example region's redispatch event: the need of one evening and the orders that answer it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import ROUND_FLOOR, Decimal

from market.domain.money import LOT_MW, to_cents
from market.domain.need import Congestion, Need
from market.domain.order import Order, Side
from market.region.costs import compute_nitrogen_fee, read_curve_price
from market.region.parameters import Parameters
from market.region.place import AREA_ID
from optimizer.timegrid import local_instant

QUARTERS_PER_HOUR = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What a company can leave out during some hours of the evening."""

    id: str
    company: str
    mw: Decimal
    price_eur_per_mwh: Decimal
    begin_hour: int
    hours: int
    whole: bool


def build_need(parameters: Parameters) -> Need:
    """Build the need of the event day: one value per quarter-hour of the evening peak."""
    begin, _ = parameters.hours("window.evening")
    return Need(
        id=f"need-{parameters.text('event.day')}",
        area_id=AREA_ID,
        operator=parameters.text("region.operator"),
        congestion=Congestion.CONSUMPTION,
        start=_on_event_day(parameters, begin.hour),
        required_mw=tuple(mw for mw in parameters.numbers("event.need_mw") for _ in range(QUARTERS_PER_HOUR)),
        bids_from=parameters.instant("event.announced"),
        bids_until=parameters.instant("event.gate"),
    )


def build_orders(parameters: Parameters) -> tuple[Order, ...]:
    """Build the book: sells of the companies inside the area, buys of three connections outside it.

    Volumes are the study's, rounded down to whole lots; prices are the study's. The nitrogen generator asks the fee
    of incidental use (250 hours a year), which is twice that of structural use.
    """
    begin, end = parameters.hours("window.evening")
    submitted = parameters.instant("event.announced")
    sells = [
        _build_sell(parameters, offer, submitted + timedelta(minutes=5 * place))
        for place, offer in enumerate(_list_offers(parameters, begin, end), start=1)
    ]
    buys = [
        Order(
            id=f"buy-{name.lower().replace(' ', '-')}-{hour}",
            side=Side.BUY,
            ean=ean,
            csp=name,
            quantity_mw=Decimal(mw),
            limit_price_eur_per_mwh=to_cents(Decimal(price)),
            start=_on_event_day(parameters, hour),
            quarter_hours=QUARTERS_PER_HOUR,
            submitted_at=submitted + timedelta(hours=1),
        )
        for ean, name, mw, price in parameters["event.buyers"].value
        for hour in range(begin.hour, end.hour)
    ]
    return (*sells, *buys)


def _list_offers(parameters: Parameters, begin: time, end: time) -> list[_Offer]:
    number = parameters.number
    cooling_from, cooling_to = parameters.hours("office.cooling_hours")
    nitrogen = compute_nitrogen_fee(parameters, number("fee.incidental_h")).fee_eur_per_mwh
    return [
        _Offer(
            id="office-cooling",
            company="office",
            mw=number("office.cooling_flex_mw"),
            price_eur_per_mwh=read_curve_price("offices_owner_user_summer", "grid_aware_cooling_precool"),
            begin_hour=cooling_from.hour,
            hours=cooling_to.hour - cooling_from.hour,
            whole=True,
        ),
        _Offer(
            id="plant-batch",
            company="plant",
            mw=number("plant.batch_mw"),
            price_eur_per_mwh=read_curve_price("chemistry_1040h_structural_250h_incidental", "batch_shifting"),
            begin_hour=begin.hour,
            hours=int(number("plant.batch_h")),
            whole=True,
        ),
        _Offer(
            id="plant-aeration",
            company="plant",
            mw=number("plant.aeration_mw"),
            price_eur_per_mwh=number("plant.utilities_fee"),
            begin_hour=begin.hour + 2,
            hours=int(number("plant.aeration_max_h")),
            whole=True,
        ),
        *(
            _Offer(
                id=f"plant-nitrogen-{hour}",
                company="plant",
                mw=number("plant.nitrogen_mw"),
                price_eur_per_mwh=nitrogen,
                begin_hour=hour,
                hours=1,
                whole=False,
            )
            for hour in range(begin.hour, end.hour)
        ),
    ]


def _build_sell(parameters: Parameters, offer: _Offer, submitted: datetime) -> Order:
    lots = (offer.mw / LOT_MW).to_integral_value(rounding=ROUND_FLOOR)
    return Order(
        id=offer.id,
        side=Side.SELL,
        ean=parameters.text(f"{offer.company}.ean"),
        csp=parameters.text("region.csp"),
        quantity_mw=lots * LOT_MW,
        minimum_acceptance_mw=lots * LOT_MW if offer.whole else Decimal(0),
        limit_price_eur_per_mwh=to_cents(offer.price_eur_per_mwh),
        start=_on_event_day(parameters, offer.begin_hour),
        quarter_hours=offer.hours * QUARTERS_PER_HOUR,
        submitted_at=submitted,
    )


def _on_event_day(parameters: Parameters, hour: int) -> datetime:
    return local_instant(parameters.day("event.day"), time(hour))
