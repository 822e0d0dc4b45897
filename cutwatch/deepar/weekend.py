"""How much lower or higher the values of Saturdays and Sundays are, taken out before the network sees them.

The service shows its network the day of the week. One series of a week or two holds each day once or twice: a network
learns those days by heart, and takes a Wednesday for a Saturday. One factor is all that so short a series can tell.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cutwatch.deepar.series import Series

DAY_MINUTES = 1440
LEAST, MOST = 0.05, 20.0

_MONDAY = dt.datetime(2001, 1, 1)  # noqa: DTZ001 - series have no time zone
_WEEK_DAYS, _SATURDAY = 7, 5


def minutes_of(start: dt.datetime, step_minutes: int, first: int, count: int) -> NDArray[np.float64]:
    """Minutes since a Monday of steps first, first + 1, ... after start, shape (count,)."""
    origin = (start - _MONDAY) / dt.timedelta(minutes=1)
    return origin + step_minutes * (first + np.arange(count, dtype=np.float64))


def is_weekend(minutes: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of these minutes since a Monday lie on a Saturday or Sunday."""
    weekend: NDArray[np.bool_] = minutes // DAY_MINUTES % _WEEK_DAYS >= _SATURDAY
    return weekend


def weekend_factor(data: Sequence[Series], step_minutes: int) -> float:
    """Compare weekends with weekdays at the same time of day.

    Args:
        data: the training series.
        step_minutes: from one value to the next.

    Returns:
        The ratio, within `LEAST` and `MOST`; 1 where the data cannot tell: steps that do not divide a day, negative
        values, less than a day of weekend or of weekdays.
    """
    if DAY_MINUTES % step_minutes or any(bool((series.target < 0).any()) for series in data):
        return 1.0
    slots = DAY_MINUTES // step_minutes
    seen = expected = observations = 0.0
    for series in data:
        minutes = minutes_of(series.start, step_minutes, 0, len(series))
        present, weekend = np.isfinite(series.target), is_weekend(minutes)
        slot = (minutes % DAY_MINUTES // step_minutes).astype(np.int64)
        usual, there = _by_slot(series, slot, present & ~weekend, slots)
        on_weekend, there_on_weekend = _by_slot(series, slot, present & weekend, slots)
        both = (there > 0) & (there_on_weekend > 0)
        seen += float(on_weekend[both].sum())
        expected += float((usual[both] / there[both] * there_on_weekend[both]).sum())
        observations += float(there_on_weekend[both].sum())
    if observations < slots or not seen or not expected:
        return 1.0
    return float(np.clip(seen / expected, LEAST, MOST))


def weekend_factors(
    factor: float, start: dt.datetime, step_minutes: int, first: int, count: int
) -> NDArray[np.float32]:
    """What the values of steps first, first + 1, ... after start are multiples of, shape (count,): 1, or the factor."""
    weekend = is_weekend(minutes_of(start, step_minutes, first, count))
    return np.where(weekend, factor, 1.0).astype(np.float32)


def _by_slot(
    series: Series, slot: NDArray[np.int64], which: NDArray[np.bool_], slots: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sum and number of the chosen values by time of day."""
    values = series.target[which].astype(np.float64)
    sums = np.bincount(slot[which], values, slots)
    numbers = np.bincount(slot[which], minlength=slots)
    return sums.astype(np.float64), numbers.astype(np.float64)
