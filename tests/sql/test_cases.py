"""The golden suite: SQL, input and expected rows as data, run on every engine.

A case is a folder with `program.sql`, `application.json`, `input.txt` (one record a line), `expected.json` (rows by
stream) and perhaps `options.json`. Expected rows were worked out by hand or stand in AWS's documentation. In them `@`
is the row's ROWTIME and, on the error stream, `DATA` the bytes behind DATA_ROW; what an error row does not name is not
compared.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sql.engines import ENGINES
from tests.sql.golden import CASES, check, load_case


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_case(case: Path, engine: str) -> None:
    loaded = load_case(case)

    rows = ENGINES[engine](loaded.program, loaded.application, loaded.records, loaded.options)

    check(rows, loaded)
