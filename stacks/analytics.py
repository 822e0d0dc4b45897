"""The Analytics stack: the SQL application, its start and stop, its logs."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from stacks.constructs.application_control import ApplicationControl
from stacks.constructs.grants import grant_key_use, grant_objects, grant_stream_read, grant_stream_write
from stacks.constructs.sql_application import SqlApplication
from stacks.retention import log_retention
from stacks.settings import Settings
from stacks.streams import StreamsStack

STATE_PREFIX = "application-state/"


class AnalyticsStack(Stack):
    """Clicks to scores and windows, in SQL.

    Attributes:
        application: The Kinesis Analytics application.
    """

    def __init__(
        self, scope: Construct, id_: str, *, settings: Settings, streams: StreamsStack, package: str, **kwargs: Any
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        analytics = settings.analytics
        retention = log_retention(settings)
        self.application = SqlApplication(
            self,
            "Application",
            name=f"cutwatch-{settings.stage}-analytics",
            package=package,
            properties={
                "sql.file": analytics.sql_file,
                "application.file": "application.json",
                "clicks.stream.arn": streams.clicks.stream_arn,
                "scores.stream.arn": streams.scores.stream_arn,
                "windows.stream.arn": streams.windows.stream_arn,
                "errors.stream.arn": streams.errors.stream_arn,
                "region": self.region,
                "seed": str(analytics.seed),
                "series": analytics.series,
                "detector": "kinesis_rcf",
                "window.seconds": str(settings.windows.score_seconds),
                "row.seconds": str(settings.windows.row_seconds),
                "checkpoint.interval.seconds": str(analytics.checkpoint_seconds),
                "allowed.lateness.seconds": str(analytics.allowed_lateness_seconds),
                "state.bucket": streams.bucket.bucket_name,
                "state.prefix": STATE_PREFIX,
            },
            settings=analytics,
            log_retention=retention,
        )
        role = self.application.role
        grant_stream_read(streams.clicks, role)
        for stream in (streams.scores, streams.windows, streams.errors):
            grant_stream_write(stream, role)
        grant_objects(streams.bucket, STATE_PREFIX, role)
        grant_key_use(streams.key, role)
        self.control = ApplicationControl(
            self,
            "Control",
            application=self.application,
            start_timeout_seconds=analytics.start_timeout_seconds,
            log_retention=retention,
        )
        CfnOutput(self, "ApplicationName", value=self.application.resource.ref)
        if self.application.connector is not None:
            CfnOutput(self, "ConnectorSha256", value=self.application.connector.sha256)
        CfnOutput(self, "ApplicationLogGroup", value=self.application.log_group.log_group_name)
