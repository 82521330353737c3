"""`HighsSession`: the only place that talks to HiGHS.

One session holds one live model. It is loaded once and then patched: changing ten thousand costs takes under a
millisecond, so a re-solve never rebuilds. Every call's status is read, because HiGHS reports an unknown option or a
refused row through its return value and carries on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from optimizer.errors import SolverError
from optimizer.model.program import FloatArray, Program
from optimizer.solver.options import SolverOptions
from optimizer.solver.outcome import Incumbent, Outcome, SolveReport, Stop

IntArray = NDArray[np.int32]

_STOPS = {
    "kOptimal": Stop.OPTIMAL,
    "kModelEmpty": Stop.OPTIMAL,
    "kInfeasible": Stop.INFEASIBLE,
    "kUnbounded": Stop.UNBOUNDED,
    "kTimeLimit": Stop.TIME_LIMIT,
    "kSolutionLimit": Stop.NODE_LIMIT,
    "kIterationLimit": Stop.NODE_LIMIT,
    "kInterrupt": Stop.INTERRUPTED,
    "kHighsInterrupt": Stop.INTERRUPTED,
    "kSolveError": Stop.FAILED,
    "kModelError": Stop.FAILED,
    "kLoadError": Stop.FAILED,
    "kPresolveError": Stop.FAILED,
    "kPostsolveError": Stop.FAILED,
    "kMemoryLimit": Stop.FAILED,
}
LARGE_LP_COLUMNS = 10_000
SOLVER = f"HiGHS {highspy.Highs().version()}"


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Patch:
    """Changes to a live model; every pair is (positions, new values).

    Attributes:
        costs: columns and their new costs.
        column_bounds: columns with new lower and upper bounds.
        row_bounds: rows with new lower and upper bounds.
        offset: new constant of the objective.
    """

    costs: tuple[IntArray, FloatArray] | None = None
    column_bounds: tuple[IntArray, FloatArray, FloatArray] | None = None
    row_bounds: tuple[IntArray, FloatArray, FloatArray] | None = None
    offset: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A look at a running solve.

    Attributes:
        seconds: wall-clock time of this run so far.
        incumbent: objective of the best solution so far, or None.
        bound: proven bound so far, or None.
        nodes: branch-and-bound nodes so far.
    """

    seconds: float
    incumbent: float | None
    bound: float | None
    nodes: int


ProgressListener = Callable[[Progress], bool]


class HighsSession:
    """One live HiGHS model: load, patch, warm-start, run."""

    def __init__(self, options: SolverOptions | None = None) -> None:
        self._highs = highspy.Highs()
        _require(self._highs.setOptionValue("output_flag", False), "be silent")
        self._options = options or SolverOptions()
        self._stage = ""
        self._integer: NDArray[np.bool_] = np.zeros(0, dtype=np.bool_)

    @property
    def columns(self) -> int:
        """Number of columns in the live model."""
        return int(self._highs.getNumCol())

    @property
    def rows(self) -> int:
        """Number of rows in the live model."""
        return int(self._highs.getNumRow())

    def load(self, program: Program, objective: int = 0) -> None:
        """Replace the live model by a program with one of its objectives.

        Raises:
            SolverError: HiGHS refused the model or holds fewer rows or columns than it was given.
        """
        goal = program.objectives[objective]
        self._stage = goal.name
        self._integer = program.integer
        rows = program.rows
        status = self._highs.passModel(
            program.columns,
            program.row_count,
            program.nonzeros,
            int(highspy.MatrixFormat.kRowwise),
            int(highspy.ObjSense.kMinimize),
            goal.offset,
            goal.costs,
            program.column_lower,
            program.column_upper,
            program.row_lower,
            program.row_upper,
            np.asarray(rows.indptr, dtype=np.int32),
            np.asarray(rows.indices, dtype=np.int32),
            rows.data,
            program.integer.astype(np.int32),
        )
        _require(status, f"load {program.name}")
        self._expect_counts(program.columns, program.row_count)

    def set_objective(self, name: str, costs: FloatArray, offset: float) -> None:
        """Minimise another objective on the live model.

        Raises:
            SolverError: a cost is not finite.
        """
        self.patch(Patch(costs=(np.arange(len(costs), dtype=np.int32), costs), offset=offset))
        self._stage = name

    def patch(self, patch: Patch) -> None:
        """Change costs and bounds of the live model in place.

        Raises:
            SolverError: a value is not a number, or HiGHS refused the change.
        """
        if patch.costs is not None:
            columns, costs = patch.costs
            _require_length("cost", columns, costs)
            _require_finite(costs, "cost")
            _require(self._highs.changeColsCost(len(columns), columns, costs), "patch costs")
        if patch.column_bounds is not None:
            columns, lower, upper = patch.column_bounds
            _require_length("bound", columns, lower, upper)
            _require_bounds(lower, upper)
            _require(self._highs.changeColsBounds(len(columns), columns, lower, upper), "patch column bounds")
        if patch.row_bounds is not None:
            rows, lower, upper = patch.row_bounds
            _require_length("bound", rows, lower, upper)
            _require_bounds(lower, upper)
            _require(self._highs.changeRowsBounds(len(rows), rows, lower, upper), "patch row bounds")
        if patch.offset is not None:
            _require_finite(np.array([patch.offset]), "offset")
            _require(self._highs.changeObjectiveOffset(patch.offset), "patch offset")

    def append_rows(self, lower: FloatArray, upper: FloatArray, rows: csr_array[Any, Any]) -> None:
        """Add rows of shape (n, columns) below the existing ones.

        Raises:
            SolverError: a coefficient is not finite, a bound excludes everything, or HiGHS refused a row.
        """
        _require_shape(rows, (len(lower), self.columns))
        _require_length("bound", lower, upper)
        _require_bounds(lower, upper)
        _require_finite(rows.data, "coefficient")
        expected = self.rows + len(lower)
        starts = np.asarray(rows.indptr[:-1], dtype=np.int32)
        indices = np.asarray(rows.indices, dtype=np.int32)
        _require(
            self._highs.addRows(len(lower), lower, upper, int(rows.nnz), starts, indices, rows.data),
            "append rows",
        )
        self._expect_counts(self.columns, expected)

    def append_columns(
        self,
        costs: FloatArray,
        lower: FloatArray,
        upper: FloatArray,
        columns: csr_array[Any, Any],
        *,
        integer: NDArray[np.bool_] | None = None,
    ) -> None:
        """Add columns, continuous unless marked; ``columns`` has one CSR row per new column, of shape (n, rows).

        Raises:
            SolverError: a value is not finite, or HiGHS refused a column.
        """
        whole = np.zeros(len(costs), dtype=np.bool_) if integer is None else integer
        _require_shape(columns, (len(costs), self.rows))
        _require_length("integrality", costs, whole)
        _require_length("bound", costs, lower, upper)
        _require_finite(costs, "cost")
        _require_bounds(lower, upper)
        _require_finite(columns.data, "coefficient")
        expected = self.columns + len(costs)
        starts = np.asarray(columns.indptr[:-1], dtype=np.int32)
        indices = np.asarray(columns.indices, dtype=np.int32)
        status = self._highs.addCols(len(costs), costs, lower, upper, int(columns.nnz), starts, indices, columns.data)
        _require(status, "append columns")
        self._expect_counts(expected, self.rows)
        positions = (expected - len(costs) + np.flatnonzero(whole)).astype(np.int32)
        kinds = np.full(len(positions), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        if len(positions):
            _require(self._highs.changeColsIntegrality(len(positions), positions, kinds), "mark integers")
        self._integer = np.concatenate([self._integer, whole])

    def warm_start(self, values: FloatArray) -> None:
        """Offer a solution of shape (columns,): the next run is never worse than it if it is feasible."""
        if len(values) != self.columns:
            raise SolverError(f"a warm start has {len(values)} values for {self.columns} columns")
        positions = np.arange(len(values), dtype=np.int32)
        _require(
            self._highs.setSolution(len(values), positions, np.asarray(values, dtype=np.float64)),
            "warm start",
        )

    def run(self, options: SolverOptions | None = None, listener: ProgressListener | None = None) -> Outcome:
        """Minimise the live model.

        Args:
            options: options of this run; those of the session unless given.
            listener: called while the solver runs; returning False interrupts it.

        Returns:
            The outcome; never raises because a model has no solution.
        """
        self._apply(self._with_method(options or self._options))
        started = time.perf_counter()
        with self._listening(listener, started):
            status = self._highs.run()
        seconds = time.perf_counter() - started
        return self._outcome(self._stop(status), seconds)

    def run_fixed(self, values: FloatArray, options: SolverOptions | None = None) -> Outcome:
        """Solve again as a linear program with every integer column fixed at ``values``: the duals of a cleared book.

        The live model is left as it was.
        """
        if len(values) != self.columns:
            raise SolverError(f"{len(values)} values for {self.columns} columns")
        integer = np.flatnonzero(self._integer).astype(np.int32)
        if not len(integer):
            return self.run(options)
        lp = self._highs.getLp()
        lower, upper = np.array(lp.col_lower_)[integer], np.array(lp.col_upper_)[integer]
        fixed = np.round(values[integer])
        try:
            self.patch(Patch(column_bounds=(integer, fixed, fixed)))
            with self._relaxed():
                return self.run(options)
        finally:
            self.patch(Patch(column_bounds=(integer, lower, upper)))

    def conflict(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Rows and columns of an irreducible infeasible subsystem of the live model's linear relaxation.

        Returns:
            Row positions and the positions of columns whose bounds take part; both empty when the relaxation is
            feasible and only integrality contradicts, or when the solver could not tell.
        """
        strategy = highspy.IisStrategy.kIisStrategyFromLp.value | highspy.IisStrategy.kIisStrategyIrreducible.value
        _require(self._highs.setOptionValue("iis_strategy", strategy), "choose the infeasibility strategy")
        with self._relaxed():  # on integer columns the solver searches without heeding any time limit
            status, subsystem = self._highs.getIis()
        _require(status, "find the conflict")
        if not subsystem.valid_:
            return (), ()
        rows = tuple(sorted(int(k) for k in subsystem.row_index_))
        columns = tuple(
            sorted(
                int(k)
                for k, bound in zip(subsystem.col_index_, subsystem.col_bound_, strict=True)
                if int(bound) != int(highspy.IisBoundStatus.kIisBoundStatusFree)
            )
        )
        return rows, columns

    @contextmanager
    def _relaxed(self) -> Iterator[None]:
        """Treat integer columns as continuous inside the block."""
        mask = self._integer
        integer = np.flatnonzero(mask).astype(np.int32)
        if not len(integer):
            yield
            return
        kinds = np.full(len(integer), int(highspy.HighsVarType.kContinuous), dtype=np.uint8)
        _require(self._highs.changeColsIntegrality(len(integer), integer, kinds), "relax integers")
        self._integer = np.zeros_like(mask)
        try:
            yield
        finally:
            self._integer = mask
            kinds = np.full(len(integer), int(highspy.HighsVarType.kInteger), dtype=np.uint8)
            _require(self._highs.changeColsIntegrality(len(integer), integer, kinds), "restore integers")

    def _with_method(self, options: SolverOptions) -> SolverOptions:
        """Choose interior point for large linear programs: on 50,000 columns it takes a tenth of simplex."""
        large = self.columns >= LARGE_LP_COLUMNS and not self._integer.any()
        return replace(options, method="ipm") if large and options.method == "choose" else options

    def _apply(self, options: SolverOptions) -> None:
        for name, value in options.as_highs().items():
            _require(self._highs.setOptionValue(name, value), f"set option {name}")
            status, seen = self._highs.getOptionValue(name)
            if status != highspy.HighsStatus.kOk or seen != value:
                raise SolverError(f"option {name} reads back as {seen}, not {value}")

    @contextmanager
    def _listening(self, listener: ProgressListener | None, started: float) -> Iterator[None]:
        """Let the listener follow the run inside the block; what it raises is raised once the run has ended."""
        if listener is None:
            yield
            return
        fault = _Fault()

        def notify(event: Any) -> None:
            data = event.data_out
            progress = Progress(
                seconds=time.perf_counter() - started,
                incumbent=_finite_or_none(data.mip_primal_bound),
                bound=_finite_or_none(data.mip_dual_bound),
                nodes=max(0, int(data.mip_node_count)),
            )
            go_on = False
            with fault:
                go_on = listener(progress)
            if not go_on:
                event.interrupt()

        events = (self._highs.cbMipInterrupt, self._highs.cbSimplexInterrupt, self._highs.cbIpmInterrupt)
        for event in events:
            event.subscribe(notify)
        try:
            yield
        finally:
            for event in events:
                event.unsubscribe(notify)
        if fault.error is not None:
            raise fault.error

    def _stop(self, status: Any) -> Stop:
        if status == highspy.HighsStatus.kError:  # the model status is then that of the run before
            return Stop.FAILED
        if self.columns == 0:  # HiGHS calls a model without columns empty and does not look at its rows
            lp = self._highs.getLp()
            contradiction = (np.array(lp.row_lower_) > 0.0).any() or (np.array(lp.row_upper_) < 0.0).any()
            return Stop.INFEASIBLE if contradiction else Stop.OPTIMAL
        return _STOPS.get(self._highs.getModelStatus().name, Stop.UNKNOWN)

    def _outcome(self, stop: Stop, seconds: float) -> Outcome:
        info = self._highs.getInfo()
        is_mip = bool(self._integer.any())
        incumbent = self._incumbent(stop, is_mip)
        bound: float | None = None
        if incumbent is not None and stop is Stop.OPTIMAL and not is_mip:
            bound = incumbent.objective
        elif is_mip and stop not in (Stop.INFEASIBLE, Stop.UNBOUNDED, Stop.FAILED):
            bound = _finite_or_none(info.mip_dual_bound)
        if stop is Stop.OPTIMAL and incumbent is None:
            stop = Stop.UNKNOWN
        if stop is Stop.OPTIMAL and incumbent is not None and bound is not None:
            spread = incumbent.objective - bound
            if spread > 1e-9 * max(1.0, abs(incumbent.objective)):
                stop = Stop.GAP_REACHED
        iterations = int(info.simplex_iteration_count) + int(info.ipm_iteration_count)
        report = SolveReport(
            solver=SOLVER,
            seconds=seconds,
            nodes=max(0, int(info.mip_node_count)),
            iterations=max(0, iterations),
            stage=self._stage,
        )
        return Outcome(stop=stop, incumbent=incumbent, bound=bound, report=report)

    def _incumbent(self, stop: Stop, is_mip: bool) -> Incumbent | None:
        if self.columns == 0 and stop is Stop.OPTIMAL:
            return Incumbent(values=np.zeros(0), objective=float(self._highs.getObjectiveOffset()[1]))
        info = self._highs.getInfo()
        if int(info.primal_solution_status) != int(highspy.SolutionStatus.kSolutionStatusFeasible):
            return None
        if stop in (Stop.INFEASIBLE, Stop.UNBOUNDED, Stop.FAILED, Stop.UNKNOWN):
            return None
        solution = self._highs.getSolution()
        has_duals = not is_mip and solution.dual_valid
        return Incumbent(
            values=np.array(solution.col_value),
            objective=float(info.objective_function_value),
            row_duals=np.array(solution.row_dual) if has_duals else None,
            reduced_costs=np.array(solution.col_dual) if has_duals else None,
        )

    def _expect_counts(self, columns: int, rows: int) -> None:
        if (self.columns, self.rows) != (columns, rows):
            raise SolverError(f"HiGHS holds {self.columns} columns and {self.rows} rows, expected {columns} and {rows}")


class _Fault:
    """Holds what a listener raised: an exception that passes through HiGHS leaves its object unable to run again."""

    def __init__(self) -> None:
        self.error: BaseException | None = None

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error = self.error or error
        return True


def _require(status: Any, what: str) -> None:
    if status == highspy.HighsStatus.kError:
        raise SolverError(f"HiGHS refused to {what}")


def _require_length(what: str, positions: NDArray[Any], *values: NDArray[Any]) -> None:
    """HiGHS reads as many values as there are positions, whether or not they exist."""
    if any(len(array) != len(positions) for array in values):
        raise SolverError(f"{len(positions)} positions, but {[len(array) for array in values]} {what} values")


def _require_shape(matrix: csr_array[Any, Any], shape: tuple[int, int]) -> None:
    if matrix.shape != shape:
        raise SolverError(f"coefficients have shape {matrix.shape}, expected {shape}")


def _require_finite(values: FloatArray, what: str) -> None:
    if not np.isfinite(values).all():
        raise SolverError(f"a {what} is not finite")


def _require_bounds(lower: FloatArray, upper: FloatArray) -> None:
    if np.isnan(lower).any() or np.isnan(upper).any():
        raise SolverError("a bound is not a number")
    if (lower == np.inf).any() or (upper == -np.inf).any():
        raise SolverError("a bound excludes every value")


def _finite_or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) and abs(value) < 1e29 else None
