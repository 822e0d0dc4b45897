"""From stored windows to the two algorithms' training files. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lambdas.shared.series_table import StoredWindow

Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class TrainingSet:
    """What the algorithms learn from.

    Attributes:
        rcf_csv: Features by row, no header, no label.
        deepar_jsonl: One series a line: start, and one count a window; null where a window is missing or left out.
        index_csv: `series,window_start` of each row of `rcf_csv`, so that labels can be held against scores.
        rows: Rows for RCF.
        observations: Windows with a count, over all series.
        excluded: Windows left out because they lie in a known incident.
        missing: Windows of the grid that were never recorded.
    """

    rcf_csv: str
    deepar_jsonl: str
    index_csv: str
    rows: int
    observations: int
    excluded: int
    missing: int


def build_training_set(
    series: Mapping[str, Sequence[StoredWindow]],
    incidents: Mapping[str, Sequence[Span]],
    *,
    columns: Sequence[str],
    count_column: str,
    window_seconds: int,
) -> TrainingSet:
    """Build both training files.

    Args:
        series: Stored windows with counts, in order of time, by series.
        incidents: Known incidents by series: what they touch is not taught as normal.
        columns: Features of RCF, in order.
        count_column: The column that DeepAR forecasts.
        window_seconds: Length of a window.
    """
    step = timedelta(seconds=window_seconds)
    features: list[str] = []
    index: list[str] = []
    lines: list[str] = []
    observations = excluded = missing = 0
    for key, windows in series.items():
        known = {window.start: window.values or {} for window in windows}
        bad = incidents.get(key, ())
        first, last = min(known), max(known)
        target: list[int | float | None] = []
        for at in range(int((last - first) / step) + 1):
            start = first + at * step
            values = known.get(start)
            if values is None:
                missing += 1
            elif _touches(bad, start, start + step):
                excluded += 1
                values = None
            target.append(_count(values, count_column))
            observations += target[-1] is not None
            if values is not None and all(column in values for column in columns):
                features.append(",".join(_number(values[column]) for column in columns))
                index.append(f"{key},{start:%Y-%m-%dT%H:%M:%SZ}")
        if any(value is not None for value in target):
            lines.append(json.dumps({"start": f"{first:%Y-%m-%d %H:%M:%S}", "target": target}))
    return TrainingSet(
        rcf_csv="".join(f"{row}\n" for row in features),
        deepar_jsonl="".join(f"{line}\n" for line in lines),
        index_csv="".join(f"{row}\n" for row in index),
        rows=len(features),
        observations=observations,
        excluded=excluded,
        missing=missing,
    )


def _touches(spans: Sequence[Span], start: datetime, end: datetime) -> bool:
    return any(first < end and last > start for first, last in spans)


def _count(values: Mapping[str, float] | None, column: str) -> int | float | None:
    value = None if values is None else values.get(column)
    return int(value) if value is not None and value == int(value) else value


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
