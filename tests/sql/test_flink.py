"""The golden suite and random click streams on Flink: row for row what the embedded engine gives."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from cutwatch.sql import ERROR_STREAM, OutputRow, Record
from cutwatch.sql.engines.embedded import EmbeddedEngine
from cutwatch.sql.engines.flink.spec import EngineSpec
from tests.sql.flink_cases import FlinkCase
from tests.sql.flink_environment import needs_flink, run_on_flink
from tests.sql.golden import CASES, check, load_case
from tests.unit.sql import test_invariance as whole
from tests.unit.sql.programs import compiled

pytestmark = needs_flink

SLOTS = 2
KEYED_SQL = """
CREATE STREAM "MINUTES" ("T" TIMESTAMP, "K" VARCHAR(4), "N" INTEGER, "S" DOUBLE, "D" INTEGER);
CREATE STREAM "STAGGERED" ("K" VARCHAR(4), "N" INTEGER, "AT" TIMESTAMP);
CREATE STREAM "SLID" ("K" VARCHAR(4), "N" INTEGER, "V" DOUBLE);
CREATE STREAM "SCORED" ("K" VARCHAR(4), "T" TIMESTAMP, "N" INTEGER, "ANOMALY_SCORE" DOUBLE,
  "ANOMALY_EXPLANATION" VARCHAR(400));
CREATE PUMP "P1" AS INSERT INTO "MINUTES" SELECT STREAM FLOOR(ROWTIME TO MINUTE), "K", COUNT(*), SUM(1 / "X"),
  COUNT(DISTINCT "X") FROM "SOURCE_SQL_STREAM_001" WHERE "X" IS NOT NULL GROUP BY FLOOR(ROWTIME TO MINUTE), "K";
CREATE PUMP "P2" AS INSERT INTO "STAGGERED" SELECT STREAM "K", COUNT(*), ROWTIME FROM "SOURCE_SQL_STREAM_001"
  WINDOWED BY STAGGER (PARTITION BY "K" RANGE INTERVAL '50' SECOND);
CREATE PUMP "P3" AS INSERT INTO "SLID" SELECT STREAM "K", COUNT("X") OVER W, STDDEV_POP("X") OVER W
  FROM "SOURCE_SQL_STREAM_001" WINDOW W AS (PARTITION BY "K" RANGE INTERVAL '45' SECOND PRECEDING);
CREATE PUMP "P4" AS INSERT INTO "SCORED" SELECT STREAM "K", "T", "N", "ANOMALY_SCORE", "ANOMALY_EXPLANATION" FROM
  TABLE(RANDOM_CUT_FOREST_WITH_EXPLANATION(CURSOR(SELECT STREAM "T", "K", "N", "S" FROM "MINUTES")
  PARTITION BY "K", 10, 12, 100, 1, TRUE));
"""
KEYED_STREAMS = ("MINUTES", "STAGGERED", "SLID", "SCORED")
START = datetime(2020, 7, 7, tzinfo=UTC)


@dataclass(frozen=True)
class Drawn:
    """A random stream: its case, and whether it has lanes."""

    name: str
    case: FlinkCase


def drawn() -> list[Drawn]:
    """Random streams for a program of one lane and for a keyed one; numbered, and by arrival in several shards."""
    keyed_program, keyed_application = compiled(KEYED_SQL, whole.COLUMNS)
    made = []
    for seed in range(3):
        records = whole.records(seed, 1_500)
        one = EngineSpec(whole.PROGRAM, whole.APPLICATION, 3, 8.0, streams=whole.STREAMS)
        made.append(Drawn(f"one lane {seed}", FlinkCase(one, tuple(records), 1 + 2 * seed)))
        keyed = EngineSpec(keyed_program, keyed_application, 5, 8.0, streams=KEYED_STREAMS)
        made.append(Drawn(f"keyed {seed}", FlinkCase(keyed, tuple(records), 3 - seed)))
    for shards in (1, 5):  # fewer than slots, and more
        records = back_fill(random.Random(shards), shards)
        by_arrival = EngineSpec(keyed_program, keyed_application, 5, 8.0, 1e9, streams=KEYED_STREAMS, numbered=False)
        made.append(Drawn(f"{shards} shards", FlinkCase(by_arrival, tuple(records), shards)))
    return made


def back_fill(rng: random.Random, shards: int) -> list[Record]:
    """Records with times of arrival, one after the other; every `shards`-th of them lies in one shard."""
    records = whole.records(shards, 1_500)
    gaps = (rng.choice([1, 1, 7, 400]) for _ in records)
    arrival = START
    made = []
    for record, gap in zip(records, gaps, strict=True):
        arrival += timedelta(milliseconds=gap)
        made.append(Record(record.data, arrival))
    return made


GOLDEN = [load_case(folder) for folder in CASES]
DRAWN = drawn()


def golden_specs() -> list[FlinkCase]:
    return [
        FlinkCase(
            EngineSpec(
                case.program,
                case.application,
                case.options.seed,
                case.options.allowed_lateness_seconds,
                streams=case.options.streams,
            ),
            tuple(case.records),
            1 + number % 4,
        )
        for number, case in enumerate(GOLDEN)
    ]


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> list[list[OutputRow]]:
    """The rows of every case, from one Flink job."""
    return run_on_flink([*golden_specs(), *(one.case for one in DRAWN)], tmp_path_factory.mktemp("flink"), SLOTS)


@pytest.mark.parametrize("number", range(len(GOLDEN)), ids=[folder.name for folder in CASES])
def test_golden_case(number: int, rows: list[list[OutputRow]]) -> None:
    case, spec = GOLDEN[number], golden_specs()[number].spec
    spread = () if spec.partition_column is None else (*case.expected, ERROR_STREAM)
    check(rows[number], case, any_order=spread)


@pytest.mark.parametrize("number", range(len(DRAWN)), ids=[one.name for one in DRAWN])
def test_random_stream(number: int, rows: list[list[OutputRow]]) -> None:
    case = DRAWN[number].case
    spec = case.spec
    expected = on_embedded(case)
    found = rows[len(GOLDEN) + number]
    assert len(expected) > 1_000
    assert {"LATE_ROW", "PARSE_ERROR", "RUNTIME_ERROR"} <= {
        str(row.values["ERROR_NAME"]) for row in expected if row.stream == ERROR_STREAM
    }
    for stream in (*(spec.streams or ()), ERROR_STREAM):
        mine = [row for row in found if row.stream == stream]
        theirs = [row for row in expected if row.stream == stream]
        if spec.partition_column is not None:  # keys come in any order, each key's rows in theirs
            mine, theirs = by_key(mine), by_key(theirs)
        assert mine == theirs, stream


def by_key(rows: Sequence[OutputRow]) -> list[OutputRow]:
    if rows and rows[0].stream == ERROR_STREAM:
        return sorted(rows, key=repr)
    return sorted(rows, key=lambda row: str(row.values["K"]))


def on_embedded(case: FlinkCase) -> list[OutputRow]:
    spec = case.spec
    engine = EmbeddedEngine(
        spec.program,
        spec.application,
        seed=spec.seed,
        allowed_lateness_seconds=spec.allowed_lateness_seconds,
        max_ahead_seconds=spec.max_ahead_seconds,
        streams=spec.streams,
    )
    return engine.feed(case.records) + engine.finish()


def test_keyed_programs_are_spread_and_others_are_not() -> None:
    columns = {one.name: one.case.spec.partition_column for one in DRAWN}
    assert columns["keyed 0"] == 0
    assert columns["one lane 0"] is None
