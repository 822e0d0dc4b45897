"""Writes to a Kinesis stream: in batches, each record until it is taken."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient

# PutRecords' own limits: 500 records, 1 MiB each and 5 MiB a call, keys included.
BATCH_RECORDS = 500
BATCH_BYTES = 5 * 1024 * 1024
RECORD_BYTES = 1024 * 1024
_TRIES = 12
_FIRST_WAIT_SECONDS = 0.1
_LONGEST_WAIT_SECONDS = 5.0


@dataclass(frozen=True)
class OutputRecord:
    """What is written: the bytes, and the key whose records stay in one shard."""

    data: bytes
    key: str

    @property
    def size(self) -> int:
        """Bytes that count against the limits."""
        return len(self.data) + len(self.key.encode())


class Sink(Protocol):
    """Something that takes records for good before `put` returns."""

    def put(self, records: Sequence[OutputRecord]) -> None:
        """Write the records."""


class KinesisSink:
    """One stream to write to.

    A record that the stream refuses for the moment is sent again, with growing waits, before `put` returns. A later
    record of the same batch may so come before it: readers tell rows by their window, not by their place.

    Args:
        client: of Kinesis.
        stream_arn: the stream.
        seed: of the waits' jitter.
        sleep: waits so many seconds.
    """

    def __init__(
        self, client: KinesisClient, stream_arn: str, *, seed: int = 0, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._stream_arn = stream_arn
        self._random = random.Random(seed)  # noqa: S311 - jitter, not a secret
        self._sleep = sleep

    def put(self, records: Sequence[OutputRecord]) -> None:
        """Write records. Raises OperatorError where the stream goes on refusing them."""
        for batch in batches(records):
            self._put_batch(batch)

    def _put_batch(self, batch: list[OutputRecord]) -> None:
        reason = ""
        for attempt in range(_TRIES):
            if attempt:
                longest = min(_FIRST_WAIT_SECONDS * 2.0**attempt, _LONGEST_WAIT_SECONDS)
                self._sleep(longest * self._random.uniform(0.5, 1.0))
            answer = self._client.put_records(
                StreamARN=self._stream_arn,
                Records=[{"Data": record.data, "PartitionKey": record.key} for record in batch],
            )
            if not answer.get("FailedRecordCount"):
                return
            refused = [place for place, result in enumerate(answer["Records"]) if result.get("ErrorCode")]
            reason = answer["Records"][refused[0]].get("ErrorMessage") or answer["Records"][refused[0]]["ErrorCode"]
            batch = [batch[place] for place in refused]
        raise OperatorError(f"the stream {self._stream_arn} refused {len(batch)} records {_TRIES} times: {reason}")


def batches(records: Iterable[OutputRecord]) -> Iterator[list[OutputRecord]]:
    """Cut records into lists that one PutRecords takes."""
    batch: list[OutputRecord] = []
    size = 0
    for record in records:
        if batch and (len(batch) == BATCH_RECORDS or size + record.size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(record)
        size += record.size
    if batch:
        yield batch
