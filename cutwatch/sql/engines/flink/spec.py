"""What every operator of a job is made from: plain values that travel to the workers."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cutwatch.sql.application import Application
from cutwatch.sql.engines.flink.lanes import LANES, partition_column
from cutwatch.sql.engines.flink.order import ArrivalOrder, NumberOrder, Order
from cutwatch.sql.program import Program


@dataclass(frozen=True)
class EngineSpec:
    """A program and how to run it.

    Attributes:
        program: what compile_sql gave.
        application: the description it was compiled against.
        seed: of the forests.
        allowed_lateness_seconds: how far a row may come behind the newest one; infinity waits for the input's end.
        max_ahead_seconds: how far a row's time may lie ahead of its arrival.
        streams: the streams wanted; None for those of the description.
        numbered: whether records carry numbers that tell their order; else their arrival does.
        snapshot_bytes: a log of what came since a snapshot grows to at least so much before the next one.
        forest_rows: a forest learns so many rows before its next snapshot. One of 100 trees is some 400 kB, a row of
            four columns 32 bytes, and learning 1,000 rows again takes 20 ms.
    """

    program: Program
    application: Application
    seed: int = 0
    allowed_lateness_seconds: float = 0.0
    max_ahead_seconds: float = 300.0
    streams: tuple[str, ...] | None = None
    numbered: bool = True
    snapshot_bytes: int = 262_144
    forest_rows: int = 1_000

    @property
    def source(self) -> str:
        """The stream that records go to."""
        return self.application.input.stream_names[0]

    @property
    def partition_column(self) -> int | None:
        """The source column by which the program is spread over slots."""
        return partition_column(self.program, self.source)

    @property
    def lanes(self) -> int:
        """Into how many independent parts the work falls."""
        return 1 if self.partition_column is None else LANES

    @property
    def identity(self) -> str:
        """What a saved state is bound to: one of another program, schema, seed or lateness means nothing to this."""
        parts = (
            self.program.fingerprint(),
            self.application.input.schema,
            self.seed,
            self.allowed_lateness_seconds,
            self.lanes,
            self.numbered,
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]

    def order(self) -> Order:
        """An empty order of records."""
        return NumberOrder() if self.numbered else ArrivalOrder()
