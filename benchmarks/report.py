"""Print the rows of a suite and write them to a file, with all it takes to read them later."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.runner import Row

RESULTS = Path(__file__).parent / "results"
LIBRARIES = ("flexclear", "highspy", "pyomo", "numpy", "scipy", "pandas")


def print_rows(rows: Sequence[Row], console: Console) -> None:
    """Print one line per figure."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in ("case", "size", "engine", "phase", "metric"):
        table.add_column(column, justify="right" if column == "size" else "left")
    for column in ("value", "unit", "ratio", "target", "reached"):
        table.add_column(column, justify="right" if column in ("value", "ratio") else "left")
    for row in rows:
        table.add_row(
            row.case,
            f"{row.size:,}",
            row.engine,
            row.phase,
            row.metric,
            f"{row.value:,.6g}",
            row.unit,
            "" if row.ratio is None else f"{row.ratio:.3g} x {row.ratio_to}",
            row.target or "",
            "" if row.reached is None else "yes" if row.reached else "NO",
        )
    console.print(table)


def write_results(
    suite: str, rows: Sequence[Row], *, instances: Mapping[str, str], left_out: Sequence[str], repeat: int, folder: Path
) -> Path:
    """Write a suite's rows with machine, versions, commit and instance hashes.

    Args:
        suite: name of the suite.
        rows: the figures.
        instances: hash of the instance by case and size.
        left_out: what was not run and why.
        repeat: number of repeats the medians are over.
        folder: where the file goes.
    """
    report: dict[str, Any] = {
        "suite": suite,
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "repeat": repeat,
        "machine": machine(),
        "versions": {"python": platform.python_version()}
        | {name: importlib.metadata.version(name) for name in LIBRARIES},
        "instances": dict(instances),
        "left_out": list(left_out),
        "rows": [asdict(row) for row in rows],
    }
    path = folder / f"{suite}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report, indent=1) + "\n")
    return path


def commit() -> str:
    """Commit of the code that was measured; marked where tracked files differ from it."""
    top = Path(__file__).parents[1]

    def git(*words: str) -> str:
        run = subprocess.run(["git", "-C", str(top), *words], check=False, capture_output=True, text=True)
        return run.stdout.strip()

    name = git("rev-parse", "HEAD") or "unknown"
    changed = git("status", "--porcelain", "--untracked-files=no", "--", "optimizer", "market", "api", "benchmarks")
    return f"{name} with changes" if changed else name


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [
            line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        cpu = names[0] if names else cpu
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cpu": cpu, "cores": os.cpu_count(), "memory_gb": round(pages / 2**30), "system": platform.system()}
