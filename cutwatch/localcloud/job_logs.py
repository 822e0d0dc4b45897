"""Carries the lines that an analytics job prints to the CloudWatch log stream of its application."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

logger = logging.getLogger("cutwatch.analytics")

_MOST_EVENTS = 500  # PutLogEvents takes 10,000 or 1 MiB; a job's lines are short
_LONGEST_LINE = 20_000


@dataclass(frozen=True)
class LogStream:
    """A CloudWatch log stream."""

    group: str
    stream: str


def logging_option(application: Mapping[str, Any]) -> LogStream | None:
    """Give the log stream that an application's description names, None where it names none."""
    for option in application.get("CloudWatchLoggingOptionDescriptions") or []:
        # arn:aws:logs:REGION:ACCOUNT:log-group:GROUP:log-stream:STREAM
        _, _, rest = option.get("LogStreamARN", "").partition(":log-group:")
        group, separator, stream = rest.partition(":log-stream:")
        if separator:
            return LogStream(group, stream)
    return None


class JobLogs:
    """A writer to a log stream, from a thread, so that the job never waits for it.

    As on AWS, a group or stream that does not exist means that lines are lost; here the server's log says so, once.

    Args:
        client: a boto3 client of CloudWatch Logs.
        target: where to; None drops all lines.
        clock: gives the time in seconds since 1970.
    """

    def __init__(self, client: Any, target: LogStream | None, clock: Callable[[], float] = time.time) -> None:
        self._client = client
        self._target = target
        self._clock = clock
        self._lines: deque[tuple[int, str]] = deque()
        self._wake = threading.Event()
        self._closed = False
        self._lost = False
        self._thread = threading.Thread(target=self._run, name="job-logs", daemon=True)
        self._thread.start()

    def write(self, line: str) -> None:
        """Add a line; empty ones are left out because CloudWatch refuses them."""
        if line.strip() and self._target is not None:
            self._lines.append((int(self._clock() * 1000), line[:_LONGEST_LINE]))
            self._wake.set()

    def close(self, timeout_seconds: float = 5) -> None:
        """Write what is left and end."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout_seconds)

    def _run(self) -> None:
        while not (self._closed and not self._lines):
            self._wake.wait(timeout=1)
            self._wake.clear()
            while self._lines:
                self._flush([self._lines.popleft() for _ in range(min(len(self._lines), _MOST_EVENTS))])

    def _flush(self, lines: list[tuple[int, str]]) -> None:
        assert self._target is not None
        events = [{"timestamp": stamp, "message": line} for stamp, line in lines]
        try:
            self._client.put_log_events(
                logGroupName=self._target.group, logStreamName=self._target.stream, logEvents=events
            )
        except Exception as error:  # noqa: BLE001 - the job goes on without its log, as on AWS
            if not self._lost:
                logger.warning("lines of a job are lost: %s", error)
            self._lost = True
