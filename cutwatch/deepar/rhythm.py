"""What the frequency and the length of the data decide: the clocks the network is shown, the lags it is fed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutwatch.deepar.hyperparameters import Hyperparameters
from cutwatch.deepar.weekend import minutes_of

PERIOD_MINUTES = (60, 1440, 10_080, 43_830, 525_960)
"""Hour, day, week, month, year."""

_NEAR_LAGS = range(1, 8)


@dataclass(frozen=True)
class Rhythm:
    """The rhythms of a data set.

    Attributes:
        step_minutes: from one value to the next.
        period_minutes: periods of which the network sees the phase.
        lags: how many steps back the values lie that it is fed.
    """

    step_minutes: int
    period_minutes: tuple[int, ...]
    lags: tuple[int, ...]

    @classmethod
    def of(cls, hyperparameters: Hyperparameters, longest: int) -> Rhythm:
        """Choose for a data set.

        The phase of a period needs data of two periods: within one it would only name the day. A lag must leave room
        for one window.

        Args:
            hyperparameters: the step and the length of a window.
            longest: steps of the longest series, or of a window where that is more.
        """
        step = hyperparameters.step_minutes
        periods = tuple(period for period in PERIOD_MINUTES if step < period <= longest * step / 2)
        room = longest - hyperparameters.window
        seasons = (round(times * period / step) for period in PERIOD_MINUTES if period > step for times in (1, 2, 3))
        far = {lag for season in seasons for lag in (season - 1, season, season + 1)}
        lags = {*_NEAR_LAGS, *(lag for lag in far if max(_NEAR_LAGS) < lag <= room)}
        return cls(step, periods, tuple(sorted(lags)))

    @property
    def past(self) -> int:
        """Steps before a window that it looks back on."""
        return max(self.lags)

    @property
    def clocks(self) -> int:
        """Numbers that `clock` gives for a step."""
        return 2 * len(self.period_minutes)

    def clock(self, start: dt.datetime, first: int, count: int) -> NDArray[np.float32]:
        """Sine and cosine of each period's phase, shape (count, twice the periods).

        Args:
            start: time of a series' step 0.
            first: step of the first row; may be negative.
            count: rows.
        """
        minutes = minutes_of(start, self.step_minutes, first, count)
        angles = (2 * np.pi * minutes / period for period in self.period_minutes)
        waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return np.array(waves, np.float32).reshape(-1, count).T
