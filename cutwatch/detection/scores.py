"""One detector's scores against its threshold: `sigma`, `fixed`, `calibrated`, or as a witness of the evidence.

reading = read_score(settings, state, record)      # over its threshold? suspicious: k of the last n?
state = learn_score(state, reading, learn=True)    # windows of incidents are left out of the statistics
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cutwatch.detection.records import ScoreRecord
from cutwatch.detection.settings import DetectorSettings
from cutwatch.detection.state import DetectorState

SIGMA = 3.0
WITNESS_DEVIATIONS = 2.5
BAND = 1.0  # a forecast band's own limit, see `band_score`
MEMORY_SECONDS = 3 * 86_400.0  # of the trailing scores: the decay that the article gives its forest
LEARNING_SCORES = 30  # fewer say nothing about their own spread
MAD_TO_SIGMA = math.sqrt(math.pi / 2)  # mean absolute deviation -> sigma, of normal values


@dataclass(frozen=True)
class Reading:
    """One window's score, what it is held against, and what follows. `state` is the detector's, with the window in."""

    score: float | None
    threshold: float | None
    is_over: bool
    is_suspicious: bool
    state: DetectorState


def read_score(settings: DetectorSettings, state: DetectorState, record: ScoreRecord, *, warm_up: int) -> Reading:
    """Hold a record's score against the detector's threshold and count it among the last n.

    Args:
        settings: the detector's.
        state: before this window.
        record: the window.
        warm_up: scores to be seen before `sigma` judges.
    """
    score = band_score(record) if record.score is None else record.score
    threshold = score_threshold(settings, state, banded=record.score is None, warm_up=warm_up)
    is_over = score is not None and threshold is not None and score > threshold
    recent = (*state.recent, is_over)[-settings.n :]
    since = state.suspicious_since if any(recent) else None
    state = replace(
        state,
        last=record.window_start,
        window_seconds=record.window_seconds,
        recent=recent,
        suspicious_since=since or (record.window_start if is_over else None),
        quiet=0 if is_over else state.quiet + 1,
    )
    return Reading(score, threshold, is_over, sum(recent) >= settings.k, state)


def score_threshold(settings: DetectorSettings, state: DetectorState, *, banded: bool, warm_up: int) -> float | None:
    """The score above which a window counts; None while that cannot be told."""
    if banded:
        return settings.value if settings.threshold == "fixed" else BAND
    if settings.threshold in ("fixed", "calibrated") and settings.value is not None:
        return settings.value
    if settings.threshold == "evidence" and settings.trained_threshold is not None and settings.value is None:
        return settings.trained_threshold
    if state.scores < max(warm_up, LEARNING_SCORES):
        return None
    if settings.threshold == "evidence":
        deviations = WITNESS_DEVIATIONS if settings.value is None else settings.value
        return math.exp(state.log_centre + deviations * max(state.log_spread, 0.05))
    deviations = SIGMA if settings.threshold == "calibrated" or settings.value is None else settings.value
    return state.mean + deviations * math.sqrt(state.variance)


def band_score(record: ScoreRecord) -> float | None:
    """How far the worst column lies from the forecast's median, in units of its band: above 1 it is outside.

    None where the record has no expected range. Two of a hundred normal windows lie outside a 1-99 % band.
    """
    return max(band_distances(record).values(), default=None)


def band_distances(record: ScoreRecord) -> dict[str, float]:
    """By column, how far a value lies from its forecast's median, in units of its band."""
    distances = {}
    for column, (low, median, high) in (record.expected or {}).items():
        if (value := record.values.get(column)) is not None:
            half = (high - median) if value > median else (median - low)
            distances[column] = abs(value - median) / max(half, 1e-9) if value != median else 0.0
    return distances


def learn_score(state: DetectorState, score: float | None) -> DetectorState:
    """Take a window's score into the trailing statistics; 0 is a forest that still learns and is left out."""
    if score is None or score <= 0:
        return state
    n = state.scores + 1
    rate = max(1 - math.exp(-state.window_seconds / MEMORY_SECONDS), 1 / n)
    off = score - state.mean
    mean = state.mean + rate * off
    variance = (1 - rate) * (state.variance + rate * off * off)
    log_off = math.log(score) - state.log_centre
    if n > LEARNING_SCORES:  # winsorised, so that one odd score moves little
        log_off = max(-3 * state.log_spread, min(3 * state.log_spread, log_off))
    centre = state.log_centre + rate * log_off if n > 1 else math.log(score)
    spread = state.log_spread + rate * (MAD_TO_SIGMA * abs(log_off) - state.log_spread) if n > 1 else 0.25
    return replace(state, scores=n, mean=mean, variance=variance, log_centre=centre, log_spread=spread)
