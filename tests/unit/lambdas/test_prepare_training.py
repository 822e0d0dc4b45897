"""Training files: features without a label, one gapless series a line, known incidents left out."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from lambdas.prepare_training.logic import TrainingSet, build_training_set
from lambdas.shared.series_table import StoredWindow

START = datetime(2020, 7, 7, tzinfo=UTC)
STEP = timedelta(minutes=10)


def window(at: int, clicks: float, *, users: float | None = 5) -> StoredWindow:
    values = {"CLICKS": clicks, "RESIDUALS": 2.0}
    if users is not None:
        values["USERS"] = users
    return StoredWindow("shop", START + at * STEP, values, None)


def build(windows: list[StoredWindow], incidents: list[tuple[datetime, datetime]] | None = None) -> TrainingSet:
    return build_training_set(
        {"shop": windows},
        {"shop": incidents or []},
        columns=("USERS", "CLICKS", "RESIDUALS"),
        count_column="CLICKS",
        window_seconds=600,
    )


def test_rows_are_features_in_order_without_a_label() -> None:
    made = build([window(0, 20), window(1, 21)])
    assert made.rcf_csv == "5,20,2\n5,21,2\n"
    assert made.index_csv == "shop,2020-07-07T00:00:00Z\nshop,2020-07-07T00:10:00Z\n"
    assert (made.rows, made.observations) == (2, 2)


def test_silence_is_a_zero_and_a_gap_is_null() -> None:
    made = build([window(0, 20), window(1, 0), window(3, 22)])
    assert json.loads(made.deepar_jsonl) == {"start": "2020-07-07 00:00:00", "target": [20, 0, None, 22]}
    assert (made.missing, made.observations) == (1, 3)


def test_windows_in_known_incidents_are_left_out_and_counted() -> None:
    # The incident touches the second and the third window, and ends just as the fourth begins.
    incident = (START + timedelta(minutes=15), START + timedelta(minutes=30))
    made = build([window(at, 20 + at) for at in range(5)], [incident])
    assert made.excluded == 2
    assert json.loads(made.deepar_jsonl)["target"] == [20, None, None, 23, 24]
    assert made.rcf_csv == "5,20,2\n5,23,2\n5,24,2\n"


def test_a_row_without_every_feature_is_no_row_for_rcf_but_counts_for_deepar() -> None:
    made = build([window(0, 20), window(1, 21, users=None)])
    assert made.rows == 1
    assert made.observations == 2


def test_a_series_that_is_one_long_incident_gives_nothing() -> None:
    made = build([window(0, 20)], [(START, START + STEP)])
    assert made.deepar_jsonl == ""
    assert made.observations == 0
