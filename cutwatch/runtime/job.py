"""The loop of the application: read, run the SQL, write, save the state. At least once.

A state is saved only after all that came of the records in it is written. So a crash repeats what came of the records
since, and loses nothing.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from cutwatch.runtime.alignment import ShardAligner
from cutwatch.runtime.checkpoint import Checkpoint, CheckpointStore
from cutwatch.runtime.logs import JobLog
from cutwatch.runtime.outputs import Outputs
from cutwatch.runtime.source import FINISHED, KinesisSource, SourceRecord
from cutwatch.sql import OutputRow, Record

POLL_SECONDS = 0.2  # GetRecords may be called five times a second and shard
PROGRESS_SECONDS = 1.0
FEED_RECORDS = 20_000
_FAR_AHEAD = 50_000  # records of one shard that wait for others before it is left alone


class Engine(Protocol):
    """What the loop needs of an engine."""

    def feed(self, records: Sequence[Record]) -> Iterable[OutputRow]:
        """Take records in and give the rows that are certain by then."""

    def to_bytes(self) -> bytes:
        """Give all that it remembers."""


EventTime = Callable[[Record], float | None]


@dataclass(frozen=True)
class JobClock:
    """Time and waiting, so that tests need neither."""

    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


@dataclass
class Job:
    """One run of the application.

    Attributes:
        source: what is read.
        engine: what runs the SQL.
        outputs: where rows go.
        store: where the state is kept.
        log: where it tells what it does.
        program: fingerprint of what the engine's state depends on.
        event_time: a record's event time in seconds, None where it has none; asked only with several shards.
        checkpoint_interval_seconds: time between saved states.
        positions: sequence number of the last record in the engine's state, by shard.
        counts: records in, rows out and bad rows since the beginning.
        clock: time and waiting.
    """

    source: KinesisSource
    engine: Engine
    outputs: Outputs
    store: CheckpointStore
    log: JobLog
    program: str
    event_time: EventTime
    checkpoint_interval_seconds: float = 10.0
    positions: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    clock: JobClock = field(default_factory=JobClock)
    _aligner: ShardAligner[SourceRecord] = field(default_factory=ShardAligner)
    _open: set[str] = field(default_factory=set)
    _closing: set[str] = field(default_factory=set)
    _saved: dict[str, str] = field(default_factory=dict)
    _told: dict[str, str] = field(default_factory=dict)
    _saved_at: float = 0.0
    _told_at: float = 0.0

    def start(self) -> None:
        """Find the shards and save a first state: what cannot work shall fail here."""
        self._discover()
        self.save()

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Work until told to stop; then save the state."""
        while not should_stop():
            if not self.step():
                self.clock.sleep(POLL_SECONDS)
        self.save()

    def step(self) -> bool:
        """Read once from every shard and take what came through. Returns whether anything was read."""
        if self.source.discovery_due():
            self._discover()
        read_any = self._read()
        self._work_off()
        for shard in [shard for shard in self._closing if not self._aligner.backlog(shard)]:
            self.positions[shard] = FINISHED
            self._closing.discard(shard)
        now = self.clock.monotonic()
        if now - self._saved_at >= self.checkpoint_interval_seconds and self.positions != self._saved:
            self.save()
        if now - self._told_at >= PROGRESS_SECONDS and self.positions != self._told:
            self._tell()
        return read_any

    def save(self) -> None:
        """Save the state as it is now."""
        state = Checkpoint(self.program, dict(self.positions), dict(self.counts), self.engine.to_bytes())
        self.store.save(state)
        self._saved = dict(self.positions)
        self._saved_at = self.clock.monotonic()

    def _discover(self) -> None:
        for shard, parents in self.source.discover():
            self._aligner.open(shard, parents)
            self._open.add(shard)

    def _read(self) -> bool:
        read_any = False
        ahead = [shard for shard in self._open if self._aligner.backlog(shard) > _FAR_AHEAD]
        several = len(self._open) > 1
        for read in self.source.read(leave_out=ahead):
            records = ((self._time_of(record) if several else None, record) for record in read.records)
            self._aligner.add(read.shard, read=read.number, records=records, at_end=read.at_end)
            read_any = read_any or bool(read.records)
            if read.closed:
                self._aligner.close(read.shard)
                self._open.discard(read.shard)
                self._closing.add(read.shard)
        if self._closing:
            self._discover()  # its children can be read now
        return read_any

    def _time_of(self, record: SourceRecord) -> float | None:
        return self.event_time(_to_record(record))

    def _work_off(self) -> None:
        batch: list[Record] = []
        last: dict[str, str] = {}
        for shard, record in self._aligner.ready():
            batch.append(_to_record(record))
            last[shard] = record.sequence_number
            if len(batch) == FEED_RECORDS:
                self._feed(batch, last)
                batch, last = [], {}
        if batch:
            self._feed(batch, last)

    def _feed(self, batch: list[Record], last: Mapping[str, str]) -> None:
        written = self.outputs.write(self.engine.feed(batch))
        self.positions.update(last)
        self.counts["records_in"] += len(batch)
        self.counts["bad_rows"] += written.errors
        self.counts["rows_out"] += sum(written.rows.values()) - written.errors

    def _tell(self) -> None:
        self.log.write("progress", positions=self.positions, counts=self.counts)
        self._told = dict(self.positions)
        self._told_at = self.clock.monotonic()


def _to_record(record: SourceRecord) -> Record:
    return Record(record.data, record.arrived)
