"""Records of several source splits into one order, before event time is looked at.

A watermark of event time is the newest time seen less the allowed lateness. Were records taken as parallel readers
happen to bring them, the fastest reader would make those of all others late (docs/decisions/0602). So they are put in
order first: by number where whoever fed the source numbered them, else by the time at which Kinesis took them.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

END = 2**62
"""The watermark at the end of a bounded input, and everything above."""


class Arrived(NamedTuple):
    """A decoded record on its way to the intake.

    Attributes:
        order: its number, or the time of its arrival in milliseconds.
        arrival_ms: when the stream took it, None where that is not known.
        data: its bytes.
        rows: what the decoder made of it.
    """

    order: int
    arrival_ms: int | None
    data: bytes
    rows: list[Any]


class Order(Protocol):
    """Holds records back until it is certain that none before them can come."""

    def add(self, records: Iterable[Arrived]) -> None:
        """Take records as they come."""

    def take(self, watermark: int, *, quiet: bool) -> list[Arrived]:
        """Give, in order, what may go on.

        Args:
            watermark: Flink's: no record of an order up to it can come any more.
            quiet: whether nothing has come for so long that every split must be idle.
        """

    def __len__(self) -> int: ...


class NumberOrder:
    """Records numbered from 0 without a gap: one goes on when all before it have. A number twice is a repeat."""

    def __init__(self) -> None:
        self._next = 0
        self._waiting: dict[int, Arrived] = {}

    def add(self, records: Iterable[Arrived]) -> None:
        """Take records as they come."""
        for record in records:
            if record.order >= self._next:
                self._waiting[record.order] = record

    def take(self, watermark: int, *, quiet: bool) -> list[Arrived]:  # noqa: ARG002
        """Give what has no gap before it; at the end of the input, everything."""
        ready = []
        while (record := self._waiting.pop(self._next, None)) is not None:
            ready.append(record)
            self._next += 1
        if watermark >= END and self._waiting:
            ready += sorted(self._waiting.values(), key=lambda record: record.order)
            self._next = ready[-1].order + 1
            self._waiting = {}
        return ready

    def __len__(self) -> int:
        return len(self._waiting)


class ArrivalOrder:
    """Records by the time at which the stream took them, those of one millisecond as they come.

    Flink's watermark is the least over all splits of the newest arrival that each has brought, idle ones left out.
    """

    def __init__(self) -> None:
        self._number = 0
        self._waiting: list[tuple[int, int, Arrived]] = []

    def add(self, records: Iterable[Arrived]) -> None:
        """Take records as they come."""
        for record in records:
            heapq.heappush(self._waiting, (record.order, self._number, record))
            self._number += 1

    def take(self, watermark: int, *, quiet: bool) -> list[Arrived]:
        """Give what came up to the watermark; when all is quiet, everything."""
        ready = []
        while self._waiting and (quiet or self._waiting[0][0] <= watermark):
            ready.append(heapq.heappop(self._waiting)[2])
        return ready

    def __len__(self) -> int:
        return len(self._waiting)
