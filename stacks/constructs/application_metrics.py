"""Metrics of a Managed Flink application."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch


def application_metric(application_name: str, name: str, *, statistic: str) -> cloudwatch.Metric:
    """Return one metric of the application, five minutes at a time.

    Args:
        application_name: The application.
        name: Such as `numRestarts` (`fullRestarts` is gone since Flink 2.2).
        statistic: Such as `Maximum`.
    """
    return cloudwatch.Metric(
        namespace="AWS/KinesisAnalytics",
        metric_name=name,
        dimensions_map={"Application": application_name},
        period=Duration.minutes(5),
        statistic=statistic,
    )
