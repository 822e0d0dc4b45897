"""Alarms about Cutwatch itself: a watcher that died must not look like a quiet day."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.constructs.application_metrics import application_metric
from stacks.streams import StreamsStack

FIVE_MINUTES = Duration.minutes(5)


class HealthAlarms(Construct):
    """One alarm for each way in which clicks could stop turning into notices.

    Args:
        scope: Parent construct.
        id_: Logical name.
        streams: The stage's streams.
        application_name: The analytics application.
        raiser: The function that judges.
        scorers: The functions that score ten-minute rows, by detector.
        queues: Failure queues by what they hold.
        topic: Who is told.
        window_seconds: Time between two score records of a series.

    Attributes:
        alarms: All of them, for the dashboard.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        streams: StreamsStack,
        application_name: str,
        raiser: lambda_.IFunction,
        scorers: Mapping[str, lambda_.IFunction],
        queues: Mapping[str, sqs.IQueue],
        topic: sns.ITopic,
        window_seconds: int,
    ) -> None:
        super().__init__(scope, id_)
        self.alarms: list[cloudwatch.Alarm] = []
        self._action = actions.SnsAction(topic)
        silence = max(2, -(-3 * window_seconds // 300))
        self._add(
            "NoScores",
            streams.scores.metric_incoming_records(period=FIVE_MINUTES, statistic="Sum"),
            "No score has arrived for some windows: the application, the ticks or the clicks stream is broken.",
            below=1,
            periods=silence,
            missing=cloudwatch.TreatMissingData.BREACHING,
        )
        self._add(
            "RefusedRows",
            streams.errors.metric_incoming_records(period=FIVE_MINUTES, statistic="Sum"),
            "Rows are being refused; they wait on the errors stream with the reason.",
            above=0,
        )
        self._add(
            "ThrottledClicks",
            streams.clicks.metric_write_provisioned_throughput_exceeded(period=FIVE_MINUTES, statistic="Sum"),
            "The clicks stream refuses records: give it more shards (streams.clicks.shards).",
            above=0,
        )
        self._add(
            "ApplicationLag",
            application_metric(application_name, "millisBehindLatest", statistic="Maximum"),
            "The analytics application is more than five minutes behind: raise analytics.parallelism.",
            above=5 * 60 * 1000,
            periods=3,
        )
        self._add(
            "ApplicationRestarts",
            application_metric(application_name, "numRestarts", statistic="Maximum"),
            "The analytics application's job restarts: see its log group.",
            above=0,
        )
        self._add(
            "FailedCheckpoints",
            application_metric(application_name, "numberOfFailedCheckpoints", statistic="Maximum"),
            "Checkpoints of the analytics application fail: a restart would repeat much.",
            above=0,
            periods=2,
        )
        self._add(
            "JudgementErrors",
            raiser.metric_errors(period=FIVE_MINUTES),
            "raise_alarms fails: see its log group.",
            above=0,
        )
        self._add(
            "JudgementLag",
            raiser.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum"),
            "raise_alarms is more than ten minutes behind the scores.",
            above=10 * 60 * 1000,
        )
        for detector, scorer in scorers.items():
            name = detector.title().replace("_", "")
            self._add(
                f"{name}Errors",
                scorer.metric_errors(period=FIVE_MINUTES),
                f"score_windows fails for {detector}: see its log group.",
                above=0,
            )
            self._add(
                f"{name}Lag",
                scorer.metric("IteratorAge", period=FIVE_MINUTES, statistic="Maximum"),
                f"score_windows is more than half an hour behind for {detector}: its endpoint may be down.",
                above=30 * 60 * 1000,
            )
        for name, queue in queues.items():
            self._add(
                f"{name}Waiting",
                queue.metric_approximate_number_of_messages_visible(period=FIVE_MINUTES, statistic="Maximum"),
                "Something could not be delivered or judged and waits in the failure queue.",
                above=0,
            )

    def _add(
        self,
        name: str,
        metric: cloudwatch.IMetric,
        description: str,
        *,
        above: float | None = None,
        below: float | None = None,
        periods: int = 1,
        missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
    ) -> None:
        operator = cloudwatch.ComparisonOperator
        threshold = above if above is not None else below
        assert threshold is not None
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            alarm_description=f"Cutwatch: {description}",
            threshold=threshold,
            comparison_operator=operator.GREATER_THAN_THRESHOLD if above is not None else operator.LESS_THAN_THRESHOLD,
            evaluation_periods=periods,
            treat_missing_data=missing,
        )
        alarm.add_alarm_action(self._action)
        alarm.add_ok_action(self._action)
        self.alarms.append(alarm)
