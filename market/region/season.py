"""The example region's tender of one summer and the bids of the four companies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta
from decimal import ROUND_FLOOR, Decimal

from market.domain.bid import Bid, BidStep
from market.domain.money import to_cents
from market.domain.need import Congestion
from market.domain.tender import Tender, TenderWindow
from market.region.costs import compute_nitrogen_fee, read_curve_price
from market.region.parameters import Parameters
from market.region.place import AREA_ID

SEASONS_PER_YEAR = 4
_WORKING_DAYS = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offer:
    """What a company offers in some windows."""

    id: str
    company: str
    technology: str
    mw: Decimal
    windows: tuple[str, ...]
    activation_eur_per_mwh: Decimal
    availability_eur_per_mw_h: Decimal = Decimal(0)
    whole: bool = False
    max_run_h: Decimal | None = None
    lead_time_h: Decimal = Decimal(0)


def build_tender(parameters: Parameters) -> Tender:
    """Build the tender; expected activation is the season's quarter of the structural hours, spread by length."""
    rows = [
        (window_id, time.fromisoformat(begin), time.fromisoformat(end), Decimal(least), Decimal(most))
        for window_id, begin, end, least, most in parameters["tender.windows"].value
    ]
    daily_h = sum(end.hour - begin.hour for _, begin, end, _, _ in rows)
    season_h = parameters.number("fee.structural_h") / SEASONS_PER_YEAR
    first, last = (date.fromisoformat(day) for day in parameters["tender.season"].value)
    return Tender(
        id="tender-summer-2027",
        area_id=AREA_ID,
        buyer=parameters.text("region.operator"),
        congestion=Congestion.CONSUMPTION,
        season_from=first,
        season_to=last,
        windows=tuple(
            TenderWindow(
                id=window_id,
                weekdays=_WORKING_DAYS,
                local_from=begin,
                local_to=end,
                min_mw=least,
                max_mw=most,
                expected_activation_h=season_h * (end.hour - begin.hour) / daily_h,
            )
            for window_id, begin, end, least, most in rows
        ),
        closes_at=parameters.instant("tender.closes"),
        availability_ceiling_eur_per_mw_h=parameters.number("tender.availability_ceiling"),
        activation_ceiling_eur_per_mwh=parameters.number("tender.activation_ceiling"),
        activation_weight=parameters.number("tender.activation_weight"),
        shortfall_price_eur_per_mwh=parameters.number("tender.shortfall_price"),
        budget_eur=parameters.number("tender.budget"),
        lot_mw=parameters.number("tender.lot_mw"),
    )


def build_bids(parameters: Parameters, tender: Tender) -> tuple[Bid, ...]:
    """Build the bids of the four companies from the study's cost curve.

    A price per MWh that covers everything becomes an activation price. The nitrogen fee has two parts: a quarter of
    its fixed yearly cost is asked as availability over the hours of the tender's windows, so that at the expected
    hours both parts together are the study's fee.
    """
    submitted = tender.closes_at - timedelta(days=30)
    return tuple(
        Bid(
            id=offer.id,
            tender_id=tender.id,
            csp=parameters.text("region.csp"),
            company=parameters.text(f"{offer.company}.company"),
            eans=(parameters.text(f"{offer.company}.ean"),),
            windows=offer.windows,
            steps=(
                BidStep(
                    quantity_mw=(offer.mw / tender.lot_mw).to_integral_value(rounding=ROUND_FLOOR) * tender.lot_mw,
                    availability_eur_per_mw_h=to_cents(offer.availability_eur_per_mw_h),
                    activation_eur_per_mwh=to_cents(offer.activation_eur_per_mwh),
                ),
            ),
            submitted_at=submitted + timedelta(days=place),
            minimum_mw=offer.mw if offer.whole else Decimal(0),
            max_run_h=offer.max_run_h,
            lead_time_h=offer.lead_time_h,
            technology=offer.technology,
        )
        for place, offer in enumerate(_list_offers(parameters, tender))
    )


def compute_qualified_mw(bids: tuple[Bid, ...]) -> dict[str, Decimal]:
    """Qualified MW per connection: what its bids offer together, because every measure of the study was tested."""
    qualified: dict[str, Decimal] = {}
    for bid in bids:
        for ean in bid.eans:
            qualified[ean] = qualified.get(ean, Decimal(0)) + bid.quantity_mw
    return qualified


def _list_offers(parameters: Parameters, tender: Tender) -> list[_Offer]:
    number = parameters.number
    mornings = tuple(w.id for w in tender.windows if w.id.startswith("morning"))
    evenings = tuple(w.id for w in tender.windows if w.id.startswith("evening"))
    chemistry = "chemistry_1040h_structural_250h_incidental"
    nitrogen = compute_nitrogen_fee(parameters, number("fee.structural_h"))
    cooling_mw = number("datacentre.it_mw") / number("datacentre.it_share") - number("datacentre.it_mw")
    return [
        _Offer(
            id="office-cooling",
            company="office",
            technology="pre-cooling",
            mw=number("office.cooling_flex_mw"),
            windows=("evening-16",),
            activation_eur_per_mwh=read_curve_price("offices_owner_user_summer", "grid_aware_cooling_precool"),
        ),
        _Offer(
            id="office-charging",
            company="office",
            technology="charging",
            mw=number("office.charging_flex_mw"),
            windows=("morning-08",),
            activation_eur_per_mwh=read_curve_price("offices_owner_user_summer", "grid_aware_ev_charging"),
        ),
        _Offer(
            id="depot-charging",
            company="depot",
            technology="charging",
            mw=number("depot.flex_mw"),
            windows=("evening-19",),
            activation_eur_per_mwh=read_curve_price("logistics_with_blokstroom", "grid_aware_depot_ev_charging"),
        ),
        _Offer(
            id="plant-batch",
            company="plant",
            technology="batch",
            mw=number("plant.batch_mw"),
            windows=evenings,
            activation_eur_per_mwh=read_curve_price(chemistry, "batch_shifting"),
            whole=True,
            lead_time_h=number("plant.batch_notice_h"),
        ),
        _Offer(
            id="plant-nitrogen",
            company="plant",
            technology="utilities",
            mw=number("plant.nitrogen_mw"),
            windows=(*mornings, *evenings),
            activation_eur_per_mwh=nitrogen.variable_eur_per_mwh,
            availability_eur_per_mw_h=nitrogen.fixed_eur_per_mw_year / SEASONS_PER_YEAR / _count_window_hours(tender),
        ),
        _Offer(
            id="plant-aeration",
            company="plant",
            technology="utilities",
            mw=number("plant.aeration_mw"),
            windows=("morning-08", "evening-16"),
            activation_eur_per_mwh=read_curve_price(chemistry, "smart_utilities_control"),
            max_run_h=number("plant.aeration_max_h"),
        ),
        _Offer(
            id="plant-continuous",
            company="plant",
            technology="continuous process",
            mw=number("plant.continuous_mw"),
            windows=evenings,
            activation_eur_per_mwh=read_curve_price(chemistry, "continuous_downscaling_incidental"),
            whole=True,
        ),
        _Offer(
            id="datacentre-cooling",
            company="datacentre",
            technology="pre-cooling",
            mw=cooling_mw * number("datacentre.cooling_cut"),
            windows=("evening-19",),
            activation_eur_per_mwh=number("datacentre.fee"),
            max_run_h=number("datacentre.cooling_cut_h"),
        ),
    ]


def _count_window_hours(tender: Tender) -> Decimal:
    days = (tender.season_to - tender.season_from).days + 1
    working = sum((tender.season_from + timedelta(days=k)).isoweekday() in _WORKING_DAYS for k in range(days))
    return Decimal(working * sum(w.local_to.hour - w.local_from.hour for w in tender.windows))
