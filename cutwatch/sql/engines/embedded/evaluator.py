"""Expressions over batches, computed by DuckDB; rows that fail are found and named, the others go on."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb

from cutwatch.sql.engines.embedded.batch import Batch, rowtime
from cutwatch.sql.engines.embedded.render import column_name, duckdb_type, render
from cutwatch.sql.expressions import ColumnRef, Expr, RowTime, walk
from cutwatch.sql.program import Columns
from cutwatch.sql.times import EARLIEST_MS, LATEST_MS
from cutwatch.sql.types import Kind, SqlType

# What DuckDB raises for a value; anything else is a fault in the SQL that we wrote.
DATA_ERRORS = (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException)


Result = tuple[Any, ...] | str
"""What a row gives: a value per computed expression, or a sentence on why there are none."""


@dataclass(frozen=True)
class Failure:
    """A row of a batch that has no result, and why."""

    index: int
    message: str


def connect() -> duckdb.DuckDBPyConnection:
    """A DuckDB of our own: one thread (results in one order), no files, no extensions from elsewhere."""
    return duckdb.connect(
        ":memory:",
        config={
            "threads": 1,
            "TimeZone": "UTC",
            "autoinstall_known_extensions": False,
            "enable_external_access": False,
        },
    )


def data_error_text(error: Exception) -> str:
    """DuckDB's message in one line, without its own labels."""
    line = str(error).strip().splitlines()[0]
    return line.split(": ", 1)[1] if " Error: " in line else line


class Evaluator:
    """Computes a fixed list of expressions over batches of fixed columns.

    Expressions that are just a column or ROWTIME are taken as they are; the others make one query.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, expressions: Sequence[Expr], columns: Columns) -> None:
        self._connection = connection
        self._expressions = tuple(expressions)
        self._computed = [part for part in self._expressions if not isinstance(part, ColumnRef | RowTime)]
        used = {ref.index for part in self._computed for ref in walk(part) if isinstance(ref, ColumnRef)}
        self._used = sorted(used)
        self._uses_time = any(isinstance(ref, RowTime) for part in self._computed for ref in walk(part))
        checks = ((at, _check(part.type)) for at, part in enumerate(self._computed))
        self._checks = [(at, check) for at, check in checks if check is not None]
        inputs = ["unnest($1::BIGINT[]) AS t"]
        for number, index in enumerate(self._used, start=2):
            inputs.append(f"unnest(${number}::{duckdb_type(columns[index].type)}[]) AS {column_name(index)}")
        outputs = ", ".join(render(part) for part in self._computed)
        self._sql = f"SELECT {outputs} FROM (SELECT {', '.join(inputs)})"  # noqa: S608 - rendered by render() alone
        if self._computed:
            with contextlib.suppress(*DATA_ERRORS):  # a constant that fails, as CAST('x' AS INTEGER), fails row by row
                self._fetch(Batch.empty(len(columns)))  # a query that DuckDB does not take must fail now

    def run(self, batch: Batch) -> tuple[list[list[Any]], list[int], list[Failure]]:
        """Compute all expressions.

        Returns:
            One list per expression over the rows that succeeded, the indexes of these, and the rows that failed.
        """
        if not self._computed or not len(batch):
            return self._assemble(batch, []), list(range(len(batch))), []
        results = self._results(batch)
        good = [index for index, result in enumerate(results) if not isinstance(result, str)]
        failures = [Failure(index, result) for index, result in enumerate(results) if isinstance(result, str)]
        kept = [results[index] for index in good]
        computed = [list(column) for column in zip(*kept, strict=True)] or [[] for _ in self._computed]
        return self._assemble(batch.take(good), computed), good, failures

    def _assemble(self, batch: Batch, computed: list[list[Any]]) -> list[list[Any]]:
        columns, rest = [], iter(computed)
        for part in self._expressions:
            if isinstance(part, ColumnRef):
                columns.append(batch.columns[part.index])
            elif isinstance(part, RowTime):
                columns.append([rowtime(at) for at in batch.places])
            else:
                columns.append(next(rest, []))
        return columns

    def _fetch(self, batch: Batch) -> list[tuple[Any, ...]]:
        parameters = [[rowtime(at) for at in batch.places], *(batch.columns[index] for index in self._used)]
        return self._connection.execute(self._sql, parameters).fetchall()

    def _results(self, batch: Batch) -> list[Result]:
        """Results by row. Where one fails, rows of equal inputs are computed once: mistakes mostly repeat."""
        try:
            return self._checked(self._fetch(batch))
        except DATA_ERRORS:
            inputs = [batch.columns[index] for index in self._used]
            if self._uses_time:
                inputs.append(batch.places)
            # By their text, which tells 0.0 from -0.0.
            keys = [repr(row) for row in zip(*inputs, strict=True)] if inputs else [""] * len(batch)
            firsts: dict[str, int] = {}
            for index, key in enumerate(keys):
                firsts.setdefault(key, index)
            found = dict(zip(firsts, self._halved(batch.take(list(firsts.values()))), strict=True))
            return [found[key] for key in keys]

    def _halved(self, batch: Batch) -> list[Result]:
        """Results of a batch with bad rows: it is halved until each of them stands alone."""
        try:
            return self._checked(self._fetch(batch))
        except DATA_ERRORS as error:
            if len(batch) == 1:
                return [data_error_text(error)]
            middle = len(batch) // 2
            parts = (range(middle), range(middle, len(batch)))
            return [result for part in parts for result in self._halved(batch.take(part))]

    def _checked(self, rows: list[tuple[Any, ...]]) -> list[Result]:
        """DuckDB gives NaN, infinities and times beyond all calendars where SQL has no result."""
        results: list[Result] = list(rows)
        for position, check in self._checks:
            for index, row in enumerate(rows):
                if row[position] is not None and (message := check(row[position])):
                    results[index] = message
        return results


def _finite(value: float) -> str:
    return "" if math.isfinite(value) else "the result is not a finite number"


def _on_the_calendar(milliseconds: int) -> str:
    inside = EARLIEST_MS <= milliseconds < LATEST_MS
    return "" if inside else "the result is a time outside the years 2 to 9997"


def _check(kind: SqlType) -> Callable[[Any], str] | None:
    """What a result of the type must be besides what DuckDB sees to: gives a sentence where it is not."""
    if kind.is_approximate:
        return _finite
    return _on_the_calendar if kind.kind is Kind.TIMESTAMP else None
