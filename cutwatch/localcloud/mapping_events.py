"""The JSON of Kinesis mappings: a record as the function gets it, and the note about records given up. Pure."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cutwatch.localcloud.retry_rules import GivenUp, ShardRecord


def to_shard_record(mapping: Mapping[str, Any], shard_id: str, at: int, record: Mapping[str, Any]) -> ShardRecord:
    """Turn a stored record into what a function gets for it, in the shape of AWS's guide.

    Args:
        mapping: the event source mapping.
        shard_id: the shard.
        at: place of the record in the shard.
        record: as MiniStack keeps it, the data in base64.
    """
    data = record["Data"]
    account, region = mapping["FunctionArn"].split(":")[4], mapping["EventSourceArn"].split(":")[3]
    event = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": data if isinstance(data, str) else base64.b64encode(data).decode(),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"],
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{account}:role/lambda-role",
        "awsRegion": region,
        "eventSourceARN": mapping["EventSourceArn"],
    }
    return ShardRecord(at, record["SequenceNumber"], record["ApproximateArrivalTimestamp"], event)


def failure_record(
    given_up: GivenUp, *, function_arn: str, stream_arn: str, shard: str, request: str, now: float
) -> dict[str, object]:
    """Build what a queue or topic gets, in the shape of AWS's guide ("Retain discarded batch records").

    It names the records by their place in the stream; the data themselves are not in it.

    Args:
        given_up: the batch and why.
        function_arn: the function's ARN.
        stream_arn: the stream's ARN.
        shard: the shard's id.
        request: id of this failure.
        now: when, in seconds since 1970.
    """
    records = given_up.batch.records
    response = {"statusCode": 200, "executedVersion": "$LATEST"}
    return {
        "requestContext": {
            "requestId": request,
            "functionArn": function_arn,
            "condition": given_up.condition,
            "approximateInvokeCount": given_up.batch.invocations,
        },
        "responseContext": {**response, "functionError": "Unhandled"} if given_up.function_failed else response,
        "version": "1.0",
        "timestamp": _iso(now),
        "KinesisBatchInfo": {
            "shardId": shard,
            "startSequenceNumber": records[0].sequence_number,
            "endSequenceNumber": records[-1].sequence_number,
            "approximateArrivalOfFirstRecord": _iso(records[0].arrived),
            "approximateArrivalOfLastRecord": _iso(records[-1].arrived),
            "batchSize": len(records),
            "streamArn": stream_arn,
        },
    }


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
