"""The engines that the golden suite runs on: each takes a program and records and gives rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutwatch.sql import Application, OutputRow, Program, Record
from cutwatch.sql.engines.embedded import EmbeddedEngine


@dataclass(frozen=True)
class Options:
    """What a case asks of an engine."""

    seed: int
    streams: tuple[str, ...]
    allowed_lateness_seconds: float = 0.0


Engine = Callable[[Program, Application, Sequence[Record], Options], list[OutputRow]]


def embedded(batch: int) -> Engine:
    """The embedded engine, fed so many records at a time."""

    def run(program: Program, application: Application, records: Sequence[Record], options: Options) -> list[OutputRow]:
        engine = EmbeddedEngine(
            program,
            application,
            seed=options.seed,
            allowed_lateness_seconds=options.allowed_lateness_seconds,
            streams=options.streams,
        )
        rows = []
        for start in range(0, len(records), batch):
            rows += engine.feed(records[start : start + batch])
        return rows + engine.finish()

    return run


ENGINES: dict[str, Engine] = {"embedded": embedded(1_000), "embedded, record by record": embedded(1)}
