"""The registry of benchmark cases: what is generated, who solves it, what is promised.

A suite is a module of `benchmarks.suites` with a tuple ``CASES``; its name is the suite's name. To register a case:

    def generate(size: int, seed: int, data: Path | None) -> SiteProblem: ...      # any value; hashed field by field

    def solve_with_ours(problem: SiteProblem, clock: Clock) -> Figures:
        with clock.phase("build"):
            model = build(problem)
        with clock.phase("solve"):
            plan = solve(model)
        return {"objective": (plan.total_cost_eur, "EUR")}

    CASES = (
        Case(
            name="charge plaza",
            source="generator charge_plaza, assumptions in its docstring",
            sizes=(10, 300),                                    # smallest first; the smoke pass takes the first
            generate=generate,
            engines={"ours": solve_with_ours, "textbook": solve_with_pyomo},
            rival="textbook",                                   # every other engine is divided by it
            agree={"objective": 1e-6},                          # figures on which all engines agree, relative
            targets=(Target(engine="ours", phase="total", at_most_ratio=0.5),),
        ),
    )

Usual phases are validate, build, compile, load, solve, verify. ``total`` is the sum of an engine's phases and is added
by the harness, as is the peak memory of its process. Every run of an engine is a process of its own, so that thread
settings, caches and memory are its own; an engine named in ``largest`` is left out above that size, in print.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import suites
from benchmarks.measure import Clock, Figures

Generator = Callable[[int, int, Path | None], Any]
Engine = Callable[[Any, Clock], Figures]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A promise about one engine; whether it is kept is computed, never typed.

    Attributes:
        engine: engine that promises.
        phase: phase it is about, or ``result`` for a figure the engine returns.
        metric: ``seconds`` on the wall, ``cpu`` seconds, ``peak memory`` (phase ``total``) or the name of a figure.
        sizes: sizes it holds for; all when empty.
        at_most: limit on the median value, in the metric's unit.
        at_least: limit from below on the median value.
        at_most_ratio: limit on the median ratio to the case's rival in the same run.
    """

    engine: str
    phase: str
    metric: str = "seconds"
    sizes: tuple[int, ...] = ()
    at_most: float | None = None
    at_least: float | None = None
    at_most_ratio: float | None = None

    def holds_at(self, size: int) -> bool:
        """Whether it is about instances of this size."""
        return not self.sizes or size in self.sizes


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kind of instance, in several sizes, for several engines.

    Attributes:
        name: name, unique in its suite.
        source: where the instance and its figures come from.
        sizes: sizes, smallest first.
        generate: makes an instance from size, seed and the folder of external data.
        engines: who solves it.
        rival: engine that all others are divided by; None for none.
        agree: figures on which all engines must agree, with the relative tolerance.
        targets: promises.
        seed: seed of the generator.
        largest: largest size per engine; engines without an entry run at every size.
        needs_data: whether ``generate`` reads external data; the case is left out where no folder is given.
        time_limit_s: time after which one run of an engine is stopped and recorded as such.
    """

    name: str
    source: str
    sizes: tuple[int, ...]
    generate: Generator
    engines: Mapping[str, Engine]
    rival: str | None = None
    agree: Mapping[str, float] = field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    seed: int = 1
    largest: Mapping[str, int] = field(default_factory=dict)
    needs_data: bool = False
    time_limit_s: float = 600.0

    def engines_at(self, size: int) -> tuple[str, ...]:
        """Engines that run at a size, in the order they were registered."""
        return tuple(name for name in self.engines if size <= self.largest.get(name, size))


def suite_names() -> tuple[str, ...]:
    """Name every suite."""
    return tuple(sorted(module.name for module in pkgutil.iter_modules(suites.__path__)))


def load_suite(name: str) -> tuple[Case, ...]:
    """Import a suite and hand over its cases.

    Raises:
        ValueError: there is no such suite, or two of its cases share a name.
    """
    if name not in suite_names():
        raise ValueError(f"there is no suite {name}; there are {', '.join(suite_names())}")
    cases: tuple[Case, ...] = importlib.import_module(f"benchmarks.suites.{name}").CASES
    if len({case.name for case in cases}) < len(cases):
        raise ValueError(f"two cases of suite {name} share a name")
    return cases


def find_case(suite: str, name: str) -> Case:
    """Find a case by suite and name.

    Raises:
        ValueError: there is no such case.
    """
    for case in load_suite(suite):
        if case.name == name:
            return case
    raise ValueError(f"suite {suite} has no case {name}")
