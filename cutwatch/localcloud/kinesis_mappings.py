"""Plug-in: Kinesis event source mappings with AWS's rules for failures (`retry_rules`) instead of endless retries.

It takes the place of MiniStack's one Kinesis poller. Each shard's invocations run in a thread of their own, one at a
time, so that a slow function holds up nobody else. ParallelizationFactor is ignored: one batch per shard.
"""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cutwatch.localcloud.mapping_events import failure_record, to_shard_record
from cutwatch.localcloud.retry_rules import Batch, GivenUp, Outcome, RetryRules, ShardCursor
from cutwatch.localcloud.status import MappingStatus

logger = logging.getLogger("cutwatch.mappings")


@dataclass
class _Shard:
    cursor: ShardCursor
    busy: bool = False


class KinesisMappings:
    """Works off all Kinesis mappings of the cloud.

    Args:
        lambdas: MiniStack's module `lambda_svc`.
        streams: MiniStack's store of streams, as `kinesis._streams`.
        scope: MiniStack's `request_scope`: calls made within it act for an account in a region.
        send: sends a text to a queue's or topic's ARN.
    """

    def __init__(self, lambdas: Any, streams: Any, scope: Any, send: Callable[[str, str], None]) -> None:
        self._lambdas = lambdas
        self._streams = streams
        self._scope = scope
        self._send = send
        self._mappings: dict[str, dict[str, _Shard]] = {}

    def poll(self) -> bool:
        """Start an invocation for every shard that has one due. Returns whether any was started."""
        started = False
        alive = set()
        for account, region, mapping in self._lambdas._iter_all_esms():
            alive.add(mapping["UUID"])
            with self._scope(account, region):
                for shard_id, shard, work in self._due(mapping):
                    self._lambdas.spawn_background(work, shard_id, shard, thread_name="cutwatch-mapping")
                    started = True
        self._mappings = {key: value for key, value in self._mappings.items() if key in alive}
        return started

    def status(self) -> list[MappingStatus]:
        """How far behind each mapping is."""
        found = []
        for account, region, mapping in self._lambdas._iter_all_esms():
            with self._scope(account, region):
                stream = self._stream(mapping)
                if stream is None:
                    continue
                known = self._shards(mapping, stream)
                behind = sum(
                    len(shard["records"]) - known[shard_id].cursor.position
                    for shard_id, shard in list(stream["shards"].items())
                )
                busy = any(shard.busy for shard in known.values())
            found.append(MappingStatus(mapping["FunctionName"], stream["StreamName"], behind, busy))
        return found

    def _due(self, mapping: dict[str, Any]) -> Iterator[tuple[str, _Shard, Callable[[str, _Shard], None]]]:
        stream = self._stream(mapping) if mapping.get("Enabled", True) else None
        if stream is None or stream["StreamStatus"] != "ACTIVE":
            return
        function, _ = self._lambdas._get_func_record_for_qualifier(mapping["FunctionName"], mapping.get("Qualifier"))
        if function is None:
            return
        known = self._shards(mapping, stream)
        for shard_id, records in [(key, shard["records"]) for key, shard in stream["shards"].items()]:
            shard = known[shard_id]
            shard.cursor.rules = RetryRules.from_mapping(mapping)
            if not shard.busy and self._prepare(shard.cursor, mapping, shard_id, records):
                shard.busy = True
                yield shard_id, shard, self._worker(mapping, function)

    def _stream(self, mapping: Mapping[str, Any]) -> dict[str, Any] | None:
        arn = mapping.get("EventSourceArn", "")
        if ":kinesis:" not in arn:
            return None
        found: dict[str, Any] | None = self._streams.get(arn.rsplit("/", 1)[-1])
        return found if found and found["StreamARN"] == arn else None

    def _shards(self, mapping: Mapping[str, Any], stream: Mapping[str, Any]) -> dict[str, _Shard]:
        """Give the mapping's cursors. Shards that appear after the first look come from resharding: read in full."""
        at_start = self._mappings.get(mapping["UUID"]) is None
        known = self._mappings.setdefault(mapping["UUID"], {})
        latest = at_start and mapping.get("StartingPosition") != "TRIM_HORIZON"
        for shard_id, shard in list(stream["shards"].items()):
            if shard_id not in known:
                known[shard_id] = _Shard(ShardCursor(RetryRules(), len(shard["records"]) if latest else 0))
        return known

    def _prepare(
        self, cursor: ShardCursor, mapping: dict[str, Any], shard_id: str, records: list[dict[str, Any]]
    ) -> bool:
        """Read what is next, if anything, and tell whether an invocation (or a give-up) is due."""
        now = time.time()
        if cursor.wants_records:
            waiting = len(records) - cursor.position
            if not waiting or cursor.gathers(waiting, now):
                return False
            end = min(cursor.position + cursor.rules.batch_size, len(records))
            read = [to_shard_record(mapping, shard_id, at, records[at]) for at in range(cursor.position, end)]
            wanted = {id(event) for event in self._lambdas._apply_filter_criteria([one.event for one in read], mapping)}
            cursor.refill([one for one in read if id(one.event) in wanted], end)
        return cursor.take(now) is not None

    def _worker(self, mapping: dict[str, Any], function: Any) -> Callable[[str, _Shard], None]:
        def work(shard_id: str, shard: _Shard) -> None:
            try:
                self._work_off(mapping, function, shard_id, shard.cursor)
            finally:
                shard.busy = False
                self._lambdas._esm_wake.set()

        return work

    def _work_off(self, mapping: dict[str, Any], function: Any, shard_id: str, cursor: ShardCursor) -> None:
        """Invoke until nothing of what was read is due: the rest of a split batch needs no new poll."""
        while True:
            given_up = cursor.expire(time.time())
            if given_up is None:
                batch = cursor.take(time.time())
                if batch is None:
                    return
                outcome = self._invoke(mapping, function, batch)
                given_up = cursor.settle(batch, outcome, time.time())
            if given_up is not None:
                self._report(mapping, shard_id, given_up)

    def _invoke(self, mapping: dict[str, Any], function: Any, batch: Batch) -> Outcome:
        event = {"Records": [dict(record.event) for record in batch.records]}
        answer = self._lambdas._execute_function(function, event)
        if answer.get("throttle"):
            outcome = Outcome("throttled")
        elif answer.get("error"):
            outcome = Outcome("failed", answer.get("body"))
        else:
            outcome = Outcome("answered", answer.get("body"))
        mapping["LastProcessingResult"] = "OK" if outcome.kind == "answered" else "PROBLEM: Function call failed"
        if outcome.kind == "failed":
            name, count = mapping["FunctionName"], len(batch.records)
            logger.warning("%s failed on %d records: %s\n%s", name, count, outcome.body, answer.get("log", ""))
        return outcome

    def _report(self, mapping: dict[str, Any], shard_id: str, given_up: GivenUp) -> None:
        destination = ((mapping.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
        name, count = mapping["FunctionName"], len(given_up.batch.records)
        logger.warning("%s gave up %d records of %s: %s", name, count, shard_id, given_up.condition)
        if not destination:
            return
        document = failure_record(
            given_up,
            function_arn=mapping["FunctionArn"],
            stream_arn=mapping["EventSourceArn"],
            shard=shard_id,
            request=str(uuid.uuid4()),
            now=time.time(),
        )
        self._send(destination, json.dumps(document))
