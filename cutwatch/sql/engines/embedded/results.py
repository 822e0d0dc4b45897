"""What comes out of an engine: rows of the wanted streams and bad rows, in the order of time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from cutwatch.errors import DeveloperError
from cutwatch.sql.application import Application
from cutwatch.sql.engines.embedded.batch import START_OF_TIME, Batch, place, rowtime
from cutwatch.sql.engines.embedded.problems import Problem
from cutwatch.sql.program import ERROR_STREAM, Columns, Program, Stream
from cutwatch.sql.rows import OutputRow, SqlValue
from cutwatch.sql.times import from_ms
from cutwatch.sql.types import Kind

_Sortable = tuple[int, int, int, OutputRow]


def wanted_streams(program: Program, application: Application, names: Collection[str] | None) -> list[Stream]:
    """The streams whose rows are wanted.

    By name; without names those of the application's Outputs, or, where it has none, those that no pump reads.

    Raises:
        DeveloperError: a name that the program does not have.
    """
    return [program.stream(name) for name in _wanted(program, application, names)]


def output_rows(
    program: Program, wanted: Sequence[Stream], streams: Mapping[str, Batch], problems: Sequence[Problem]
) -> list[OutputRow]:
    """Rows of the wanted streams, and all bad rows as rows of the error stream, in the order of time."""
    found: list[_Sortable] = []
    for number, stream in enumerate(wanted):
        rows = streams.get(stream.name)
        if rows is not None and stream.name != ERROR_STREAM:
            found += _output(stream, rows, number)
    found += _bad_rows(program.stream(ERROR_STREAM).columns, problems)
    found.sort(key=lambda item: item[:3])
    return [item[3] for item in found]


def _bad_rows(columns: Columns, problems: Sequence[Problem]) -> list[_Sortable]:
    rows = []
    for index, problem in enumerate(problems):
        at = place(START_OF_TIME, 0) if problem.at is None else problem.at
        time = 0 if problem.at is None else rowtime(problem.at)
        rows.append((at, -1, index, OutputRow(ERROR_STREAM, from_ms(time), _named(columns, problem.values()))))
    return rows


def _wanted(program: Program, application: Application, streams: Collection[str] | None) -> list[str]:
    if streams is not None:
        names = [stream.name for stream in program.streams]
        if unknown := [name for name in streams if name not in names]:
            raise DeveloperError(f'there is no stream "{unknown[0]}"; there are {", ".join(names)}')
        return list(streams)
    if application.outputs:
        return [output.name for output in application.outputs]
    read = {pump.source for pump in program.pumps}
    return [pump.target for pump in program.pumps if pump.target not in read]


def _named(columns: Columns, values: Sequence[Any]) -> dict[str, SqlValue]:
    return {
        column.name: from_ms(value) if value is not None and column.type.kind is Kind.TIMESTAMP else value
        for column, value in zip(columns, values, strict=True)
        if not column.hidden
    }


def _output(stream: Stream, batch: Batch, number: int) -> list[_Sortable]:
    rows = zip(*batch.columns, strict=True)
    return [
        (at, number, index, OutputRow(stream.name, from_ms(rowtime(at)), _named(stream.columns, values)))
        for index, (at, values) in enumerate(zip(batch.places, rows, strict=True))
    ]
