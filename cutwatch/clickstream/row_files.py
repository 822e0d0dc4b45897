"""Ready rows from a file: any of the columns TIMESTAMPS, URLS, USERS, CLICKS, RESIDUALS, with or without scores."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

import numpy as np

from cutwatch.clickstream.clicks import to_ms
from cutwatch.clickstream.files import open_text
from cutwatch.clickstream.rows import Rows
from cutwatch.detection.records import EXPLANATION_COLUMN, SCORE_COLUMN
from cutwatch.errors import DataError

TIME_NAMES = ("TIMESTAMPS", "timestamps", "TIMESTAMP", "timestamp")


def is_row_header(line: str) -> bool:
    """Tell whether a file's first line is the header of rows, not of clicks."""
    names = [name.strip() for name in line.lstrip("\ufeff").split(",")]
    return "TIMESTAMPS" in names or "CLICKS" in names


def read_rows(path: str, *, rename: dict[str, str] | None = None) -> Rows:
    """Read rows from a CSV file with a header.

    Args:
        path: the file, plain or gzip; `-` is standard input.
        rename: what columns are to be called, by their name in the file.

    Raises:
        DataError: no time column, no value column, or a value that is no number, with its line.
    """
    with open_text(path) as text:
        return _read(text, path, rename or {})


def window_length(times_ms: Sequence[int]) -> int:
    """The usual distance of windows, in seconds; a minute where there is only one."""
    distances = np.diff(np.array(times_ms))
    return max(1, round(float(np.median(distances[distances > 0])) / 1000)) if (distances > 0).any() else 60


def _read(text: TextIO, path: str, rename: dict[str, str]) -> Rows:
    reader = csv.reader(text, skipinitialspace=True)
    header = [name.strip() for name in next(reader, [])]
    time_at = next((header.index(name) for name in TIME_NAMES if name in header), None)
    if time_at is None:
        raise DataError(f"{path}, line 1: there is no column TIMESTAMPS among {', '.join(header) or 'none'}")
    ignored = {header[time_at], SCORE_COLUMN, EXPLANATION_COLUMN}
    places = [at for at, name in enumerate(header) if name not in ignored]
    if not places:
        raise DataError(f"{path}, line 1: there is no column to judge; allowed: any of URLS, USERS, CLICKS, RESIDUALS")
    score_at = header.index(SCORE_COLUMN) if SCORE_COLUMN in header else None
    times, values, scores = [], [], []
    for row in reader:
        if not any(value.strip() for value in row):
            continue
        if len(row) != len(header):
            raise DataError(f"{path}, line {reader.line_num}: {len(row)} values; the header has {len(header)}")
        times.append(_time(row[time_at], path, reader.line_num))
        values.append([_number(row[at], header[at], path, reader.line_num) for at in places])
        if score_at is not None:
            scores.append(_number(row[score_at], SCORE_COLUMN, path, reader.line_num))
    if not times:
        raise DataError(f"{path}: there are no rows in it")
    order = np.argsort(np.array(times), kind="stable")
    return Rows(
        times_ms=np.array(times, np.int64)[order],
        window_seconds=window_length(sorted(times)),
        columns=tuple(rename.get(header[at], header[at]) for at in places),
        values=np.array(values)[order],
        scores=np.array(scores)[order] if score_at is not None else None,
    )


def _time(text: str, path: str, line: int) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as cause:
        raise DataError(f"{path}, line {line}: {text!r} is no time; allowed: such as 2020-07-15 10:10:00") from cause
    return to_ms(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _number(text: str, name: str, path: str, line: int) -> float:
    text = text.strip()
    if not text:
        return float("nan")
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(f"{path}, line {line}: {name} is {text!r}; allowed: a number, or nothing")
    return value
