"""Edge of `remove_models`: a custom resource when the stack goes, a step of the state machine after a training."""

from __future__ import annotations

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.remove_models.adapters import StageModels
from lambdas.remove_models.logic import remove_all, remove_unused
from lambdas.shared.clock import Clock
from lambdas.shared.custom_resource import answer
from lambdas.shared.environment import Variables

logger = Logger()
TIMEOUT_SECONDS = 840.0


@logger.inject_lambda_context
def remove_models(event: dict[str, Any], context: LambdaContext) -> dict[str, int] | None:
    """Remove all models on delete of the stack, unused ones when the state machine asks."""
    models = StageModels(
        boto3.client("sagemaker"),
        boto3.client("stepfunctions"),
        boto3.client("logs"),
        prefix=Variables().text("PREFIX"),
    )
    if "RequestType" not in event:
        removed = remove_unused(models)
        logger.info("unused_models_removed", extra=removed)
        return removed

    def act() -> str:
        if event["RequestType"] == "Delete":
            clock = Clock(now_seconds=time.time, sleep=time.sleep)
            arn = event["ResourceProperties"]["StateMachineArn"]
            logger.info("models_removed", extra=remove_all(models, arn, timeout_seconds=TIMEOUT_SECONDS, clock=clock))
        return "models"

    answer(event, act, logger=logger)
    return None
