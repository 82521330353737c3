"""Solver options with our names, probed and read back: HiGHS ignores an unknown option without raising."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SolverOptions:
    """How far a run goes.

    Attributes:
        time_limit_s: wall-clock limit; None for no limit.
        relative_gap: stop once the relative gap is proven; 1e-6, because the solver's own 1e-4 is money.
        absolute_gap: stop once the absolute gap is proven, in the unit of the objective.
        node_limit: limit on branch-and-bound nodes; None for no limit.
        seed: random seed of the solver.
        method: "simplex" or "ipm" for linear programs; "choose" is interior point for large ones and otherwise left
            to the solver. Small changes to a large live program may be faster with "simplex".
        crossover: whether interior point ends on a vertex.
        restart: whether a mixed-integer solve may start over after its root has fixed columns. It helps some models and
            doubles the time of others, so a caller turns it off only with a measurement.
        feasibility_tolerance: primal and dual feasibility tolerance; None is the solver's default, 1e-7.
        log: print the solver's own log.
    """

    time_limit_s: float | None = None
    relative_gap: float = 1e-6
    absolute_gap: float = 1e-6
    node_limit: int | None = None
    seed: int = 0
    method: str = "choose"
    crossover: bool = True
    restart: bool = True
    feasibility_tolerance: float | None = None
    log: bool = False

    def as_highs(self) -> dict[str, bool | int | float | str]:
        """Name every option as HiGHS does; one thread always, because `threads` cannot change in a process."""
        tolerance = 1e-7 if self.feasibility_tolerance is None else self.feasibility_tolerance
        return {
            "output_flag": self.log,
            "threads": 1,
            "mip_allow_restart": self.restart,
            "mip_rel_gap": self.relative_gap,
            "mip_abs_gap": self.absolute_gap,
            "random_seed": self.seed,
            "solver": self.method,
            "run_crossover": "on" if self.crossover else "off",
            "time_limit": float("inf") if self.time_limit_s is None else float(self.time_limit_s),
            "mip_max_nodes": 2147483647 if self.node_limit is None else self.node_limit,
            "primal_feasibility_tolerance": tolerance,
            "dual_feasibility_tolerance": tolerance,
        }
