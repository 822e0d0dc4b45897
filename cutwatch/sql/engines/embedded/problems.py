"""Bad rows: what is told of each on the error stream."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cutwatch.sql.engines.embedded.batch import rowtime
from cutwatch.sql.program import Columns
from cutwatch.sql.times import format_ms
from cutwatch.sql.types import Kind

MAX_MESSAGE, MAX_DATA_ROW = 4096, 49_152


@dataclass(frozen=True)
class Problem:
    """One bad row.

    Attributes:
        at: its place in time; None for a record that came before any good one.
        name: ERROR_NAME.
        message: MESSAGE, a sentence.
        data: the raw bytes of the record, or the row as JSON where it is one of the program's own.
        rowtime_ms: DATA_ROWTIME, where it is known.
        arrival_ms: when the record came, where it is known.
        pump: the pump in which it happened; None where the record did not get in.
    """

    at: int | None
    name: str
    message: str
    data: bytes
    rowtime_ms: int | None
    arrival_ms: int | None = None
    pump: str | None = None

    def values(self) -> tuple[Any, ...]:
        """The row of the error stream, in the order of its columns."""
        time = self.arrival_ms if self.arrival_ms is not None else self.rowtime_ms
        if time is None and self.at is not None:
            time = rowtime(self.at)
        row = self.data[: MAX_DATA_ROW // 2].hex().upper()
        return (time, "ERROR", self.name[:32], self.message[:MAX_MESSAGE], self.rowtime_ms, row, self.pump)


def row_problem(name: str, message: str, at: int, row: Sequence[Any], columns: Columns) -> Problem:
    """The problem of a row inside the program; the pump is filled in by who knows it."""
    shown = {
        column.name: format_ms(value) if column.type.kind is Kind.TIMESTAMP and value is not None else value
        for column, value in zip(columns, row, strict=False)
        if not column.hidden
    }
    data = json.dumps(shown, default=str, separators=(",", ":"), ensure_ascii=False).encode()
    return Problem(at, name, message, data, rowtime(at))
