"""Tells how far a local Flink with the Kinesis connector is in its stream, which the connector itself does not tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cutwatch.runtime.flink.encoding import finished_files
from cutwatch.runtime.source import FINISHED, KinesisSource
from cutwatch.sql.engines.flink.connection import parse_output_line


class Follower:
    """Counts the stream's records from its beginning, as the job does, and so turns the job's count into positions.

    The job's progress is in files that appear with a checkpoint, when its sinks have written what came before it.

    Args:
        folder: where the job writes its progress.
        source: the stream from its beginning.
        lanes: how many lanes tell their progress.
    """

    def __init__(self, folder: Path, source: KinesisSource, *, lanes: int) -> None:
        self.folder = folder
        self._source = source
        self._lanes = dict.fromkeys(range(lanes), 0)
        self._read = 0
        self._positions: dict[str, str] = {}
        self._parts: list[tuple[int, dict[str, str]]] = []
        self._done: dict[str, str] = {}

    def step(self) -> bool:
        """Read on and look at the progress. Returns whether anything moved."""
        if self._source.discovery_due():
            self._source.discover()
        before = self._read
        for read in self._source.read():
            self._read += len(read.records)
            if read.records:
                self._positions[read.shard] = read.records[-1].sequence_number
            if read.closed:
                self._positions[read.shard] = FINISHED
                self._source.discover()
        if self._read > before:
            self._parts.append((self._read, dict(self._positions)))
        return self.send() or self._read > before

    def send(self) -> bool:
        """Look at the progress. Returns whether there was any."""
        files = finished_files(self.folder)
        for path in files:
            for text in path.read_bytes().splitlines():
                lane, records = map(int, parse_output_line(text)[1].split())
                self._lanes[lane] = max(self._lanes[lane], records)
            path.unlink()
        while self._parts and self._parts[0][0] <= self.records_done:
            self._done = self._parts.pop(0)[1]
        return bool(files)

    @property
    def records_done(self) -> int:
        """How many records of the source are worked off, outputs written."""
        return min(self._lanes.values())

    def state(self) -> dict[str, Any]:
        """What is told of the progress."""
        return {"positions": self._done, "counts": {"records_in": self.records_done}}
