"""Settings of the Streams stack: capacity, retention, ticks."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from stacks.settings.base import Group

# CloudWatch knows these only; the command line gives text.
LogDays = Annotated[
    Literal[1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365],
    BeforeValidator(lambda value: int(value) if isinstance(value, str) and value.isdecimal() else value),
]


class StreamCapacity(Group):
    """How much one Kinesis stream takes. A shard takes 1 MB or 1,000 records a second."""

    mode: Literal["provisioned", "on_demand"] = "provisioned"
    """Provisioned shards (cheapest when the load is known) or on demand (AWS scales it, several times the price)."""
    shards: int = Field(default=1, ge=1, le=200)
    """Shards of a provisioned stream; ignored on demand."""
    retention_hours: int = Field(default=48, ge=24, le=8760)
    """How long records can be read again: the longest outage of a consumer that loses nothing."""


class StreamsSettings(Group):
    """The four streams of a stage."""

    clicks: StreamCapacity = StreamCapacity()
    """Raw clicks in."""
    scores: StreamCapacity = StreamCapacity()
    """Score records between the detectors and `raise_alarms`."""
    windows: StreamCapacity = StreamCapacity()
    """Ten-minute rows between the analytics application and `score_windows`."""
    errors: StreamCapacity = StreamCapacity(retention_hours=168)
    """Rows that the application refused, with the reason and the raw bytes."""
    ticks: bool = True
    """Put one tick a minute on the clicks stream; off for a stage that only replays recorded clicks."""


class RetentionSettings(Group):
    """How long things are kept."""

    logs_days: LogDays = 30
    """Log groups."""
    series_days: int = Field(default=60, ge=15, le=3650)
    """Rows, scores and bands of the series table: forecast context, training set and charts."""
    incidents_days: int = Field(default=400, ge=7, le=3650)
    """Incidents that are over."""
    failures_days: int = Field(default=14, ge=1, le=14)
    """Messages that wait in a failure queue; SQS keeps them for 14 days at most."""


class WindowSettings(Group):
    """Lengths of the tumbling windows of the SQL."""

    score_seconds: int = Field(default=60, ge=10, le=3600)
    """Rows that RANDOM_CUT_FOREST scores."""
    row_seconds: int = Field(default=600, ge=60, le=86400)
    """Rows that the SageMaker detectors score."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.row_seconds % self.score_seconds:
            raise ValueError(
                f"windows.row_seconds={self.row_seconds} must be a multiple of "
                f"windows.score_seconds={self.score_seconds}"
            )
        return self
