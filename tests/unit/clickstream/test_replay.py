"""Replay keeps to the stream's limits and loses nothing that the stream refuses at first."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest
from moto import mock_aws

from cutwatch.clickstream.clicks import Event, events
from cutwatch.clickstream.generator import generate
from cutwatch.clickstream.replay import BATCH_RECORDS, Clock, Pace, replay
from cutwatch.clickstream.scenario import Scenario
from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

UNLIMITED = Pace(None)


class Stream:
    """A stream of two shards (and a closed one) that refuses what `refuses` says; speaks put_records, list_shards."""

    def __init__(self, refuses: Iterator[bool] | None = None) -> None:
        self.taken: list[dict[str, Any]] = []
        self.calls: list[int] = []
        self.refuses = refuses

    def list_shards(self, **arguments: str) -> dict[str, Any]:
        if "NextToken" not in arguments:
            return {"Shards": [self.shard("0", closed=True), self.shard("0")], "NextToken": "more"}
        assert set(arguments) == {"NextToken"}
        return {"Shards": [self.shard("170141183460469231731687303715884105728")]}

    @staticmethod
    def shard(start: str, closed: bool = False) -> dict[str, Any]:
        numbers = {"StartingSequenceNumber": "1"} | ({"EndingSequenceNumber": "2"} if closed else {})
        return {"HashKeyRange": {"StartingHashKey": start}, "SequenceNumberRange": numbers}

    def put_records(self, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - AWS's
        self.calls.append(len(Records))
        assert len(Records) <= 500
        answers = []
        for entry in Records:
            if self.refuses and next(self.refuses):
                answers.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "slow down"})
            else:
                self.taken.append(entry)
                answers.append({"SequenceNumber": "1", "ShardId": "s"})
        return {"FailedRecordCount": sum("ErrorCode" in answer for answer in answers), "Records": answers}


class FakeClock(Clock):
    def __init__(self) -> None:
        self.at = 0.0
        self.slept: list[float] = []
        super().__init__(now=lambda: self.at, sleep=self._sleep, jitter=lambda: 1.0)

    def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds


def client(stream: Stream) -> KinesisClient:
    return cast("KinesisClient", stream)


def some_events() -> list[Event]:
    return list(events(generate(Scenario(seed=1, days=1, clicks_per_minute=3))))


def test_everything_is_sent_in_order_in_full_batches_and_ticks_reach_every_shard() -> None:
    stream, sample = Stream(), some_events()

    sent = replay(client(stream), "clicks", sample, pace=UNLIMITED, clock=FakeClock())

    clicks = [event for event in sample if event.user is not None]
    assert sent.clicks == len(clicks)
    assert sent.ticks == 1441
    assert sent.retried == 0
    ticks = [entry for entry in stream.taken if "ExplicitHashKey" in entry]
    assert len(ticks) == 2 * 1441
    assert {entry["ExplicitHashKey"] for entry in ticks} == {"0", "170141183460469231731687303715884105728"}
    assert [entry["Data"] for entry in stream.taken if entry not in ticks] == [event.data for event in clicks]
    assert all(size >= BATCH_RECORDS - 1 for size in stream.calls[:-1])


def test_a_user_stays_on_a_shard_and_users_spread() -> None:
    stream = Stream()

    replay(client(stream), "clicks", some_events(), pace=UNLIMITED, clock=FakeClock())

    keys: dict[str, set[str]] = {}
    for entry in stream.taken:
        if "ExplicitHashKey" not in entry:
            keys.setdefault(json.loads(entry["Data"])["user"], set()).add(entry["PartitionKey"])
    assert all(len(found) == 1 for found in keys.values())
    assert len({next(iter(found)) for found in keys.values()}) == len(keys)


def test_what_is_refused_is_sent_again_after_a_growing_wait() -> None:
    refuses = iter([True] * 3 + [False] * 10**6)
    stream, clock, sample = Stream(refuses), FakeClock(), some_events()

    sent = replay(client(stream), "clicks", sample, pace=UNLIMITED, clock=clock)

    assert sent.retried == 3
    assert clock.slept == [0.1]
    everything = sorted(event.data for event in sample if event.user is not None)
    assert sorted(entry["Data"] for entry in stream.taken if "ExplicitHashKey" not in entry) == everything


def test_a_stream_that_refuses_for_ever_ends_in_one_sentence() -> None:
    def for_ever() -> Iterator[bool]:
        while True:
            yield True

    clock = FakeClock()
    with pytest.raises(OperatorError, match=r"stream clicks refused 500 records 12 times \(ProvisionedThroughput"):
        replay(client(Stream(for_ever())), "clicks", some_events(), pace=UNLIMITED, clock=clock)

    assert clock.slept[:3] == [0.1, 0.2, 0.4]
    assert max(clock.slept) <= 10


def test_pace_is_kept() -> None:
    clock, sample = FakeClock(), some_events()
    stream = Stream()

    replay(client(stream), "clicks", sample, pace=Pace(900), clock=clock)

    assert clock.at == pytest.approx((len(stream.taken) - stream.calls[-1]) / 1800, rel=1e-6)


def test_speed_follows_event_time() -> None:
    clock = FakeClock()

    replay(client(Stream()), "clicks", some_events(), pace=Pace(None, speed=60), clock=clock)

    assert clock.at == pytest.approx(24 * 60, rel=0.01)


@mock_aws
def test_against_a_stream_as_boto3_speaks_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    kinesis = boto3.client("kinesis", region_name="us-east-1")
    kinesis.create_stream(StreamName="clicks", ShardCount=2)
    sample = some_events()[:600]

    sent = replay(kinesis, "clicks", sample, pace=UNLIMITED)

    read = []
    for shard in kinesis.list_shards(StreamName="clicks")["Shards"]:
        at = kinesis.get_shard_iterator(
            StreamName="clicks", ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
        records = kinesis.get_records(ShardIterator=at, Limit=10_000)["Records"]
        ticks = [record for record in records if b"user" not in record["Data"]]
        assert len(ticks) == sent.ticks
        read += [record["Data"] for record in records if b"user" in record["Data"]]
    assert sorted(read) == sorted(event.data for event in sample if event.user is not None)
