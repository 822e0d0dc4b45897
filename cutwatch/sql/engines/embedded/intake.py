"""The source: records into rows, in the order of their event time, within the allowed lateness."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cutwatch.errors import DeveloperError
from cutwatch.sql.application import InputSchema
from cutwatch.sql.decoding import BadRow, DecodedRow, Decoder
from cutwatch.sql.engines.embedded.batch import END_OF_TIME, ERROR_RANK, ROW_RANK, START_OF_TIME, Batch, place
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.engines.embedded.step import State
from cutwatch.sql.rows import Record
from cutwatch.sql.times import format_ms, to_ms
from cutwatch.sql.types import TIMESTAMP

Waiting = tuple[int, int, tuple[Any, ...]]


@dataclass
class IntakeCounts:
    """What came in: records, rows made of them, ticks among these, and ticks that were late and ignored."""

    records: int = 0
    rows: int = 0
    ticks: int = 0
    late_ticks: int = 0


class Intake:
    """Puts rows in order.

    The watermark is the latest event time seen less the allowed lateness. A row before it is late: a tick among these
    is ignored, anything else is a bad row. Rows before the watermark are complete and go on, in the order of their
    time, those of one time in the order in which they came. What happens to a record hangs on the records before it
    alone, so it is the same however they are cut into batches.

    Attributes:
        opening: the first watermark there was, in milliseconds: when records that are bad before any good one happen.
        counts: what came in.
    """

    def __init__(
        self, decoder: Decoder, schema: InputSchema, *, allowed_lateness_seconds: float, max_ahead_seconds: float
    ) -> None:
        self._decoder = decoder
        self._width = len(schema.columns)  # visible ones: the time of arrival is appended to them
        self._event_time = schema.rowtime is not None
        self._time_columns = _time_columns(schema)
        self._lateness_ms = allowed_lateness_seconds * 1000
        self._ahead_ms = max_ahead_seconds * 1000
        self._latest = START_OF_TIME
        self._number = 0
        self._waiting: list[Waiting] = []
        self.opening: int | None = None
        self.counts = IntakeCounts()

    @property
    def watermark(self) -> int:
        """Milliseconds; no row before it can come any more."""
        if self._latest == START_OF_TIME or math.isinf(self._lateness_ms):
            return START_OF_TIME
        return self._latest - int(self._lateness_ms)

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and last time among the waiting rows, in milliseconds."""
        if not self._waiting:
            return None
        return min(self._waiting)[0], max(self._waiting)[0]

    @property
    def waiting(self) -> int:
        """How many rows wait for the watermark."""
        return len(self._waiting)

    def accept(self, records: Iterable[Record]) -> list[Problem]:
        """Take records in; gives the bad ones."""
        problems: list[Problem] = []
        for record in records:
            arrival = None if record.arrival_time is None else to_ms(record.arrival_time)
            problems += self.take(record.data, self._decoder.decode(record.data), arrival)
        return problems

    def take(self, data: bytes, rows: Iterable[DecodedRow | BadRow], arrival: int | None) -> list[Problem]:
        """Take one record in that is decoded already; gives its bad rows. `arrival` is in milliseconds."""
        self.counts.records += 1
        problems: list[Problem] = []
        for row in rows:
            if isinstance(row, BadRow):
                problems.append(self._bad(row.name, row.message, data, None, arrival))
                continue
            time, values, is_tick = row
            if time is None:
                time = self._arrival_time(arrival)
            if problem := self._enter(time, (*values, arrival), data, arrival, is_tick=is_tick):
                problems.append(problem)
        return problems

    def tick(self, times_ms: Iterable[int]) -> None:
        """Let time pass: a tick at each of these times, as a record with its event time and nothing else would."""
        for time in times_ms:
            values = [time if index in self._time_columns else None for index in range(self._width + 1)]
            self._enter(time, tuple(values), b"", None, is_tick=True)

    def _arrival_time(self, arrival: int | None) -> int:
        """ROWTIME without event time: when the record came, never going back, as on the service."""
        if arrival is None:
            raise DeveloperError("a record needs an arrival_time where the schema has no column for the event time")
        return max(arrival, self._latest)

    def _enter(
        self, time: int, values: tuple[Any, ...], data: bytes, arrival: int | None, *, is_tick: bool
    ) -> Problem | None:
        watermark = self.watermark
        if time < watermark:
            if is_tick:
                self.counts.late_ticks += 1
                return None
            late = (watermark - time) / 1000
            message = f"the row of {format_ms(time)} is {late:.3f} s later than allowed"
            return self._bad("LATE_ROW", message, data, time, arrival)
        if self._event_time and arrival is not None and time > arrival + self._ahead_ms:
            message = f"the row of {format_ms(time)} is from the future: it came at {format_ms(arrival)}"
            return self._bad("FUTURE_ROW", message, data, time, arrival)
        self.counts.rows += 1
        self.counts.ticks += is_tick
        self._waiting.append((time, self._number, values))
        self._number += 1
        self._latest = max(self._latest, time)
        if self.opening is None and self.watermark != START_OF_TIME:
            self.opening = self.watermark
        return None

    def _bad(self, name: str, message: str, data: bytes, time: int | None, arrival: int | None) -> Problem:
        watermark = self.watermark
        at = None if watermark == START_OF_TIME else place(watermark, ERROR_RANK)
        return Problem(at, name, message, data, time, arrival)

    def release(self, watermark: int) -> Batch:
        """The rows before the watermark."""
        if watermark == START_OF_TIME:
            return Batch.empty(self._width + 1)
        self._waiting.sort()  # by time, then number; no two rows have the same number
        count = (
            len(self._waiting)
            if watermark >= END_OF_TIME
            else bisect_left(self._waiting, watermark, key=lambda row: row[0])
        )
        ready, self._waiting = self._waiting[:count], self._waiting[count:]
        return Batch.of([place(row[0], ROW_RANK) for row in ready], [row[2] for row in ready], self._width + 1)

    def nth_time(self, count: int) -> int | None:
        """The time of the waiting row after the first `count` in order, or None where there are no more."""
        self._waiting.sort()
        return self._waiting[count][0] if count < len(self._waiting) else None

    def state(self) -> State:
        """The rows that wait, and how far time has come."""
        return {
            "latest": self._latest,
            "opening": self.opening,
            "number": self._number,
            "waiting": [[time, number, list(values)] for time, number, values in self._waiting],
            "counts": vars(self.counts),
        }

    def restore(self, state: State) -> None:
        """Take them up."""
        self._latest, self._number, self.opening = state["latest"], state["number"], state["opening"]
        self._waiting = [(time, number, tuple(values)) for time, number, values in state["waiting"]]
        self.counts = IntakeCounts(**state["counts"])


def _time_columns(schema: InputSchema) -> frozenset[int]:
    """The columns that hold the event time too, as a tick's record fills them."""
    rowtime = schema.rowtime
    if rowtime is None:
        return frozenset()
    return frozenset(
        index
        for index, field in enumerate(schema.columns)
        if field is rowtime or (field.path is not None and field.path == rowtime.path and field.type == TIMESTAMP)
    )
