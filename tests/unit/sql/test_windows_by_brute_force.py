"""Windows against a few lines of plain Python each, on random rows with ties and NULLs."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cutwatch.sql import OutputRow, Record
from cutwatch.sql.engines.embedded import EmbeddedEngine
from cutwatch.sql.times import to_ms
from tests.unit.sql.programs import START_MS, compiled, pump, record

COLUMNS = {"K": "VARCHAR(2)", "V": "DOUBLE"}
SOURCE = '"SOURCE_SQL_STREAM_001"'

Row = tuple[int, str | None, float | None]
ROWS = st.lists(
    st.tuples(
        st.integers(0, 400),  # tenths of a second: many ties
        st.sampled_from(["a", "b", None]),
        st.one_of(st.none(), st.floats(-1e6, 1e6).map(lambda x: round(x, 3))),
    ),
    max_size=40,
)


def run(sql: str, rows: list[Row]) -> list[OutputRow]:
    program, application = compiled(sql, COLUMNS)
    engine = EmbeddedEngine(program, application, allowed_lateness_seconds=math.inf)
    # A row of NULLs alone would be a tick, which is a row all the same; here it says so.
    made: list[Record] = [record(tenths / 10, K=key, V=value) for tenths, key, value in rows]
    found = engine.feed(made) + engine.finish()
    assert not engine.counters.bad
    return found


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[0])


TUMBLING = pump(
    'SELECT STREAM STEP(ROWTIME BY INTERVAL \'7\' SECOND), "K", COUNT(*), COUNT("V"), COUNT(DISTINCT "V"), SUM("V"), '
    f'MIN("V"), MAX("V"), AVG("V") FROM {SOURCE} GROUP BY "K", STEP(ROWTIME BY INTERVAL \'7\' SECOND)',
    '"AT" TIMESTAMP, "K" VARCHAR(2), "ROWS" INTEGER, "N" INTEGER, "D" INTEGER, "S" DOUBLE, "LO" DOUBLE, "HI" DOUBLE, '
    '"MEAN" DOUBLE',
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_tumbling(rows: list[Row]) -> None:
    groups: dict[tuple[int, str | None], list[float | None]] = {}
    for tenths, key, value in in_order(rows):
        at = START_MS + tenths * 100
        groups.setdefault((at - at % 7_000, key), []).append(value)
    expected = []
    for (start, key), values in sorted(groups.items(), key=lambda item: item[0][0]):
        known = [value for value in values if value is not None]
        total = None
        for value in known:
            total = value if total is None else total + value
        mean = None if total is None else total / len(known)
        low, high = min(known, default=None), max(known, default=None)
        expected.append((start, key, len(values), len(known), len(set(known)), total, low, high, mean))

    found = run(TUMBLING, rows)

    assert [(to_ms(row.values["AT"]), *list(row.values.values())[1:]) for row in found] == expected  # type: ignore[arg-type]
    assert all(to_ms(row.rowtime) == to_ms(row.values["AT"]) + 7_000 for row in found)  # type: ignore[arg-type]


STAGGER = pump(
    f'SELECT STREAM "K", COUNT(*), SUM("V") FROM {SOURCE} '
    "WINDOWED BY STAGGER (PARTITION BY \"K\" RANGE INTERVAL '5' SECOND)",
    '"K" VARCHAR(2), "N" INTEGER, "S" DOUBLE',
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_stagger(rows: list[Row]) -> None:
    windows: list[tuple[int, int, str | None, list[float | None]]] = []
    current: dict[str | None, int] = {}
    for tenths, key, value in in_order(rows):
        at = START_MS + tenths * 100
        if key not in current or at >= windows[current[key]][0]:
            current[key] = len(windows)
            windows.append((at + 5_000, len(windows), key, []))
        windows[current[key]][3].append(value)
    expected = []
    for ends, _, key, values in sorted(windows, key=lambda window: window[:2]):
        total = None
        for value in values:
            if value is not None:
                total = value if total is None else total + value
        expected.append((ends, key, len(values), total))
    assert [(to_ms(row.rowtime), *row.values.values()) for row in run(STAGGER, rows)] == expected


SLIDING = pump(
    'SELECT STREAM "K", COUNT(*) OVER W, COUNT(DISTINCT "V") OVER W, SUM("V") OVER W, AVG("V") OVER W, '
    'MIN("V") OVER W, MAX("V") OVER W, VAR_POP("V") OVER W, STDDEV_SAMP("V") OVER W, '
    'FIRST_VALUE("V") OVER W, LAST_VALUE("V") OVER W, '
    f'SUM("V") OVER (ROWS 2 PRECEDING) FROM {SOURCE} '
    "WINDOW W AS (PARTITION BY \"K\" RANGE INTERVAL '3' SECOND PRECEDING)",
    '"K" VARCHAR(2), "N" INTEGER, "D" INTEGER, "S" DOUBLE, "MEAN" DOUBLE, "LO" DOUBLE, "HI" DOUBLE, "VAR" DOUBLE, '
    '"SD" DOUBLE, "FIRST" DOUBLE, "LAST" DOUBLE, "LAST3" DOUBLE',
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_sliding(rows: list[Row]) -> None:
    ordered = in_order(rows)
    found = run(SLIDING, rows)
    assert len(found) == len(ordered)
    for number, ((tenths, key, _), row) in enumerate(zip(ordered, found, strict=True)):
        inside = [r for r in ordered if r[1] == key and tenths - 30 < r[0] <= tenths]
        known = [r[2] for r in inside if r[2] is not None]
        recent = [r[2] for r in ordered[max(0, number - 2) : number + 1] if r[2] is not None]
        close: dict[str, Any] = {
            "S": math.fsum(known) if known else None,
            "MEAN": math.fsum(known) / len(known) if known else None,
            "VAR": variance(known, 0),
            "SD": None if len(known) < 2 else variance(known, 1) ** 0.5,
            "LAST3": math.fsum(recent) if recent else None,
        }
        exact = {
            "K": key,
            "N": len(inside),
            "D": len(Counter(known)),
            "LO": min(known, default=None),
            "HI": max(known, default=None),
            "FIRST": known[0] if known else None,
            "LAST": known[-1] if known else None,
        }
        assert {name: row.values[name] for name in exact} == exact
        for name, value in close.items():
            got: Any = row.values[name]
            assert got == value or math.isclose(got, value, rel_tol=1e-9, abs_tol=1e-6), name


def variance(values: list[float], less: int) -> Any:
    """By its definition, in two passes."""
    if len(values) <= less:
        return None
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values) / (len(values) - less)


SORTED = pump(
    f'SELECT STREAM "V", "K" FROM {SOURCE} ORDER BY FLOOR(ROWTIME TO SECOND), "K" DESC, "V"',
    '"V" DOUBLE, "K" VARCHAR(2)',
)


@settings(max_examples=60, deadline=None)
@given(rows=ROWS)
def test_sort(rows: list[Row]) -> None:
    def place(row: Row) -> tuple[object, ...]:
        second = row[0] // 10
        # NULL counts as the largest: first where the order falls, last where it rises.
        key = -ord(row[1]) if row[1] is not None else -(10**6)
        return second, key, row[2] is None, row[2] or 0.0

    expected = [(second_end(row), row[2], row[1]) for row in sorted(in_order(rows), key=place)]
    assert [(to_ms(row.rowtime), row.values["V"], row.values["K"]) for row in run(SORTED, rows)] == expected


def second_end(row: Row) -> int:
    return START_MS + (row[0] // 10 + 1) * 1000
