"""Chart of what flexibility is worth per contract form."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from market.offers.valuation import Valuation

REVENUE, COST, FINE = "#1f6f8b", "#9aa5b1", "#b3362b"


def draw_valuations(values: Sequence[Valuation], path: Path) -> None:
    """Draw revenue against costs and fines per contract form, the result written above; needs matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8.0, 4.0), layout="constrained")
    axes = figure.add_subplot()
    for place, value in enumerate(values):
        revenue, cost, fine = (float(v) for v in (value.revenue_eur, value.cost_eur, value.expected_fine_eur))
        axes.bar(place - 0.2, revenue, 0.38, color=REVENUE, label="revenue" if place == 0 else None)
        axes.bar(place + 0.2, cost, 0.38, color=COST, label="cost" if place == 0 else None)
        axes.bar(place + 0.2, fine, 0.38, bottom=cost, color=FINE, label="expected fines" if place == 0 else None)
        axes.annotate(
            f"{value.result_eur:+,.0f}", (place, max(revenue, cost + fine)), ha="center", va="bottom", fontsize=9
        )
    axes.set_xticks(range(len(values)), [value.form.value.replace("_", " ") for value in values])
    axes.set_ylabel("EUR per year")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)
    figure.savefig(path)
