"""Edge of `control_application`: a custom resource request in, an answer to CloudFormation out."""

from __future__ import annotations

import time
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.control_application.adapters import KinesisApplication
from lambdas.control_application.logic import STEPS, start, stop
from lambdas.shared.clock import Clock
from lambdas.shared.custom_resource import answer

logger = Logger()
STOP_TIMEOUT_SECONDS = 400.0


@logger.inject_lambda_context
def control_application(event: dict[str, Any], context: LambdaContext) -> None:
    """Stop the application before an update and on delete, start it on create and after an update.

    Two custom resources call: `Moment` says whether it is the one that is updated before the application or after it.
    """
    properties = event["ResourceProperties"]
    application = KinesisApplication(
        properties["ApplicationName"],
        properties["LogGroupName"],
        analytics=boto3.client("kinesisanalyticsv2"),
        logs=boto3.client("logs"),
    )
    clock = Clock(now_seconds=time.time, sleep=time.sleep)

    def act() -> str:
        moment, request = properties["Moment"], event["RequestType"]
        for step in STEPS[moment, request]:
            if step == "stop":
                stop(application, timeout_seconds=STOP_TIMEOUT_SECONDS, clock=clock)
            else:
                start(application, timeout_seconds=float(properties["StartTimeoutSeconds"]), clock=clock)
        return f"{properties['ApplicationName']}-{moment}"

    answer(event, act, logger=logger)
