"""What the deployed system said: incidents from its table, notices from its topic, refused rows from its stream."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from cutwatch.detection import codec
from cutwatch.detection.incidents import Incident
from cutwatch.errors import DeveloperError

ClientFactory = Callable[[str], Any]


@dataclass(frozen=True)
class Outputs:
    """Names of what the demo talks to, from the stacks' outputs; no state machine where models are off."""

    clicks_stream: str
    errors_stream: str
    incidents_table: str
    series_table: str
    state_machine_arn: str | None


def read_outputs(client_of: ClientFactory, stack_names: list[str]) -> Outputs:
    """Read the outputs of the deployed stacks."""
    cloudformation = client_of("cloudformation")
    found: dict[str, str] = {}
    for name in stack_names:
        (stack,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
        found |= {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}
    return Outputs(
        clicks_stream=found["ClicksStream"],
        errors_stream=found["ErrorsStream"],
        incidents_table=found["IncidentsTable"],
        series_table=found["SeriesTable"],
        state_machine_arn=found.get("StateMachineArn"),
    )


def read_incidents(client_of: ClientFactory, table: str) -> tuple[Incident, ...]:
    """Read every incident of the table, in order of their start."""
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    items = [item for page in pages for item in page["Items"] if item["item"]["S"].startswith("incident#")]
    names = {field.name for field in fields(Incident)}
    incidents = [
        codec.from_plain(
            {name: value for name, value in json.loads(item["incident"]["S"]).items() if name in names},
            Incident,
            what="incident",
            error=DeveloperError,
        )
        for item in items
    ]
    return tuple(sorted(incidents, key=lambda incident: incident.started))


@dataclass(frozen=True)
class SeriesWindow:
    """A ten-minute window as the series table holds it.

    Attributes:
        start: Start of the window.
        values: Its counts; empty where it is only forecast.
        rcf_score: SageMaker RCF's score; None before there was a model.
        band: DeepAR's low, median and high; None where there is no forecast.
    """

    start: datetime
    values: dict[str, float]
    rcf_score: float | None
    band: dict[str, float] | None


def read_series(client_of: ClientFactory, table: str) -> tuple[SeriesWindow, ...]:
    """Read the series table, in order of time."""
    pages = client_of("dynamodb").get_paginator("scan").paginate(TableName=table, ConsistentRead=True)
    windows = [
        SeriesWindow(
            start=codec.parse_time(item["window_start"]["S"]),
            values=_numbers(item["values"]) if "values" in item else {},
            rcf_score=float(item["score_sagemaker_rcf"]["N"]) if "score_sagemaker_rcf" in item else None,
            band=_numbers(item["band"]) if "band" in item else None,
        )
        for page in pages
        for item in page["Items"]
    ]
    return tuple(sorted(windows, key=lambda window: window.start))


def _numbers(attribute: dict[str, Any]) -> dict[str, float]:
    return {name: float(value["N"]) for name, value in attribute["M"].items()}


class Subscriber:
    """A queue that receives the notices, as anybody's would: outside the stacks, named in the settings.

    Args:
        client_of: Makes clients.
        name: Name of the queue.
    """

    def __init__(self, client_of: ClientFactory, name: str) -> None:
        self._sqs = client_of("sqs")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        self.arn: str = attributes["QueueArn"]

    def setting(self) -> str:
        """The value of `alarms.subscriptions` that subscribes this queue."""
        return json.dumps([{"protocol": "sqs", "endpoint": self.arn}])

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the notices received so far, and take them off the queue."""
        while True:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            if not answer.get("Messages"):
                return
            for message in answer["Messages"]:
                envelope = json.loads(message["Body"])
                yield {"subject": envelope.get("Subject"), **json.loads(envelope["Message"])}
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message["ReceiptHandle"])

    def remove(self) -> None:
        """Delete the queue."""
        self._sqs.delete_queue(QueueUrl=self._url)


def read_stream(client_of: ClientFactory, stream: str) -> Iterator[dict[str, Any]]:
    """Yield every record of a small stream, parsed as JSON."""
    kinesis = client_of("kinesis")
    for shard in kinesis.list_shards(StreamName=stream)["Shards"]:
        iterator = kinesis.get_shard_iterator(
            StreamName=stream, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        while iterator:
            answer = kinesis.get_records(ShardIterator=iterator, Limit=1000)
            yield from (json.loads(record["Data"]) for record in answer["Records"])
            if not answer["Records"] and not answer.get("MillisBehindLatest"):
                break
            iterator = answer.get("NextShardIterator")
