"""Rules of the redispatch order book: what makes an order faulty, and what keeps a sound order out of a clearing.

A *fault* is an error of whoever wrote the order: a book with faults is not cleared, and all of them are reported. A
*refusal* is a fact of the market: the order came late, lies elsewhere or is on the side that does not help. It gets
its reason code and the rest is cleared.

Sources are the numbered requirements R1-R13 of redispatch, taken from the public rules of the Dutch platform.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from math import gcd
from typing import Final

from market.domain.need import Effectivity, Headroom, Need
from market.domain.order import Order, Side
from optimizer.findings import Finding
from optimizer.timegrid import AMSTERDAM, TimeGrid
from optimizer.units import QUARTER_HOUR_S

PRICE_TICK: Final = Decimal("0.01")
SHARE_TICK: Final = Decimal("0.001")
PRICE_RANGE: Final = Decimal("9999.99")
QUARTER_HOUR: Final = timedelta(seconds=QUARTER_HOUR_S)


def cover_days(needs: Sequence[Need]) -> TimeGrid | None:
    """Cover the local days on which the needs lie: 92, 96 or 100 quarter-hours each; None without a sound need."""
    spans = [(n.start, n.end - QUARTER_HOUR) for n in needs if n.required_mw and is_aware(n.start)]
    if not spans:
        return None
    first = min(start for start, _ in spans).astimezone(AMSTERDAM).date()
    last = max(end for _, end in spans).astimezone(AMSTERDAM).date()
    return TimeGrid.between(TimeGrid.of_local_day(first).start, TimeGrid.of_local_day(last).end)


def check_needs(needs: Sequence[Need], lot_mw: Decimal) -> tuple[Finding, ...]:
    """Check announced needs (R1, R2, R4)."""
    found = list(_repeated("need.id", "needs", [n.id for n in needs]))
    for k, need in enumerate(needs):
        found += _need_faults(f"needs[{k}]", need, lot_mw)
    return tuple(found)


def check_headroom(headroom: Sequence[Headroom]) -> tuple[Finding, ...]:
    """Check the room declared in other areas and on lines (R6)."""
    found = list(_repeated("headroom.id", "headroom", [h.id for h in headroom]))
    for k, room in enumerate(headroom):
        path = f"headroom[{k}]"
        if not is_aware(room.start):
            found.append(_finding("headroom.start", path, f"headroom {room.id} starts at a naive time", room.id))
        if len(room.up_mw) != len(room.down_mw):
            found.append(_finding("headroom.length", path, f"headroom {room.id} has unequal profiles", room.id))
        bad = [v for v in (*room.up_mw, *room.down_mw) if not v.is_finite() or v < 0]
        if bad:
            text = f"headroom {room.id} has values that are not zero or more"
            found.append(_finding("headroom.value", path, text, room.id, value=bad[0], limit=0))
        if room.shares is not None and any(not share.is_finite() for _, share in room.shares):
            found.append(_finding("headroom.share", path, f"headroom {room.id} has a share that is no number", room.id))
    return tuple(found)


def check_order_book(
    orders: Sequence[Order], *, grid: TimeGrid | None, lot_mw: Decimal, minimum_mw: Decimal
) -> tuple[Finding, ...]:
    """Check every order by itself and the book as a whole (R4, R5).

    Args:
        orders: the book.
        grid: quarter-hours of the days concerned; None skips that rule.
        lot_mw: size of a lot.
        minimum_mw: smallest order.
    """
    found = list(_repeated("order.id", "orders", [o.id for o in orders]))
    for k, order in enumerate(orders):
        found += check_order(order, f"orders[{k}]", grid=grid, lot_mw=lot_mw, minimum_mw=minimum_mw)
    found += _link_faults(orders)
    return tuple(found)


def check_order(
    order: Order, path: str, *, grid: TimeGrid | None, lot_mw: Decimal, minimum_mw: Decimal
) -> list[Finding]:
    """Check one order by itself: volumes, prices, times, profile and price steps."""
    return [
        *_volume_faults(order, path, lot_mw, minimum_mw),
        *_price_faults(order, path, lot_mw),
        *_time_faults(order, path, grid),
    ]


def is_aware(instant: datetime) -> bool:
    """Whether a time carries its zone."""
    return instant.tzinfo is not None


def is_multiple(value: Decimal, unit: Decimal) -> bool:
    """Whether a finite value is a whole multiple of a unit; a unit that is no size is at fault itself."""
    sized = unit.is_finite() and unit > 0
    return not sized or value % unit == 0


def _need_faults(path: str, need: Need, lot_mw: Decimal) -> Iterator[Finding]:
    if not is_aware(need.start):
        yield _finding("need.start", f"{path}.start", f"need {need.id} starts at a naive time", need.id)
    elif not _on_quarter(need.start):
        yield _finding("need.start", f"{path}.start", f"need {need.id} does not start on a quarter-hour", need.id)
    if not need.required_mw:
        yield _finding("need.required", f"{path}.required_mw", f"need {need.id} has no quarter-hours", need.id)
    for t, required in enumerate(need.required_mw):
        if not required.is_finite() or required < 0 or not is_multiple(required, lot_mw):
            text = f"need {need.id} requires {required} MW in quarter-hour {t + 1}, not whole lots of {lot_mw} MW"
            yield _finding("need.required", f"{path}.required_mw[{t}]", text, need.id, value=required, limit=lot_mw)
    for k, entry in enumerate(need.effectivities):
        yield from _effectivity_faults(f"{path}.effectivities[{k}]", need, entry)
    for name in ("bids_from", "bids_until"):
        instant = getattr(need, name)
        if instant is not None and not is_aware(instant):
            yield _finding(f"need.{name}", f"{path}.{name}", f"{name} of need {need.id} is a naive time", need.id)


def _effectivity_faults(path: str, need: Need, entry: Effectivity) -> Iterator[Finding]:
    share = entry.share
    if not share.is_finite() or not 0 <= share <= 1 or not is_multiple(share, SHARE_TICK):
        text = f"effectivity of {entry.ean} for need {need.id} is {share}, not 0 to 1 in steps of {SHARE_TICK}"
        yield _finding("need.effectivity", f"{path}.share", text, need.id, entry.ean, value=share)
    if entry.start is not None and not (is_aware(entry.start) and _on_quarter(entry.start)):
        text = f"effectivity of {entry.ean} for need {need.id} does not start on a quarter-hour"
        yield _finding("need.effectivity", f"{path}.start", text, need.id, entry.ean)
    if entry.quarter_hours is not None and entry.quarter_hours < 1:
        text = f"effectivity of {entry.ean} for need {need.id} covers no quarter-hour"
        yield _finding("need.effectivity", f"{path}.quarter_hours", text, need.id, entry.ean)


def _volume_faults(order: Order, path: str, lot_mw: Decimal, minimum_mw: Decimal) -> Iterator[Finding]:
    name, quantity, least = order.id, order.quantity_mw, order.minimum_acceptance_mw
    if not quantity.is_finite() or quantity <= 0:
        text = f"order {name} offers {quantity} MW, not above zero"
        yield _finding("order.quantity.positive", f"{path}.quantity_mw", text, name, value=quantity, limit=0)
        return
    if quantity < minimum_mw:
        text = f"order {name} offers {quantity} MW, less than {minimum_mw} MW"
        yield _finding("order.quantity.minimum", f"{path}.quantity_mw", text, name, value=quantity, limit=minimum_mw)
    if not is_multiple(quantity, lot_mw):
        text = f"order {name} offers {quantity} MW, not whole lots of {lot_mw} MW"
        yield _finding("order.quantity.lots", f"{path}.quantity_mw", text, name, value=quantity, limit=lot_mw)
    if not least.is_finite() or least < 0 or not is_multiple(least, lot_mw):
        text = f"order {name} has a minimum acceptance of {least} MW, not whole lots of zero or more"
        yield _finding("order.minimum.lots", f"{path}.minimum_acceptance_mw", text, name, value=least, limit=lot_mw)
    elif least > quantity:
        text = f"order {name} has a minimum acceptance of {least} MW above its {quantity} MW"
        where = f"{path}.minimum_acceptance_mw"
        yield _finding("order.minimum.above_quantity", where, text, name, value=least, limit=quantity)
    if order.profile_mw is None:
        return
    if len(order.profile_mw) != order.quarter_hours:
        text = f"order {name} has {len(order.profile_mw)} profile values for {order.quarter_hours} quarter-hours"
        yield _finding("order.profile.length", f"{path}.profile_mw", text, name)
    for t, value in enumerate(order.profile_mw):
        if not value.is_finite() or value < 0 or not is_multiple(value, lot_mw):
            text = f"order {name} has {value} MW in quarter-hour {t + 1} of its profile, not whole lots"
            yield _finding("order.profile.lots", f"{path}.profile_mw[{t}]", text, name, value=value, limit=lot_mw)
            return
    if max(order.profile_mw, default=Decimal(0)) != quantity:
        text = f"order {name} offers {quantity} MW, which is not the highest value of its profile"
        yield _finding("order.profile.peak", f"{path}.profile_mw", text, name, value=quantity)


def _price_faults(order: Order, path: str, lot_mw: Decimal) -> Iterator[Finding]:
    name = order.id
    prices = [(f"{path}.limit_price_eur_per_mwh", order.limit_price_eur_per_mwh)]
    prices += [(f"{path}.price_steps[{k}]", step.price_eur_per_mwh) for k, step in enumerate(order.price_steps)]
    for where, price in prices:
        if not price.is_finite():
            yield _finding(
                "order.price.number", where, f"order {name} has a price that is no number", name, value=price
            )
        elif abs(price) > PRICE_RANGE:
            text = f"order {name} has a price of {price} EUR/MWh, beyond {PRICE_RANGE}"
            yield _finding("order.price.range", where, text, name, value=price, limit=PRICE_RANGE)
        elif not is_multiple(price, PRICE_TICK):
            text = f"order {name} has a price of {price} EUR/MWh, not whole cents"
            yield _finding("order.price.tick", where, text, name, value=price, limit=PRICE_TICK)
    steps = order.price_steps
    if not steps or not all(step.price_eur_per_mwh.is_finite() for step in steps):
        return
    where = f"{path}.price_steps"
    if not all(s.quantity_mw.is_finite() and s.quantity_mw > 0 and is_multiple(s.quantity_mw, lot_mw) for s in steps):
        yield _finding("order.steps.lots", where, f"order {name} has a price step that is not whole lots", name)
    elif sum((step.quantity_mw for step in steps), Decimal(0)) != order.quantity_mw:
        text = f"order {name} has price steps that do not add up to {order.quantity_mw} MW"
        yield _finding("order.steps.sum", where, text, name, limit=order.quantity_mw)
    elif order.profile_mw is not None and _cut_by_steps(order, lot_mw):
        text = f"order {name} has price steps that cut its profile into parts that are not whole lots"
        yield _finding("order.steps.profile", where, text, name)
    climb = [b.price_eur_per_mwh - a.price_eur_per_mwh for a, b in pairwise(steps)]
    if any((c < 0) if order.side is Side.SELL else (c > 0) for c in climb):
        yield _finding("order.steps.order", where, f"order {name} has price steps that get better with volume", name)
    if steps[0].price_eur_per_mwh != order.limit_price_eur_per_mwh:
        yield _finding("order.steps.first", where, f"order {name} has a limit price other than its first step", name)


def _cut_by_steps(order: Order, lot_mw: Decimal) -> bool:
    if not lot_mw.is_finite() or lot_mw <= 0:
        return False
    lots = [mw / lot_mw for mw in order.profile_mw or ()]
    if not all(value.is_finite() and value >= 0 and value == int(value) for value in lots) or not any(lots):
        return False
    unit_mw = order.quantity_mw / gcd(*map(int, lots))
    return any(not is_multiple(step.quantity_mw, unit_mw) for step in order.price_steps)


def _time_faults(order: Order, path: str, grid: TimeGrid | None) -> Iterator[Finding]:
    name = order.id
    for field in ("start", "submitted_at", "valid_until"):
        instant = getattr(order, field)
        if instant is not None and not is_aware(instant):
            yield _finding("order.time.naive", f"{path}.{field}", f"{field} of order {name} is a naive time", name)
    if order.quarter_hours < 1:
        text = f"order {name} lasts {order.quarter_hours} quarter-hours"
        yield _finding("order.length", f"{path}.quarter_hours", text, name, value=order.quarter_hours, limit=1)
        return
    if not is_aware(order.start):
        return
    if not _on_quarter(order.start):
        text = f"order {name} starts at {order.start.isoformat()}, not on a quarter-hour"
        yield _finding("order.start.quarter", f"{path}.start", text, name, value=order.start.isoformat())
    elif grid is not None and not (grid.start <= order.start and order.end <= grid.end):
        text = f"order {name} does not lie within {grid.start.isoformat()} to {grid.end.isoformat()}"
        yield _finding("order.day", f"{path}.start", text, name, value=order.start.isoformat())


def _link_faults(orders: Sequence[Order]) -> Iterator[Finding]:
    by_id = {order.id: order for order in orders}
    for k, order in enumerate(orders):
        if order.exclusive_group == "":
            yield _finding(
                "order.group", f"orders[{k}].exclusive_group", f"order {order.id} has no group name", order.id
            )
        if order.parent_order is None:
            continue
        path, parent = f"orders[{k}].parent_order", by_id.get(order.parent_order)
        if parent is None:
            text = f"order {order.id} depends on order {order.parent_order}, which is not in the book"
            yield _finding("order.parent.unknown", path, text, order.id, order.parent_order)
        elif _depends_on_itself(order, by_id):
            yield _finding("order.parent.circle", path, f"order {order.id} depends on itself", order.id)
        elif order.exclusive_group is not None and parent.exclusive_group == order.exclusive_group:
            text = f"order {order.id} depends on order {parent.id} and excludes it"
            yield _finding("order.parent.excluded", path, text, order.id, parent.id)


def _depends_on_itself(order: Order, by_id: dict[str, Order]) -> bool:
    seen, parent = {order.id}, order.parent_order
    while parent is not None and parent in by_id:
        if parent in seen:
            return parent == order.id
        seen.add(parent)
        parent = by_id[parent].parent_order
    return False


def _repeated(rule: str, path: str, ids: Iterable[str]) -> Iterator[Finding]:
    seen: dict[str, int] = {}
    for k, name in enumerate(ids):
        if name in seen:
            text = f"id {name} occurs at positions {seen[name]} and {k}"
            yield _finding(rule, f"{path}[{k}].id", text, name)
        else:
            seen[name] = k


def _on_quarter(instant: datetime) -> bool:
    return int(instant.timestamp()) % QUARTER_HOUR_S == 0 and instant.microsecond == 0


def _finding(rule: str, path: str, message: str, *ids: str, value: object = None, limit: object = None) -> Finding:
    return Finding(
        rule=rule,
        path=path,
        message=message,
        ids=ids,
        value=None if value is None else str(value),
        limit=None if limit is None else str(limit),
    )
