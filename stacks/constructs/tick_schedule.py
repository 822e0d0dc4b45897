"""One tick a minute on the clicks stream, so that windows close while the site is dead."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kinesis as kinesis
from aws_cdk import aws_kms as kms
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_scheduler_targets as targets
from constructs import Construct

from stacks.checks import acknowledge
from stacks.constructs.failure_queue import FailureQueue


class TickSchedule(Construct):
    """An EventBridge schedule that puts `{"timestamp": …}` on the stream every minute.

    A tick that fails is dropped after some minutes: the next one says the same, only later. What is dropped waits
    in a queue, so that a broken permission shows.

    Args:
        scope: Parent construct.
        id_: Logical name.
        stream: The clicks stream.
        key: Key of the failure queue.
        failures_days: How long undelivered ticks are kept.
        enabled: Off for a stage that only replays recorded clicks, whose time is not now.
    """

    def __init__(
        self, scope: Construct, id_: str, *, stream: kinesis.IStream, key: kms.IKey, failures_days: int, enabled: bool
    ) -> None:
        super().__init__(scope, id_)
        self.failures = FailureQueue(self, "Failures", key=key, retention_days=failures_days)
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"),
            description="Cutwatch: puts ticks on the clicks stream",
        )
        acknowledge(
            role,
            "AwsSolutions-IAM5[Action::kms:GenerateDataKey*]",
            "CDK's schedule target grants the key so; both actions it stands for read nothing.",
        )
        self.schedule = scheduler.Schedule(
            self,
            "Schedule",
            schedule=scheduler.ScheduleExpression.rate(Duration.minutes(1)),
            target=targets.KinesisStreamPutRecord(
                stream,
                partition_key="tick",
                role=role,
                dead_letter_queue=self.failures,
                input=scheduler.ScheduleTargetInput.from_object(
                    {"timestamp": scheduler.ContextAttribute.scheduled_time}
                ),
                max_event_age=Duration.minutes(5),
                retry_attempts=3,
            ),
            description="Cutwatch: one tick a minute, so that silence is seen",
            enabled=enabled,
        )
