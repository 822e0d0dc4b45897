"""Rows, a window each: counted from clicks at speed, as `kda_sql/clickstream.sql` counts them, or read as they are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from cutwatch.clickstream.clicks import Clicks, Ints, from_ms

COLUMNS = ("URLS", "USERS", "CLICKS", "RESIDUALS")


@dataclass(frozen=True)
class Rows:
    """Windows in order of time.

    Attributes:
        times_ms: when each window starts, in milliseconds since 1970, shape (n,).
        window_seconds: length of a window.
        columns: names of the columns.
        values: shape (n, columns); NaN where a value is missing.
        scores: the scores that came with the rows, shape (n,); None where none did.
    """

    times_ms: Ints
    window_seconds: int
    columns: tuple[str, ...]
    values: NDArray[np.float64]
    scores: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.times_ms)

    def time(self, at: int) -> datetime:
        """Start of a window, aware."""
        return from_ms(int(self.times_ms[at]))

    def column(self, name: str) -> NDArray[np.float64]:
        """One column's values."""
        values: NDArray[np.float64] = self.values[:, self.columns.index(name)]
        return values


def count_rows(parts: Iterable[Clicks], *, window_seconds: int = 60) -> Rows:
    """Count clicks, distinct users and distinct pages in every window; silent windows are there, as zeros.

    Args:
        parts: stretches of clicks that follow one another, such as days; each begins on a window's start.
        window_seconds: length of a window.
    """
    window_ms = window_seconds * 1000
    times, counted = [np.zeros(0, np.int64)], [np.zeros((0, len(COLUMNS)))]
    for part in parts:
        start = part.start_ms // window_ms * window_ms
        times.append(np.arange(start, part.end_ms, window_ms))
        counted.append(_count(part, start, window_ms))
    return Rows(np.concatenate(times), window_seconds, COLUMNS, np.concatenate(counted))


def _count(part: Clicks, start_ms: int, window_ms: int) -> NDArray[np.float64]:
    windows = -(-(part.end_ms - start_ms) // window_ms)
    window = (part.time_ms - start_ms) // window_ms
    clicks = np.bincount(window, minlength=windows)
    users = _count_distinct(window, part.user, windows)
    urls = _count_distinct(window, part.page, windows)
    return np.stack([urls, users, clicks, clicks - users], axis=1).astype(np.float64)


def _count_distinct(window: Ints, value: Ints, windows: int) -> Ints:
    order = np.lexsort((value, window))
    window, value = window[order], value[order]
    is_new = np.ones(len(window), bool)
    is_new[1:] = (window[1:] != window[:-1]) | (value[1:] != value[:-1])
    return np.bincount(window[is_new], minlength=windows)
