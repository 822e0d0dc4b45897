"""Clicks to a Kinesis stream: in order, in full batches, with what was refused sent again.

Limits of PutRecords (https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html): 500 records and
5 MiB a call, 1,000 records and 1 MiB a second and shard; a call may refuse some records and take the others.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cutwatch.clickstream.clicks import Event
from cutwatch.errors import OperatorError

if TYPE_CHECKING:
    from mypy_boto3_kinesis import KinesisClient
    from mypy_boto3_kinesis.type_defs import PutRecordsRequestEntryTypeDef

BATCH_RECORDS = 500
BATCH_BYTES = 5 * 1024 * 1024
KEY_BYTES = 16  # of a partition key as made here, at most
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.1, 10.0
TRIES = 12


@dataclass
class Replayed:
    """What was sent: clicks, ticks (once a minute, whatever the number of shards), and records sent again."""

    clicks: int = 0
    ticks: int = 0
    retried: int = 0


@dataclass(frozen=True)
class Pace:
    """How fast to send.

    Attributes:
        records_per_second_per_shard: at most so many, so that little is refused; None: as fast as it goes.
        speed: event time against real time (60: an hour a minute); None: do not wait for event time.
    """

    records_per_second_per_shard: float | None = 900.0
    speed: float | None = None


@dataclass
class Clock:
    """Time as replay needs it; tests bring their own."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    jitter: Callable[[], float] = field(default_factory=lambda: random.Random().random)  # noqa: S311 - no secret


def replay(
    client: KinesisClient,
    stream: str,
    events: Iterable[Event],
    *,
    pace: Pace,
    on_progress: Callable[[Replayed, int], None] = lambda _sent, _time_ms: None,
    clock: Clock | None = None,
) -> Replayed:
    """Send events to a stream, clicks by their user, ticks to every shard.

    Order is kept within a shard but for records that the stream refused and that were sent again.

    Args:
        client: of Kinesis.
        stream: its name.
        events: in order of time.
        pace: how fast.
        on_progress: called after each batch with what was sent so far and the event time reached, in milliseconds.
        clock: time and chance.

    Raises:
        OperatorError: the stream keeps refusing records.
    """
    clock = clock or Clock()
    tick_keys = _shard_starts(client, stream)
    limit = pace.records_per_second_per_shard and pace.records_per_second_per_shard * len(tick_keys)
    sent, started, entries_sent = Replayed(), clock.now(), 0
    first_time: int | None = None
    for batch in _batches(events, tick_keys, in_real_time=pace.speed is not None):
        first_time = batch.first_ms if first_time is None else first_time
        due = entries_sent / limit if limit else 0.0
        if pace.speed:
            due = max(due, (batch.last_ms - first_time) / 1000 / pace.speed)
        if (wait := started + due - clock.now()) > 0:
            clock.sleep(wait)
        sent.retried += _put(client, stream, batch.entries, clock)
        entries_sent += len(batch.entries)
        sent.clicks += batch.clicks
        sent.ticks += batch.ticks
        on_progress(sent, batch.last_ms)
    return sent


@dataclass
class _Batch:
    entries: list[PutRecordsRequestEntryTypeDef] = field(default_factory=list)
    size: int = 0
    clicks: int = 0
    ticks: int = 0
    first_ms: int = 0
    last_ms: int = 0


def _batches(events: Iterable[Event], tick_keys: list[str], *, in_real_time: bool) -> Iterator[_Batch]:
    batch = _Batch()
    for event in events:
        entries = _entries(event, tick_keys)
        size = len(entries) * (len(event.data) + KEY_BYTES)
        is_full = len(batch.entries) + len(entries) > BATCH_RECORDS or batch.size + size > BATCH_BYTES
        if batch.entries and (is_full or (in_real_time and event.user is None)):
            yield batch
            batch = _Batch()
        if not batch.entries:
            batch.first_ms = event.time_ms
        batch.entries += entries
        batch.size += size
        batch.clicks += event.user is not None
        batch.ticks += event.user is None
        batch.last_ms = event.time_ms
    if batch.entries:
        yield batch


def _entries(event: Event, tick_keys: list[str]) -> list[PutRecordsRequestEntryTypeDef]:
    if event.user is not None:
        digest = hashlib.blake2b(event.user.encode(), digest_size=8).hexdigest()
        return [{"Data": event.data, "PartitionKey": digest}]
    return [{"Data": event.data, "PartitionKey": "tick", "ExplicitHashKey": key} for key in tick_keys]


def _put(client: KinesisClient, stream: str, entries: list[PutRecordsRequestEntryTypeDef], clock: Clock) -> int:
    """Send one batch until the stream has taken all of it; return how many records had to be sent again."""
    retried, reason = 0, ""
    for attempt in range(TRIES):
        if attempt:
            wait = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (attempt - 1))
            clock.sleep(wait * (0.5 + clock.jitter() / 2))
            retried += len(entries)
        answer = client.put_records(StreamName=stream, Records=entries)
        if not answer.get("FailedRecordCount"):
            return retried
        refused = [
            (entry, code)
            for entry, result in zip(entries, answer["Records"], strict=True)
            if (code := result.get("ErrorCode"))
        ]
        entries, reason = [entry for entry, _ in refused], refused[0][1]
    raise OperatorError(
        f"stream {stream} refused {len(entries)} records {TRIES} times ({reason}); allowed: more shards"
    )


def _shard_starts(client: KinesisClient, stream: str) -> list[str]:
    """The first hash key of every open shard: a tick sent to each reaches every reader."""
    page = client.list_shards(StreamName=stream)
    shards = list(page["Shards"])
    while token := page.get("NextToken"):  # a token and a name together are refused, so no paginator
        page = client.list_shards(NextToken=token)
        shards += page["Shards"]
    starts = [
        shard["HashKeyRange"]["StartingHashKey"]
        for shard in shards
        if "EndingSequenceNumber" not in shard["SequenceNumberRange"]
    ]
    if not starts:
        raise OperatorError(f"stream {stream} has no open shard")
    return starts
