"""One page that shows whether clicks turn into scores and scores into notices."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.constructs.application_metrics import application_metric
from stacks.streams import StreamsStack


class Dashboard(Construct):
    """A CloudWatch dashboard of the stage, in the order of the flow.

    Args:
        scope: Parent construct.
        id_: Logical name.
        stage: Name of the stage, for the headings.
        streams: The stage's streams.
        application_name: The analytics application.
        raiser: The function that judges.
        alarms: Health alarms.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        stage: str,
        streams: StreamsStack,
        application_name: str,
        raiser: lambda_.IFunction,
        alarms: Sequence[cloudwatch.IAlarm],
    ) -> None:
        super().__init__(scope, id_)
        minute = Duration.minutes(1)

        def records(label: str, stream: str) -> cloudwatch.IMetric:
            source = getattr(streams, stream)
            metric: cloudwatch.Metric = source.metric_incoming_records(period=minute, statistic="Sum", label=label)
            return metric

        def own(name: str) -> cloudwatch.IMetric:
            return cloudwatch.Metric(
                namespace="Cutwatch",
                metric_name=name,
                dimensions_map={"service": "raise_alarms"},
                period=minute,
                statistic="Sum",
            )

        cloudwatch.Dashboard(
            self,
            "Page",
            default_interval=Duration.hours(12),
            widgets=[
                [cloudwatch.AlarmStatusWidget(title=f"Cutwatch {stage}: health", alarms=list(alarms), width=24)],
                [
                    cloudwatch.GraphWidget(title="Clicks in, a minute", left=[records("clicks", "clicks")]),
                    cloudwatch.GraphWidget(
                        title="Rows out, a minute",
                        left=[records("scores", "scores"), records("windows", "windows"), records("refused", "errors")],
                    ),
                    cloudwatch.GraphWidget(
                        title="Application behind, ms",
                        left=[application_metric(application_name, "millisBehindLatest", statistic="Maximum")],
                    ),
                    cloudwatch.GraphWidget(
                        title="Application restarts, failed checkpoints",
                        left=[
                            application_metric(application_name, "numRestarts", statistic="Maximum"),
                            application_metric(application_name, "numberOfFailedCheckpoints", statistic="Maximum"),
                        ],
                    ),
                ],
                [
                    cloudwatch.GraphWidget(
                        title="Judged and refused", left=[own("RecordsJudged"), own("RecordsRefused")]
                    ),
                    cloudwatch.GraphWidget(title="Notices", left=[own("NoticesSent")]),
                    cloudwatch.GraphWidget(
                        title="raise_alarms: errors, duration",
                        left=[raiser.metric_errors(period=minute)],
                        right=[raiser.metric_duration(period=minute)],
                    ),
                    cloudwatch.GraphWidget(
                        title="raise_alarms behind, ms",
                        left=[raiser.metric("IteratorAge", period=minute, statistic="Maximum")],
                    ),
                ],
            ],
        )
