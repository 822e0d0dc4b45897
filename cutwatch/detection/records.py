"""The score record: what every detector says of one window, in one versioned shape.

Producers (the analytics application, `score_windows`) and consumers (`raise_alarms`, reports, backtests) share this.
As JSON: `{"version":1,"detector":"kinesis_rcf","series":"clickstream","window_start":"2020-07-15T10:10:00Z",
"window_seconds":60,"values":{"CLICKS":0},"score":1.2,"expected":null,"explanation":{"CLICKS":{"attribution":1.0,
"strength":0.5,"direction":"LOW"}}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from cutwatch.detection import codec
from cutwatch.errors import DataError

VERSION = 1
DEFAULT_SERIES = "clickstream"
SCORE_COLUMN = "ANOMALY_SCORE"
EXPLANATION_COLUMN = "ANOMALY_EXPLANATION"

DetectorName = Literal["kinesis_rcf", "sagemaker_rcf", "deepar"]
DETECTORS: tuple[DetectorName, ...] = ("kinesis_rcf", "sagemaker_rcf", "deepar")


class ExpectedRange(NamedTuple):
    """What a column was expected to be: `low` to `high`, in the middle `median`."""

    low: float
    median: float
    high: float


@dataclass(frozen=True)
class ColumnExplanation:
    """One column's part in a score. Attributions of all columns sum to the score; `strength` backs the direction."""

    attribution: float
    strength: float
    direction: Literal["LOW", "HIGH"]


@dataclass(frozen=True, kw_only=True)
class ScoreRecord:
    """One detector's score of one window of one series.

    `window_start` is aware, in UTC. `values` are the window's row by column. `score` is None where the detector gives
    none. `expected` and `explanation` are by column, None where the detector has none.
    """

    version: int = VERSION
    detector: DetectorName
    series: str = DEFAULT_SERIES
    window_start: datetime
    window_seconds: int
    values: Mapping[str, float]
    score: float | None = None
    expected: Mapping[str, ExpectedRange] | None = None
    explanation: Mapping[str, ColumnExplanation] | None = None

    @property
    def window_end(self) -> datetime:
        """When the window was over: the earliest moment at which anyone could know."""
        return self.window_start + timedelta(seconds=self.window_seconds)

    def to_json(self) -> str:
        """Write the record as one JSON object, without line breaks."""
        return json.dumps(codec.to_plain(self), separators=(",", ":"))


def parse_score_record(data: str | bytes) -> ScoreRecord:
    """Parse one record. Raises DataError, in one sentence, where it is not one of this version."""
    record = codec.loads(data, _RecordJson, what="score record", error=DataError)
    if record.version != VERSION:
        raise DataError(f"score record: version is {record.version}; allowed: {VERSION}")
    if record.window_seconds < 1:
        raise DataError(f"score record: window_seconds is {record.window_seconds}; allowed: 1 or more")
    expected = {name: ExpectedRange(*triple) for name, triple in (record.expected or {}).items()}
    return ScoreRecord(
        detector=record.detector,
        window_start=record.window_start,
        window_seconds=record.window_seconds,
        values=record.values,
        score=record.score,
        expected=expected or None,
        explanation=record.explanation or None,
        series=record.series,
    )


def score_record_from_row(
    row: Mapping[str, object],
    *,
    detector: DetectorName = "kinesis_rcf",
    series: str = DEFAULT_SERIES,
    window_seconds: int = 60,
    time_column: str = "TIMESTAMPS",
) -> ScoreRecord:
    """Make a record of an output row of the analytics application.

    Args:
        row: the row's columns; every finite number but the score becomes a value of the record.
        detector: whose score `ANOMALY_SCORE` is.
        series: key of the series the row belongs to.
        window_seconds: length of the row's window.
        time_column: the column with the window's start (a datetime, or ISO-8601 text; UTC where it has no zone).

    Raises:
        DataError: the row has no usable time, or its explanation is not in the service's form.
    """
    values = {
        name: float(value)
        for name, value in row.items()
        if name not in (SCORE_COLUMN, time_column) and isinstance(value, int | float) and not isinstance(value, bool)
    }
    score, explanation = row.get(SCORE_COLUMN), row.get(EXPLANATION_COLUMN)
    return ScoreRecord(
        detector=detector,
        window_start=_time(row.get(time_column), time_column),
        window_seconds=window_seconds,
        values=values,
        score=float(score) if isinstance(score, int | float) else None,
        explanation=parse_explanation(explanation) if isinstance(explanation, str) and explanation else None,
        series=series,
    )


def parse_explanation(text: str) -> dict[str, ColumnExplanation]:
    """Parse the JSON of RANDOM_CUT_FOREST_WITH_EXPLANATION: numbers as texts, upper-case keys. Raises DataError."""
    try:
        return {
            name: ColumnExplanation(
                attribution=float(part["ATTRIBUTION_SCORE"]),
                strength=float(part.get("STRENGTH", 0)),
                direction="HIGH" if part.get("DIRECTION") == "HIGH" else "LOW",
            )
            for name, part in json.loads(text).items()
        }
    except (ValueError, KeyError, TypeError, AttributeError) as cause:
        raise DataError(
            f"{EXPLANATION_COLUMN} is {text[:80]!r}; allowed: the JSON that the function returns"
        ) from cause


def _time(value: object, column: str) -> datetime:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    try:
        return codec.parse_time(str(value))
    except ValueError as cause:
        raise DataError(f"{column} is {value!r}; allowed: a time such as 2020-07-15 10:10:00") from cause


@dataclass(frozen=True, kw_only=True)
class _RecordJson:
    """A record as its JSON has it."""

    version: int = VERSION
    detector: DetectorName
    series: str = DEFAULT_SERIES
    window_start: datetime
    window_seconds: int
    values: Mapping[str, float]
    score: float | None = None
    expected: Mapping[str, tuple[float, float, float]] | None = None
    explanation: Mapping[str, ColumnExplanation] | None = None
