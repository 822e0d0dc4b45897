"""The clocks and lags that a frequency and a length of data decide."""

from __future__ import annotations

import datetime as dt

import numpy as np

from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.rhythm import Rhythm

MONDAY = dt.datetime(2020, 7, 13)  # noqa: DTZ001 - series have no time zone
TEN_MINUTES = Hyperparameters("10min", 144, 144, 1)
DAY = 144


def test_eight_days_show_hours_and_days_but_no_weeks() -> None:
    rhythm = Rhythm.of(TEN_MINUTES, 8 * DAY)
    assert rhythm.period_minutes == (60, 1440)
    assert {DAY - 1, DAY, DAY + 1, 2 * DAY, 3 * DAY, 6, 12, 18} <= set(rhythm.lags)
    assert rhythm.past == 3 * DAY + 1


def test_three_weeks_show_weeks() -> None:
    rhythm = Rhythm.of(TEN_MINUTES, 21 * DAY)
    assert rhythm.period_minutes == (60, 1440, 10_080)
    assert 7 * DAY in rhythm.lags


def test_a_lag_leaves_room_for_a_window() -> None:
    for longest in (300, 500, 1000, 5000):
        assert Rhythm.of(TEN_MINUTES, longest).past <= max(7, longest - TEN_MINUTES.window)


def test_hourly_data() -> None:
    rhythm = Rhythm.of(Hyperparameters("H", 24, 24, 1), 90 * 24)
    assert rhythm.period_minutes == (1440, 10_080, 43_830)
    assert {24, 48, 168} <= set(rhythm.lags)


def test_a_clock_goes_round_once_a_period() -> None:
    rhythm = Rhythm.of(TEN_MINUTES, 8 * DAY)
    clock = rhythm.clock(MONDAY, 0, 3 * DAY)
    assert clock.shape == (3 * DAY, rhythm.clocks)
    np.testing.assert_allclose(clock[:DAY], clock[DAY : 2 * DAY], atol=1e-4)
    np.testing.assert_allclose(clock[0], [0, 1, 0, 1], atol=1e-4)  # midnight: sines 0, cosines 1
    np.testing.assert_allclose(clock[DAY // 4, 2:], [1, 0], atol=1e-4)  # six o'clock


def test_a_clock_may_begin_before_its_series() -> None:
    rhythm = Rhythm.of(TEN_MINUTES, 8 * DAY)
    both = rhythm.clock(MONDAY, -5, 10)
    np.testing.assert_allclose(both[5:], rhythm.clock(MONDAY, 0, 5), atol=1e-4)
