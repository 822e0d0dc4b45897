"""Cases of the golden suite: how they are read, and how rows are held against them."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cutwatch.sql import (
    ERROR_STREAM,
    Application,
    OutputRow,
    Program,
    Record,
    compile_sql,
    encode_row,
    load_application,
)
from cutwatch.sql.times import format_ms, to_ms
from tests.sql.engines import Options

CASES = sorted(path.parent for path in (Path(__file__).parent / "cases").glob("*/program.sql"))


@dataclass(frozen=True)
class Case:
    """One case; `any_order` names the streams whose order is not part of the promise."""

    program: Program
    application: Application
    records: list[Record]
    options: Options
    expected: dict[str, list[dict[str, Any]]]
    any_order: tuple[str, ...]


def load_case(folder: Path) -> Case:
    """Read a case's folder."""
    application = load_application(folder / "application.json")
    program = compile_sql((folder / "program.sql").read_text(), application, file=f"{folder.name}/program.sql")
    expected = json.loads((folder / "expected.json").read_text())
    extra = json.loads((folder / "options.json").read_text()) if (folder / "options.json").exists() else {}
    any_order = tuple(extra.pop("any_order", ()))
    records = [Record(line.encode()) for line in (folder / "input.txt").read_text().splitlines()]
    options = Options(seed=1, streams=tuple(name for name in expected if name != ERROR_STREAM), **extra)
    return Case(program, application, records, options, expected, any_order)


def check(rows: list[OutputRow], case: Case, any_order: Collection[str] = ()) -> None:
    """Hold an engine's rows against the expected ones."""
    for stream in {*case.expected, ERROR_STREAM}:
        wanted = case.expected.get(stream, [])
        got = [row for row in rows if row.stream == stream]
        assert len(got) == len(wanted), (stream, [encode_row(row) for row in got])
        if stream in {*case.any_order, *any_order}:
            got = in_order(got, wanted)
        for row, want in zip(got, wanted, strict=True):
            assert shown(row, want) == {name: roughly(value) for name, value in want.items()}


def shown(row: OutputRow, wanted: dict[str, Any]) -> dict[str, Any]:
    """A row as its expectation names it."""
    values: dict[str, Any] = json.loads(encode_row(row))
    values["@"] = format_ms(to_ms(row.rowtime))
    if row.stream == ERROR_STREAM:
        values["DATA"] = bytes.fromhex(values["DATA_ROW"]).decode()
        return {name: values[name] for name in wanted}
    return values if "@" in wanted else {name: value for name, value in values.items() if name != "@"}


def roughly(value: object) -> object:
    """Sums may round in another order on another engine; anything but a DOUBLE must be the very same."""
    return pytest.approx(value, rel=1e-12, abs=0) if isinstance(value, float) else value


def in_order(got: list[OutputRow], wanted: list[dict[str, Any]]) -> list[OutputRow]:
    """Rows in the order of what they match, for streams whose order is not part of the promise."""
    left = list(got)
    return [left.pop(next(n for n, row in enumerate(left) if shown(row, want) == want)) for want in wanted]
