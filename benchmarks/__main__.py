"""``python -m benchmarks SUITE``: run a suite, print its table, write ``benchmarks/results/SUITE.json``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rich.console import Console

from benchmarks.registry import Case, load_suite, suite_names
from benchmarks.report import RESULTS, print_rows, write_results
from benchmarks.runner import BenchmarkError, Row, run_size, smoke


def main() -> int:
    """Run what the command line asks for; 1 when engines fail or disagree or a promise is not kept."""
    given = _parse()
    console, progress = Console(width=160), Console(stderr=True, highlight=False)
    rows: list[Row] = []
    instances: dict[str, str] = {}
    left_out: list[str] = []
    try:
        for case in _chosen(load_suite(given.suite), given.case):
            if case.needs_data and given.data is None:
                left_out.append(f"{case.name}: needs --data ({case.source})")
                continue
            if given.smoke:
                smoke(case, given.data)
                console.print(f"{case.name} {case.sizes[0]:,}: engines run and agree")
                continue
            for size in given.size or case.sizes:
                left_out += [
                    f"{case.name} {size}: {e} is too slow" for e in case.engines if e not in case.engines_at(size)
                ]
                result = run_size(given.suite, case, size, repeat=given.repeat, data=given.data, say=progress.print)
                rows += result.rows
                instances[f"{case.name} {size}"] = result.instance
    except (BenchmarkError, ValueError) as error:
        progress.print(f"[bold red]{error}[/]")
        return 1
    for what in left_out:
        console.print(f"[bold yellow]left out[/] {what}")
    if rows:
        print_rows(rows, console)
    if rows and not (given.case or given.size):
        path = write_results(
            given.suite, rows, instances=instances, left_out=left_out, repeat=given.repeat, folder=given.results
        )
        console.print(f"written to {path}")
    missed = [row for row in rows if row.reached is False]
    if missed:
        console.print(f"[bold red]{len(missed)} promises not kept[/]")
    return 1 if missed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suite", choices=suite_names())
    parser.add_argument("--data", type=Path, help="folder of external data, for the cases that need it")
    parser.add_argument("--smoke", action="store_true", help="every case once at its smallest size, without timing")
    parser.add_argument("--repeat", type=int, default=5, help="repeats, in turns; medians are published")
    parser.add_argument("--case", action="append", help="only this case; nothing is written")
    parser.add_argument("--size", action="append", type=int, help="only this size; nothing is written")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the result file")
    return parser.parse_args()


def _chosen(cases: tuple[Case, ...], names: list[str] | None) -> tuple[Case, ...]:
    unknown = set(names or ()) - {case.name for case in cases}
    if unknown:
        raise ValueError(f"no case {', '.join(sorted(unknown))}; there are {', '.join(case.name for case in cases)}")
    return tuple(case for case in cases if not names or case.name in names)


if __name__ == "__main__":
    sys.exit(main())
