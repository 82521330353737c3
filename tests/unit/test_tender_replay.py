from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from market.replay.nged import (
    ReplayWindow,
    accept_optimum,
    accept_under_cap,
    accept_up_to_crossing,
    check_records,
    import_windows,
)


@pytest.fixture
def records() -> pd.DataFrame:
    """Made-up records in the published form."""
    rows = [
        (7, 0, 100.0, 60.0, 10, 20, 0.0, "Accepted"),
        (7, 1, 100.0, 60.0, 5, 20, 0.0, "Accepted"),
        (7, 2, 100.0, 40.0, 30, 10, 0.0, "Rejected"),
        (7, 3, 100.0, 0.0, 1, 1, 0.0, "Rejected"),
        (8, 0, 500.0, 20.0, 9, 9, 0.0, "Accepted"),
        (9, 0, 50.0, np.nan, None, None, None, "No response received"),
    ]
    names = (
        "window_id offer_no tendered_capacity_kw offered_capacity_kw offered_availability_price "
        "offered_utilisation_price offered_sustain_price trade_outcome"
    )
    return pd.DataFrame(rows, columns=names.split())


def test_offers_of_nothing_and_windows_without_response_are_left_out(records: pd.DataFrame) -> None:
    windows = import_windows(records)
    assert [(w.id, [o.id for o in w.offers]) for w in windows] == [("7", ["7-1", "7-0", "7-2"]), ("8", ["8-0"])]
    assert [o.price for o in windows[0].offers] == [25, 30, 40]


def test_three_rules_decide_differently(records: pd.DataFrame) -> None:
    window: ReplayWindow = import_windows(records)[0]
    assert accept_up_to_crossing(window) == {"7-1", "7-0"}
    assert accept_under_cap(window) == {"7-1", "7-2"}
    assert accept_optimum(import_windows(records)) == {"7-1", "7-2", "8-0"}


def test_a_missing_column_is_a_finding(records: pd.DataFrame) -> None:
    assert check_records(records) == ()
    found = check_records(records.drop(columns=["offer_no"]))
    assert [f.path for f in found] == ["offer_no"]
