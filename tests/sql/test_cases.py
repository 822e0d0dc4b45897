"""The golden suite: SQL, input and expected rows as data, run on every engine.

A case is a folder with `program.sql`, `application.json`, `input.txt` (one record a line), `expected.json` (rows by
stream) and perhaps `options.json`. Expected rows were worked out by hand or stand in AWS's documentation. In them `@`
is the row's ROWTIME and, on the error stream, `DATA` the bytes behind DATA_ROW; what an error row does not name is not
compared.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cutwatch.sql import ERROR_STREAM, OutputRow, Record, compile_sql, encode_row, load_application
from cutwatch.sql.times import format_ms, to_ms
from tests.sql.engines import ENGINES, Options

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/program.sql"))


def shown(row: OutputRow, wanted: dict[str, Any]) -> dict[str, Any]:
    """A row as its expectation names it."""
    values: dict[str, Any] = json.loads(encode_row(row))
    values["@"] = format_ms(to_ms(row.rowtime))
    if row.stream == ERROR_STREAM:
        values["DATA"] = bytes.fromhex(values["DATA_ROW"]).decode()
        return {name: values[name] for name in wanted}
    return values if "@" in wanted else {name: value for name, value in values.items() if name != "@"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, engine: str) -> None:
    application = load_application(case / "application.json")
    program = compile_sql((case / "program.sql").read_text(), application, file=f"{case.name}/program.sql")
    expected = json.loads((case / "expected.json").read_text())
    extra = json.loads((case / "options.json").read_text()) if (case / "options.json").exists() else {}
    any_order = extra.pop("any_order", [])
    records = [Record(line.encode()) for line in (case / "input.txt").read_text().splitlines()]
    options = Options(seed=1, streams=tuple(name for name in expected if name != ERROR_STREAM), **extra)

    rows = ENGINES[engine](program, application, records, options)

    for stream in {*expected, ERROR_STREAM}:
        wanted = expected.get(stream, [])
        got = [row for row in rows if row.stream == stream]
        assert len(got) == len(wanted), (stream, [encode_row(row) for row in got])
        if stream in any_order:
            got = in_order(got, wanted)
        for row, want in zip(got, wanted, strict=True):
            assert shown(row, want) == {name: roughly(value) for name, value in want.items()}


def roughly(value: object) -> object:
    """Sums may round in another order on another engine; anything but a DOUBLE must be the very same."""
    return pytest.approx(value, rel=1e-12, abs=0) if isinstance(value, float) else value


def in_order(got: list[OutputRow], wanted: list[dict[str, Any]]) -> list[OutputRow]:
    """Rows in the order of what they match, for streams whose order is not part of the promise."""
    left = list(got)
    return [left.pop(next(n for n, row in enumerate(left) if shown(row, want) == want)) for want in wanted]
