"""Reads a Kinesis stream: its shards through splits and merges, from where a saved state left off."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import ShardTypeDef

RECORDS_PER_READ = 10_000  # GetRecords' own limit, and 10 MB
FINISHED = "FINISHED"  # stands for the sequence number of a shard that was closed and read to its end
_THROTTLED = ("ProvisionedThroughputExceededException", "LimitExceededException", "KMSThrottlingException")
_THROTTLE_WAIT_SECONDS = 1.0


@dataclass(frozen=True)
class SourceRecord:
    """A record of the stream: its bytes, arrival and place."""

    data: bytes
    arrived: datetime
    sequence_number: str


@dataclass(frozen=True)
class ShardRead:
    """What one read of a shard gave.

    Attributes:
        shard: the shard's id.
        number: number of the read, counting up.
        records: in the shard's order.
        at_end: whether the shard held no more at that moment.
        closed: whether it never will: it was split or merged, and this was its last.
    """

    shard: str
    number: int
    records: tuple[SourceRecord, ...]
    at_end: bool
    closed: bool


@dataclass
class _Shard:
    id: str
    parents: tuple[str, ...]
    iterator: str | None = None
    last: str = ""  # sequence number of the last record read
    opened: bool = False
    finished: bool = False
    not_before: float = 0.0


class KinesisSource:
    """All shards of one stream, each read in order, children after their parents.

    Args:
        client: of Kinesis.
        stream_arn: the stream.
        positions: sequence number of the last record worked off, by shard, from a saved state; a shard that is not
            in it is read from its oldest record.
        clock: seconds that only go forward.
        discovery_seconds: time between looks for new shards.

    Raises:
        OperatorError: on `discover`, where the stream does not exist or may not be read.
    """

    def __init__(
        self,
        client: KinesisClient,
        stream_arn: str,
        *,
        positions: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
        discovery_seconds: float = 10.0,
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._positions = dict(positions)
        self._clock = clock
        self._discovery_seconds = discovery_seconds
        self._discovered_at = float("-inf")
        self._shards: dict[str, _Shard] = {}
        self._reads = 0

    def discover(self) -> list[tuple[str, tuple[str, ...]]]:
        """Look for shards. Returns those that are read from now on, each with its parents: children after parents."""
        self._discovered_at = self._clock()
        listed = self._list()
        present = {shard["ShardId"] for shard in listed}
        for shard in listed:
            if shard["ShardId"] not in self._shards:
                self._add(shard, present)
        for known in self._shards.values():
            if known.id not in present and not known.opened:
                known.finished = True  # past its retention before its turn came: what it held is gone
        fresh = [shard for shard in self._shards.values() if not (shard.opened or shard.finished or self._waits(shard))]
        for shard_to_open in fresh:
            shard_to_open.opened = True
        return [(shard.id, shard.parents) for shard in fresh]

    def discovery_due(self) -> bool:
        """Whether it is time to look for shards again."""
        return self._clock() - self._discovered_at >= self._discovery_seconds

    def read(self, *, leave_out: Iterable[str] = ()) -> list[ShardRead]:
        """Read once from every shard that is open, but for those in `leave_out`."""
        left_out = set(leave_out)
        now = self._clock()
        due = [
            shard
            for shard in self._shards.values()
            if shard.opened and not shard.finished and shard.id not in left_out and now >= shard.not_before
        ]
        return [read for shard in due if (read := self._read(shard)) is not None]

    def _waits(self, shard: _Shard) -> bool:
        """Whether a parent is not read to its end: children come after, so that each key's records stay in order."""
        return any(not self._shards[parent].finished for parent in shard.parents if parent in self._shards)

    def _list(self) -> list[ShardTypeDef]:
        shards: list[ShardTypeDef] = []
        token: str | None = None
        while True:
            try:
                page = (
                    self._client.list_shards(NextToken=token)
                    if token
                    else self._client.list_shards(StreamARN=self._stream_arn)
                )
            except ClientError as cause:
                raise OperatorError(f"the stream {self._stream_arn} cannot be read: {cause}") from cause
            shards += page["Shards"]
            token = page.get("NextToken")
            if not token:
                return shards

    def _add(self, shard: ShardTypeDef, present: set[str]) -> None:
        parents = tuple(p for p in (shard.get("ParentShardId"), shard.get("AdjacentParentShardId")) if p in present)
        position = self._positions.get(shard["ShardId"], "")
        self._shards[shard["ShardId"]] = _Shard(
            shard["ShardId"], parents, last="" if position == FINISHED else position, finished=position == FINISHED
        )

    def _read(self, shard: _Shard) -> ShardRead | None:
        self._reads += 1
        try:
            if shard.iterator is None:
                shard.iterator = self._iterator(shard)
            page = self._client.get_records(ShardIterator=shard.iterator, Limit=RECORDS_PER_READ)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code in _THROTTLED:
                shard.not_before = self._clock() + _THROTTLE_WAIT_SECONDS
            elif code == "ExpiredIteratorException":
                shard.iterator = None
            elif code == "ResourceNotFoundException" and self._is_gone(shard):
                shard.finished = True
                return ShardRead(shard.id, self._reads, (), at_end=True, closed=True)
            else:
                raise OperatorError(f"shard {shard.id} of {self._stream_arn} cannot be read: {error}") from error
            return None
        shard.iterator = page.get("NextShardIterator")
        shard.finished = shard.iterator is None
        records = tuple(
            SourceRecord(one["Data"], one["ApproximateArrivalTimestamp"], one["SequenceNumber"])
            for one in page["Records"]
        )
        if records:
            shard.last = records[-1].sequence_number
        at_end = shard.finished or page.get("MillisBehindLatest", 0) == 0
        return ShardRead(shard.id, self._reads, records, at_end=at_end, closed=shard.finished)

    def _is_gone(self, shard: _Shard) -> bool:
        return shard.id not in {one["ShardId"] for one in self._list()}

    def _iterator(self, shard: _Shard) -> str:
        if shard.last:
            return self._client.get_shard_iterator(
                StreamARN=self._stream_arn,
                ShardId=shard.id,
                ShardIteratorType="AFTER_SEQUENCE_NUMBER",
                StartingSequenceNumber=shard.last,
            )["ShardIterator"]
        return self._client.get_shard_iterator(
            StreamARN=self._stream_arn, ShardId=shard.id, ShardIteratorType="TRIM_HORIZON"
        )["ShardIterator"]
