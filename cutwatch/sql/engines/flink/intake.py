"""The one place where event time is decided: records in order, lateness, the watermark, rows to their lanes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cutwatch.sql.decoding import record_decoder
from cutwatch.sql.engines.embedded.batch import END_OF_TIME, START_OF_TIME, Batch
from cutwatch.sql.engines.embedded.intake import Intake
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.engines.flink.lanes import lane_of
from cutwatch.sql.engines.flink.order import END, Arrived
from cutwatch.sql.engines.flink.spec import EngineSpec

_MOST_ROWS = 20_000


@dataclass(frozen=True)
class Work:
    """What a lane does next.

    Attributes:
        rows: its next rows, complete up to the watermark.
        arrivals: records that did not get in; lane 0 is told of all.
        watermark: event time in milliseconds.
        opening: the first watermark there was.
        records: how many records had been taken in when this was sent, for who follows the progress.
    """

    rows: Batch
    arrivals: tuple[Problem, ...]
    watermark: int
    opening: int | None
    records: int


class LaneIntake:
    """Takes decoded records of all splits and gives each lane its work. The same records give the same work."""

    def __init__(self, spec: EngineSpec) -> None:
        schema = spec.application.input.schema
        self._order = spec.order()
        self._intake = Intake(
            record_decoder(schema),
            schema,
            allowed_lateness_seconds=spec.allowed_lateness_seconds,
            max_ahead_seconds=spec.max_ahead_seconds,
        )
        self._column = spec.partition_column
        self._lanes = spec.lanes
        self._told = START_OF_TIME
        self._told_records = 0
        self._lane: dict[Any, int] = {}

    @property
    def waiting(self) -> int:
        """How many records wait for others, or for the watermark."""
        return len(self._order) + self._intake.waiting

    @property
    def holds_back(self) -> bool:
        """Whether records wait for other splits."""
        return len(self._order) > 0

    def add(self, records: Iterable[Arrived]) -> None:
        """Take records as they come."""
        self._order.add(records)

    def flush(self, watermark: int, *, quiet: bool = False) -> list[tuple[int, Work]]:
        """Give the lanes what is certain by now.

        Args:
            watermark: Flink's, of the order of records; from `order.END` on the input has ended.
            quiet: whether nothing has come for long.
        """
        problems: list[Problem] = []
        for record in self._order.take(watermark, quiet=quiet):
            problems += self._intake.take(record.data, record.rows, record.arrival_ms)
        found: list[tuple[int, Work]] = []
        if watermark >= END:
            if self._intake.opening is None and self._intake.span:
                self._intake.opening = self._intake.span[0]
            while (time := self._intake.nth_time(_MOST_ROWS)) is not None and time > self._told:
                found += self._release(problems, time)
                problems = []
            return found + self._release(problems, END_OF_TIME)
        return self._release(problems, self._intake.watermark)

    def _release(self, problems: list[Problem], watermark: int) -> list[tuple[int, Work]]:
        opening, records = self._intake.opening, self._intake.counts.records
        if watermark == self._told and records == self._told_records:
            return []
        self._told, self._told_records = watermark, records
        batches = self._split(self._intake.release(watermark))
        return [
            (lane, Work(batch, tuple(problems) if lane == 0 else (), watermark, opening, records))
            for lane, batch in enumerate(batches)
        ]

    def _split(self, batch: Batch) -> list[Batch]:
        if self._column is None:
            return [batch]
        indexes: list[list[int]] = [[] for _ in range(self._lanes)]
        known = self._lane
        for index, value in enumerate(batch.columns[self._column]):
            lane = known.get(value)
            if lane is None:
                lane = lane_of(value)
                if len(known) < 1_000_000:
                    known[value] = lane
            indexes[lane].append(index)
        return [batch.take(chosen) for chosen in indexes]

    def state(self) -> dict[str, Any]:
        """All that is remembered."""
        return {"order": self._order, "intake": self._intake.state(), "told": (self._told, self._told_records)}

    def restore(self, state: dict[str, Any]) -> None:
        """Take it up."""
        self._order = state["order"]
        self._told, self._told_records = state["told"]
        self._intake.restore(state["intake"])
