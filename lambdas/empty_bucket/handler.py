"""Edge of `empty_bucket`: a custom resource that removes every object when its stack goes."""

from __future__ import annotations

from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lambdas.empty_bucket.adapters import remove_objects
from lambdas.shared.custom_resource import answer

logger = Logger()


@logger.inject_lambda_context
def empty_bucket(event: dict[str, Any], context: LambdaContext) -> None:
    """Remove all objects on delete; do nothing else."""
    name = event["ResourceProperties"]["BucketName"]

    def act() -> str:
        if event["RequestType"] == "Delete":
            logger.info("bucket_emptied", extra={"bucket": name, "objects": remove_objects(boto3.client("s3"), name)})
        return f"{name}-emptied"

    answer(event, act, logger=logger)
