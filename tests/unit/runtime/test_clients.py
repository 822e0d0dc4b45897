"""The clients of the job read what AWS sends."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from cutwatch.runtime import clients


@pytest.mark.parametrize(
    ("value", "seconds"), [(1594807800.123, 0.123), (1594807800, 0.0), ("2020-07-15T10:10:00Z", 0.0)]
)
def test_times_come_in_utc_whatever_their_form(value: object, seconds: float) -> None:
    found = clients._parse_time(value)
    assert found == datetime(2020, 7, 15, 10, 10, tzinfo=UTC) + timedelta(seconds=seconds)
    assert found.utcoffset() == timedelta(0)


@mock_aws
def test_the_kinesis_client_parses_times_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    parsed: list[object] = []

    def spy(value: object) -> datetime:
        parsed.append(value)
        return datetime(2020, 7, 15, tzinfo=UTC)

    monkeypatch.setattr(clients, "_parse_time", spy)
    client = clients.kinesis_client("us-east-1")
    client.create_stream(StreamName="s", ShardCount=1)
    client.put_record(StreamName="s", Data=b"x", PartitionKey="k")
    shard = client.list_shards(StreamName="s")["Shards"][0]["ShardId"]
    iterator = client.get_shard_iterator(StreamName="s", ShardId=shard, ShardIteratorType="TRIM_HORIZON")
    client.get_records(ShardIterator=iterator["ShardIterator"])
    assert parsed
