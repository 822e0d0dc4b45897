"""DeepAR's training data: JSON Lines of start and target, by the service's rules."""

from __future__ import annotations

import datetime as dt
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutwatch.containers import Channel
from cutwatch.deepar.series import Series, check_trainable, parse_series, read_channel
from cutwatch.errors import DataError


def channel(folder: Path, content_type: str = "") -> Channel:
    return Channel("train", content_type, "FullyReplicated", folder)


def line(**change: Any) -> str:
    return json.dumps({"start": "2009-11-01 00:00:00", "target": [4.3, "NaN", 5.1], **change}) + "\n"


def series(values: list[float]) -> Series:
    return Series(dt.datetime(2020, 7, 1), np.array(values, np.float32))  # noqa: DTZ001 - series have no time zone


def test_the_documented_record() -> None:
    parsed = parse_series({"start": "2009-11-01 00:00:00", "target": [4.5, "NaN", 5, None, 7]}, "line 1")
    assert parsed.start == dt.datetime(2009, 11, 1)  # noqa: DTZ001 - series have no time zone
    np.testing.assert_array_equal(parsed.target, np.array([4.5, np.nan, 5, np.nan, 7], np.float32))


def test_a_start_without_a_time() -> None:
    assert parse_series({"start": "2012-01-30", "target": [1.0]}, "line 1").start.hour == 0


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([1, 2], "a series is an object with start and target"),
        ({"start": "2009-11-01"}, "a series is an object with start and target"),
        ({"start": "yesterday", "target": [1]}, "start is 'yesterday'"),
        ({"start": 12, "target": [1]}, "start is 12"),
        ({"start": "2009-11-01T00:00:00+02:00", "target": [1]}, "it must be without a time zone"),
        ({"start": "2009-11-01", "target": 5}, "target must be a list"),
        ({"start": "2009-11-01", "target": [1, "two"]}, "target holds 'two'"),
        ({"start": "2009-11-01", "target": [1, True]}, "target holds True"),
        ({"start": "2009-11-01", "target": [1], "cat": [0]}, "categories (cat) are not supported"),
        ({"start": "2009-11-01", "target": [1], "dynamic_feat": [[1]]}, "dynamic features (dynamic_feat)"),
    ],
)
def test_refused_records(data: Any, said: str) -> None:
    with pytest.raises(DataError) as refused:
        parse_series(data, "line 7")
    assert str(refused.value).startswith("line 7: ")
    assert said in str(refused.value)


def test_all_files_of_a_channel_are_read(tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(line() + "\n" + line(target=[1]))
    (tmp_path / "a.json.gz").write_bytes(gzip.compress(line(target=[1, 2]).encode()))
    (tmp_path / "_SUCCESS").write_text("")
    assert [len(one) for one in read_channel(channel(tmp_path))] == [2, 3, 1]


@pytest.mark.parametrize("content_type", ["json", "application/json", "application/jsonlines", "JSON"])
def test_a_content_type_stands_for_the_ending(tmp_path: Path, content_type: str) -> None:
    (tmp_path / "part-0").write_text(line())
    assert len(read_channel(channel(tmp_path, content_type))) == 1


@pytest.mark.parametrize(
    ("name", "content_type", "data", "said"),
    [
        ("a.jsonl", "", line(), "a.jsonl ends neither in .json nor in .json.gz"),
        ("a.json", "text/csv", line(), "channel train has ContentType 'text/csv'; allowed are json, json.gz, parquet"),
        ("a.parquet", "", "PAR1", "Parquet is not supported"),
        ("a.json", "parquet", "PAR1", "Parquet is not supported"),
        ("a.json", "", "{'start': 1}\n", "a.json, line 1: not JSON"),
        ("a.json", "", line() + "{}\n", "a.json, line 2: a series is an object"),
        ("a.json.gz", "", line(), "a.json.gz does not hold json.gz in UTF-8"),
        ("a.json", "", "\n", "channel train holds no time series"),
    ],
)
def test_refused_files(tmp_path: Path, name: str, content_type: str, data: str, said: str) -> None:
    (tmp_path / name).write_text(data)
    with pytest.raises(DataError) as refused:
        read_channel(channel(tmp_path, content_type))
    assert said in str(refused.value)


def test_three_hundred_observations_are_enough() -> None:
    check_trainable([series([1.0] * 150), series([0.0] * 150)], "negative-binomial")


@pytest.mark.parametrize(
    ("data", "likelihood", "said"),
    [
        ([series([1.0] * 299 + [float("nan")] * 9)], "gaussian", "hold 299 observations; at least 300 are needed"),
        ([series([0.0] * 400)], "gaussian", "consist of only zeros"),
        ([series([1.0] * 400 + [-2.0])], "negative-binomial", "for counts, and the target holds -2"),
        ([series([0.5] * 400 + [1.5])], "beta", "for values from 0 to 1, and the target holds 1.5"),
    ],
)
def test_untrainable(data: list[Series], likelihood: str, said: str) -> None:
    with pytest.raises(DataError) as refused:
        check_trainable(data, likelihood)
    assert said in str(refused.value)
