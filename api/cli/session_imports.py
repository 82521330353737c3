"""Read published charging sessions into the fields of this project, in UTC; see docs/fleets.md for where to get them.

Each reader says what it had to assume. What a source does not know (a power, a departure) is asked for, never guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from api.schemas.documents import UnreadableError

COLUMNS: Final = ("arrival", "departure", "energy_kwh", "power_kw", "efficiency", "minimum_kw")
SIX_AMPERE_KW: Final = {1: 1.38, 3: 4.14}


def read_robust(path: Path, *, power_kw: float | None = None, pausable: bool = True) -> pd.DataFrame:
    """Read the 100 sessions of Brinkel et al. 2024 (``ev_sample_data.csv``); times carry their own offset."""
    table = pd.read_csv(path, index_col=0)
    _require(table, path, "START_rounded_CET", "STOP_rounded_CET_lim", "VOL", "P_MAX", "PHASE")
    most = table["P_MAX"].to_numpy(dtype=np.float64)
    phases = np.where(table["PHASE"] == 3, 3, 1)
    least = np.minimum(np.vectorize(SIX_AMPERE_KW.get)(phases), most)
    return _frame(
        pd.to_datetime(table["START_rounded_CET"], utc=True),
        pd.to_datetime(table["STOP_rounded_CET_lim"], utc=True),
        table["VOL"],
        most if power_kw is None else power_kw,
        0.0 if pausable else least,
    )


def read_norway(path: Path, *, power_kw: float | None = None, pausable: bool = True) -> pd.DataFrame:
    """Read the residential sessions of Sorensen et al. 2021; they carry no power, so one must be given.

    Sessions without a departure are left out.
    """
    table = pd.read_parquet(path)
    _require(table, path, "start_local", "end_local", "energy_kwh")
    given = _given(power_kw, path)
    table = table[table["end_local"].notna()]
    return _frame(
        _to_utc(table["start_local"], "Europe/Oslo"),
        _to_utc(table["end_local"], "Europe/Oslo"),
        table["energy_kwh"],
        given,
        0.0 if pausable else SIX_AMPERE_KW[1],
    )


def read_acn(path: Path, *, power_kw: float | None = None, pausable: bool = True) -> pd.DataFrame:
    """Read the Caltech campus sessions of March 2019; every charger there has 6.6 kW."""
    table = pd.read_parquet(path)
    _require(table, path, "arrival_utc", "departure_utc", "energy_kwh")
    return _frame(
        table["arrival_utc"],
        table["departure_utc"],
        table["energy_kwh"],
        6.6 if power_kw is None else power_kw,
        0.0 if pausable else SIX_AMPERE_KW[1],
    )


def read_fast_charger(path: Path, *, power_kw: float | None = None, pausable: bool = True) -> pd.DataFrame:
    """Read the sessions of the 172.5 kW charger of EPFL; times are taken as local, the power is the one requested."""
    table = pd.read_parquet(path)
    _require(table, path, "arrival", "departure", "energy_wh", "preq_max_w")
    return _frame(
        _to_utc(table["arrival"], "Europe/Zurich"),
        _to_utc(table["departure"], "Europe/Zurich"),
        table["energy_wh"] / 1000.0,
        np.minimum(table["preq_max_w"] / 1000.0, 172.5) if power_kw is None else power_kw,
        0.0 if pausable else 5.0,
    )


READERS: Final[Mapping[str, Callable[..., pd.DataFrame]]] = {
    "robust": read_robust,
    "norway": read_norway,
    "acn": read_acn,
    "fast-charger": read_fast_charger,
}


def import_sessions(source: str, path: Path, out: Path, *, power_kw: float | None = None, pausable: bool = True) -> int:
    """Write sessions of a published file as ``.csv`` or ``.parquet`` with our fields; the number of rows written.

    Raises:
        UnreadableError: an unknown source, a missing file or column, or a power that the source does not know.
    """
    if source not in READERS:
        raise UnreadableError("sessions.source", f"{source} is none of {', '.join(READERS)}")
    if not path.exists():
        raise UnreadableError("sessions.file", f"there is no file {path}")
    table = READERS[source](path, power_kw=power_kw, pausable=pausable)
    if out.suffix == ".parquet":
        table.to_parquet(out, index=False)
    else:
        table.to_csv(out, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
    return len(table)


def _frame(
    arrival: pd.Series[pd.Timestamp],
    departure: pd.Series[pd.Timestamp],
    energy_kwh: pd.Series[float],
    power_kw: object,
    minimum_kw: object,
) -> pd.DataFrame:
    values = (arrival, departure, energy_kwh, power_kw, 1.0, minimum_kw)
    return pd.DataFrame(dict(zip(COLUMNS, values, strict=True))).reset_index(drop=True)


def _to_utc(times: pd.Series[pd.Timestamp], zone: str) -> pd.Series[pd.Timestamp]:
    """Local times in UTC; the hour the clock shows twice is taken as summer time, the one it skips moves forward."""
    twice = np.ones(len(times), dtype=np.bool_)
    return times.dt.tz_localize(zone, ambiguous=twice, nonexistent="shift_forward").dt.tz_convert("UTC")


def _given(power_kw: float | None, path: Path) -> float:
    if power_kw is None:
        raise UnreadableError("sessions.power_kw", f"{path.name} knows no power; give one, such as 3.6 or 7.2 kW")
    return power_kw


def _require(table: pd.DataFrame, path: Path, *names: str) -> None:
    missing = [name for name in names if name not in table.columns]
    if missing:
        raise UnreadableError("sessions.columns", f"{path.name} lacks the columns {', '.join(missing)}")
