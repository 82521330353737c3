"""Run a suite: every engine in its own process, repeats interleaved, ratios within the repeat.

The machine may be shared. Engines therefore take turns inside each repeat, a ratio is taken between neighbours of the
same repeat, and what is published is the median over the repeats.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from statistics import median

from benchmarks.measure import Measurement, measure
from benchmarks.registry import Case, Target

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
Say = Callable[[str], None]


class BenchmarkError(Exception):
    """An engine failed, or engines disagree on a figure or on the instance: there is nothing to compare."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One published figure.

    Attributes:
        case: name of the case.
        size: size of the instance.
        engine: who was measured.
        phase: phase, ``total`` or ``result``.
        metric: what was measured.
        value: median over the repeats.
        unit: unit of the value.
        target: the promise in words, or None.
        reached: whether the promise is kept, or None without one.
        ratio_to: engine the value was divided by, or None.
        ratio: median over the repeats of value / value of that engine, or None.
    """

    case: str
    size: int
    engine: str
    phase: str
    metric: str
    value: float
    unit: str
    target: str | None = None
    reached: bool | None = None
    ratio_to: str | None = None
    ratio: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SizeResult:
    """What the repeats at one size gave.

    Attributes:
        rows: the published figures.
        instance: hash of the instance.
    """

    rows: tuple[Row, ...]
    instance: str


def smoke(case: Case, data: Path | None = None) -> None:
    """Run every engine once at the smallest size in this process, without timing.

    Raises:
        BenchmarkError: the engines disagree.
    """
    size = case.sizes[0]
    runs = {engine: measure(case, size, engine, data) for engine in case.engines_at(size)}
    require_agreement(case, size, runs)
    require_measured(case, size, runs)


def run_size(suite: str, case: Case, size: int, *, repeat: int, data: Path | None, say: Say) -> SizeResult:
    """Measure every engine of a case at one size, in turns.

    Raises:
        BenchmarkError: an engine failed or the engines disagree.
    """
    taken: dict[str, list[Measurement]] = {engine: [] for engine in case.engines_at(size)}
    stopped: set[str] = set()
    for turn in range(repeat):
        for engine, runs in taken.items():
            if engine in stopped:
                continue
            say(f"{case.name} {size:,} {engine} {turn + 1}/{repeat}")
            measurement = run_engine(suite, case, size, engine, data)
            if measurement is None:
                stopped.add(engine)
            else:
                runs.append(measurement)
        require_agreement(case, size, {e: runs[-1] for e, runs in taken.items() if runs and e not in stopped})
    done = {engine: runs for engine, runs in taken.items() if engine not in stopped}
    rows = [row for engine in done for row in _rows(case, size, engine, done)]
    require_measured(case, size, {engine: runs[0] for engine, runs in done.items()})
    rows += [_stopped_row(case, size, engine) for engine in taken if engine in stopped]
    return SizeResult(rows=tuple(rows), instance=next((runs[0].instance for runs in done.values()), ""))


def run_engine(suite: str, case: Case, size: int, engine: str, data: Path | None) -> Measurement | None:
    """Run one engine once in a process of its own; None when it was stopped at the time limit.

    Raises:
        BenchmarkError: the process failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "measurement.json"
        command = [sys.executable, "-m", "benchmarks.measure", suite, case.name, str(size), engine, str(out)]
        command += ["--data", str(data)] if data else []
        try:
            run = subprocess.run(
                command,
                check=False,
                capture_output=True,
                text=True,
                timeout=case.time_limit_s,
                env={**os.environ, **ONE_THREAD, "PYTHONHASHSEED": "0"},
                cwd=Path(__file__).parents[1],
            )
        except subprocess.TimeoutExpired:
            return None
        if run.returncode:
            raise BenchmarkError(f"{engine} failed on {case.name} {size}:\n{run.stderr[-2000:]}")
        read = json.loads(out.read_text())
    read["figures"] = {name: tuple(figure) for name, figure in read["figures"].items()}
    return Measurement(**read)


def require_agreement(case: Case, size: int, runs: dict[str, Measurement]) -> None:
    """Refuse to compare engines that were given different instances or came to different figures.

    Raises:
        BenchmarkError: they disagree, or an engine did not report a figure it should agree on.
    """
    if len({run.instance for run in runs.values()}) > 1:
        raise BenchmarkError(f"{case.name} {size}: the generator gave the engines different instances")
    for name, tolerance in case.agree.items():
        missing = [engine for engine, run in runs.items() if name not in run.figures]
        if missing:
            raise BenchmarkError(f"{case.name} {size}: {', '.join(missing)} did not report {name}")
        values = {engine: run.figures[name][0] for engine, run in runs.items()}
        spread = max(values.values(), default=0.0) - min(values.values(), default=0.0)
        scale = max(map(abs, values.values()), default=0.0)
        if not all(map(isfinite, values.values())) or spread > tolerance * max(1.0, scale):
            raise BenchmarkError(f"{case.name} {size}: engines disagree on {name}: {values}")


def require_measured(case: Case, size: int, runs: dict[str, Measurement]) -> None:
    """Refuse a promise that no figure answers to, such as one with a misspelt phase.

    Raises:
        BenchmarkError: there is such a promise.
    """
    for target in case.targets:
        run = runs.get(target.engine)
        if run is None:
            continue
        measured = {(phase, metric) for phase in run.seconds for metric in ("seconds", "cpu")}
        measured |= {("total", "peak memory"), *(("result", name) for name in run.figures)}
        if (target.phase, target.metric) not in measured:
            words = f"{target.engine} {target.phase} {target.metric}"
            raise BenchmarkError(f"{case.name} {size}: a promise about nothing measured: {words}")


def _stopped_row(case: Case, size: int, engine: str) -> Row:
    """Say that an engine was stopped, and that it keeps none of its promises."""
    promises = [t for t in case.targets if t.engine == engine and t.holds_at(size)]
    words = [f"{t.phase} {t.metric} {judge([t], float('inf'), 's', case.rival, None)[0]}" for t in promises]
    return Row(
        case=case.name,
        size=size,
        engine=engine,
        phase="total",
        metric="stopped after",
        value=case.time_limit_s,
        unit="s",
        target=", ".join(words) or None,
        reached=False if words else None,
    )


def _rows(case: Case, size: int, engine: str, done: dict[str, list[Measurement]]) -> list[Row]:
    own = done[engine]
    rival = case.rival if case.rival in done and case.rival != engine else None
    rows = []
    for phase in own[0].seconds:
        shared = rival if rival and phase in done[rival][0].seconds else None
        others = done[shared] if shared else []
        wall, wall_of_rival = [run.seconds[phase] for run in own], [run.seconds[phase] for run in others]
        rows.append(_row(case, size, engine, (phase, "seconds", "s"), wall, shared, wall_of_rival or None))
        processor, processor_of_rival = [run.cpu[phase] for run in own], [run.cpu[phase] for run in others]
        rows.append(_row(case, size, engine, (phase, "cpu", "s"), processor, shared, processor_of_rival or None))
    memory = [run.peak_mb for run in own]
    rows.append(
        _row(
            case,
            size,
            engine,
            ("total", "peak memory", "MB"),
            memory,
            rival,
            [run.peak_mb for run in done[rival]] if rival else None,
        )
    )
    for name, (_, unit) in own[0].figures.items():
        rows.append(_row(case, size, engine, ("result", name, unit), [run.figures[name][0] for run in own], None, None))
    return rows


def _row(
    case: Case,
    size: int,
    engine: str,
    what: tuple[str, str, str],
    values: Sequence[float],
    rival: str | None,
    others: Sequence[float] | None,
) -> Row:
    phase, metric, unit = what
    value = median(values)
    ratio = None
    if others is not None and all(others):
        ratio = median(own / other for own, other in zip(values, others, strict=True))
    targets = [t for t in case.targets if (t.engine, t.phase, t.metric) == (engine, phase, metric) and t.holds_at(size)]
    words, reached = judge(targets, value, unit, case.rival, ratio)
    return Row(
        case=case.name,
        size=size,
        engine=engine,
        phase=phase,
        metric=metric,
        value=value,
        unit=unit,
        target=words,
        reached=reached,
        ratio_to=rival if ratio is not None else None,
        ratio=ratio,
    )


def judge(
    targets: Sequence[Target], value: float, unit: str, rival: str | None, ratio: float | None
) -> tuple[str | None, bool | None]:
    """Say promises in words and whether all are kept; a ratio that could not be taken keeps nothing."""
    words, kept = [], []
    for target in targets:
        if target.at_most is not None:
            words.append(f"<= {target.at_most:g} {unit}")
            kept.append(value <= target.at_most)
        if target.at_least is not None:
            words.append(f">= {target.at_least:g} {unit}")
            kept.append(value >= target.at_least)
        if target.at_most_ratio is not None:
            words.append(f"<= {target.at_most_ratio:g} x {rival}")
            kept.append(ratio is not None and ratio <= target.at_most_ratio)
    return (", ".join(words), all(kept)) if words else (None, None)
