"""A job's lines reach its log stream in order, and a missing stream stops nothing."""

from __future__ import annotations

from typing import Any

import pytest

from cutwatch.localcloud.job_logs import JobLogs, LogStream, logging_option

TARGET = LogStream("/cutwatch/dev", "job")


class FakeLogs:
    def __init__(self, *, missing: bool = False) -> None:
        self.missing = missing
        self.events: list[tuple[int, str]] = []

    def put_log_events(self, **request: Any) -> None:
        if self.missing:
            raise RuntimeError("ResourceNotFoundException")
        assert (request["logGroupName"], request["logStreamName"]) == ("/cutwatch/dev", "job")
        assert len(request["logEvents"]) <= 500
        self.events += [(event["timestamp"], event["message"]) for event in request["logEvents"]]


def test_lines_come_in_order_with_their_time() -> None:
    client, now = FakeLogs(), iter(float(second) for second in range(10_000))
    logs = JobLogs(client, TARGET, clock=lambda: next(now))
    for number in range(1200):
        logs.write(f"line {number}")
    logs.close()
    assert client.events == [(number * 1000, f"line {number}") for number in range(1200)]


def test_empty_lines_are_left_out() -> None:
    client = FakeLogs()
    logs = JobLogs(client, TARGET)
    logs.write("")
    logs.write("  ")
    logs.close()
    assert client.events == []


def test_a_missing_stream_loses_lines_and_says_so_once(caplog: pytest.LogCaptureFixture) -> None:
    logs = JobLogs(FakeLogs(missing=True), TARGET)
    logs.write("a")
    logs.close()
    again = JobLogs(FakeLogs(missing=True), None)
    again.write("dropped: the application has no logging option")
    again.close()
    assert [record.getMessage() for record in caplog.records] == ["lines of a job are lost: ResourceNotFoundException"]


def test_the_logging_option_names_group_and_stream() -> None:
    arn = "arn:aws:logs:us-east-1:123456789012:log-group:/cutwatch/dev:log-stream:job"
    assert logging_option({"CloudWatchLoggingOptionDescriptions": [{"LogStreamARN": arn}]}) == TARGET
    assert logging_option({"CloudWatchLoggingOptionDescriptions": []}) is None
    assert logging_option({}) is None
