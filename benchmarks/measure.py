"""Measure one run of one engine: time per phase, peak memory, figures of the result, hash of the instance.

As a module it is the process in which an engine runs: ``python -m benchmarks.measure SUITE CASE SIZE ENGINE OUT``.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fingerprint import instance_hash

if TYPE_CHECKING:
    from benchmarks.registry import Case

Figures = Mapping[str, tuple[float, str]]
"""Figures of a result by name: value and unit."""


class Clock:
    """Adds up time per phase: on the wall, and of this process on the processor, which a busy machine disturbs less."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {"total": 0.0}
        self.cpu: dict[str, float] = {"total": 0.0}

    @contextmanager
    def phase(self, name: str, *, in_total: bool = True) -> Iterator[None]:
        """Time a block; a phase entered twice adds up.

        Args:
            name: name of the phase.
            in_total: whether it is part of the work that a user waits for; False for what is measured on the side
                or lies inside another phase.
        """
        wall, processor = time.perf_counter(), time.process_time()
        yield
        for spent, times in (
            (time.perf_counter() - wall, self.seconds),
            (time.process_time() - processor, self.cpu),
        ):
            times[name] = times.get(name, 0.0) + spent
            times["total"] += spent if in_total else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one run of one engine gave.

    Attributes:
        seconds: wall-clock seconds per phase; ``total`` is the sum.
        cpu: processor seconds per phase.
        peak_mb: highest resident memory of the process, in MB.
        figures: figures of the result: value and unit.
        instance: hash of the instance.
    """

    seconds: dict[str, float]
    cpu: dict[str, float]
    peak_mb: float
    figures: dict[str, tuple[float, str]]
    instance: str


def measure(case: Case, size: int, engine: str, data: Path | None = None) -> Measurement:
    """Generate the instance and run one engine on it in this process."""
    instance = case.generate(size, case.seed, data)
    clock = Clock()
    figures = case.engines[engine](instance, clock)
    return Measurement(
        seconds=clock.seconds,
        cpu=clock.cpu,
        peak_mb=_peak_mb(),
        figures={name: (float(value), unit) for name, (value, unit) in figures.items()},
        instance=instance_hash(instance),
    )


def _peak_mb() -> float:
    """Peak of this process alone; what `getrusage` says after a fork includes the parent's memory."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024.0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main() -> None:
    """Run one engine on one instance and write the measurement to a file."""
    from benchmarks.registry import find_case

    parser = argparse.ArgumentParser(prog="python -m benchmarks.measure")
    parser.add_argument("suite")
    parser.add_argument("case")
    parser.add_argument("size", type=int)
    parser.add_argument("engine")
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path)
    given = parser.parse_args()
    measurement = measure(find_case(given.suite, given.case), given.size, given.engine, given.data)
    given.out.write_text(json.dumps(asdict(measurement)))


if __name__ == "__main__":
    main()
