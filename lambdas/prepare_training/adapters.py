"""Known incidents from their table, training files to the bucket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cutwatch.detection import codec
from lambdas.prepare_training.logic import Span

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client


def read_incidents(client: DynamoDBClient, table: str, *, now: datetime) -> Mapping[str, Sequence[Span]]:
    """Read when each series had incidents; one that is open lasts until now."""
    found: dict[str, list[Span]] = {}
    pages = client.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(#item, :incident)",
        ExpressionAttributeNames={"#item": "item"},
        ExpressionAttributeValues={":incident": {"S": "incident#"}},
    )
    for page in pages:
        for item in page["Items"]:
            incident = json.loads(item["incident"]["S"])
            end = now if incident["over"] is None else codec.parse_time(incident["last_bad"])
            found.setdefault(item["series"]["S"], []).append((codec.parse_time(incident["started"]), end))
    return found


class TrainingBucket:
    """Where training files lie.

    Args:
        client: S3 client.
        bucket: Name of the bucket.
    """

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def write(self, key: str, text: str) -> str:
        """Write a file and return its folder's S3 address, as a training channel takes it."""
        self._client.put_object(Bucket=self._bucket, Key=key, Body=text.encode())
        return f"s3://{self._bucket}/{key.rsplit('/', 1)[0]}/"
