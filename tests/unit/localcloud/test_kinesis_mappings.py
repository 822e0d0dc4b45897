"""The poller hands shards to functions: what is read, what is due, where failures are reported."""

from __future__ import annotations

import base64
import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from cutwatch.localcloud.kinesis_mappings import KinesisMappings
from cutwatch.localcloud.status import ApplicationStatus, MappingStatus, Status, parse_status

STREAM = "arn:aws:kinesis:us-east-1:123456789012:stream/scores"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:judge"


class Event:
    def set(self) -> None:
        pass


@dataclass
class FakeLambdas:
    """What the poller needs of MiniStack's Lambda; work runs at once, in this thread."""

    mappings: list[dict[str, Any]]
    answer: Callable[[list[str]], dict[str, Any]] = lambda _texts: {"body": None}
    calls: list[list[str]] = field(default_factory=list)
    wanted: Callable[[dict[str, Any]], bool] = lambda _record: True
    _esm_wake: Event = field(default_factory=Event)

    def _iter_all_esms(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for mapping in self.mappings:
            yield "123456789012", "us-east-1", mapping

    def _get_func_record_for_qualifier(self, name: str, qualifier: str | None) -> tuple[Any, Any]:
        return ({"name": name}, {}) if name == "judge" else (None, None)

    def _apply_filter_criteria(self, records: list[dict[str, Any]], mapping: dict[str, Any]) -> list[dict[str, Any]]:
        return [record for record in records if self.wanted(record)]

    def _execute_function(self, function: Any, event: dict[str, Any]) -> dict[str, Any]:
        texts = [base64.b64decode(record["kinesis"]["data"]).decode() for record in event["Records"]]
        self.calls.append(texts)
        return self.answer(texts)

    def spawn_background(self, work: Callable[..., None], *args: Any, thread_name: str) -> None:
        work(*args)


class Bench:
    def __init__(self, **mapping: Any) -> None:
        self.mapping = {
            "UUID": "m1", "FunctionName": "judge", "FunctionArn": FUNCTION, "EventSourceArn": STREAM,
            "StartingPosition": "TRIM_HORIZON", "Enabled": True, **mapping,
        }  # fmt: skip
        self.lambdas = FakeLambdas([self.mapping])
        self.shards: dict[str, dict[str, Any]] = {"s1": {"records": []}}
        stream = {"StreamARN": STREAM, "StreamName": "scores", "StreamStatus": "ACTIVE", "shards": self.shards}
        self.sent: list[tuple[str, str]] = []
        self.streams = {"scores": stream}
        self.mappings = KinesisMappings(
            self.lambdas,
            self.streams,
            lambda _account, _region: contextlib.nullcontext(),
            lambda arn, text: self.sent.append((arn, text)),
        )

    def put(self, *texts: str, shard: str = "s1") -> None:
        records = self.shards.setdefault(shard, {"records": []})["records"]
        for text in texts:
            data = base64.b64encode(text.encode()).decode()
            number = f"{len(records):04d}"
            records.append(
                {"Data": data, "PartitionKey": "k", "SequenceNumber": number, "ApproximateArrivalTimestamp": 2e9}
            )


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_shard_is_worked_off_in_batches(bench: Bench) -> None:
    bench.mapping["BatchSize"] = 2
    bench.put("a", "b", "c")
    assert bench.mappings.poll()
    assert bench.mappings.poll()
    assert not bench.mappings.poll()
    assert bench.lambdas.calls == [["a", "b"], ["c"]]
    assert bench.mapping["LastProcessingResult"] == "OK"


def test_the_function_gets_the_event_that_aws_describes(bench: Bench) -> None:
    got: list[dict[str, Any]] = []
    execute = bench.lambdas._execute_function

    def spy(function: Any, event: dict[str, Any]) -> dict[str, Any]:
        got.extend(event["Records"])
        return execute(function, event)

    bench.lambdas._execute_function = spy  # type: ignore[method-assign]
    bench.put("a")
    bench.mappings.poll()
    (record,) = got
    assert record["kinesis"] == {
        "kinesisSchemaVersion": "1.0",
        "partitionKey": "k",
        "sequenceNumber": "0000",
        "data": "YQ==",
        "approximateArrivalTimestamp": 2e9,
    }
    assert (record["eventSource"], record["eventID"]) == ("aws:kinesis", "s1:0000")
    assert (record["eventSourceARN"], record["awsRegion"]) == (STREAM, "us-east-1")


def test_latest_starts_after_what_is_there_but_reads_later_shards_in_full() -> None:
    bench = Bench(StartingPosition="LATEST")
    bench.put("old")
    assert not bench.mappings.poll()
    bench.put("new")
    bench.put("from a split", shard="s2")
    bench.mappings.poll()
    assert bench.lambdas.calls == [["new"], ["from a split"]]


def test_given_up_records_are_told_to_the_destination() -> None:
    queue = "arn:aws:sqs:us-east-1:123456789012:failures"
    bench = Bench(
        MaximumRetryAttempts=0,
        BisectBatchOnFunctionError=True,
        DestinationConfig={"OnFailure": {"Destination": queue}},
    )
    bench.lambdas.answer = lambda texts: {"error": True, "body": "no"} if "poison" in texts else {"body": None}
    bench.put("a", "poison", "c")
    bench.mappings.poll()
    ((arn, text),) = bench.sent
    note = json.loads(text)
    assert arn == queue
    assert note["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert note["requestContext"]["functionArn"] == FUNCTION
    assert note["KinesisBatchInfo"]["startSequenceNumber"] == note["KinesisBatchInfo"]["endSequenceNumber"] == "0001"
    assert note["KinesisBatchInfo"]["approximateArrivalOfFirstRecord"] == "2033-05-18T03:33:20.000Z"
    assert bench.lambdas.calls[-1] == ["c"]
    assert [status.behind for status in bench.mappings.status()] == [0]


def test_without_a_destination_records_are_given_up_all_the_same() -> None:
    bench = Bench(MaximumRetryAttempts=0)
    bench.lambdas.answer = lambda _texts: {"error": True, "body": "no"}
    bench.put("a")
    bench.mappings.poll()
    assert bench.sent == []
    assert bench.mappings.status()[0].behind == 0


def test_throttling_is_no_failure() -> None:
    bench = Bench(MaximumRetryAttempts=0)
    bench.lambdas.answer = lambda _texts: {"throttle": True, "error": True}
    bench.put("a")
    bench.mappings.poll()
    assert bench.mappings.status()[0].behind == 1


def test_filtered_records_are_passed_over(bench: Bench) -> None:
    bench.lambdas.wanted = lambda record: base64.b64decode(record["kinesis"]["data"]) == b"b"
    bench.put("a", "b", "c")
    bench.mappings.poll()
    assert bench.lambdas.calls == [["b"]]
    assert bench.mappings.status()[0].behind == 0


@pytest.mark.parametrize(
    "change",
    [
        {"Enabled": False},
        {"FunctionName": "gone"},
        {"EventSourceArn": STREAM + "-gone"},
        {"EventSourceArn": "arn:aws:sqs:us-east-1:123456789012:queue"},
    ],
)
def test_what_cannot_run_is_left_alone(change: dict[str, Any]) -> None:
    bench = Bench(**change)
    bench.put("a")
    assert not bench.mappings.poll()
    assert bench.lambdas.calls == []


def test_a_busy_shard_is_not_started_twice(bench: Bench) -> None:
    waiting: list[Callable[[], None]] = []

    def later(work: Callable[..., None], *args: Any, thread_name: str) -> None:
        waiting.append(lambda: work(*args))

    bench.lambdas.spawn_background = later  # type: ignore[method-assign]
    bench.put("a")
    assert bench.mappings.poll()
    assert not bench.mappings.poll()
    assert bench.mappings.status() == [MappingStatus("judge", "scores", 1, in_flight=True)]
    waiting[0]()
    assert bench.mappings.status() == [MappingStatus("judge", "scores", 0, in_flight=False)]


def test_a_deleted_mapping_is_forgotten(bench: Bench) -> None:
    bench.put("a")
    bench.mappings.poll()
    bench.lambdas.mappings = []
    bench.mappings.poll()
    bench.lambdas.mappings = [bench.mapping]
    bench.mappings.poll()
    assert bench.lambdas.calls == [["a"], ["a"]], "made anew, it starts anew"


@pytest.mark.parametrize(
    ("status", "drained"),
    [
        (Status((), ()), True),
        (Status((MappingStatus("f", "s", 0, in_flight=False),), ()), True),
        (Status((MappingStatus("f", "s", 1, in_flight=False),), ()), False),
        (Status((MappingStatus("f", "s", 0, in_flight=True),), ()), False),
        (Status((), (ApplicationStatus("a", "RUNNING", 0, 0, ""),)), True),
        (Status((), (ApplicationStatus("a", "RUNNING", 3, 0, ""),)), False),
        (Status((), (ApplicationStatus("a", "STARTING", 0, 0, ""),)), False),
        (Status((), (ApplicationStatus("a", "READY", 3, 0, "stopped"),)), True),
    ],
)
def test_drained_is_when_nobody_has_anything_left(status: Status, drained: bool) -> None:
    assert status.drained is drained
    assert parse_status(status.to_json()) == status
