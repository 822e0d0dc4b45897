"""The score record's JSON is a contract between functions that are deployed apart."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from cutwatch.detection.records import (
    ColumnExplanation,
    ExpectedRange,
    ScoreRecord,
    parse_score_record,
    score_record_from_row,
)
from cutwatch.errors import DataError

DOCUMENTED = (
    '{"version":1,"detector":"kinesis_rcf","series":"clickstream","window_start":"2020-07-15T10:10:00Z",'
    '"window_seconds":60,"values":{"CLICKS":0.0},"score":1.2,"expected":null,'
    '"explanation":{"CLICKS":{"attribution":1.0,"strength":0.5,"direction":"LOW"}}}'
)


def test_documented_json_is_read_and_written_byte_for_byte() -> None:
    record = parse_score_record(DOCUMENTED)

    assert record.window_start == datetime(2020, 7, 15, 10, 10, tzinfo=UTC)
    assert record.window_end == datetime(2020, 7, 15, 10, 11, tzinfo=UTC)
    assert record.explanation == {"CLICKS": ColumnExplanation(1.0, 0.5, "LOW")}
    assert record.to_json() == DOCUMENTED


def test_expected_range_survives() -> None:
    record = ScoreRecord(
        detector="deepar",
        window_start=datetime(2020, 7, 15, tzinfo=UTC),
        window_seconds=600,
        values={"CLICKS": 210},
        expected={"CLICKS": ExpectedRange(180, 200.5, 240)},
    )

    assert parse_score_record(record.to_json()) == record


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("version", 2, "version is 2; allowed: 1"),
        ("detector", "oracle", 'detector is "oracle"; allowed: kinesis_rcf, sagemaker_rcf, deepar'),
        ("window_start", "noon", 'window_start is "noon"; allowed: a time such as'),
        ("window_seconds", 0, "window_seconds is 0; allowed: 1 or more"),
        ("score", "high", 'score is "high"; allowed: a number'),
        ("score", float("nan"), "score is NaN; allowed: a number"),
        ("values", {"CLICKS": None}, "values.CLICKS is null; allowed: a number"),
        ("surprise", 1, "surprise is 1; allowed: no such key, but version, detector"),
        ("expected", {"CLICKS": [1, 2]}, "expected.CLICKS is [1, 2]; allowed: a list of 3"),
    ],
)
def test_bad_records_are_refused_in_one_sentence(key: str, value: object, says: str) -> None:
    data = json.dumps({**json.loads(DOCUMENTED), key: value})

    with pytest.raises(DataError) as refused:
        parse_score_record(data)

    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"null", b"\xff\xfe"])
def test_what_is_no_record_is_refused(data: bytes) -> None:
    with pytest.raises(DataError):
        parse_score_record(data)


def test_analytics_row_becomes_a_record() -> None:
    row = {
        "TIMESTAMPS": "2020-07-15 10:10:00.000",
        "URLS": 9,
        "USERS": 12,
        "CLICKS": 30,
        "RESIDUALS": 18,
        "ANOMALY_SCORE": 1.5,
        "ANOMALY_EXPLANATION": '{"CLICKS":{"DIRECTION":"HIGH","STRENGTH":"0.8567","ATTRIBUTION_SCORE":"1.7447"}}',
    }

    record = score_record_from_row(row)

    assert record.window_start == datetime(2020, 7, 15, 10, 10, tzinfo=UTC)
    assert record.values == {"URLS": 9, "USERS": 12, "CLICKS": 30, "RESIDUALS": 18}
    assert record.score == 1.5
    assert record.explanation == {"CLICKS": ColumnExplanation(1.7447, 0.8567, "HIGH")}


def test_row_without_time_is_refused() -> None:
    with pytest.raises(DataError, match="TIMESTAMPS is None; allowed: a time such as"):
        score_record_from_row({"CLICKS": 1})
