"""Draw time against fleet size, both logarithmic: ``python -m benchmarks.fleet_plot`` after the suite has run."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from benchmarks.report import RESULTS
from benchmarks.suites.fleet import PEER_SECONDS

PEER = "FlexMeasures 1.0.1, its default, measured elsewhere on the reference instances"


def collect_lines(rows: Sequence[dict[str, Any]]) -> dict[str, list[tuple[int, float]]]:
    """Processor seconds by size for every case and engine."""
    lines: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        if row["phase"] == "total" and row["metric"] == "cpu":
            lines[f"{row['engine']}: {row['case']}"].append((row["size"], row["value"]))
    return {name: sorted(points) for name, points in sorted(lines.items())}


def draw_lines(lines: dict[str, list[tuple[int, float]]], path: Path) -> None:
    """Draw one line per case and engine, ours thick."""
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots()
    for name, points in lines.items():
        width = 2.0 if name.startswith("ours") else 1.0
        axes.loglog(*zip(*points, strict=True), marker="o", linewidth=width, label=name)
    axes.loglog(list(PEER_SECONDS), list(PEER_SECONDS.values()), "k--", label=PEER)
    axes.set_xlabel("sessions")
    axes.set_ylabel("processor seconds, schedule of every session included")
    axes.grid(visible=True, which="both", alpha=0.2)
    axes.legend(fontsize="small")
    figure.savefig(path)


def main() -> None:
    """Read the results of the suite and draw them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet_plot", description=__doc__)
    parser.add_argument("--results", type=Path, default=RESULTS / "fleet.json")
    parser.add_argument("--out", type=Path, default=RESULTS / "fleet.svg")
    given = parser.parse_args()
    draw_lines(collect_lines(json.loads(given.results.read_text())["rows"]), given.out)


if __name__ == "__main__":
    main()
