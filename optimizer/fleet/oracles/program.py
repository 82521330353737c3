"""Any program as an oracle: a thermal class, a batch plant, a whole site, seen as its power and its cost."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from optimizer.errors import SolverError
from optimizer.fleet.oracles.oracle import Response
from optimizer.model.program import Program
from optimizer.problems.fleet import FloatArray, IntArray
from optimizer.solver.options import SolverOptions
from optimizer.solver.session import HighsSession


class ProgramOracle:
    """One program whose power per step is linear in its columns; the detail of a response is its solution."""

    exact = True

    def __init__(
        self,
        program: Program,
        power_rows: csr_array[Any, Any],
        *,
        fixed_kw: FloatArray | float = 0.0,
        area: int = 0,
        relative_gap: float = 1e-7,
    ) -> None:
        """Take over a program.

        Args:
            program: the program; its first objective is the own cost in EUR.
            power_rows: power in kW of every column in every step, shape (steps, columns).
            fixed_kw: power that no column decides on, shape (steps,).
            area: area of the program.
            relative_gap: gap to which integer programs are solved; the bound of a response is the proven one.
        """
        self.program = program
        self.power_rows = power_rows
        self.fixed_kw = np.array(np.broadcast_to(np.asarray(fixed_kw, dtype=np.float64), (power_rows.shape[0],)))
        self._area = area
        self._gap = relative_gap

    @property
    def group_area(self) -> IntArray:
        """One group."""
        return np.array([self._area], dtype=np.int32)

    @property
    def integer(self) -> bool:
        """Whether its solutions cannot be mixed."""
        return bool(self.program.integer.any())

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Solve at own cost plus energy at these prices.

        Raises:
            SolverError: the program has no solution at all.
        """
        price = price_eur_per_kw[self._area]
        own = self.program.objectives[0]
        # A fresh session each time: a warm one would answer ties by its history.
        session = HighsSession(SolverOptions(relative_gap=self._gap, feasibility_tolerance=1e-9))
        session.load(self.program)
        fixed = float(price @ self.fixed_kw)
        session.set_objective("prices", own.costs + self.power_rows.T @ price, own.offset + fixed)
        outcome = session.run()
        if outcome.incumbent is None or outcome.bound is None:
            raise SolverError(f"{self.program.name} ended with {outcome.stop.value}")
        values = outcome.incumbent.values
        return Response(
            power_kw=self.power(values)[None, :],
            own_cost_eur=np.array([float(own.costs @ values) + own.offset]),
            bound_eur=np.array([outcome.bound]),
            detail=values,
        )

    def power(self, values: FloatArray) -> FloatArray:
        """Power per step of a solution."""
        return np.asarray(self.power_rows @ values + self.fixed_kw, dtype=np.float64)

    def split(self, _parts: int) -> tuple[ProgramOracle, ...]:
        """Stay whole; see `ProgramsOracle` for many at once."""
        return (self,)

    def join(self, details: Sequence[Any]) -> Any:
        """Hand on the only detail."""
        return details[0]


class ProgramsOracle:
    """Many programs as one oracle that can be cut, so that an executor works on them at the same time."""

    exact = True

    def __init__(self, programs: Sequence[ProgramOracle]) -> None:
        self.programs = tuple(programs)

    @property
    def group_area(self) -> IntArray:
        """Area of each program."""
        return np.concatenate([each.group_area for each in self.programs])

    def respond(self, price_eur_per_kw: FloatArray) -> Response:
        """Solve each program; the detail is the tuple of solutions."""
        answers = [each.respond(price_eur_per_kw) for each in self.programs]
        return Response(
            power_kw=np.concatenate([a.power_kw for a in answers]),
            own_cost_eur=np.concatenate([a.own_cost_eur for a in answers]),
            bound_eur=np.concatenate([a.bound_eur for a in answers]),
            detail=tuple(a.detail for a in answers),
        )

    def split(self, parts: int) -> tuple[ProgramsOracle, ...]:
        """Cut into runs of programs."""
        cuts = np.array_split(np.arange(len(self.programs)), min(parts, len(self.programs)))
        return tuple(ProgramsOracle([self.programs[int(k)] for k in cut]) for cut in cuts)

    def join(self, details: Sequence[Sequence[FloatArray]]) -> tuple[FloatArray, ...]:
        """Solutions of the programs of all parts."""
        return tuple(values for part in details for values in part)
