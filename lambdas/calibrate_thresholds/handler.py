"""Edge of `calibrate_thresholds`: a step of the training state machine, after the endpoints serve the new models."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.calibrate_thresholds.logic import calibrate, mark_faults
from lambdas.shared.endpoints import RcfEndpoint
from lambdas.shared.environment import Variables

logger = Logger()
LABELS_KEY = "labels/labels.csv"


@logger.inject_lambda_context
def calibrate_thresholds(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Score the training rows, draw the threshold, and let the functions that score and judge know.

    Args:
        event: `run`, the training run's name.
        context: Lambda's.
    """
    variables = Variables()
    run = event["run"]
    text = _read(variables, f"training/{run}/rcf/train.csv")
    index = _read(variables, f"training/{run}/index/index.csv")
    assert text is not None, "prepare_training wrote the rows"
    assert index is not None, "prepare_training wrote the index"
    rows = [[float(cell) for cell in line.split(",")] for line in text.splitlines()]
    scores = RcfEndpoint(boto3.client("sagemaker-runtime"), variables.text("ENDPOINT")).score(rows)
    labels = _read(variables, LABELS_KEY)
    window_seconds = variables.whole("WINDOW_SECONDS")
    is_fault = None if labels is None else mark_faults(index, labels, window_seconds=window_seconds)
    found = calibrate(scores, run=run, sigma=variables.number("SIGMA"), is_fault=is_fault)
    boto3.client("ssm").put_parameter(
        Name=variables.text("CALIBRATION_PARAMETER"), Value=found.to_json(), Type="String", Overwrite=True
    )
    logger.info("calibrated", extra={"run": run, "thresholds": found.thresholds, "method": found.method})
    return {"run": run, "thresholds": dict(found.thresholds), "method": found.method}


def _read(variables: Variables, key: str) -> str | None:
    client = boto3.client("s3")
    try:
        return client.get_object(Bucket=variables.text("BUCKET"), Key=key)["Body"].read().decode()
    except client.exceptions.NoSuchKey:
        return None
