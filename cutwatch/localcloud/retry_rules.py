"""How Lambda reads one shard for a Kinesis event source mapping: batches, retries, splits and give-ups. Pure.

AWS describes the rules in its Lambda guide: "Configuring partial batch response with Kinesis Data Streams and Lambda"
and "Retain discarded batch records for a Kinesis Data Streams event source". In short:

- A shard's batches are worked off in order; the next is taken when the last succeeded or was given up.
- A failed batch is retried until MaximumRetryAttempts or MaximumRecordAge is reached (-1: no limit), then given up.
- With BisectBatchOnFunctionError a failed batch is split in two, which costs no attempt.
- With ReportBatchItemFailures a function names the records that failed: all before the lowest of them are done, and the
  batch goes on from there (with bisecting, the split is made there).
- Throttling costs no attempt; only the age ends it.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

UNLIMITED = -1
_FIRST_WAIT_SECONDS = 0.5
_LONGEST_WAIT_SECONDS = 10.0

Condition = Literal["RetryAttemptsExhausted", "RecordAgeExceeded"]


@dataclass(frozen=True)
class RetryRules:
    """What an event source mapping says about batches and failures; AWS's defaults for Kinesis."""

    batch_size: int = 100
    batching_window_seconds: float = 0
    maximum_retry_attempts: int = UNLIMITED
    maximum_record_age_seconds: float = UNLIMITED
    bisects: bool = False
    reports_item_failures: bool = False

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, Any]) -> RetryRules:
        """Read the rules from an event source mapping in the shape of AWS's API."""

        def number(name: str, default: int) -> int:
            value = mapping.get(name)
            return default if value is None else int(value)

        return cls(
            batch_size=number("BatchSize", cls.batch_size),
            batching_window_seconds=number("MaximumBatchingWindowInSeconds", 0),
            maximum_retry_attempts=number("MaximumRetryAttempts", UNLIMITED),
            maximum_record_age_seconds=number("MaximumRecordAgeInSeconds", UNLIMITED),
            bisects=bool(mapping.get("BisectBatchOnFunctionError")),
            reports_item_failures="ReportBatchItemFailures" in (mapping.get("FunctionResponseTypes") or ()),
        )


@dataclass(frozen=True)
class ShardRecord:
    """One record of a shard: its place there, sequence number, arrival (seconds since 1970) and the function's view."""

    position: int
    sequence_number: str
    arrived: float
    event: Mapping[str, Any]


@dataclass(frozen=True)
class Batch:
    """Records to hand to the function at once.

    Attributes:
        records: in the shard's order, at least one.
        end: position in the shard after them, counting also records that a filter left out.
        attempts: failed invocations that count against the quota.
        invocations: all invocations so far.
    """

    records: tuple[ShardRecord, ...]
    end: int
    attempts: int = 0
    invocations: int = 0


@dataclass(frozen=True)
class Outcome:
    """What came of an invocation: the function's answer, or that it failed or could not be invoked."""

    kind: Literal["answered", "failed", "throttled"]
    body: object = None


@dataclass(frozen=True)
class GivenUp:
    """A batch that is not tried again, and why."""

    batch: Batch
    condition: Condition
    function_failed: bool


class ShardCursor:
    """The state of one mapping in one shard.

    Its position moves only past records that were worked off or given up.

    Example:
        cursor = ShardCursor(RetryRules(maximum_retry_attempts=2))
        cursor.refill(records, end=len(records), now=0.0)
        while batch := cursor.take(now):
            given_up = cursor.settle(batch, invoke(batch), now)
    """

    def __init__(self, rules: RetryRules, position: int = 0) -> None:
        self.rules = rules
        self.position = position
        self._queue: deque[Batch] = deque()
        self._gathering_since: float | None = None
        self._not_before = 0.0

    @property
    def wants_records(self) -> bool:
        """Whether nothing read is left to work off."""
        return not self._queue

    def gathers(self, waiting: int, now: float) -> bool:
        """Tell whether to wait for more than the `waiting` records before reading: the batching window."""
        if waiting >= self.rules.batch_size:
            return False
        if self._gathering_since is None:
            self._gathering_since = now
        return now - self._gathering_since < self.rules.batching_window_seconds

    def refill(self, records: Sequence[ShardRecord], end: int) -> None:
        """Take the next records of the shard; `end` is the position after them. With none, the position moves there."""
        assert self.wants_records, "records are read in order, one batch after the other"
        self._gathering_since = None
        if records:
            self._queue.append(Batch(tuple(records), end))
        else:
            self.position = end

    def expire(self, now: float) -> GivenUp | None:
        """Give up the records at the front that are older than allowed; they are not handed to the function again."""
        limit = self.rules.maximum_record_age_seconds
        if limit == UNLIMITED or not self._queue:
            return None
        batch = self._queue[0]
        old = 0
        while old < len(batch.records) and now - batch.records[old].arrived > limit:
            old += 1
        if not old:
            return None
        self._queue.popleft()
        gone, left = _split(batch, old)
        self._requeue(left)
        return self._give_up(gone, "RecordAgeExceeded", function_failed=batch.invocations > 0)

    def take(self, now: float) -> Batch | None:
        """Give the batch to invoke the function with, if one is due. It stays first until it is settled."""
        return self._queue[0] if self._queue and now >= self._not_before else None

    def settle(self, batch: Batch, outcome: Outcome, now: float) -> GivenUp | None:
        """Say what came of a batch that `take` gave. Returns what was given up by it, if anything."""
        assert self._queue[0] is batch, "batches are settled in order"
        self._queue.popleft()
        if outcome.kind == "throttled":
            self._retry(batch, now)
            return None
        batch = replace(batch, invocations=batch.invocations + 1)
        failed_from = 0 if outcome.kind == "failed" else self._first_failure(batch, outcome.body)
        if failed_from is None:
            self._done(batch)
            return None
        if failed_from:
            done, batch = _split(batch, failed_from)
            self._done(done)
            if self.rules.bisects:
                self._requeue(batch)  # split where it failed: no attempt is used up
                return None
        return self._failed(batch, now, function_failed=outcome.kind == "failed")

    def _failed(self, batch: Batch, now: float, *, function_failed: bool) -> GivenUp | None:
        if self.rules.bisects and len(batch.records) > 1:
            first, second = _split(batch, len(batch.records) // 2)
            self._requeue(second)
            self._requeue(first)
            return None
        if UNLIMITED < self.rules.maximum_retry_attempts <= batch.attempts:
            return self._give_up(batch, "RetryAttemptsExhausted", function_failed=function_failed)
        self._retry(replace(batch, attempts=batch.attempts + 1), now)
        return None

    def _first_failure(self, batch: Batch, body: object) -> int | None:
        """Index of the first record that the function reported as failed; None where all went well."""
        if not self.rules.reports_item_failures:
            return None
        failures = _reported(body)
        if not failures:
            return None
        places = {record.sequence_number: place for place, record in enumerate(batch.records)}
        found = [places.get(_identifier(failure), 0) for failure in failures]  # unknown or empty: all failed
        return min(found)

    def _done(self, batch: Batch) -> None:
        self.position = batch.end
        self._not_before = 0.0

    def _give_up(self, batch: Batch, condition: Condition, *, function_failed: bool) -> GivenUp:
        self._done(batch)
        return GivenUp(batch, condition, function_failed)

    def _requeue(self, batch: Batch) -> None:
        if batch.records:
            self._queue.appendleft(batch)

    def _retry(self, batch: Batch, now: float) -> None:
        self._not_before = now + min(_FIRST_WAIT_SECONDS * 2.0 ** min(batch.attempts, 10), _LONGEST_WAIT_SECONDS)
        self._requeue(batch)


def _split(batch: Batch, at: int) -> tuple[Batch, Batch]:
    """Cut a batch before record `at`."""
    first, second = batch.records[:at], batch.records[at:]
    end = second[0].position if second else batch.end
    return replace(batch, records=first, end=end), replace(batch, records=second)


def _reported(body: object) -> list[object]:
    if isinstance(body, str | bytes):
        try:
            body = json.loads(body)
        except ValueError:
            return []
    failures = body.get("batchItemFailures") if isinstance(body, Mapping) else None
    return failures if isinstance(failures, list) else []


def _identifier(failure: object) -> str:
    return str(failure.get("itemIdentifier") or "") if isinstance(failure, Mapping) else ""
