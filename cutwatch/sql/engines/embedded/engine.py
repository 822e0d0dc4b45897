"""The embedded engine: feed it records, get rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from cutwatch.errors import DeveloperError
from cutwatch.sql.application import Application
from cutwatch.sql.decoding import Decoder, record_decoder
from cutwatch.sql.engines.embedded.batch import END_OF_TIME, START_OF_TIME
from cutwatch.sql.engines.embedded.evaluator import connect
from cutwatch.sql.engines.embedded.flow import Flow
from cutwatch.sql.engines.embedded.intake import Intake, IntakeCounts
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.engines.embedded.results import output_rows, wanted_streams
from cutwatch.sql.engines.embedded.snapshot import SnapshotError, pack, unpack
from cutwatch.sql.program import Program
from cutwatch.sql.rows import OutputRow, Record
from cutwatch.sql.times import from_ms, to_ms

_FINISH_ROWS = 20_000
"""So many rows are taken through the pumps at a time when the input ends, to bound memory and to show progress."""

Progress = Callable[[int, int], None]


@dataclass
class Counters:
    """What an engine has done so far: what came in, rows out by stream, bad rows by ERROR_NAME."""

    intake: IntakeCounts
    rows_out: dict[str, int] = field(default_factory=dict)
    bad_rows: dict[str, int] = field(default_factory=dict)

    @property
    def bad(self) -> int:
        """All bad rows."""
        return sum(self.bad_rows.values())


class EmbeddedEngine:
    """Runs a program in this process, batch by batch.

    The output does not depend on how records are cut into `feed` calls: the rows of all calls together are the same, in
    the same order, to the last bit. Nor does it depend on a clock: time is in the records.

    Args:
        program: what compile_sql gave.
        application: the description it was compiled against.
        seed: of the forests' random numbers.
        allowed_lateness_seconds: how far a record's event time may lie behind the latest one seen. Infinity sorts
            everything that is fed, and gives rows in `finish` alone: right for files.
        max_ahead_seconds: how far an event time may lie ahead of the time of arrival, where the record has one; without
            a bound one wrong clock would make everybody else late.
        decoder: makes rows of records; by default that of the application's InputSchema.
        streams: streams whose rows are wanted. By default those of the application's Outputs, or, where it has none,
            those that no pump reads. Bad rows are always given, as rows of the error stream.

    Example:
        >>> from cutwatch.sql import Record, compile_sql, parse_application
        >>> schema = {"RecordFormat": {"RecordFormatType": "JSON"}, "RecordColumns": [
        ...     {"Name": "ROWTIME", "Mapping": "$.at", "SqlType": "TIMESTAMP"},
        ...     {"Name": "N", "Mapping": "$.n", "SqlType": "INTEGER"}]}
        >>> application = parse_application({"InputSchema": schema})
        >>> sql = '''CREATE STREAM "SUMS" ("N" BIGINT);
        ...     CREATE PUMP "P" AS INSERT INTO "SUMS" SELECT STREAM SUM("N") FROM "SOURCE_SQL_STREAM_001"
        ...     GROUP BY FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE)'''
        >>> engine = EmbeddedEngine(compile_sql(sql, application), application)
        >>> records = [Record(b'{"at":"2020-07-07 00:00:0%d","n":%d}' % (n, n)) for n in range(4)]
        >>> [row.values for row in engine.feed(records) + engine.finish()]
        [{'N': 6}]
    """

    def __init__(
        self,
        program: Program,
        application: Application,
        *,
        seed: int = 0,
        allowed_lateness_seconds: float = 0.0,
        max_ahead_seconds: float = 300.0,
        decoder: Decoder | None = None,
        streams: Collection[str] | None = None,
    ) -> None:
        if not (allowed_lateness_seconds >= 0 and max_ahead_seconds >= 0):
            raise DeveloperError("allowed_lateness_seconds and max_ahead_seconds must be 0 or more")
        self._program = program
        self._source = application.input.stream_names[0]
        schema = application.input.schema
        self._intake = Intake(
            decoder or record_decoder(schema),
            schema,
            allowed_lateness_seconds=allowed_lateness_seconds,
            max_ahead_seconds=max_ahead_seconds,
        )
        self._connection = connect()
        self._flow = Flow(program, self._connection, seed)
        self._wanted = wanted_streams(program, application, streams)
        self._identity = f"{program.fingerprint()} seed {seed} lateness {allowed_lateness_seconds}"
        self._finished = False
        self.counters = Counters(self._intake.counts)

    @property
    def watermark(self) -> datetime | None:
        """The time before which no row is taken any more; None before the first row."""
        watermark = self._intake.watermark
        return None if watermark == START_OF_TIME else from_ms(watermark)

    @property
    def span(self) -> tuple[datetime, datetime] | None:
        """The first and last event time among the rows that wait for the watermark."""
        span = self._intake.span
        return None if span is None else (from_ms(span[0]), from_ms(span[1]))

    def feed(self, records: Iterable[Record]) -> list[OutputRow]:
        """Take the next records in, in the order in which they came.

        Returns:
            The rows that are ready now, bad rows among them, in the order of time.
        """
        self._refuse_finished()
        problems = self._intake.accept(records)
        return self._advance(problems, self._intake.watermark)

    def tick(self, times: Iterable[datetime]) -> list[OutputRow]:
        """Let time pass up to each of these times, as records with an event time and nothing else would."""
        self._refuse_finished()
        self._intake.tick(to_ms(time) for time in times)
        return self._advance([], self._intake.watermark)

    def finish(self, progress: Progress | None = None) -> list[OutputRow]:
        """Tell that the input has ended: whatever waits is given out. Afterwards nothing can be fed.

        Args:
            progress: called with the number of rows done and of all that waited.
        """
        self._refuse_finished()
        self._finished = True
        total = self._intake.waiting
        if self._intake.opening is None and self._intake.span:
            self._intake.opening = self._intake.span[0]
        rows: list[OutputRow] = []
        while (time := self._intake.nth_time(_FINISH_ROWS)) is not None and time > START_OF_TIME:
            before = self._intake.waiting
            rows += self._advance([], time)
            if self._intake.waiting == before:  # more rows of one time than fit: they go with the rest
                break
            if progress:
                progress(total - self._intake.waiting, total)
        rows += self._advance([], END_OF_TIME)
        if progress:
            progress(total, total)
        return rows

    def to_bytes(self) -> bytes:
        """Everything that a restart needs to go on exactly: rows that wait, windows under way, forests, counters."""
        self._refuse_finished()
        counters = {"rows_out": self.counters.rows_out, "bad_rows": self.counters.bad_rows}
        return pack(
            {
                "identity": self._identity,
                "intake": self._intake.state(),
                "flow": self._flow.state(),
                "counters": counters,
            }
        )

    @classmethod
    def from_bytes(cls, saved: bytes, program: Program, application: Application, **options: Any) -> Self:
        """An engine that goes on where another was saved.

        Args:
            saved: what to_bytes gave.
            program: the same program.
            application: the same description.
            **options: the same keyword arguments as for the engine that was saved.

        Raises:
            SnapshotError: the snapshot is damaged, or of another program, seed or lateness.
        """
        state = unpack(saved)
        engine = cls(program, application, **options)
        if state["identity"] != engine._identity:
            raise SnapshotError("the snapshot is of another program, seed or lateness; start without it")
        engine._intake.restore(state["intake"])
        engine._flow.restore(state["flow"])
        engine.counters = Counters(engine._intake.counts, **state["counters"])
        return engine

    # ---- inside ----

    def _refuse_finished(self) -> None:
        if self._finished:
            raise DeveloperError("the engine has finished; make a new one, or restore one from a snapshot")

    def _advance(self, arrivals: list[Problem], watermark: int) -> list[OutputRow]:
        batch = self._intake.release(watermark)
        streams, problems = self._flow.run(self._source, batch, arrivals, watermark, self._intake.opening)
        for problem in problems:
            self.counters.bad_rows[problem.name] = self.counters.bad_rows.get(problem.name, 0) + 1
        rows = output_rows(self._program, self._wanted, streams, problems)
        for row in rows:
            self.counters.rows_out[row.stream] = self.counters.rows_out.get(row.stream, 0) + 1
        return rows
