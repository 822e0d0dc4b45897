"""The Numenta Anomaly Benchmark's scoring, from the published method.

Lavin and Ahmad, "Evaluating real-time anomaly detection algorithms" (2015), https://arxiv.org/abs/1510.03336: a
detection inside a labelled window earns the more the earlier it comes, the best of a window counts; one outside costs
the more the further it lies behind the last window; a window without any costs `missed`. The first 15 % of a file (of
5,000 rows at most) are not scored. One threshold serves all files: the one with the best sum.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import exp

PROBATION = 0.15
PROBATION_ROWS = 5000
STEEPNESS = 5.0
FAR = 3.0  # window widths behind a window, from where on a detection costs in full


@dataclass(frozen=True)
class Costs:
    """What the profile of a user weighs: a window found at once, a false detection, a window missed."""

    found: float = 1.0
    false: float = 0.11
    missed: float = 1.0


STANDARD = Costs()
REWARD_LOW_FP = Costs(false=0.22)
REWARD_LOW_FN = Costs(missed=2.0)


@dataclass(frozen=True)
class ScoredFile:
    """One file: when each row was, how anomalous a detector found it, and the labelled windows (ends included)."""

    times: Sequence[datetime]
    scores: Sequence[float]
    windows: Sequence[tuple[datetime, datetime]]


@dataclass(frozen=True)
class CorpusScore:
    """The result: 0 is a detector that never speaks, 100 one that names each window's first row and nothing else."""

    score: float
    threshold: float
    windows: int
    found: int
    false: int


def score_corpus(files: Iterable[ScoredFile], costs: Costs = STANDARD) -> CorpusScore:
    """Score a detector on all files at the threshold that suits it best."""
    files = list(files)
    windows = sum(len(file.windows) for file in files)
    events = sorted((event for file in enumerate(files) for event in _events(*file, costs)), key=lambda e: -e.score)
    total = best_total = -costs.missed * windows
    threshold, best_counts = float("inf"), (0, 0)
    earned: dict[tuple[int, int], float] = {}
    false = 0
    for score, group in groupby(events, key=lambda event: event.score):
        for event in group:
            if event.window is None:
                total += event.worth
                false += 1
            else:
                before = earned.get(event.window, -costs.missed)
                earned[event.window] = max(event.worth, before)
                total += earned[event.window] - before
        if total > best_total:
            best_total, threshold, best_counts = total, score, (len(earned), false)
    span = (costs.found + costs.missed) * windows
    final = 100 * (best_total + costs.missed * windows) / span if windows else 0.0
    return CorpusScore(final, threshold, windows, *best_counts)


def position_worth(position: float) -> float:
    """Worth of a detection by its place: -1 is a window's start, 0 its end, 1 a width behind it.

    Example:
        >>> round(position_worth(-1), 3), position_worth(0), round(position_worth(1), 3)
        (0.987, 0.0, -0.987)
    """
    return -1.0 if position > FAR else 2 / (1 + exp(STEEPNESS * position)) - 1


@dataclass(frozen=True)
class _Event:
    score: float
    worth: float
    window: tuple[int, int] | None


def _events(number: int, file: ScoredFile, costs: Costs) -> Iterable[_Event]:
    """Every scored row, and what a detection there is worth."""
    spans = [(bisect_left(file.times, start), _after(file.times, end)) for start, end in sorted(file.windows)]
    probation = int(PROBATION * min(len(file.times), PROBATION_ROWS))
    at, last = 0, None
    for row, score in enumerate(file.scores):
        while at < len(spans) and row >= spans[at][1]:
            last, at = spans[at], at + 1
        if row < probation:
            continue
        if at < len(spans) and row >= spans[at][0]:
            start, end = spans[at]
            worth = position_worth(-(end - row) / (end - start)) / position_worth(-1)
            yield _Event(score, costs.found * worth, (number, at))
        elif last is None:
            yield _Event(score, -costs.false, None)
        else:
            width = last[1] - last[0]
            yield _Event(score, costs.false * position_worth((row - last[1] + 1) / max(width - 1, 1)), None)


def _after(times: Sequence[datetime], end: datetime) -> int:
    at = bisect_left(times, end)
    while at < len(times) and times[at] == end:
        at += 1
    return at
