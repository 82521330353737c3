"""Rules for tenders and bids: what makes an input meaningless, and what keeps a sound bid from taking part.

Input faults are findings and nothing is cleared or stored with them. Ineligibility is a decision: the bid is rejected
with its reason when the tender is cleared, and the same finding is shown when the bid is submitted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal

from market.domain.bid import Bid
from market.domain.connection import Connection, is_ean18
from market.domain.tender import Tender, TenderWindow
from market.domain.tender_award import BidReason
from market.rules.scenario_rules import check_scenarios
from optimizer.findings import Finding, sort_findings

QUARTER_HOUR_H = Decimal("0.25")
BID_AMOUNTS = (
    "minimum_mw",
    "service_fee_eur_per_mw",
    "max_run_h",
    "min_rest_h",
    "lead_time_h",
    "emission_kg_per_mwh",
    "ramp_h",
    "energy_mwh_per_day",
    "activations_per_day",
    "activations_per_week",
    "activations_per_year",
    "hours_per_year",
    "subsidy_eur",
)
MINUTES_PER_DAY = 24 * 60


def check_tender(tender: Tender) -> tuple[Finding, ...]:
    """Find every fault of a tender."""
    found = [
        *_money_rules(tender),
        *(f for k, window in enumerate(tender.windows) for f in _window_rules(window, f"windows[{k}]")),
        *_duplicates("tender.window.unique", "windows", [w.id for w in tender.windows]),
        *_option_rules(tender),
        *check_scenarios(tender),
    ]
    if tender.season_to < tender.season_from:
        found.append(_finding("tender.season.order", "season_to", "the season ends before it begins", tender.season_to))
    if tender.closes_at.tzinfo is None:
        found.append(_finding("tender.closes_at.aware", "closes_at", "gate closure has no time zone", tender.closes_at))
    if not tender.windows:
        found.append(_finding("tender.windows.some", "windows", "a tender has at least one window"))
    if not found:
        found += _overlaps(tender)
    return sort_findings(found)


def check_bids(tender: Tender, bids: Sequence[Bid]) -> tuple[Finding, ...]:
    """Find every fault of the bids of one tender, alone and together."""
    found = [f for k, bid in enumerate(bids) for f in _bid_rules(tender, bid, f"bids[{k}]")]
    found += _duplicates("bid.id.unique", "bids", [bid.id for bid in bids])
    for kind in ("exclusive_group", "linked_group"):
        owners: dict[str, set[str]] = {}
        for bid in bids:
            if getattr(bid, kind) is not None:
                owners.setdefault(getattr(bid, kind), set()).add(bid.csp)
        for group, csps in sorted(owners.items()):
            if len(csps) > 1:
                message = f"{kind} {group} joins bids of different providers: {', '.join(sorted(csps))}"
                found.append(Finding(rule=f"bid.{kind}.one_csp", path="bids", message=message, ids=(group,)))
    return sort_findings(found)


def check_submission(
    tender: Tender, bid: Bid, *, connections: Sequence[Connection], qualified_mw: Mapping[str, Decimal]
) -> tuple[Finding, ...]:
    """Find everything a provider should hear on submitting a bid: faults and what would keep it from taking part."""
    faults = check_bids(tender, [bid])
    if faults:
        return faults
    return sort_findings(f for _, f in refusals(tender, bid, connections=connections, qualified_mw=qualified_mw))


def check_qualified(qualified_mw: Mapping[str, Decimal]) -> tuple[Finding, ...]:
    """Find qualified MW that are negative or not numbers."""
    return sort_findings(
        _finding("qualified.mw", f"qualified_mw[{ean}]", f"{ean} is qualified for {mw} MW", mw)
        for ean, mw in qualified_mw.items()
        if not _is_amount(mw)
    )


def refusals(
    tender: Tender, bid: Bid, *, connections: Sequence[Connection], qualified_mw: Mapping[str, Decimal]
) -> tuple[tuple[BidReason, Finding], ...]:
    """Why a sound bid may not take part, most telling first; empty when it may."""
    return tuple(_refusals(tender, bid, connections, qualified_mw))


def bid_limit_mw(tender: Tender, bid: Bid, window: TenderWindow, qualified_mw: Mapping[str, Decimal]) -> Decimal:
    """MW that may be contracted in a window: offered, qualified and required, in whole lots."""
    qualified = sum((qualified_mw.get(ean, Decimal(0)) for ean in bid.eans), Decimal(0))
    return min(bid.quantity_mw, qualified, window.max_mw) // tender.lot_mw * tender.lot_mw


def _refusals(
    tender: Tender, bid: Bid, connections: Sequence[Connection], qualified_mw: Mapping[str, Decimal]
) -> Iterator[tuple[BidReason, Finding]]:
    if bid.submitted_at > tender.closes_at:
        yield _refusal(
            BidReason.LATE, bid, "submitted_at", f"submitted at {bid.submitted_at.isoformat()}", tender.closes_at
        )
    for what, reason, limit in (
        ("availability_eur_per_mw_h", BidReason.ABOVE_AVAILABILITY_CEILING, tender.availability_ceiling_eur_per_mw_h),
        ("activation_eur_per_mwh", BidReason.ABOVE_ACTIVATION_CEILING, tender.activation_ceiling_eur_per_mwh),
    ):
        highest = max(getattr(step, what) for step in bid.steps)
        if highest > limit:
            yield _refusal(reason, bid, what, f"{what} of {highest} is above the ceiling", limit)
    inside = {c.ean for c in connections if tender.area_id in c.area_ids}
    outside = sorted(set(bid.eans) - inside)
    if outside:
        message = f"connections {', '.join(outside)} do not stand in area {tender.area_id}"
        yield _refusal(BidReason.OUTSIDE_AREA, bid, "eans", message, tender.area_id)
    if tender.notice_h is not None and bid.lead_time_h > tender.notice_h:
        message = f"needs {bid.lead_time_h} h notice"
        yield _refusal(BidReason.NOTICE_TOO_LONG, bid, "lead_time_h", message, tender.notice_h)
    if tender.ramp_h is not None and bid.ramp_h > tender.ramp_h:
        message = f"needs {bid.ramp_h} h to full power"
        yield _refusal(BidReason.RAMP_TOO_SLOW, bid, "ramp_h", message, tender.ramp_h)
    if tender.technologies is not None and bid.technology not in tender.technologies:
        message = f"technology {bid.technology} is not asked for"
        yield _refusal(BidReason.TECHNOLOGY, bid, "technology", message, ", ".join(tender.technologies))
    yield from _term_refusals(tender, bid)
    least = max(bid.minimum_mw, tender.lot_mw)
    qualified = sum((qualified_mw.get(ean, Decimal(0)) for ean in bid.eans), Decimal(0))
    if qualified < least:
        message = f"qualified for {qualified} MW, the least that may be accepted is {least} MW"
        yield _refusal(BidReason.NOT_QUALIFIED, bid, "eans", message, qualified)
    elif all(bid_limit_mw(tender, bid, w, qualified_mw) < least for w in tender.windows if w.id in bid.windows):
        message = f"the least that may be accepted, {least} MW, exceeds what is required in each of its windows"
        yield _refusal(BidReason.MINIMUM_ABOVE_NEED, bid, "minimum_mw", message, None)


def _term_refusals(tender: Tender, bid: Bid) -> Iterator[tuple[BidReason, Finding]]:
    begins = bid.available_from or tender.season_from
    ends = bid.available_until or tender.season_to
    if begins > tender.season_to or ends < tender.season_from:
        message = f"is available from {begins} to {ends}, outside the season"
        yield _refusal(BidReason.NOT_AVAILABLE, bid, "available_from", message, None)
    years = tender.season_to.year - tender.season_from.year + 1
    expected = sum((w.expected_activation_h for w in tender.windows if w.id in bid.windows), Decimal(0))
    if not tender.scenarios and bid.hours_per_year is not None and bid.hours_per_year * years < expected:
        message = f"may run {bid.hours_per_year} h per year, {expected} h are expected in {years} years"
        yield _refusal(BidReason.USE_TOO_LIMITED, bid, "hours_per_year", message, expected)


def _money_rules(tender: Tender) -> Iterator[Finding]:
    for name in (
        "availability_ceiling_eur_per_mw_h",
        "activation_ceiling_eur_per_mwh",
        "activation_weight",
        "shortfall_price_eur_per_mwh",
        "budget_eur",
        "notice_h",
        "ramp_h",
        "emission_weight_eur_per_tonne",
        "market_access_limit_mw",
        "market_access_used_mw",
        "tail_shortfall_mwh",
        "reasonable_eur_per_mwh",
    ):
        value = getattr(tender, name)
        if value is not None and not _is_amount(value):
            yield _finding(f"tender.{name}", name, f"{name} = {value} is negative or not a number", value)
    if not _is_amount(tender.lot_mw) or tender.lot_mw == 0:
        yield _finding("tender.lot_mw", "lot_mw", f"a lot of {tender.lot_mw} MW is not a positive size", tender.lot_mw)


def _window_rules(window: TenderWindow, path: str) -> Iterator[Finding]:
    for name in ("min_mw", "max_mw", "expected_activation_h", "contracted_mw", "most_shortfall_mwh"):
        value = getattr(window, name)
        if value is not None and not _is_amount(value):
            yield _finding(f"tender.window.{name}", f"{path}.{name}", f"{value} is negative or not a number", value)
    if _is_amount(window.min_mw) and _is_amount(window.max_mw) and window.max_mw < window.min_mw:
        yield _finding("tender.window.order", f"{path}.max_mw", "at most is less than at least", window.max_mw)
    if window.chance is not None and not (_is_amount(window.chance) and window.chance <= 1):
        yield _finding("tender.window.chance", f"{path}.chance", f"{window.chance} is not a probability", window.chance)
    if not window.weekdays or any(day not in range(1, 8) for day in window.weekdays):
        yield _finding("tender.window.weekdays", f"{path}.weekdays", "weekdays are numbers 1 (Monday) to 7 (Sunday)")
    if len(set(window.weekdays)) != len(window.weekdays):
        yield _finding("tender.window.weekdays", f"{path}.weekdays", "a weekday is named twice")
    for name in ("local_from", "local_to"):
        clock = getattr(window, name)
        if clock.minute % 15 or clock.second or clock.microsecond:
            yield _finding("tender.window.quarter_hour", f"{path}.{name}", f"{clock} is not on a quarter-hour", clock)
    if not window.id:
        yield _finding("tender.window.id", f"{path}.id", "a window has an id")


def _option_rules(tender: Tender) -> Iterator[Finding]:
    for name in ("provider_share", "tail_share"):
        value = getattr(tender, name)
        if not (_is_amount(value) and 0 < value <= 1):
            yield _finding(f"tender.{name}", name, f"{name} = {value} is not a share above 0", value)
    if tender.minimum_providers < 0:
        yield _finding("tender.minimum_providers", "minimum_providers", "a number of providers is not negative")
    for k, cap in enumerate(tender.technology_caps):
        if not _is_amount(cap.most_mw):
            path = f"technology_caps[{k}].most_mw"
            yield _finding("tender.technology_cap", path, f"{cap.most_mw} is negative or not a number", cap.most_mw)
    for k, budget in enumerate(tender.year_budgets):
        path = f"year_budgets[{k}]"
        if not _is_amount(budget.most_eur):
            yield _finding(
                "tender.year_budget", path, f"{budget.most_eur} is negative or not a number", budget.most_eur
            )
        if not tender.season_from.year <= budget.year <= tender.season_to.year:
            yield _finding("tender.year_budget.year", path, f"{budget.year} is outside the season", budget.year)
    yield from _duplicates("tender.year_budget.unique", "year_budgets", [str(b.year) for b in tender.year_budgets])
    yield from _duplicates(
        "tender.technology_cap.unique", "technology_caps", [c.technology for c in tender.technology_caps]
    )


def _overlaps(tender: Tender) -> Iterator[Finding]:
    """One MW cannot be contracted twice for the same quarter-hour, so windows must not overlap."""
    taken: dict[int, str] = {}
    for k, window in enumerate(tender.windows):
        begin, length = _minutes(window.local_from), _length_minutes(window)
        for day in window.weekdays:
            quarters = range((day - 1) * 96 + begin // 15, (day - 1) * 96 + (begin + length) // 15)
            rivals = sorted({taken[q % 672] for q in quarters if taken.get(q % 672, window.id) != window.id})
            if rivals:
                message = f"window {window.id} overlaps {', '.join(rivals)} on weekday {day}"
                yield Finding(rule="tender.window.overlap", path=f"windows[{k}]", message=message, ids=(window.id,))
            taken.update((q % 672, window.id) for q in quarters)


def _bid_rules(tender: Tender, bid: Bid, path: str) -> Iterator[Finding]:
    if not bid.id:
        yield _finding("bid.id", f"{path}.id", "a bid has an id")
    if bid.tender_id != tender.id:
        yield _finding("bid.tender", f"{path}.tender_id", f"bid {bid.id} answers another tender", bid.tender_id)
    if bid.submitted_at.tzinfo is None:
        yield _finding("bid.submitted_at.aware", f"{path}.submitted_at", f"bid {bid.id} has a time without time zone")
    yield from _reference_rules(tender, bid, path)
    if not bid.steps:
        yield _finding("bid.steps.some", f"{path}.steps", f"bid {bid.id} offers nothing")
    for k, step in enumerate(bid.steps):
        here = f"{path}.steps[{k}]"
        for name in ("quantity_mw", "availability_eur_per_mw_h", "activation_eur_per_mwh"):
            value = getattr(step, name)
            if not _is_amount(value):
                yield _finding(f"bid.{name}", f"{here}.{name}", f"{name} = {value} is negative or not a number", value)
        yield from _lot_rules(tender, step.quantity_mw, f"{here}.quantity_mw", positive=True)
    for name in BID_AMOUNTS:
        value = getattr(bid, name)
        if value is not None and not _is_amount(value):
            yield _finding(f"bid.{name}", f"{path}.{name}", f"{name} = {value} is negative or not a number", value)
    yield from _lot_rules(tender, bid.minimum_mw, f"{path}.minimum_mw", positive=False)
    quantities = [step.quantity_mw for step in bid.steps]
    if all(_is_amount(q) for q in [*quantities, bid.minimum_mw]) and bid.minimum_mw > sum(quantities):
        message = f"bid {bid.id} wants at least {bid.minimum_mw} MW and offers {bid.quantity_mw} MW"
        yield _finding("bid.minimum_mw.within", f"{path}.minimum_mw", message, bid.minimum_mw)
    yield from _share_rules(bid, path)
    yield from _run_rules(bid, path)


def _share_rules(bid: Bid, path: str) -> Iterator[Finding]:
    for name in ("delivery", "reissue_share"):
        share = getattr(bid, name)
        if not (_is_amount(share) and share <= 1 and (share > 0 or name == "reissue_share")):
            yield _finding(f"bid.{name}", f"{path}.{name}", f"{name} = {share} is not a share", share)
    if bid.available_from and bid.available_until and bid.available_until < bid.available_from:
        yield _finding("bid.available.order", f"{path}.available_until", f"bid {bid.id} ends before it begins")


def _reference_rules(tender: Tender, bid: Bid, path: str) -> Iterator[Finding]:
    known = {window.id for window in tender.windows}
    for window in bid.windows:
        if window not in known:
            yield _finding("bid.window.known", f"{path}.windows", f"the tender has no window {window}", window)
    if not bid.windows:
        yield _finding("bid.windows.some", f"{path}.windows", f"bid {bid.id} names no window")
    if not bid.eans:
        yield _finding("bid.eans.some", f"{path}.eans", f"bid {bid.id} names no connection")
    for ean in bid.eans:
        if not is_ean18(ean):
            yield _finding("bid.ean", f"{path}.eans", f"{ean} is not an EAN of 18 digits", ean)
    yield from _duplicates("bid.window.unique", f"{path}.windows", bid.windows)
    yield from _duplicates("bid.ean.unique", f"{path}.eans", bid.eans)
    if bid.exclusive_group is not None and not bid.exclusive_group.strip():
        yield _finding("bid.exclusive_group", f"{path}.exclusive_group", "an exclusive group has a name")
    if bid.linked_group is not None and not bid.linked_group.strip():
        yield _finding("bid.linked_group", f"{path}.linked_group", "a linked group has a name")


def _lot_rules(tender: Tender, quantity_mw: Decimal, path: str, *, positive: bool) -> Iterator[Finding]:
    if not _is_amount(quantity_mw) or not _is_amount(tender.lot_mw) or tender.lot_mw == 0:
        return
    if quantity_mw % tender.lot_mw:
        yield _finding("bid.lot", path, f"{quantity_mw} MW is not a whole number of lots", quantity_mw, tender.lot_mw)
    if positive and quantity_mw == 0:
        yield _finding("bid.quantity_mw.positive", path, "a step of 0 MW offers nothing", quantity_mw)


def _run_rules(bid: Bid, path: str) -> Iterator[Finding]:
    for name in ("max_run_h", "min_rest_h"):
        hours = getattr(bid, name)
        if hours is None or not _is_amount(hours):
            continue
        if hours % QUARTER_HOUR_H or hours == 0:
            message = f"{name} = {hours} h is not a positive whole number of quarter-hours"
            yield _finding(f"bid.{name}.quarter_hours", f"{path}.{name}", message, hours)
    if bid.min_rest_h is not None and bid.max_run_h is None:
        yield _finding("bid.min_rest_h.run", f"{path}.min_rest_h", "a rest needs a longest run before it")


def _duplicates(rule: str, path: str, ids: Sequence[str]) -> Iterator[Finding]:
    for name, count in sorted(Counter(ids).items()):
        if count > 1:
            yield Finding(rule=rule, path=path, message=f"{name} occurs {count} times", ids=(name,))


def _refusal(
    reason: BidReason, bid: Bid, field: str, message: str, limit: Decimal | datetime | str | None
) -> tuple[BidReason, Finding]:
    text = limit.isoformat() if isinstance(limit, datetime) else None if limit is None else str(limit)
    return reason, Finding(
        rule=f"bid.{reason.value}",
        path=f"bids[{bid.id}].{field}",
        message=f"bid {bid.id}: {message}",
        ids=(bid.id,),
        limit=text,
    )


def _is_amount(value: Decimal) -> bool:
    return value.is_finite() and value >= 0


def _minutes(clock: time) -> int:
    return clock.hour * 60 + clock.minute


def _length_minutes(window: TenderWindow) -> int:
    return (_minutes(window.local_to) - _minutes(window.local_from) - 1) % MINUTES_PER_DAY + 1


def _finding(rule: str, path: str, message: str, value: object = None, limit: object = None) -> Finding:
    return Finding(
        rule=rule,
        path=path,
        message=message,
        value=None if value is None else str(value),
        limit=None if limit is None else str(limit),
    )
