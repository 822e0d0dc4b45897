"""The rate of clicks, minute by minute: rhythm of the day and the week, drift, wandering, bursts, innocent trouble."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cutwatch.clickstream.scenario import Scenario

Floats = NDArray[np.float64]
WANDER_MINUTES = 120.0
LEAST_RATE = 1e-6


def expected_rate(scenario: Scenario, rng: np.random.Generator) -> Floats:
    """Clicks a minute to be expected in every minute, before bursts, innocent trouble and faults."""
    minute = np.arange(scenario.minutes)
    first = scenario.start.hour * 60 + scenario.start.minute
    hour = (first + minute) % 1440 / 60
    day = (first + minute) // 1440
    swing = (1 + np.cos((hour - scenario.peak_hour) * 2 * np.pi / 24)) / 2
    rate = scenario.night_share + (1 - scenario.night_share) * swing
    opens, closes = scenario.step_hours
    rate *= np.where((hour >= opens) & (hour < closes), 1.0, scenario.step_share)
    rate *= np.where((scenario.start.weekday() + day) % 7 >= 5, scenario.weekend_share, 1.0)
    rate *= (1 + scenario.drift_per_day) ** (minute / 1440)
    rate *= np.exp(_autoregressive(scenario.minutes, WANDER_MINUTES, rng) * scenario.wander)
    scaled: Floats = rate * scenario.clicks_per_minute / rate.mean()
    return scaled


def with_bursts(scenario: Scenario, rate: Floats, rng: np.random.Generator) -> Floats:
    """The rate with bursts, so that a minute's clicks have the scenario's variance over mean."""
    excess = scenario.burstiness - 1
    if excess <= 0:
        return rate
    rate = np.maximum(rate, LEAST_RATE)
    if scenario.burst_minutes <= 0:
        return rng.gamma(rate / excess, excess)
    spread = np.log1p(excess / rate)  # of the logarithm, so that variance / mean of the rate is `excess`
    noise = _autoregressive(scenario.minutes, scenario.burst_minutes, rng)
    bursty: Floats = rate * np.exp(np.sqrt(spread) * noise - spread / 2)
    return bursty


def with_trouble(scenario: Scenario, rate: Floats, rng: np.random.Generator) -> Floats:
    """The rate with stalls and dips that are nobody's fault and have no label."""
    rate = rate.copy()
    for _ in range(rng.poisson(scenario.stalls_per_day * scenario.days)):
        at = int(rng.integers(0, scenario.minutes))
        rate[at : at + int(rng.integers(1, 3))] *= rng.uniform(0, 0.1)
    for _ in range(rng.poisson(scenario.dips_per_day * scenario.days)):
        at = int(rng.integers(0, scenario.minutes))
        rate[at : at + int(rng.integers(3, 9))] *= rng.uniform(0.5, 0.75)
    return rate


def _autoregressive(count: int, time_constant: float, rng: np.random.Generator) -> Floats:
    """A stationary first-order process of variance 1."""
    keep = float(np.exp(-1 / time_constant))
    shocks = rng.standard_normal(count)
    shocks[1:] *= np.sqrt(1 - keep * keep)
    values = np.empty(count)
    value = 0.0
    for at, shock in enumerate(shocks):
        value = keep * value + shock if at else shock
        values[at] = value
    return values
