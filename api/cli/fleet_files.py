"""Files of fleets: sessions in parts, limits per step, schedules as they are made.

Times are UTC. A session may charge in every whole step between its arrival and its departure. What cannot be read in a
row makes that row a corrupt session, never a guess; rows count from 0 below the header.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from api.schemas.documents import UnreadableError
from optimizer.problems.fleet import AreaLimits, FleetProblem, FloatArray, Sessions
from optimizer.results.fleet import Schedules
from optimizer.timegrid import TimeGrid

PART_ROWS = 500_000
_TIMES = ("arrival", "departure")
_NEEDED = (*_TIMES, "energy_kwh", "power_kw")
_OPTIONAL = ("efficiency", "minimum_kw")
_LIMIT_COLUMNS = ("limit_kw", "price_eur_per_kwh", "base_load_kw", "excess_price_eur_per_kwh")

Sink = Callable[[NDArray[np.int64], Sessions, Schedules], None]


def drop_schedules(_rows: NDArray[np.int64], _sessions: Sessions, _schedules: Schedules) -> None:
    """Take the schedules of a part and keep nothing."""


def read_session_parts(path: Path, grid: TimeGrid) -> Iterator[Sessions]:
    """Read sessions part by part.

    Raises:
        UnreadableError: the file is missing, is neither CSV nor Parquet, or lacks a column.
    """
    for frame in _frames(path):
        missing = [name for name in _NEEDED if name not in frame.columns]
        if missing:
            raise UnreadableError("sessions.columns", f"{path.name} lacks the columns {', '.join(missing)}")
        yield _sessions_of(frame, grid)


def read_limits(path: Path) -> FleetProblem:
    """Read the steps, limit, prices and base load of a fleet; the problem has no sessions yet.

    Raises:
        UnreadableError: the file is missing, lacks a column, or its rows are not consecutive steps of numbers.
    """
    frame, grid = read_steps(path, "limit_kw")
    nothing: list[float] = []
    limits = AreaLimits.of(frame["limit_kw"], grid.steps, price=frame.get("excess_price_eur_per_kwh", np.inf))
    return FleetProblem.of(
        grid,
        Sessions.of(nothing, nothing, nothing, nothing),
        frame.get("price_eur_per_kwh", np.zeros(grid.steps)),
        limits=limits,
        base_load_kw=frame.get("base_load_kw", 0.0),
    )


def read_steps(path: Path, needed: str) -> tuple[dict[str, FloatArray], TimeGrid]:
    """Read a file with one row per step: its columns of numbers and its grid.

    Raises:
        UnreadableError: as `read_limits`.
    """
    frame = _read_csv(path)
    lacking = [name for name in ("start", needed) if name not in frame.columns]
    if lacking:
        raise UnreadableError("limit.columns", f"{path.name} lacks the columns {', '.join(lacking)}")
    starts = pd.to_datetime(frame["start"], utc=True, errors="coerce", format="ISO8601")
    if starts.isna().any() or len(starts) < 2:
        raise UnreadableError("limit.start", f"{path.name}: every row has a UTC start, and there are at least two")
    seconds = starts.astype("datetime64[s, UTC]").astype("int64").to_numpy()
    length = int(seconds[1] - seconds[0])
    if length <= 0 or not (np.diff(seconds) == length).all() or seconds[0] % length:
        raise UnreadableError("limit.start", f"{path.name}: rows are consecutive whole steps of equal length")
    columns: dict[str, FloatArray] = {}
    for name in _LIMIT_COLUMNS:
        if name in frame.columns:
            values = pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64)
            if not np.isfinite(values).all():
                row = int(np.argmin(np.isfinite(values)))
                raise UnreadableError(f"limit.{name}", f"{path.name} row {row}: {name} is not a number")
            columns[name] = values
    first: datetime = starts.iloc[0].to_pydatetime()
    return columns, TimeGrid(start=first, steps=len(starts), step_s=length)


@contextmanager
def open_schedule_file(path: Path | None, grid: TimeGrid) -> Iterator[Sink]:
    """Open a file that takes the schedules of each part as it is made; none takes them without a file.

    Each session is one row: its row in the input, the UTC start of its first step, and its power in kW per step.

    Raises:
        UnreadableError: the name ends neither in .csv nor in .parquet.
    """
    if path is None:
        yield drop_schedules
    elif path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["session", "start", "power_kw"])
            yield lambda rows, _, schedules: _write_csv(writer, grid, rows, schedules)
    elif path.suffix == ".parquet":
        arrow, parquet = _pyarrow()
        schema = arrow.schema(
            [
                ("session", arrow.int64()),
                ("start", arrow.timestamp("s", tz="UTC")),
                ("power_kw", arrow.list_(arrow.float32())),
            ]
        )
        with parquet.ParquetWriter(path, schema, use_dictionary=False, compression="zstd") as writer:
            yield lambda rows, _, schedules: writer.write_table(_table(arrow, schema, grid, rows, schedules))
    else:
        raise UnreadableError("out.kind", f"{path.name}: schedules are written as .csv or .parquet")


def _frames(path: Path) -> Iterator[pd.DataFrame]:
    if not path.exists():
        raise UnreadableError("sessions.file", f"there is no file {path}")
    if path.suffix == ".csv":
        with pd.read_csv(path, chunksize=PART_ROWS) as reader:
            yield from reader
    elif path.suffix == ".parquet":
        _, parquet = _pyarrow()
        for batch in parquet.ParquetFile(path).iter_batches(batch_size=PART_ROWS):
            yield batch.to_pandas()
    else:
        raise UnreadableError("sessions.kind", f"{path.name}: sessions come as .csv or .parquet")


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.exists():
        raise UnreadableError("limit.file", f"there is no file {path}")
    return pd.read_csv(path)


def _sessions_of(frame: pd.DataFrame, grid: TimeGrid) -> Sessions:
    arrival = np.ceil(_steps_from(frame["arrival"], grid))
    departure = np.floor(_steps_from(frame["departure"], grid))
    numbers = {name: _numbers(frame, name) for name in ("energy_kwh", "power_kw")}
    others = {name: _numbers(frame, name) for name in _OPTIONAL if name in frame.columns}
    return Sessions.of(_whole(arrival), _whole(departure), numbers["energy_kwh"], numbers["power_kw"], **others)


def _steps_from(times: pd.Series[Any], grid: TimeGrid) -> FloatArray:
    """Steps from the start of the grid, not rounded; not a number where the time cannot be read."""
    instants = pd.to_datetime(times, utc=True, errors="coerce", format="ISO8601")
    seconds = (instants - pd.Timestamp(grid.start)).dt.total_seconds()
    return np.asarray(seconds.to_numpy(dtype=np.float64) / grid.step_s, dtype=np.float64)


def _whole(steps: FloatArray) -> NDArray[np.int32]:
    """Whole steps; what is no time, or lies far off, becomes -1, which no session has."""
    usable = np.isfinite(steps) & (np.abs(steps) < 2**30)
    return np.where(usable, steps, -1.0).astype(np.int32)


def _numbers(frame: pd.DataFrame, name: str) -> FloatArray:
    return pd.to_numeric(frame[name], errors="coerce").to_numpy(dtype=np.float64)


def _write_csv(writer: Any, grid: TimeGrid, rows: NDArray[np.int64], schedules: Schedules) -> None:
    starts = [grid.at(step).isoformat() for step in range(grid.steps)]
    writer.writerows(
        (int(row), starts[schedules.arrival[k]], " ".join(f"{p:.4g}" for p in schedules.of(k)))
        for k, row in enumerate(rows)
    )


def _table(arrow: ModuleType, schema: Any, grid: TimeGrid, rows: NDArray[np.int64], schedules: Schedules) -> Any:
    order = np.argsort(schedules.start, kind="stable")
    length = (schedules.departure - schedules.arrival)[order]
    offsets = np.concatenate([[0], np.cumsum(length)]).astype(np.int32)
    power = arrow.ListArray.from_arrays(arrow.array(offsets), arrow.array(schedules.power_kw.astype(np.float32)))
    first = int(grid.start.timestamp())
    start = arrow.array(first + schedules.arrival[order].astype(np.int64) * grid.step_s).cast(
        schema.field("start").type
    )
    return arrow.table([arrow.array(rows[order]), start, power], schema=schema)


def _pyarrow() -> tuple[ModuleType, ModuleType]:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise UnreadableError(
            "parquet.extra", "Parquet files need pyarrow: pip install 'flexclear[parquet]'"
        ) from error
    return pyarrow, pyarrow.parquet
