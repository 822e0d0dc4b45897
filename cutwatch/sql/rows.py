"""Records in and rows out: what crosses the edge of an engine."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from cutwatch.sql.times import format_ms, to_ms

SqlValue = None | bool | int | float | str | Decimal | date | datetime


@dataclass(frozen=True)
class Record:
    """One record of the streaming source.

    Attributes:
        data: its raw bytes.
        arrival_time: when the source took it (Kinesis: ApproximateArrivalTimestamp), aware; None for files.
    """

    data: bytes
    arrival_time: datetime | None = None


@dataclass(frozen=True)
class OutputRow:
    """One row of a stream.

    Attributes:
        stream: the stream's name.
        rowtime: its ROWTIME, aware, UTC.
        values: by column, in the stream's order; TIMESTAMP as aware UTC datetime.
    """

    stream: str
    rowtime: datetime
    values: Mapping[str, SqlValue]


def encode_row(row: OutputRow, record_format: str = "JSON") -> bytes:
    """A row as the service writes it to a destination.

    Args:
        row: the row.
        record_format: "JSON" (one object by column name) or "CSV" (values in the order of columns).

    Returns:
        UTF-8 without a line end. TIMESTAMP is `2020-07-15 10:10:00.000`, DATE `2020-07-15`.

    Example:
        >>> from datetime import UTC, datetime
        >>> time = datetime(2020, 7, 15, tzinfo=UTC)
        >>> encode_row(OutputRow("S", time, {"T": time, "N": 1}))
        b'{"T":"2020-07-15 00:00:00.000","N":1}'
    """
    values = {name: _plain(value) for name, value in row.values.items()}
    if record_format == "JSON":
        return json.dumps(values, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(values.values())
    return text.getvalue().encode()


def _plain(value: SqlValue) -> bool | int | float | str | None:
    if isinstance(value, datetime):
        return format_ms(to_ms(value))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and value.as_tuple().exponent == 0 else float(value)
    return value
