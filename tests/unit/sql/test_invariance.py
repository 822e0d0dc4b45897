"""The output hangs neither on how the input is cut into batches, nor on restarts."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutwatch.sql import OutputRow, Record
from cutwatch.sql.engines.embedded import EmbeddedEngine
from tests.unit.sql.programs import compiled, record

SQL = """
CREATE STREAM "PLAIN" ("K" VARCHAR(4), "X" DOUBLE, "Q" DOUBLE);
CREATE STREAM "MINUTES" ("T" TIMESTAMP, "K" VARCHAR(4), "N" INTEGER, "S" DOUBLE, "A" DOUBLE, "D" INTEGER);
CREATE STREAM "TENS" ("T" TIMESTAMP, "N" INTEGER, "S" DOUBLE);
CREATE STREAM "STAGGERED" ("K" VARCHAR(4), "N" INTEGER, "AT" TIMESTAMP);
CREATE STREAM "SLID" ("K" VARCHAR(4), "N" INTEGER, "S" DOUBLE, "MN" DOUBLE, "L" DOUBLE, "V" DOUBLE);
CREATE STREAM "SORTED" ("X" DOUBLE);
CREATE STREAM "MIXED" ("N" DOUBLE, "FROM_WINDOW" BOOLEAN);
CREATE STREAM "SCORED" ("K" VARCHAR(4), "X" DOUBLE, "ANOMALY_SCORE" DOUBLE, "ANOMALY_EXPLANATION" VARCHAR(200));
CREATE STREAM "MIXED_SCORES" ("N" DOUBLE, "ANOMALY_SCORE" DOUBLE);
CREATE STREAM "TROUBLE" ("T" TIMESTAMP, "NAME" VARCHAR(32), "N" INTEGER);
CREATE PUMP "P9" AS INSERT INTO "TROUBLE" SELECT STREAM FLOOR(ROWTIME TO MINUTE), "ERROR_NAME", COUNT(*)
  FROM "error_stream" GROUP BY FLOOR(ROWTIME TO MINUTE), "ERROR_NAME";
CREATE PUMP "P8" AS INSERT INTO "MIXED_SCORES" SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(
  CURSOR(SELECT STREAM "N" FROM "MIXED"), 10, 12, 100, 2));
CREATE PUMP "P7" AS INSERT INTO "MIXED" SELECT STREAM "S", TRUE FROM "MINUTES";
CREATE PUMP "P6" AS INSERT INTO "MIXED" SELECT STREAM "X", FALSE FROM "PLAIN";
CREATE PUMP "P5" AS INSERT INTO "SCORED" SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(
  CURSOR(SELECT STREAM "K", "X" FROM "SOURCE_SQL_STREAM_001") PARTITION BY "K", 10, 12, 100, 1, TRUE));
CREATE PUMP "P4" AS INSERT INTO "SORTED" SELECT STREAM "X" FROM "SOURCE_SQL_STREAM_001"
  ORDER BY STEP(ROWTIME BY INTERVAL '20' SECOND), "X" DESC;
CREATE PUMP "P3" AS INSERT INTO "SLID" SELECT STREAM "K", COUNT("X") OVER W, SUM("X") OVER W, MIN("X") OVER W,
  LAST_VALUE("X") OVER (ROWS 3 PRECEDING), STDDEV_POP("X") OVER (PARTITION BY "K" RANGE INTERVAL '90' SECOND PRECEDING)
  FROM "SOURCE_SQL_STREAM_001" WINDOW W AS (PARTITION BY "K" RANGE INTERVAL '45' SECOND PRECEDING);
CREATE PUMP "P2" AS INSERT INTO "STAGGERED" SELECT STREAM "K", COUNT(*), ROWTIME FROM "SOURCE_SQL_STREAM_001"
  WINDOWED BY STAGGER (PARTITION BY "K" RANGE INTERVAL '50' SECOND);
CREATE PUMP "P1" AS INSERT INTO "MINUTES" SELECT STREAM FLOOR(ROWTIME TO MINUTE), "K", COUNT(*), SUM("X"), AVG("X"),
  COUNT(DISTINCT "X") FROM "SOURCE_SQL_STREAM_001" GROUP BY FLOOR(ROWTIME TO MINUTE), "K";
CREATE PUMP "P10" AS INSERT INTO "TENS" SELECT STREAM STEP(ROWTIME BY INTERVAL '3' MINUTE), SUM("N"), SUM("S")
  FROM "MINUTES" GROUP BY STEP(ROWTIME BY INTERVAL '3' MINUTE);
CREATE PUMP "P0" AS INSERT INTO "PLAIN" SELECT STREAM "K", "X", 1 / "X" FROM "SOURCE_SQL_STREAM_001"
  WHERE "X" IS NOT NULL;
"""
COLUMNS = {"K": "VARCHAR(4)", "X": "DOUBLE"}
STREAMS = ("PLAIN", "MINUTES", "TENS", "STAGGERED", "SLID", "SORTED", "MIXED", "SCORED", "MIXED_SCORES", "TROUBLE")
PROGRAM, APPLICATION = compiled(SQL, COLUMNS)
OPTIONS: dict[str, Any] = {"seed": 3, "allowed_lateness_seconds": 8.0, "streams": STREAMS}


def records(seed: int, count: int) -> list[Record]:
    """Rows somewhat out of order, with ticks, late rows, zeros (a division fails), poison and equal times."""
    made, rng, seconds = [], random.Random(seed), 0.0
    for _ in range(count):
        seconds += rng.choice([0.0, 0.001, 1.0, rng.expovariate(0.3)])
        late = rng.choice([0.0, 0.0, rng.uniform(0, 9), rng.uniform(0, 20)])
        kind = rng.random()
        if kind < 0.05:
            made.append(Record(rng.choice([b"poison", b"{}", b'{"t":"soon"}', b'{"t":"2020-07-07","X":"NaN"}'])))
        elif kind < 0.12:
            made.append(record(seconds - late))
        else:
            value = rng.choice([0.0, 1.0, round(rng.gauss(5, 2), 3), rng.gauss(5, 2)])
            made.append(record(seconds - late, K=rng.choice("abc"), X=value))
    return made


def run(made: list[Record], cuts: list[int]) -> tuple[list[OutputRow], dict[str, int]]:
    engine = EmbeddedEngine(PROGRAM, APPLICATION, **OPTIONS)
    rows = []
    for start, end in zip([0, *cuts], [*cuts, len(made)], strict=True):
        rows += engine.feed(made[start:end])
    rows += engine.finish()
    return rows, engine.counters.bad_rows


def test_the_sample_is_not_too_tame() -> None:
    rows, bad = run(records(1, 400), [])
    assert {row.stream for row in rows} == {*STREAMS, "error_stream"}
    assert {"PARSE_ERROR", "COERCION_ERROR", "MISSING_COLUMN", "LATE_ROW", "RUNTIME_ERROR", "FOREST_INPUT"} >= set(bad)
    assert min(bad.get(name, 0) for name in ("PARSE_ERROR", "LATE_ROW", "RUNTIME_ERROR")) >= 3
    assert any(row.values["ANOMALY_SCORE"] for row in rows if row.stream == "SCORED")


@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), data=st.data())
def test_cuts_change_nothing(seed: int, data: st.DataObject) -> None:
    made = records(seed, 120)
    cuts = sorted(data.draw(st.sets(st.integers(1, len(made) - 1), max_size=12)))
    assert run(made, cuts) == run(made, [])


def test_one_by_one_changes_nothing() -> None:
    made = records(7, 150)
    assert run(made, list(range(1, len(made)))) == run(made, [])


@pytest.mark.parametrize("seed", [2, 11])
def test_a_restart_anywhere_changes_nothing(seed: int) -> None:
    made = records(seed, 150)
    expected, bad = run(made, [])
    for cut in range(0, len(made) + 1, 25):
        engine = EmbeddedEngine(PROGRAM, APPLICATION, **OPTIONS)
        rows = engine.feed(made[:cut])
        saved = engine.to_bytes()
        restored = EmbeddedEngine.from_bytes(saved, PROGRAM, APPLICATION, **OPTIONS)
        assert restored.to_bytes() == saved
        rows += restored.feed(made[cut:]) + restored.finish()
        assert rows == expected
        assert restored.counters.bad_rows == bad
