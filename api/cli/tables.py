"""Tables of results for people at a terminal; every figure is taken from the result, none is computed anew but sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

import numpy as np
from rich import box
from rich.table import Table

from market.domain.award import RedispatchAward, RedispatchClearing
from market.domain.order import Order, Side
from market.domain.schedule import Schedule
from market.domain.tender import Tender
from market.domain.tender_award import TenderClearing
from optimizer.results.site import SitePlan
from optimizer.timegrid import AMSTERDAM, TimeGrid
from optimizer.units import QUARTER_HOUR_H

QUARTERS_PER_HOUR = 4
_BARS = "▁▂▃▄▅▆▇█"
_QUARTER = Decimal(str(QUARTER_HOUR_H))


def show_orders(clearing: RedispatchClearing, orders: Sequence[Order]) -> Table:
    """One row per order: what was offered, what was taken, at which price, and why."""
    table = _new_table(
        "Redispatch: orders", "order", "side", ">offered MW", ">accepted MW", ">EUR/MWh", ">MWh", ">EUR", "reason"
    )
    offered = {order.id: order.quantity_mw for order in orders}
    for award in clearing.awards:
        taken = award.accepted_mw > 0
        table.add_row(
            award.order_id,
            award.side.value,
            _mw(offered[award.order_id]),
            _mw(award.accepted_mw),
            f"{award.price_eur_per_mwh:.2f}",
            f"{award.energy_mwh:.3f}" if taken else "-",
            f"{award.amount_eur:.2f}" if taken else "-",
            award.reason.value,
        )
    table.add_section()
    table.add_row("spread cost", "", "", "", "", "", f"{clearing.spread_cost_eur:.2f}", clearing.state.value)
    return table


def show_pairs(clearing: RedispatchClearing) -> Table:
    """One row per hour: the sells and the buys that are executed together, and the spread the operator pays."""
    table = _new_table(
        "Redispatch: sells and the buys that balance them",
        "local hour",
        "sells (MW)",
        "buys (MW)",
        ">sold MWh",
        ">bought MWh",
        ">spread EUR",
    )
    total = [Decimal(0)] * 3
    grid = TimeGrid(start=clearing.start, steps=clearing.quarter_hours)
    for first in range(0, grid.steps, QUARTERS_PER_HOUR):
        hour = [grid.at(step) for step in range(first, min(first + QUARTERS_PER_HOUR, grid.steps))]
        sold, bought = (_traded(clearing.awards, side, hour) for side in (Side.SELL, Side.BUY))
        if not sold and not bought:
            continue
        sums = [sum((mwh for _, _, mwh, _ in side), Decimal(0)) for side in (sold, bought)]
        spread = sum((eur for _, _, _, eur in sold), Decimal(0)) - sum((eur for _, _, _, eur in bought), Decimal(0))
        total = [a + b for a, b in zip(total, [*sums, spread], strict=True)]
        label = f"{_clock(hour[0])}-{_clock(grid.at(first + len(hour)))}"
        table.add_row(label, _names(sold), _names(bought), f"{sums[0]:.3f}", f"{sums[1]:.3f}", f"{spread:.2f}")
    table.add_section()
    table.add_row("total", "", "", f"{total[0]:.3f}", f"{total[1]:.3f}", f"{total[2]:.2f}")
    return table


def show_needs(clearing: RedispatchClearing) -> Table:
    """One row per need and hour: required, relieved, short and above, as the mean of its quarter-hours."""
    table = _new_table("Redispatch: need", "need", "local hour", ">required MW", ">relief MW", ">short MW", ">above MW")
    for need in clearing.needs:
        grid = TimeGrid(start=need.start, steps=len(need.required_mw))
        for first in range(0, grid.steps, QUARTERS_PER_HOUR):
            hour = slice(first, first + QUARTERS_PER_HOUR)
            means = [
                sum(series[hour], Decimal(0)) / len(series[hour])
                for series in (need.required_mw, need.relief_mw, need.shortfall_mw, need.excess_mw)
            ]
            end = min(first + QUARTERS_PER_HOUR, grid.steps)
            label = f"{_clock(grid.at(first))}-{_clock(grid.at(end))}"
            table.add_row(need.need_id if first == 0 else "", label, *(_mw(mean) for mean in means))
    return table


def show_tender_decisions(clearing: TenderClearing) -> Table:
    """One row per bid: what was offered, what was accepted, the expected payment and the reason code."""
    table = _new_table("Tender: decisions", "bid", "company", ">offered MW", ">accepted MW", ">EUR", "reason")
    for award in clearing.awards:
        table.add_row(
            award.bid_id,
            award.company,
            _mw(award.offered_mw),
            _mw(award.accepted_mw),
            f"{award.payment_eur:.2f}",
            award.reason.value,
        )
    table.add_section()
    table.add_row("payment", "over the season", "", "", f"{clearing.payment_eur:.2f}", "")
    return table


def show_tender_awards(clearing: TenderClearing) -> Table:
    """One row per accepted bid and window: MW, prices and payment."""
    table = _new_table("Tender: awards", "bid", "window", ">accepted MW", ">EUR/MW/h", ">EUR/MWh", ">EUR")
    for award in clearing.awards:
        for place, part in enumerate(award.windows):
            table.add_row(
                award.bid_id if place == 0 else "",
                part.window_id,
                _mw(part.accepted_mw),
                f"{part.availability_eur_per_mw_h:.2f}",
                f"{part.activation_eur_per_mwh:.2f}",
                f"{part.availability_eur + part.expected_activation_eur:.2f}",
            )
        if award.service_fee_eur:
            table.add_row("", "service fee", "", "", "", f"{award.service_fee_eur:.2f}")
    table.add_section()
    table.add_row("payment", "", "", "", "", f"{clearing.payment_eur:.2f}")
    return table


def show_tender_windows(clearing: TenderClearing, tender: Tender) -> Table:
    """One row per window: when it holds, what it needs, what covers it and what is short."""
    table = _new_table(
        "Tender: windows", "window", "local time", ">hours", ">least MW", ">most MW", ">accepted MW", ">short MWh"
    )
    for cover, window in zip(clearing.windows, tender.windows, strict=True):
        table.add_row(
            cover.window_id,
            f"{window.local_from:%H:%M}-{window.local_to:%H:%M}",
            f"{cover.hours:.0f}",
            _mw(cover.min_mw),
            _mw(cover.max_mw),
            _mw(cover.accepted_mw),
            f"{cover.shortfall_mwh:.3f}",
        )
    return table


def show_schedule(schedule: Schedule, title: str) -> Table:
    """One row per asset: its day hour by hour as bars, its energy and its highest power; the sum is the connection."""
    grid = TimeGrid(start=schedule.start, steps=len(schedule.power_kw))
    first, last = _clock(grid.start), _clock(grid.end)
    table = _new_table(title, "asset", "kind", f"{first} to {last}, one bar an hour", ">kWh", ">highest kW", ">at")
    for asset in schedule.assets:
        table.add_row(asset.asset_id, asset.kind, *_shape(asset.power_kw, grid))
    table.add_section()
    table.add_row("connection", "", *_shape(schedule.power_kw, grid))
    return table


def show_site_costs(plan: SitePlan) -> Table:
    """Cost by kind, preferences given up and what more room would be worth."""
    table = _new_table("Cost", "kind", ">EUR")
    for kind, cost in plan.cost_eur.items():
        table.add_row(kind, f"{cost:.2f}")
    table.add_section()
    table.add_row("total", f"{plan.total_cost_eur:.2f}")
    return table


def show_window_values(plan: SitePlan, grid: TimeGrid) -> Table:
    """One row per window: what a kWh more room would save, at most and where, and the energy above its limit."""
    table = _new_table("Windows", "window", ">worth EUR/kWh", ">at", ">above limit kWh")
    for window in plan.windows:
        step = int(np.argmax(window.value_eur_per_kwh))
        worth = float(window.value_eur_per_kwh[step])
        above = float(window.excess_kw.sum()) * grid.step_h
        table.add_row(window.window_id, f"{worth:.4f}", _clock(grid.at(step)) if worth > 0 else "-", f"{above:.3f}")
    return table


def show_rows(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Any small table; a column whose name starts with ``>`` is aligned right."""
    table = _new_table(title, *columns)
    for row in rows:
        table.add_row(*row)
    return table


def _new_table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for place, column in enumerate(columns):
        right = column.startswith(">")
        name = column.removeprefix(">")
        table.add_column(name, justify="right" if right else "left", no_wrap=right or place == 0 or name == "reason")
    return table


def _traded(
    awards: Sequence[RedispatchAward], side: Side, hour: Sequence[datetime]
) -> list[tuple[str, Decimal, Decimal, Decimal]]:
    """Order, mean MW, MWh and EUR of every accepted order of one side in one hour."""
    found = []
    for award in awards:
        if award.side is not side or award.accepted_mw == 0:
            continue
        starts = TimeGrid(start=award.start, steps=len(award.power_mw)).starts()
        power = [mw for start, mw in zip(starts, award.power_mw, strict=True) if start in hour]
        energy = sum(power, Decimal(0)) * _QUARTER
        if energy:
            found.append((award.order_id, sum(power, Decimal(0)) / len(hour), energy, energy * award.price_eur_per_mwh))
    return found


def _names(traded: Sequence[tuple[str, Decimal, Decimal, Decimal]]) -> str:
    return ", ".join(f"{name} {mw:.1f}" for name, mw, _, _ in traded)


def _shape(power_kw: Sequence[Decimal], grid: TimeGrid) -> tuple[str, str, str, str]:
    values = np.array([float(kw) for kw in power_kw])
    hourly = [values[k : k + QUARTERS_PER_HOUR].mean() for k in range(0, len(values), QUARTERS_PER_HOUR)]
    top = max(float(np.max(np.abs(values))), 1e-9)
    bars = "".join(" " if abs(v) < 1e-6 * top else _BARS[min(7, int(abs(v) / top * 7.999))] for v in hourly)
    energy = sum(power_kw, Decimal(0)) * _QUARTER
    peak = int(np.argmax(values))
    return bars, f"{energy:.1f}", f"{power_kw[peak]:.1f}", _clock(grid.at(peak))


def _clock(instant: datetime) -> str:
    return f"{instant.astimezone(AMSTERDAM):%H:%M}"


def _mw(value: Decimal) -> str:
    return f"{value:.3f}"
