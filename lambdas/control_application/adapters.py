"""The application as the service shows it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lambdas.control_application.logic import FAILED, STARTED

if TYPE_CHECKING:
    from mypy_boto3_kinesisanalyticsv2 import KinesisAnalyticsV2Client
    from mypy_boto3_logs import CloudWatchLogsClient


class KinesisApplication:
    """One application, through its clients.

    Args:
        name: Application name.
        log_group: Log group that its job writes to.
        analytics: Client of the service.
        logs: Client of CloudWatch Logs.
    """

    def __init__(
        self, name: str, log_group: str, *, analytics: KinesisAnalyticsV2Client, logs: CloudWatchLogsClient
    ) -> None:
        self._name = name
        self._log_group = log_group
        self._analytics = analytics
        self._logs = logs

    def status(self) -> str | None:
        """Return the application's status, None when it does not exist."""
        try:
            described = self._analytics.describe_application(ApplicationName=self._name)
        except self._analytics.exceptions.ResourceNotFoundException:
            return None
        return described["ApplicationDetail"]["ApplicationStatus"]

    def start(self) -> None:
        """Start from the latest snapshot, or afresh when there is none."""
        self._analytics.start_application(
            ApplicationName=self._name,
            RunConfiguration={
                "ApplicationRestoreConfiguration": {"ApplicationRestoreType": "RESTORE_FROM_LATEST_SNAPSHOT"},
                # A new SQL text may drop a pump: its state goes with it.
                "FlinkRunConfiguration": {"AllowNonRestoredState": True},
            },
        )

    def stop(self, *, force: bool) -> None:
        """Stop; forced, without a snapshot."""
        self._analytics.stop_application(ApplicationName=self._name, Force=force)

    def events_since(self, time_ms: int) -> Sequence[str]:
        """Return the log's lines since a moment that speak of the job's start."""
        # One question a phrase: a group of Flink's own INFO lines is far too long to read.
        found = [
            (event["timestamp"], event["message"])
            for phrase in (STARTED, FAILED)
            for page in self._logs.get_paginator("filter_log_events").paginate(
                logGroupName=self._log_group, startTime=time_ms, filterPattern=f'"{phrase}"'
            )
            for event in page["events"]
        ]
        return [message for _, message in sorted(found)]
