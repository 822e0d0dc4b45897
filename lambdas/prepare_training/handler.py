"""Edge of `prepare_training`: a step of the training state machine."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.parameters import SSMProvider
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.prepare_training.adapters import TrainingBucket, read_incidents
from lambdas.prepare_training.logic import build_training_set
from lambdas.shared.calibration import Calibration
from lambdas.shared.environment import Variables
from lambdas.shared.series_table import SeriesTable, by_series

logger = Logger()


@logger.inject_lambda_context
def prepare_training(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Write the training files of one run.

    Args:
        event: `execution` (name of the state machine's execution) and `reason`: `first` (only if nothing was trained
            yet), `schedule` or `demand`.
        context: Lambda's.

    Returns:
        `ready`, with `why` when it is false; the run's name, its S3 addresses and its figures.
    """
    variables = Variables()
    run = _run_name(event["execution"])
    if event.get("reason") == "first" and not _calibration(variables).is_learning:
        return {"ready": False, "why": "a model was trained already", "run": run}
    table = SeriesTable(boto3.client("dynamodb"), variables.text("SERIES_TABLE"), timedelta(0))
    made = build_training_set(
        by_series(table.all_windows()),
        read_incidents(boto3.client("dynamodb"), variables.text("INCIDENTS_TABLE"), now=datetime.now(UTC)),
        columns=variables.names("COLUMNS"),
        count_column=variables.text("COUNT_COLUMN"),
        window_seconds=variables.whole("WINDOW_SECONDS"),
    )
    minimum = variables.whole("MINIMUM_WINDOWS")
    figures = {
        "rows": made.rows, "observations": made.observations, "excluded": made.excluded, "missing": made.missing
    }  # fmt: skip
    logger.info("training_set", extra={"run": run, "minimum": minimum, **figures})
    if made.observations < minimum:
        return {"ready": False, "why": f"{made.observations} windows of {minimum} gathered", "run": run, **figures}
    bucket = TrainingBucket(boto3.client("s3"), variables.text("BUCKET"))
    prefix = f"training/{run}"
    bucket.write(f"{prefix}/index/index.csv", made.index_csv)
    return {
        "ready": True,
        "run": run,
        **figures,
        "rcf": {"training_data": bucket.write(f"{prefix}/rcf/train.csv", made.rcf_csv)},
        "deepar": {"training_data": bucket.write(f"{prefix}/deepar/train.json", made.deepar_jsonl)},
    }


def _run_name(execution: str) -> str:
    """Make a name that SageMaker takes out of an execution's: short, letters, digits and hyphens."""
    return re.sub(r"[^A-Za-z0-9]+", "-", execution)[-32:].strip("-")


def _calibration(variables: Variables) -> Calibration:
    return Calibration.from_json(str(SSMProvider().get(variables.text("CALIBRATION_PARAMETER"), force_fetch=True)))
