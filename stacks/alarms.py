"""The Alarms stack: the judgement, its topics, the dashboard and the health of Cutwatch itself."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from stacks.analytics import AnalyticsStack
from stacks.constructs.alarm_raiser import AlarmRaiser
from stacks.constructs.dashboard import Dashboard
from stacks.constructs.failure_queue import FailureQueue
from stacks.constructs.health_alarms import HealthAlarms
from stacks.constructs.notice_topic import NoticeTopic
from stacks.constructs.window_scorer import WindowScorer
from stacks.retention import log_retention
from stacks.settings import Settings
from stacks.streams import StreamsStack


class AlarmsStack(Stack):
    """Scores to notices.

    Attributes:
        notices: Topic about the clickstream: incidents.
        operators: Topic about Cutwatch itself.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        settings: Settings,
        streams: StreamsStack,
        analytics: AnalyticsStack,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, id_, **kwargs)
        alarms = settings.alarms
        self.failures = FailureQueue(self, "Failures", key=streams.key, retention_days=settings.retention.failures_days)
        self.notices = NoticeTopic(
            self,
            "Notices",
            key=streams.key,
            display_name=f"Cutwatch {settings.stage}",
            emails=alarms.emails,
            subscriptions=alarms.subscriptions,
            failures=self.failures,
        )
        self.operators = NoticeTopic(
            self,
            "Operators",
            key=streams.key,
            display_name=f"Cutwatch {settings.stage} health",
            emails=alarms.operator_emails or alarms.emails,
            failures=self.failures,
            alarms_publish=True,
        )
        self.raiser = AlarmRaiser(
            self,
            "AlarmRaiser",
            scores=streams.scores,
            incidents=streams.incidents,
            topic=self.notices,
            failures=self.failures,
            key=streams.key,
            detection=alarms.to_detection(),
            keep_days=settings.retention.incidents_days,
            log_retention=log_retention(settings),
        )
        self.scorer = WindowScorer(
            self,
            "WindowScorer",
            settings=settings,
            streams=streams,
            calibration=self.raiser.calibration,
            failures=self.failures,
            log_retention=log_retention(settings),
        )
        health = HealthAlarms(
            self,
            "Health",
            streams=streams,
            application_name=analytics.application.resource.ref,
            raiser=self.raiser.function,
            scorers=self.scorer.functions,
            queues={"Failures": self.failures, "UndeliveredTicks": streams.ticks.failures},
            topic=self.operators,
            window_seconds=settings.windows.score_seconds,
        )
        Dashboard(
            self,
            "Dashboard",
            stage=settings.stage,
            streams=streams,
            application_name=analytics.application.resource.ref,
            raiser=self.raiser.function,
            alarms=health.alarms,
        )
        CfnOutput(self, "NoticesTopic", value=self.notices.topic_arn)
        CfnOutput(self, "FailuresQueue", value=self.failures.queue_url)
