"""Clicks to rows a window, at speed: the same rows that `kda_sql/clickstream.sql` makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cutwatch.clickstream.clicks import Clicks, Ints, from_ms
from cutwatch.detection.records import ScoreRecord

COLUMNS = ("URLS", "USERS", "CLICKS", "RESIDUALS")


@dataclass(frozen=True)
class Rows:
    """Windows that follow one another without a gap: silent ones are there, as zeros.

    `values` has shape (windows, 4), in the order of `COLUMNS`.
    """

    start_ms: int
    window_seconds: int
    values: Ints

    def __len__(self) -> int:
        return len(self.values)

    def time(self, at: int) -> datetime:
        """Start of a window, aware."""
        return from_ms(self.start_ms + at * self.window_seconds * 1000)


def count_rows(parts: Iterable[Clicks], *, window_seconds: int = 60) -> Rows:
    """Count clicks, distinct users and distinct pages in every window.

    Args:
        parts: stretches of clicks that follow one another, such as days; each begins on a window's start.
        window_seconds: length of a window.
    """
    start, counted = None, []
    for part in parts:
        start = part.start_ms if start is None else start
        counted.append(_count(part, window_seconds * 1000))
    values = np.concatenate(counted) if counted else np.zeros((0, len(COLUMNS)), np.int64)
    return Rows(start or 0, window_seconds, values)


def records(rows: Rows, *, series: str = "clickstream") -> Iterator[ScoreRecord]:
    """The rows as score records without a score, as they come before a detector has spoken."""
    for at, row in enumerate(rows.values.tolist()):
        yield ScoreRecord(
            detector="kinesis_rcf",
            series=series,
            window_start=rows.time(at),
            window_seconds=rows.window_seconds,
            values=dict(zip(COLUMNS, map(float, row), strict=True)),
        )


def _count(part: Clicks, window_ms: int) -> Ints:
    windows = -(-(part.end_ms - part.start_ms) // window_ms)
    window = (part.time_ms - part.start_ms) // window_ms
    clicks = np.bincount(window, minlength=windows)
    users = _count_distinct(window, part.user, windows)
    urls = _count_distinct(window, part.page, windows)
    return np.stack([urls, users, clicks, clicks - users], axis=1)


def _count_distinct(window: Ints, value: Ints, windows: int) -> Ints:
    order = np.lexsort((value, window))
    window, value = window[order], value[order]
    is_new = np.ones(len(window), bool)
    is_new[1:] = (window[1:] != window[:-1]) | (value[1:] != value[:-1])
    return np.bincount(window[is_new], minlength=windows)
