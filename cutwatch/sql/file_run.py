"""Run a program over one file: read, sort by event time, give rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from cutwatch.errors import OperatorError
from cutwatch.sql.application import Application
from cutwatch.sql.engines.embedded import Counters, EmbeddedEngine
from cutwatch.sql.errors import SchemaError
from cutwatch.sql.files import InputFile
from cutwatch.sql.program import Program
from cutwatch.sql.rows import OutputRow, Record
from cutwatch.sql.times import from_ms, to_ms
from cutwatch.sql.types import Kind

_BATCH = 5_000
_MAX_TICKS = 2_000_000

Report = Callable[[str, int, int], None]
Sink = Callable[[OutputRow], None]


@dataclass(frozen=True)
class RunOptions:
    """How to run.

    Attributes:
        seed: of the forests.
        allowed_lateness_seconds: None sorts the whole file first; a number gives rows as time goes on.
        tick_seconds: put a tick so often between the first and last row, or None for no ticks.
        streams: the streams wanted.
    """

    seed: int
    allowed_lateness_seconds: float | None
    tick_seconds: int | None
    streams: tuple[str, ...]


def with_event_time(application: Application, rowtime: str | None) -> Application:
    """A file's rows have no time of arrival worth the name, so their event time is looked for.

    It is the column that the user names, else ROWTIME of the schema, else its one TIMESTAMP column.

    Raises:
        SchemaError: there are several.
    """
    schema = application.input.schema
    if rowtime:
        return application.with_rowtime(rowtime)
    times = [field.name for field in schema.fields if field.type.kind is Kind.TIMESTAMP]
    if schema.rowtime or not times:
        return application
    if len(times) > 1:
        raise SchemaError(
            f"{application.file}: columns {', '.join(times)} are TIMESTAMPs; say with --rowtime which is the event time"
        )
    return application.with_rowtime(times[0])


def run_file(
    program: Program,
    application: Application,
    source: InputFile,
    options: RunOptions,
    *,
    now: datetime,
    sink: Sink,
    report: Report,
) -> Counters:
    """Run a program over a file.

    Args:
        program: what to run.
        application: the description, with its event time found.
        source: the opened file.
        options: how.
        now: the time of arrival for schemas without an event time.
        sink: takes every row, bad rows among them.
        report: takes the phase, how much of it is done and of how much (0: not known).

    Returns:
        What came in and went out.
    """
    lateness = options.allowed_lateness_seconds
    if options.tick_seconds is not None:
        if lateness is not None:
            raise OperatorError("ticks need the whole file first; leave out the allowed lateness or the ticks")
        if options.tick_seconds < 1:
            raise OperatorError(f"a tick every {options.tick_seconds} s is not possible; 1 or more is needed")
    engine = EmbeddedEngine(
        program,
        application,
        seed=options.seed,
        allowed_lateness_seconds=math.inf if lateness is None else lateness,
        decoder=source.decoder,
        streams=options.streams,
    )
    arrival = None if application.input.schema.rowtime else now
    for batch in _batches(source.records(arrival)):
        _send(engine.feed(batch), sink)
        report("reading", source.bytes_read, source.size)
    if options.tick_seconds:
        _send(engine.tick(_ticks(engine.span, options.tick_seconds)), sink)
    _send(engine.finish(lambda done, total: report("running", done, total)), sink)
    return engine.counters


def _batches(records: Iterator[Record]) -> Iterator[list[Record]]:
    while batch := list(islice(records, _BATCH)):
        yield batch


def _send(rows: Iterable[OutputRow], sink: Sink) -> None:
    for row in rows:
        sink(row)


def _ticks(span: tuple[datetime, datetime] | None, every_seconds: int) -> Iterator[datetime]:
    if span is None:
        return iter(())
    first, last = span
    step = every_seconds * 1000
    start = to_ms(first) // step * step
    count = (to_ms(last) - start) // step + 1
    if count > _MAX_TICKS:
        times = f"{first:%Y-%m-%d} to {last:%Y-%m-%d}"
        raise OperatorError(f"{times} would take {count:,} ticks; {_MAX_TICKS:,} are allowed; is a time wrong?")
    ticks = (from_ms(start) + timedelta(seconds=every_seconds) * number for number in range(count))
    return (tick for tick in ticks if first <= tick)
