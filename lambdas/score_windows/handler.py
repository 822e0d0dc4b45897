"""Edge of `score_windows`: a batch of the windows stream in, partial failures out. Deployed once for each detector."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.data_classes import KinesisStreamEvent, event_source
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from cutwatch.detection.records import ScoreRecord
from cutwatch.errors import OperatorError
from lambdas.score_windows.adapters import ScoreStream
from lambdas.score_windows.batch import WindowScorer
from lambdas.score_windows.detectors import DeepArDetector, Detector, RcfDetector
from lambdas.shared.calibration import Calibration
from lambdas.shared.delivery import RefusedRecords, delivered
from lambdas.shared.endpoints import DeepArEndpoint, Quantiles, RcfEndpoint
from lambdas.shared.environment import Variables
from lambdas.shared.series_table import SeriesTable

logger = Logger()
metrics = Metrics()
CALIBRATION_AGE_SECONDS = 30
# The batch is delivered again anyway: waiting long inside one delivery would only block the shard.
RUNTIME_CONFIG = Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard", "max_attempts": 3})


@event_source(data_class=KinesisStreamEvent)
@logger.inject_lambda_context
@metrics.log_metrics
def score_windows(event: KinesisStreamEvent, context: LambdaContext) -> dict[str, Any]:
    """Record and score a batch of ten-minute rows; rows that could not be scored come again."""
    variables = Variables()
    table = _table()
    learning = _calibration(variables).is_learning
    scorer = WindowScorer(
        table=table,
        detector=None if learning else _detector(),
        publish=_publisher(),
        refused=RefusedRecords(boto3.client("sqs"), variables.text("FAILURES_QUEUE_URL")),
        series=variables.text("SERIES"),
        window_seconds=variables.whole("WINDOW_SECONDS"),
        logger=logger,
    )
    result = scorer.process(delivered(event))
    if learning:
        logger.info("learning", extra={"rows": result.recorded, "detector": variables.text("DETECTOR")})
    metrics.add_dimension("detector", variables.text("DETECTOR"))
    metrics.add_metric("WindowsRecorded", MetricUnit.Count, result.recorded)
    metrics.add_metric("WindowsScored", MetricUnit.Count, result.scored)
    metrics.add_metric("RecordsRefused", MetricUnit.Count, result.refused)
    return {"batchItemFailures": [{"itemIdentifier": number} for number in result.failed]}


@cache
def _table() -> SeriesTable:
    variables = Variables()
    keep = timedelta(days=variables.whole("SERIES_DAYS"))
    return SeriesTable(boto3.client("dynamodb"), variables.text("SERIES_TABLE"), keep)


@cache
def _publisher() -> Any:
    stream = ScoreStream(boto3.client("kinesis"), Variables().text("SCORES_STREAM"))

    def publish(records: Iterable[ScoreRecord]) -> None:
        stream.put(records)

    return publish


@cache
def _parameters() -> SSMProvider:
    return SSMProvider()


def _calibration(variables: Variables) -> Calibration:
    text = _parameters().get(variables.text("CALIBRATION_PARAMETER"), max_age=CALIBRATION_AGE_SECONDS)
    return Calibration.from_json(str(text))


@cache
def _detector() -> Detector:
    variables = Variables()
    runtime = boto3.client("sagemaker-runtime", config=RUNTIME_CONFIG)
    window_seconds = variables.whole("WINDOW_SECONDS")
    name = variables.text("DETECTOR")
    match name:
        case "sagemaker_rcf":
            return RcfDetector(
                RcfEndpoint(runtime, variables.text("ENDPOINT")),
                _table(),
                columns=variables.names("COLUMNS"),
                window_seconds=window_seconds,
            )
        case "deepar":
            endpoint = DeepArEndpoint(
                runtime,
                variables.text("ENDPOINT"),
                quantiles=Quantiles(variables.number("LOW_QUANTILE"), variables.number("HIGH_QUANTILE")),
                num_samples=variables.whole("NUM_SAMPLES"),
            )
            return DeepArDetector(
                endpoint,
                _table(),
                column=variables.names("COLUMNS")[0],
                window_seconds=window_seconds,
                history_windows=variables.whole("HISTORY_WINDOWS"),
            )
    raise OperatorError(f"environment variable DETECTOR is {name!r}; allowed: sagemaker_rcf, deepar")
