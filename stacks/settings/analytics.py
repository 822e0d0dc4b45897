"""Settings of the Analytics stack: the SQL, its parallelism and what late rows may do."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from stacks.settings.base import Group, Name


class AnalyticsSettings(Group):
    """The Kinesis Analytics application."""

    sql_folder: str = Field(default="kda_sql", min_length=1)
    """Folder with the `.sql` file and `application.json` that go into the application's package."""
    sql_file: str = Field(default="clickstream.sql", pattern=r"^[A-Za-z0-9_.-]+\.sql$")
    """The statement to run, a file of `analytics.sql_folder`."""
    allowed_lateness_seconds: int = Field(default=60, ge=0, le=86400)
    """How far a click may come behind the newest one and still be counted; later ones go to the errors stream."""
    seed: int = Field(default=1, ge=0, le=2**63 - 1)
    """Seed of the forests: the same clicks give the same scores."""
    series: Name = "clickstream"
    """Key of the series when the SQL does not partition by a column."""
    parallelism: int = Field(default=1, ge=1, le=64)
    """Parallel task slots; one is one Kinesis Processing Unit."""
    parallelism_per_kpu: int = Field(default=1, ge=1, le=8)
    """Task slots that share one Kinesis Processing Unit."""
    autoscaling: bool = False
    """Let the service scale the parallelism with the CPU load."""
    checkpoint_seconds: int = Field(default=60, ge=10, le=3600)
    """Time between checkpoints: what a restart has to read again."""
    start_timeout_seconds: int = Field(default=600, ge=60, le=840)
    """How long a deployment waits for the application's first sign of life before it fails."""

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if self.parallelism_per_kpu > self.parallelism:
            raise ValueError(
                f"analytics.parallelism_per_kpu={self.parallelism_per_kpu} must not exceed "
                f"analytics.parallelism={self.parallelism}"
            )
        return self
