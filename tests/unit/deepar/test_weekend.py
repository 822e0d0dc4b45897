"""The factor of weekends: what data tell of it, and when they cannot."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from cutwatch.deepar.series import Series
from cutwatch.deepar.weekend import weekend_factor, weekend_factors

TUESDAY = dt.datetime(2020, 7, 7)  # noqa: DTZ001 - series have no time zone
DAY = 144


def series(days: int, *, weekend: float = 0.8, start: dt.datetime = TUESDAY) -> Series:
    """A daily wave of ten-minute counts, lower on Saturdays and Sundays."""
    steps = np.arange(days * DAY)
    at = [start + dt.timedelta(days=int(step // DAY)) for step in steps]
    share = np.array([weekend if moment.weekday() >= 5 else 1.0 for moment in at])
    return Series(start, ((100 + 60 * np.sin(2 * np.pi * steps / DAY)) * share).astype(np.float32))


@pytest.mark.parametrize("weekend", [0.5, 0.8, 1.0, 1.4])
def test_eight_days_tell_it(weekend: float) -> None:
    assert weekend_factor([series(8, weekend=weekend)], 10) == pytest.approx(weekend, rel=1e-4)


def test_holes_do_not_change_it() -> None:
    holed = series(8)
    holed.target[5 * DAY : 5 * DAY + 60] = np.nan  # the quiet hours of a Sunday
    holed.target[DAY // 2 : DAY] = np.nan
    assert weekend_factor([holed], 10) == pytest.approx(0.8, rel=1e-4)


def test_series_are_taken_together() -> None:
    assert 0.5 < weekend_factor([series(8, weekend=0.5), series(8, weekend=0.9)], 10) < 0.9


@pytest.mark.parametrize(
    ("data", "step_minutes"),
    [
        ([series(4)], 10),  # Tuesday to Friday
        ([series(2, start=TUESDAY + dt.timedelta(days=4))], 10),  # Saturday and Sunday
        ([Series(TUESDAY, series(8).target - 200)], 10),
        ([Series(TUESDAY, np.zeros(8 * DAY, np.float32))], 10),
        ([series(8)], 7),
        ([series(8)], 10_080),
    ],
    ids=["weekdays", "a weekend", "negative", "zeros", "no part of a day", "weeks"],
)
def test_some_data_cannot_tell(data: list[Series], step_minutes: int) -> None:
    assert weekend_factor(data, step_minutes) == 1.0


def test_it_stays_within_reason() -> None:
    assert weekend_factor([series(8, weekend=0.001)], 10) == 0.05


def test_factors_follow_the_calendar() -> None:
    factors = weekend_factors(0.8, TUESDAY, 1440, -3, 10)  # Saturday, Sunday, Monday, ..., Monday
    np.testing.assert_array_almost_equal(factors, [0.8, 0.8, 1, 1, 1, 1, 1, 0.8, 0.8, 1])
