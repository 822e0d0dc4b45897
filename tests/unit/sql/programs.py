"""Programs and records that several tests share."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cutwatch.sql import Application, Program, Record, compile_sql, parse_application

START = datetime(2020, 7, 7, tzinfo=UTC)
START_MS = 1_594_080_000_000


def application(columns: dict[str, str], *, outputs: tuple[str, ...] = (), rowtime: bool = True) -> Application:
    """A JSON input with these columns (name -> SqlType) and its event time at `$.t`."""
    fields = [{"Name": "ROWTIME", "Mapping": "$.t", "SqlType": "TIMESTAMP"}] if rowtime else []
    fields += [{"Name": name, "Mapping": f"$.{name}", "SqlType": kind} for name, kind in columns.items()]
    return parse_application(
        {
            "InputSchema": {"RecordFormat": {"RecordFormatType": "JSON"}, "RecordColumns": fields},
            "Outputs": [
                {
                    "Name": name,
                    "KinesisStreamsOutput": {"ResourceARN": "arn"},
                    "DestinationSchema": {"RecordFormatType": "JSON"},
                }
                for name in outputs
            ],
        }
    )


def pump(select: str, columns: str, *, stream: str = "OUT") -> str:
    """One stream and one pump that fills it."""
    return f'CREATE STREAM "{stream}" ({columns}); CREATE PUMP "{stream}_PUMP" AS INSERT INTO "{stream}" {select};'


def compiled(sql: str, columns: dict[str, str], **options: Any) -> tuple[Program, Application]:
    """A program and its application."""
    described = application(columns, **options)
    return compile_sql(sql, described, file="test.sql"), described


def record(seconds: float, **values: Any) -> Record:
    """A JSON record of so many seconds after START."""
    text = datetime.fromtimestamp(START.timestamp() + seconds, UTC).isoformat(timespec="milliseconds")
    return Record(json.dumps({"t": text, **values}).encode())
