"""A stream in memory that behaves as Kinesis where a reader has to care: splits, merges, limits, old iterators."""

# ruff: noqa: N803 - the names are boto3's

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

ARN = "arn:aws:kinesis:us-east-1:123456789012:stream/clicks"


@dataclass
class FakeShard:
    id: str
    parents: tuple[str, ...] = ()
    closed: bool = False
    records: list[tuple[str, bytes, float]] = field(default_factory=list)


@dataclass
class FakeKinesis:
    """`page` is how many records one read gives; `errors` are raised by the next reads, one each."""

    page: int = 10_000
    errors: list[str] = field(default_factory=list)
    shards: dict[str, FakeShard] = field(default_factory=dict)
    sequence: int = 0
    page_of_shards: int = 2

    def add_shard(self, id_: str, *parents: str) -> None:
        self.shards[id_] = FakeShard(id_, parents)
        for parent in parents:
            self.shards[parent].closed = True

    def put(self, shard: str, *texts: str, arrived: float = 1.6e9) -> None:
        for text in texts:
            self.sequence += 1
            self.shards[shard].records.append((f"{self.sequence:020d}", text.encode(), arrived))

    def list_shards(self, *, StreamARN: str = "", NextToken: str = "") -> dict[str, Any]:
        assert StreamARN == ARN or NextToken, "a token stands for the stream"
        names = sorted(self.shards)
        first = int(NextToken or 0)
        page: dict[str, Any] = {"Shards": [self._describe(name) for name in names[first : first + self.page_of_shards]]}
        if first + self.page_of_shards < len(names):
            page["NextToken"] = str(first + self.page_of_shards)
        return page

    def get_shard_iterator(
        self,
        *,
        StreamARN: str,
        ShardId: str,
        ShardIteratorType: str,
        StartingSequenceNumber: str = "",
    ) -> dict[str, Any]:
        assert StreamARN == ARN
        self._raise_next()
        records = self._shard(ShardId).records
        if ShardIteratorType == "TRIM_HORIZON":
            return {"ShardIterator": f"{ShardId}:0"}
        assert ShardIteratorType == "AFTER_SEQUENCE_NUMBER"
        place = sum(sequence <= StartingSequenceNumber for sequence, _, _ in records)
        return {"ShardIterator": f"{ShardId}:{place}"}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:
        self._raise_next()
        name, place = ShardIterator.split(":")
        shard, first = self._shard(name), int(place)
        last = min(first + min(Limit, self.page), len(shard.records))
        page: dict[str, Any] = {
            "Records": [
                {
                    "SequenceNumber": sequence,
                    "Data": data,
                    "PartitionKey": "k",
                    "ApproximateArrivalTimestamp": datetime.fromtimestamp(arrived, UTC),
                }
                for sequence, data, arrived in shard.records[first:last]
            ],
            "MillisBehindLatest": 0 if last == len(shard.records) else 1000,
        }
        if not (shard.closed and last == len(shard.records)):
            page["NextShardIterator"] = f"{name}:{last}"
        return page

    def _describe(self, name: str) -> dict[str, Any]:
        keys = ("ParentShardId", "AdjacentParentShardId")
        return {"ShardId": name, **dict(zip(keys, self.shards[name].parents, strict=False))}

    def _shard(self, name: str) -> FakeShard:
        if name not in self.shards:
            raise _error("ResourceNotFoundException")
        return self.shards[name]

    def _raise_next(self) -> None:
        if self.errors:
            raise _error(self.errors.pop(0))


def _error(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": code}}, "GetRecords")
