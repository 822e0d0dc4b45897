"""The embedded engine: time, arrival, forests, snapshots."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutwatch.errors import DeveloperError
from cutwatch.forest import RandomCutForest
from cutwatch.sql import ERROR_STREAM, Record, compile_sql, encode_row, load_application
from cutwatch.sql.engines.embedded import EmbeddedEngine
from cutwatch.sql.engines.embedded import forest as forest_step
from cutwatch.sql.engines.embedded.forest import forest_seed
from cutwatch.sql.engines.embedded.snapshot import SnapshotError
from tests.unit.sql.programs import START, compiled, pump, record

SOURCE = '"SOURCE_SQL_STREAM_001"'
COUNT = pump(
    f'SELECT STREAM FLOOR(ROWTIME TO MINUTE), COUNT("V") FROM {SOURCE} GROUP BY FLOOR(ROWTIME TO MINUTE)',
    '"AT" TIMESTAMP, "N" INTEGER',
)
FOREST = pump(
    f'SELECT STREAM * FROM TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM "V", "W" FROM {SOURCE}), 30, 20, 500, 2))',
    '"V" DOUBLE, "W" INTEGER, "ANOMALY_SCORE" DOUBLE',
)
KDA_SQL = Path(__file__).parents[3] / "kda_sql"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def test_windows_close_with_the_watermark_and_not_before() -> None:
    engine = EmbeddedEngine(*compiled(COUNT, {"V": "INTEGER"}), allowed_lateness_seconds=5)
    assert engine.watermark is None
    assert engine.feed([record(10, V=1), record(64.999, V=2)]) == []
    assert engine.watermark == at(59.999)
    (row,) = engine.feed([record(65, V=3)])
    assert (row.stream, row.rowtime, row.values) == ("OUT", at(60), {"AT": START, "N": 1})
    assert [row.values["N"] for row in engine.finish()] == [2]
    with pytest.raises(DeveloperError, match="has finished"):
        engine.feed([])


def test_ticks_pass_time_as_records_with_a_time_alone_do() -> None:
    program, application = compiled(COUNT, {"V": "INTEGER NOT NULL"})
    by_record = EmbeddedEngine(program, application)
    by_call = EmbeddedEngine(program, application)
    first = [record(1, V=1)]
    assert by_record.feed([*first, record(60), record(180)]) == by_call.feed(first) + by_call.tick([at(60), at(180)])
    assert by_record.counters.intake.ticks == by_call.counters.intake.ticks == 2
    assert by_call.tick([at(30)]) == []
    assert by_call.counters.intake.late_ticks == 1
    assert [row.values["N"] for row in by_call.finish()] == [0]


def test_without_an_event_time_rows_go_by_their_arrival() -> None:
    sql = pump(
        f'SELECT STREAM ROWTIME, {"APPROXIMATE_ARRIVAL_TIME"}, "V" FROM {SOURCE}',
        '"A" TIMESTAMP, "B" TIMESTAMP, "V" INTEGER',
    )
    engine = EmbeddedEngine(*compiled(sql, {"V": "INTEGER"}, rowtime=False))
    records = [Record(json.dumps({"V": n}).encode(), at(seconds)) for n, seconds in enumerate([1, 3, 2])]
    rows = engine.feed(records) + engine.finish()
    # Shards do not agree on the time: ROWTIME never goes back, and nothing is late.
    assert [row.values for row in rows] == [
        {"A": at(1), "B": at(1), "V": 0},
        {"A": at(3), "B": at(3), "V": 1},
        {"A": at(3), "B": at(2), "V": 2},
    ]
    with pytest.raises(DeveloperError, match="needs an arrival_time"):
        EmbeddedEngine(*compiled(sql, {"V": "INTEGER"}, rowtime=False)).feed([Record(b'{"V":1}')])


def test_the_time_of_arrival_is_there_besides_the_event_time() -> None:
    sql = pump(f"SELECT STREAM TSDIFF(ROWTIME, APPROXIMATE_ARRIVAL_TIME) FROM {SOURCE}", '"MS" BIGINT')
    engine = EmbeddedEngine(*compiled(sql, {"V": "INTEGER"}))
    rows = engine.feed([Record(record(1, V=1).data, at(3.5)), record(2, V=1)]) + engine.finish()
    assert [row.values["MS"] for row in rows] == [2500, None]


def test_one_wrong_clock_does_not_make_everybody_late() -> None:
    engine = EmbeddedEngine(*compiled(COUNT, {"V": "INTEGER"}), max_ahead_seconds=60)
    arrived = [Record(record(seconds, V=1).data, at(10)) for seconds in (5, 70, 70.001, 9)]
    rows = engine.feed(arrived) + engine.finish()
    assert engine.counters.bad_rows == {"FUTURE_ROW": 1, "LATE_ROW": 1}
    (future, late) = [row.values for row in rows if row.stream == ERROR_STREAM]
    assert "is from the future: it came at 2020-07-07 00:00:10.000" in str(future["MESSAGE"])
    assert bytes.fromhex(str(late["DATA_ROW"])) == arrived[3].data
    assert late["ERROR_TIME"] == at(10)


def test_scores_are_those_of_the_forest() -> None:
    values = np.random.default_rng(5).normal(100, 3, size=(300, 2)).round()
    program, application = compiled(FOREST, {"V": "DOUBLE", "W": "INTEGER"})
    engine = EmbeddedEngine(program, application, seed=4)
    records = [record(n, V=v, W=int(w)) for n, (v, w) in enumerate(values.tolist())]
    rows = engine.feed(records) + engine.finish()
    forest = RandomCutForest(
        2, trees=30, sub_sample_size=20, time_decay=500, shingle_size=2, seed=forest_seed(4, "OUT_PUMP", None)
    )
    assert [row.values["ANOMALY_SCORE"] for row in rows] == forest.learn_score(values).score.tolist()


def test_time_limits_must_be_possible() -> None:
    impossible: list[dict[str, Any]] = [
        {"allowed_lateness_seconds": -1.0},
        {"allowed_lateness_seconds": math.nan},
        {"max_ahead_seconds": -1.0},
    ]
    for limits in impossible:
        with pytest.raises(DeveloperError, match="must be 0 or more"):
            EmbeddedEngine(*compiled(COUNT, {"V": "INTEGER"}), **limits)


def test_another_seed_is_another_forest() -> None:
    program, application = compiled(FOREST, {"V": "DOUBLE", "W": "INTEGER"})
    values = np.random.default_rng(5).normal(100, 3, size=(80, 2)).round()
    records = [record(n, V=v, W=int(w)) for n, (v, w) in enumerate(values.tolist())]

    def scores(seed: int) -> list[object]:
        engine = EmbeddedEngine(program, application, seed=seed)
        return [row.values["ANOMALY_SCORE"] for row in engine.feed(records) + engine.finish()]

    assert scores(1) == scores(1)
    assert scores(1)[:20] == scores(2)[:20] == [0.0] * 20
    assert scores(1)[20:] != scores(2)[20:]


def test_too_many_keys_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forest_step, "MAX_FORESTS", 2)
    sql = pump(
        'SELECT STREAM "V" FROM TABLE(RANDOM_CUT_FOREST('
        f'CURSOR(SELECT STREAM "V", "W" FROM {SOURCE}) PARTITION BY "W"))',
        '"V" DOUBLE',
    )
    engine = EmbeddedEngine(*compiled(sql, {"V": "DOUBLE", "W": "INTEGER"}))
    rows = engine.feed([record(n, V=n, W=n % 3) for n in range(9)]) + engine.finish()
    assert [row.values["V"] for row in rows if row.stream == "OUT"] == [0.0, 1.0, 3.0, 4.0, 6.0, 7.0]
    assert engine.counters.bad_rows == {"FOREST_INPUT": 3}


def test_a_snapshot_is_bound_to_what_it_is_of() -> None:
    program, application = compiled(COUNT, {"V": "INTEGER"})
    saved = EmbeddedEngine(program, application).to_bytes()
    other, other_application = compiled(FOREST, {"V": "DOUBLE", "W": "INTEGER"})
    with pytest.raises(SnapshotError, match="another program"):
        EmbeddedEngine.from_bytes(saved, other, other_application)
    with pytest.raises(SnapshotError, match="seed or lateness"):
        EmbeddedEngine.from_bytes(saved, program, application, seed=2)
    with pytest.raises(SnapshotError, match="not one of the SQL engine"):
        EmbeddedEngine.from_bytes(b"anything", program, application)
    with pytest.raises(SnapshotError, match="damaged"):
        EmbeddedEngine.from_bytes(saved[:-1], program, application)
    with pytest.raises(SnapshotError, match="has version 9"):
        EmbeddedEngine.from_bytes(saved[:4] + b"\x09\x00" + saved[6:], program, application)


def test_a_snapshot_does_not_care_how_the_sql_is_laid_out() -> None:
    program, application = compiled(COUNT, {"V": "INTEGER"})
    saved = EmbeddedEngine(program, application).to_bytes()
    spaced, _ = compiled("-- a comment\n" + COUNT.replace(" ", "\n  "), {"V": "INTEGER"})
    EmbeddedEngine.from_bytes(saved, spaced, application)


def test_a_poison_storm_stops_nothing() -> None:
    program, application = compiled(COUNT, {"V": "INTEGER"})
    engine = EmbeddedEngine(program, application)
    poison = [
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"t":' + b"9" * 5_000 + b"}",
        b'{"t":"9999-12-31T23:59:59Z","V":1}',
        b'{"t":"0001-01-01","V":1}',
        b'{"t":"2020-07-07","V":"\xed\xa0\x80"}',
        b'{"t":"2020-07-07","V":1e400}',
        b'{"t":"2020-07-07","V":true,"V":{}}',
        b"null",
        b"",
        b"{",
    ]
    records = [record(1, V=1), *(Record(data) for data in poison), record(2, V=1)]
    rows = engine.feed(records) + engine.finish()
    assert [row.values["N"] for row in rows if row.stream == "OUT"] == [2]
    bad = [row for row in rows if row.stream == ERROR_STREAM]
    assert len(bad) == len(poison) == engine.counters.bad
    for row, data in zip(bad, poison, strict=True):
        assert bytes.fromhex(str(row.values["DATA_ROW"])) == data[: 49_152 // 2]
        encode_row(row)


def test_text_that_cannot_be_written_is_a_bad_row() -> None:
    sql = pump(f'SELECT STREAM "S" FROM {SOURCE}', '"S" VARCHAR(20)')
    engine = EmbeddedEngine(*compiled(sql, {"S": "VARCHAR(20)"}))
    rows = engine.feed([record(0, S="\ud800"), record(1, S=["\udfff"]), record(2, S="ä\u0000ö")]) + engine.finish()
    assert [row.values["S"] for row in rows if row.stream == "OUT"] == ["ä\u0000ö"]
    assert engine.counters.bad_rows == {"COERCION_ERROR": 2}


def test_clickstream_counts_what_plain_counting_counts() -> None:
    """Two hours of clicks, a silent stretch in them: minute and ten-minute rows against sets and sums."""
    application = load_application(KDA_SQL / "application.json")
    program = compile_sql((KDA_SQL / "clickstream.sql").read_text(), application)
    rng = np.random.default_rng(3)
    seconds = np.sort(rng.uniform(0, 7200, 2000))
    clicks = [
        (float(second), f"u{rng.integers(40)}", f"/p{rng.integers(20)}")
        for second in seconds
        if not 3000 < second < 4500
    ]
    made = [(second, {"user": user, "page": page}) for second, user, page in clicks]
    made += [(minute * 60.0, {}) for minute in range(120)]
    made.sort(key=lambda item: item[0])
    records = [Record(json.dumps({"timestamp": at(second).isoformat(), **rest}).encode()) for second, rest in made]
    engine = EmbeddedEngine(program, application)
    rows = engine.feed(records) + engine.finish()

    for stream, length in (("SCORES", 60), ("WINDOWS", 600)):
        expected = []
        for start in range(0, 7200, length):
            inside = [(user, page) for second, user, page in clicks if start <= second < start + length]
            users, pages = {user for user, _ in inside}, {page for _, page in inside}
            expected.append((at(start), len(pages), len(users), len(inside), len(inside) - len(users)))
        got = [tuple(row.values.values())[:5] for row in rows if row.stream == stream]
        assert got == expected
    assert not engine.counters.bad


def test_the_article_runs_unchanged() -> None:
    application = load_application(KDA_SQL / "article.application.json")
    program = compile_sql((KDA_SQL / "article.sql").read_text(), application)
    engine = EmbeddedEngine(program, application, seed=1, allowed_lateness_seconds=math.inf)
    rng = np.random.default_rng(1)
    columns = ("URLS", "USERS", "CLICKS", "RESIDUALS")
    records = []
    for minute in range(400):
        values = [0, 0, 0, 0] if minute == 390 else rng.poisson([12, 15, 20, 5]).tolist()
        row = {"TIMESTAMPS": (START + timedelta(minutes=minute)).strftime("%Y-%m-%d %H:%M:%S")}
        records.append(Record(json.dumps({**row, **dict(zip(columns, values, strict=True))}).encode()))
    engine.feed(records)
    rows = engine.finish()
    scores = [row.values["ANOMALY_SCORE"] for row in rows]
    assert list(rows[0].values) == ["TIMESTAMPS", *columns, "ANOMALY_SCORE", "ANOMALY_EXPLANATION"]
    assert scores[:256] == [0.0] * 256
    assert scores.index(max(scores)) == 390  # type: ignore[type-var]
    explanation = json.loads(str(rows[390].values["ANOMALY_EXPLANATION"]))
    assert list(explanation) == list(columns)
    assert {part["DIRECTION"] for part in explanation.values()} == {"LOW"}
    total = sum(float(part["ATTRIBUTION_SCORE"]) for part in explanation.values())
    assert math.isclose(total, float(str(scores[390])), abs_tol=4 * 0.00005)
    assert datetime(2020, 7, 7, tzinfo=UTC) == rows[0].values["TIMESTAMPS"]
