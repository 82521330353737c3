"""Checks of a redispatch problem: every fault at once, in terms of orders, needs and limits."""

from __future__ import annotations

import numpy as np

from optimizer.findings import Finding, sort_findings
from optimizer.problems.redispatch import RedispatchProblem


def check_redispatch(problem: RedispatchProblem) -> tuple[Finding, ...]:
    """Return every fault; empty when the problem can be built."""
    shapes = _shape_faults(problem)
    if shapes:
        return sort_findings(shapes)
    return sort_findings([*_scalar_faults(problem), *_order_faults(problem), *_need_faults(problem)])


def _shape_faults(problem: RedispatchProblem) -> list[Finding]:
    orders, needs, limits = problem.orders, problem.needs, problem.limits
    count, entries, tiers = len(orders), len(orders.profile_step), len(orders.tier_units)
    places = needs.share.shape[1] if needs.share.ndim == 3 and len(needs) else limits.share.shape[-1]
    expected = {
        **{
            f"orders.{name}": (getattr(orders, name).shape, (count,))
            for name in ("sign", "place", "units", "minimum_units", "group", "parent", "precedence")
        },
        "orders.profile_start": (orders.profile_start.shape, (count + 1,)),
        "orders.profile_lots": (orders.profile_lots.shape, (entries,)),
        "orders.tier_start": (orders.tier_start.shape, (count + 1,)),
        "orders.tier_price_ticks": (orders.tier_price_ticks.shape, (tiers,)),
        "needs.relieved_by": (needs.relieved_by.shape, (len(needs),)),
        "needs.required_lots": (needs.required_lots.shape, (len(needs), problem.steps)),
        "needs.share": (needs.share.shape, (len(needs), places, problem.steps)),
        "limits.share": (limits.share.shape, (len(limits), places)),
        "limits.up_lots": (limits.up_lots.shape, (len(limits), problem.steps)),
        "limits.down_lots": (limits.down_lots.shape, (len(limits), problem.steps)),
    }
    found = [
        _finding("redispatch.shape", path, f"{path} has shape {seen}, expected {wanted}")
        for path, (seen, wanted) in expected.items()
        if seen != wanted
    ]
    if found:
        return found
    for name, total in (("profile_start", entries), ("tier_start", tiers)):
        start = getattr(orders, name)
        if start[0] != 0 or start[-1] != total or (np.diff(start) < 1).any():
            found.append(_finding("redispatch.shape", f"orders.{name}", f"{name} does not divide the entries by order"))
    if entries and (orders.profile_step.min() < 0 or orders.profile_step.max() >= problem.steps):
        found.append(_finding("redispatch.step", "orders.profile_step", "an order lies outside the steps"))
    if count and (orders.place.min() < 0 or orders.place.max() >= places):
        found.append(_finding("redispatch.place", "orders.place", "an order lies at a place that does not exist"))
    if count and (orders.parent.max() >= count or orders.parent.min() < -1):
        found.append(_finding("redispatch.parent", "orders.parent", "an order depends on one that does not exist"))
    return found


def _scalar_faults(problem: RedispatchProblem) -> list[Finding]:
    found = []
    for name in ("step_h", "lot_mw", "price_tick_eur_per_mwh"):
        value = getattr(problem, name)
        if not (np.isfinite(value) and value > 0):
            found.append(_finding("redispatch.scalar", name, f"{name} is {value}, expected above zero"))
    tolerance, price = problem.balance_tolerance_lots, problem.shortfall_price_eur_per_mwh
    if not tolerance >= 0:
        found.append(_finding("redispatch.balance", "balance_tolerance_lots", f"balance tolerance is {tolerance}"))
    if price is not None and not (np.isfinite(price) and price >= 0):
        found.append(_finding("redispatch.price", "shortfall_price_eur_per_mwh", f"price of shortfall is {price}"))
    excess = problem.excess_price_eur_per_mwh
    if excess is not None and not (
        excess.shape == (len(problem.needs),) and np.isfinite(excess).all() and (excess >= 0).all()
    ):
        found.append(_finding("redispatch.price", "excess_price_eur_per_mwh", "a price of excess is not zero or more"))
    return found


def _order_faults(problem: RedispatchProblem) -> list[Finding]:
    orders = problem.orders
    found: list[Finding] = []
    of, tier_of = orders.entry_order, orders.tier_order
    seen: dict[str, int] = {}
    for o, name in enumerate(orders.ids):
        if name in seen:
            found.append(_finding("order.id", f"orders[{o}]", f"order {name} occurs more than once", name))
        seen[name] = o
    whole = not problem.divisible
    tier_sum = np.bincount(tier_of, weights=orders.tier_units, minlength=len(orders))
    step_back = np.zeros(len(orders), dtype=np.bool_)
    step_back[of[1:][(np.diff(orders.profile_step) <= 0) & (of[1:] == of[:-1])]] = True
    uncurved = np.zeros(len(orders), dtype=np.bool_)
    rise = np.diff(orders.tier_price_ticks) * orders.sign[tier_of[1:]]
    uncurved[tier_of[1:][(rise > 0) & (tier_of[1:] == tier_of[:-1])]] = True
    bad_lots = np.zeros(len(orders), dtype=np.bool_)
    bad_lots[of[~(np.isfinite(orders.profile_lots) & (orders.profile_lots > 0))]] = True
    ids_of_parent = np.arange(len(orders)) == orders.parent
    for rule, bad, text in (
        ("order.side", ~np.isin(orders.sign, (1, -1)), "is neither buy nor sell"),
        ("order.quantity", ~(np.isfinite(orders.units) & (orders.units > 0)), "offers no units"),
        ("order.lots", whole & ((orders.units % 1 != 0) | (orders.minimum_units % 1 != 0)), "has parts of units"),
        (
            "order.minimum",
            ~((orders.minimum_units >= 0) & (orders.minimum_units <= orders.units)),
            "has a minimum acceptance that is not between zero and its quantity",
        ),
        ("order.steps", step_back, "has a profile whose steps do not rise"),
        ("order.profile", bad_lots, "has a profile value that is not above zero"),
        ("order.tiers", np.abs(tier_sum - orders.units) > 1e-9, "has price steps that do not add up to its quantity"),
        ("order.curve", uncurved, "has price steps that get better with volume"),
        ("order.parent", ids_of_parent, "depends on itself"),
    ):
        found += [
            _finding(rule, f"orders[{o}]", f"order {orders.ids[o]} {text}", orders.ids[o])
            for o in np.flatnonzero(bad).tolist()
        ]
    return found


def _need_faults(problem: RedispatchProblem) -> list[Finding]:
    needs, limits = problem.needs, problem.limits
    found = []
    for n, name in enumerate(needs.ids):
        if not (np.isfinite(needs.required_lots[n]).all() and (needs.required_lots[n] >= 0).all()):
            found.append(_finding("need.required", f"needs[{n}]", f"need {name} requires less than nothing", name))
        share = needs.share[n]
        if not (np.isfinite(share).all() and (share >= 0).all() and (share <= 1).all()):
            found.append(_finding("need.share", f"needs[{n}]", f"need {name} has a share outside 0 to 1", name))
        if needs.relieved_by[n] not in (1, -1):
            found.append(_finding("need.direction", f"needs[{n}]", f"need {name} has no direction", name))
    soft = problem.shortfall_price_eur_per_mwh is not None
    for k, name in enumerate(limits.ids):
        values = (limits.share[k], limits.up_lots[k], limits.down_lots[k])
        if any(np.isnan(v).any() for v in values) or not np.isfinite(limits.share[k]).all():
            found.append(_finding("limit.value", f"limits[{k}]", f"limit {name} has a value that is no number", name))
        elif not soft and min(limits.up_lots[k].min(), limits.down_lots[k].min()) < 0:
            found.append(_finding("limit.room", f"limits[{k}]", f"limit {name} is overrun before any order", name))
    return found


def _finding(rule: str, path: str, message: str, *ids: str) -> Finding:
    return Finding(rule=rule, path=path, message=message, ids=ids)
