"""Carries records between Kinesis and the watched folders of a local Flink that has no Kinesis connector.

What it gives Flink is in one order over all shards, numbered without a gap, and each part is there as a whole or not at
all. Where it stands is saved before a part is shown, so that a restart neither repeats nor leaves out a record; what
Flink has committed is sent before its file is removed, so outputs are at least once, as everywhere.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutwatch.runtime.alignment import ShardAligner
from cutwatch.runtime.flink.encoding import finished_files
from cutwatch.runtime.job import EventTime
from cutwatch.runtime.sink import OutputRecord, Sink
from cutwatch.runtime.source import FINISHED, KinesisSource, SourceRecord
from cutwatch.sql import Record
from cutwatch.sql.engines.flink.connection import PROGRESS, line, parse_output_line
from cutwatch.sql.times import to_ms

_PART_RECORDS = 20_000
_FAR_AHEAD = 50_000


@dataclass
class Place:
    """Where the feeder stands, as it is saved.

    Attributes:
        next: number of the next record.
        positions: sequence number of the last record handed over, by shard.
        parts: number after each part's last record, and the positions there; those not worked off yet.
        done: the positions up to which all outputs are written.
    """

    next: int = 0
    positions: dict[str, str] = field(default_factory=dict)
    parts: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    done: dict[str, str] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> Place:
        """Read it; a fresh one where there is none."""
        if not path.exists():
            return cls()
        saved = json.loads(path.read_text())
        return cls(saved["next"], saved["positions"], [(end, at) for end, at in saved["parts"]], saved["done"])

    def save(self, path: Path) -> None:
        """Replace what is saved."""
        fresh = path.with_suffix(".fresh")
        fresh.write_text(json.dumps(vars(self)))
        fresh.replace(path)


class Feeder:
    """Fills the folder of inputs and empties that of outputs, a step at a time.

    Args:
        folder: has `place.json`, `in` and `out`.
        source: opens the stream at given positions.
        sinks: by the ARN of their stream.
        errors_arn: the stream of bad rows, counted apart.
        lanes: how many lanes tell their progress.
        event_time: a record's event time in seconds, asked with several shards only.
    """

    def __init__(
        self,
        folder: Path,
        source: Callable[[Mapping[str, str]], KinesisSource],
        sinks: Callable[[str], Sink],
        *,
        errors_arn: str,
        lanes: int,
        event_time: EventTime,
    ) -> None:
        self._folder = folder
        self.inputs, self.outputs = folder / "in", folder / "out"
        for path in (self.inputs, self.outputs):
            path.mkdir(parents=True, exist_ok=True)
        self.place = Place.load(folder / "place.json")
        self._source = source(self.place.positions)
        self._open_sink, self._sinks = sinks, dict[str, Sink]()
        self._lanes = dict.fromkeys(range(lanes), 0)
        self._event_time = event_time
        self._aligner: ShardAligner[SourceRecord] = ShardAligner()
        self._open: set[str] = set()
        self._closing: set[str] = set()
        self._errors_arn = errors_arn
        self._sent: Counter[str] = Counter()
        self._repair()

    @property
    def records_done(self) -> int:
        """How many records of the source are worked off, outputs written."""
        return min(self._lanes.values())

    def _repair(self) -> None:
        """Show a part that was saved and not yet shown; forget one that was not saved."""
        for part in self.inputs.glob(".part-*"):
            if int(part.stem.rsplit("-", 1)[-1]) < self.place.next:
                part.replace(part.with_name(part.name[1:]))
            else:
                part.unlink()

    def step(self) -> bool:
        """Read once from every shard, hand on what is in order, send what is done. Returns whether anything moved."""
        return self._take_in() | self.send()

    def _take_in(self) -> bool:
        if self._source.discovery_due():
            self._discover()
        ahead = [shard for shard in self._open if self._aligner.backlog(shard) > _FAR_AHEAD]
        several = len(self._open) > 1
        for read in self._source.read(leave_out=ahead):
            records = ((self._time_of(record) if several else None, record) for record in read.records)
            self._aligner.add(read.shard, read=read.number, records=records, at_end=read.at_end)
            if read.closed:
                self._aligner.close(read.shard)
                self._open.discard(read.shard)
                self._closing.add(read.shard)
        if self._closing:
            self._discover()
        moved = False
        part: list[tuple[str, SourceRecord]] = []
        for found in self._aligner.ready():
            part.append(found)
            if len(part) == _PART_RECORDS:
                self._show(part)
                part, moved = [], True
        if part:
            self._show(part)
            moved = True
        for shard in [shard for shard in self._closing if not self._aligner.backlog(shard)]:
            self.place.positions[shard] = FINISHED
            self.place.parts.append((self.place.next, dict(self.place.positions)))
            self._closing.discard(shard)
        return moved

    def _discover(self) -> None:
        for shard, parents in self._source.discover():
            self._aligner.open(shard, parents)
            self._open.add(shard)

    def _time_of(self, record: SourceRecord) -> float | None:
        return self._event_time(Record(record.data, record.arrived))

    def _show(self, part: list[tuple[str, SourceRecord]]) -> None:
        first = self.place.next
        hidden = self.inputs / f".part-{first:012d}"
        with hidden.open("wb") as file:
            for number, (_, record) in enumerate(part, start=first):
                file.write(line(number, to_ms(record.arrived), record.data))
        self.place.positions.update({shard: record.sequence_number for shard, record in part})
        self.place.next += len(part)
        self.place.parts.append((self.place.next, dict(self.place.positions)))
        self.place.save(self._folder / "place.json")
        hidden.replace(hidden.with_name(hidden.name[1:]))

    def send(self) -> bool:
        """Send what Flink has committed. Returns whether there was anything."""
        files = finished_files(self.outputs)
        for path in files:
            batches: dict[str, list[OutputRecord]] = {}
            for text in path.read_bytes().splitlines():
                route, data, key = parse_output_line(text)
                if route == PROGRESS:
                    lane, records = map(int, data.split())
                    self._lanes[lane] = max(self._lanes[lane], records)
                else:
                    batches.setdefault(route, []).append(OutputRecord(data, key))
            for arn, records_out in batches.items():
                self._sink(arn).put(records_out)
                self._sent["bad_rows" if arn == self._errors_arn else "rows_out"] += len(records_out)
            path.unlink()
        if files:
            self._note_done()
        return bool(files)

    def _sink(self, arn: str) -> Sink:
        if arn not in self._sinks:
            self._sinks[arn] = self._open_sink(arn)
        return self._sinks[arn]

    def _note_done(self) -> None:
        done = self.records_done
        while self.place.parts and self.place.parts[0][0] <= done:
            self.place.done = self.place.parts.pop(0)[1]

    def state(self) -> dict[str, Any]:
        """What is told of the progress."""
        counts = {name: self._sent[name] for name in ("rows_out", "bad_rows")}
        return {"positions": self.place.done, "counts": {"records_in": self.records_done, **counts}}
