"""The AWS clients of the job."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.utils import parse_timestamp

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_s3 import S3Client

_CONFIG = Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=10, read_timeout=60)


def kinesis_client(region: str) -> KinesisClient:
    """A client of Kinesis that rides out short disturbances."""
    session = botocore.session.Session()
    # botocore's own parser of times took a sixth of the job's time: every record of a read has one.
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_parse_time)
    return boto3.Session(botocore_session=session).client("kinesis", region_name=region, config=_CONFIG)


def _parse_time(value: object) -> datetime:
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    parsed: datetime = parse_timestamp(str(value))
    return parsed


def s3_client(region: str) -> S3Client:
    """A client of S3 that rides out short disturbances."""
    return boto3.client("s3", region_name=region, config=_CONFIG)


def check_stream(client: KinesisClient, key: str, stream_arn: str) -> None:
    """Make sure that a stream is there. Raises OperatorError naming the property `key`."""
    try:
        client.describe_stream_summary(StreamARN=stream_arn)
    except ClientError as cause:
        raise OperatorError(f"property {key}: the stream {stream_arn} cannot be used: {cause}") from cause
