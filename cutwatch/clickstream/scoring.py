"""Rows to score records, by the forest that the analytics application runs: 100 trees of 256, decay 4320, shingle 1."""

from __future__ import annotations

from collections.abc import Iterator
from math import isnan

import numpy as np
from numpy.typing import NDArray

from cutwatch.clickstream.rows import Rows
from cutwatch.detection.records import DEFAULT_SERIES, ColumnExplanation, ScoreRecord
from cutwatch.forest import RandomCutForest

TIME_DECAY = 4320


def score_records(
    rows: Rows, *, series: str = DEFAULT_SERIES, seed: int = 1, time_decay: int = TIME_DECAY
) -> Iterator[ScoreRecord]:
    """Yield one record of `kinesis_rcf` a row.

    Rows that brought their scores keep them; a row with a missing value has none.

    Args:
        rows: in order of time.
        series: key of the series.
        seed: of the forest.
        time_decay: of the forest.
    """
    scores, high, low = _scored(rows, seed, time_decay)
    for at, values in enumerate(rows.values.tolist()):
        explanation = None
        if high is not None and low is not None and scores[at] > 0:
            explanation = {
                name: ColumnExplanation(up + down, abs(up - down), "HIGH" if up > down else "LOW")
                for name, up, down in zip(rows.columns, high[at].tolist(), low[at].tolist(), strict=True)
            }
        yield ScoreRecord(
            detector="kinesis_rcf",
            series=series,
            window_start=rows.time(at),
            window_seconds=rows.window_seconds,
            values={name: value for name, value in zip(rows.columns, values, strict=True) if not isnan(value)},
            score=None if np.isnan(scores[at]) else float(scores[at]),
            explanation=explanation,
        )


Floats = NDArray[np.float64]


def _scored(rows: Rows, seed: int, time_decay: int) -> tuple[Floats, Floats | None, Floats | None]:
    """Scores, and each side's attribution; NaN for rows with a missing value."""
    if rows.scores is not None:
        return rows.scores, None, None
    whole = ~np.isnan(rows.values).any(axis=1)
    scored = RandomCutForest(len(rows.columns), time_decay=time_decay, seed=seed).learn_score(rows.values[whole])
    scores = np.full(len(rows), np.nan)
    high, low = np.zeros(rows.values.shape), np.zeros(rows.values.shape)
    scores[whole], high[whole], low[whole] = scored.score, scored.high, scored.low
    return scores, high, low
