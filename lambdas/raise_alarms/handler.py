"""Edge of `raise_alarms`: a batch of the scores stream in, partial failures out."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import KinesisStreamEvent, event_source
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.typing import LambdaContext

from cutwatch.detection.settings import DetectionSettings
from cutwatch.errors import OperatorError
from lambdas.raise_alarms.adapters import Notifier, RefusedRecords
from lambdas.raise_alarms.batch import AlarmRaiser, Delivered
from lambdas.raise_alarms.store import IncidentStore

logger = Logger()
metrics = Metrics()
SETTINGS_AGE_SECONDS = 60


@dataclass(frozen=True)
class Environment:
    """What the stack tells the function."""

    incidents_table: str
    notices_topic_arn: str
    failures_queue_url: str
    settings_parameter: str
    keep_days: int

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Environment:
        """Read the variables. Raises OperatorError naming the one that is missing."""
        try:
            return cls(
                incidents_table=variables["INCIDENTS_TABLE"],
                notices_topic_arn=variables["NOTICES_TOPIC_ARN"],
                failures_queue_url=variables["FAILURES_QUEUE_URL"],
                settings_parameter=variables["SETTINGS_PARAMETER"],
                keep_days=int(variables["INCIDENTS_DAYS"]),
            )
        except KeyError as missing:
            raise OperatorError(f"environment variable {missing} is not set: the Alarms stack sets it") from None


@event_source(data_class=KinesisStreamEvent)
@logger.inject_lambda_context
@metrics.log_metrics
def raise_alarms(event: KinesisStreamEvent, context: LambdaContext) -> dict[str, Any]:
    """Judge a batch of score records; records of a series that failed come again."""
    batch = [Delivered(record.kinesis.sequence_number, record.kinesis.data_as_bytes()) for record in event.records]
    result = _raiser().process(batch)
    metrics.add_metric("RecordsJudged", MetricUnit.Count, result.judged)
    metrics.add_metric("RecordsRefused", MetricUnit.Count, result.refused)
    metrics.add_metric("NoticesSent", MetricUnit.Count, result.sent)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in result.failed]}


@cache
def _clients() -> tuple[Environment, SSMProvider, IncidentStore, Notifier, RefusedRecords]:
    environment = Environment.read(os.environ)
    store = IncidentStore(boto3.client("dynamodb"), environment.incidents_table, timedelta(days=environment.keep_days))
    return (
        environment,
        SSMProvider(),
        store,
        Notifier(boto3.client("sns"), environment.notices_topic_arn),
        RefusedRecords(boto3.client("sqs"), environment.failures_queue_url),
    )


def _raiser() -> AlarmRaiser:
    environment, parameters, store, notifier, refused = _clients()
    text = parameters.get(environment.settings_parameter, max_age=SETTINGS_AGE_SECONDS)
    settings = _settings(str(text))
    return AlarmRaiser(settings=settings, store=store, notifier=notifier, refused=refused, logger=logger)


@cache
def _settings(text: str) -> DetectionSettings:
    return DetectionSettings.from_json(text)
