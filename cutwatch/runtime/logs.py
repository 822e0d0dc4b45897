"""The job's log: one JSON object a line on stdout, which Managed Flink carries to CloudWatch Logs.

Whoever starts the job reads `event` in these lines: `job_started`, `job_failed` (with `reason`), `progress`,
`job_stopped`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TextIO

Level = Literal["INFO", "WARN", "ERROR"]


class JobLog:
    """Writes events.

    Args:
        stream: where to.
        clock: tells the time.

    Example:
        >>> JobLog(clock=lambda: datetime(2020, 7, 15, tzinfo=UTC)).write("job_started", shards=1)
        {"time": "2020-07-15T00:00:00+00:00", "level": "INFO", "event": "job_started", "shards": 1}
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._stream = stream
        self._clock = clock

    def write(self, event: str, *, level: Level = "INFO", **fields: object) -> None:
        """Write one event with its fields."""
        record = {"time": self._clock().isoformat(timespec="milliseconds"), "level": level, "event": event, **fields}
        stream = self._stream or sys.stdout
        stream.write(json.dumps(record, default=str) + "\n")
        stream.flush()
