"""A ten-minute row as the analytics application writes it on the windows stream."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cutwatch.detection import codec
from cutwatch.errors import DataError

TIME_COLUMN = "TIMESTAMPS"
SERIES_COLUMN = "SERIES"  # of an application that partitions by a column


@dataclass(frozen=True)
class WindowRow:
    """One window of one series.

    Attributes:
        series: Key of the series.
        start: Start of the window, aware, in UTC.
        values: Its counts by column.
    """

    series: str
    start: datetime
    values: Mapping[str, float]


def parse_window_row(data: bytes, *, series: str, window_seconds: int) -> WindowRow:
    """Parse one record of the windows stream.

    Args:
        data: One JSON object.
        series: Key of the series when the row names none.
        window_seconds: Length of the windows: a start that is no multiple of it is no window of ours.

    Raises:
        DataError: It is not a row.
    """
    try:
        row = json.loads(data)
    except ValueError as error:
        raise DataError(f"window row is not JSON: {error}") from None
    if not isinstance(row, dict) or not isinstance(row.get(TIME_COLUMN), str):
        raise DataError(f"window row {data[:80]!r}: allowed is an object with {TIME_COLUMN}")
    try:
        start = codec.parse_time(row[TIME_COLUMN])
    except ValueError:
        raise DataError(f"window row: {TIME_COLUMN} is {row[TIME_COLUMN]!r}; allowed: ISO-8601") from None
    if start.timestamp() % window_seconds:
        raise DataError(f"window row: {TIME_COLUMN} is {row[TIME_COLUMN]!r}; allowed: multiples of {window_seconds} s")
    values = {
        name: float(value)
        for name, value in row.items()
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    }
    return WindowRow(str(row.get(SERIES_COLUMN, series)), start.astimezone(UTC), values)


def window_before(start: datetime, windows: int, window_seconds: int) -> datetime:
    """Return the start of the window so many windows before."""
    return start - timedelta(seconds=windows * window_seconds)
