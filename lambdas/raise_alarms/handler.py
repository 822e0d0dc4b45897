"""Edge of `raise_alarms`: a batch of the scores stream in, partial failures out."""

from __future__ import annotations

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
from lambdas.raise_alarms.adapters import Notifier
from lambdas.raise_alarms.batch import AlarmRaiser
from lambdas.raise_alarms.store import IncidentStore
from lambdas.shared.calibration import Calibration
from lambdas.shared.delivery import RefusedRecords, delivered
from lambdas.shared.environment import Variables

logger = Logger()
metrics = Metrics()
SETTINGS_AGE_SECONDS = 60


@event_source(data_class=KinesisStreamEvent)
@logger.inject_lambda_context
@metrics.log_metrics
def raise_alarms(event: KinesisStreamEvent, context: LambdaContext) -> dict[str, Any]:
    """Judge a batch of score records; records of a series that failed come again."""
    result = _raiser().process(delivered(event))
    metrics.add_metric("RecordsJudged", MetricUnit.Count, result.judged)
    metrics.add_metric("RecordsRefused", MetricUnit.Count, result.refused)
    metrics.add_metric("NoticesSent", MetricUnit.Count, result.sent)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in result.failed]}


@cache
def _parameters() -> SSMProvider:
    return SSMProvider()


def _raiser() -> AlarmRaiser:
    variables = Variables()
    settings = _settings(_parameter(variables, "SETTINGS_PARAMETER"), _parameter(variables, "CALIBRATION_PARAMETER"))
    keep = timedelta(days=variables.whole("INCIDENTS_DAYS"))
    return AlarmRaiser(
        settings=settings,
        store=IncidentStore(_client("dynamodb"), variables.text("INCIDENTS_TABLE"), keep),
        notifier=Notifier(_client("sns"), variables.text("NOTICES_TOPIC_ARN")),
        refused=RefusedRecords(_client("sqs"), variables.text("FAILURES_QUEUE_URL")),
        logger=logger,
    )


def _parameter(variables: Variables, name: str) -> str:
    return str(_parameters().get(variables.text(name), max_age=SETTINGS_AGE_SECONDS))


@cache
def _settings(settings: str, calibration: str) -> DetectionSettings:
    return DetectionSettings.from_json(settings).with_thresholds(Calibration.from_json(calibration).thresholds)


@cache
def _client(service: str) -> Any:
    return boto3.client(service)  # type: ignore[call-overload]
