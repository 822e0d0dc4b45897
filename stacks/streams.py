"""The Streams stack: what every other stack reads and writes."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from stacks.constructs.record_stream import RecordStream
from stacks.constructs.record_table import RecordTable
from stacks.constructs.stage_bucket import StageBucket
from stacks.constructs.tick_schedule import TickSchedule
from stacks.retention import log_retention
from stacks.settings import Settings


class StreamsStack(Stack):
    """The key, the four streams, the two tables, the bucket and the ticks.

    Attributes:
        key: Encrypts everything of the stage.
        clicks, scores, windows, errors: The streams, named as in the flow.
        series: Table of ten-minute rows, scores and forecast bands.
        incidents: Table of alarm states and incidents.
        bucket: Application state, training data and models.
    """

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, id_, **kwargs)
        self.key = self._make_key()
        streams = settings.streams
        self.clicks = RecordStream(self, "Clicks", key=self.key, capacity=streams.clicks)
        self.scores = RecordStream(self, "Scores", key=self.key, capacity=streams.scores)
        self.windows = RecordStream(self, "Windows", key=self.key, capacity=streams.windows)
        self.errors = RecordStream(self, "Errors", key=self.key, capacity=streams.errors)
        self.series = RecordTable(self, "Series", key=self.key, sort_key="window_start")
        self.incidents = RecordTable(self, "Incidents", key=self.key, sort_key="item")
        self.bucket = StageBucket(
            self,
            "Bucket",
            key=self.key,
            training_days=settings.retention.series_days,
            log_retention=log_retention(settings),
        ).bucket
        self.ticks = TickSchedule(
            self,
            "Ticks",
            stream=self.clicks,
            key=self.key,
            failures_days=settings.retention.failures_days,
            enabled=streams.ticks,
        )
        for name, stream in (("Clicks", self.clicks), ("Scores", self.scores), ("Errors", self.errors)):
            CfnOutput(self, f"{name}Stream", value=stream.stream_name)
        CfnOutput(self, "IncidentsTable", value=self.incidents.table_name)
        CfnOutput(self, "SeriesTable", value=self.series.table_name)

    def _make_key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            description=f"Cutwatch {self.stack_name}: streams, tables, bucket, queues and topics",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
        )
        # Alarms publish to encrypted topics, and topics send to encrypted queues, under these services' own names.
        for service in ("cloudwatch", "sns"):
            key.grant_encrypt_decrypt(iam.ServicePrincipal(f"{service}.amazonaws.com"))
        return key
