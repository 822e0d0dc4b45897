"""Rows go where the application's description sends them, scores as score records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cutwatch.detection.records import parse_score_record
from cutwatch.errors import DeveloperError
from cutwatch.runtime.outputs import Outputs, build_outputs, series_column
from cutwatch.runtime.program import LoadedProgram, load_program
from cutwatch.runtime.properties import ApplicationProperties, parse_properties
from cutwatch.runtime.sink import OutputRecord, Sink
from cutwatch.sql import ERROR_STREAM, OutputRow
from cutwatch.sql.rows import SqlValue
from tests.unit.runtime.test_properties import STREAM, text

SQL = Path(__file__).parents[3] / "kda_sql"
AT = datetime(2020, 7, 15, 10, 10, tzinfo=UTC)
EXPLANATION = '{"CLICKS":{"DIRECTION":"LOW","STRENGTH":"0.5000","ATTRIBUTION_SCORE":"1.2000"}}'
SCORE_ROW: dict[str, SqlValue] = {
    "TIMESTAMPS": AT,
    "CLICKS": 0,
    "ANOMALY_SCORE": 1.2,
    "ANOMALY_EXPLANATION": EXPLANATION,
}


@dataclass
class Streams:
    """Keeps what is written, by stream."""

    written: dict[str, list[OutputRecord]] = field(default_factory=dict)

    def open(self, arn: str) -> Sink:
        name = arn.rsplit("/", 1)[-1]
        written = self.written

        class Kept:
            def put(self, records: Sequence[OutputRecord]) -> None:
                written.setdefault(name, []).extend(records)

        return Kept()

    def json(self, name: str) -> list[Any]:
        return [json.loads(record.data) for record in self.written[name]]


def shipped(**changes: str | None) -> tuple[LoadedProgram, ApplicationProperties]:
    properties = parse_properties(text(**changes))
    return load_program(properties, SQL), properties


def outputs(streams: Streams, **changes: str | None) -> Outputs:
    loaded, properties = shipped(**changes)
    return build_outputs(loaded.program, loaded.application, properties, streams.open)


def test_scores_become_score_records() -> None:
    streams = Streams()
    outputs(streams).write([OutputRow("SCORES", AT, SCORE_ROW)])
    (record,) = streams.written["scores"]
    score = parse_score_record(record.data)
    assert (score.detector, score.series, score.window_start, score.window_seconds) == ("kinesis_rcf", "shop", AT, 60)
    assert (score.values, score.score) == ({"CLICKS": 0.0}, 1.2)
    assert score.explanation is not None
    assert score.explanation["CLICKS"].direction == "LOW"
    assert record.key == "shop", "a series' records stay in one shard"


def test_other_rows_are_written_as_the_service_writes_them() -> None:
    streams = Streams()
    outputs(streams).write([OutputRow("WINDOWS", AT, {"TIMESTAMPS": AT, "CLICKS": 7})])
    assert streams.json("windows") == [{"TIMESTAMPS": "2020-07-15 10:10:00.000", "CLICKS": 7}]


def test_bad_rows_go_to_the_errors_stream_and_are_counted() -> None:
    streams = Streams()
    rows = [OutputRow(ERROR_STREAM, AT, {"ERROR_NAME": "PARSE_ERROR"}), OutputRow("SCORES", AT, SCORE_ROW)]
    written = outputs(streams).write(rows)
    assert streams.json("errors") == [{"ERROR_NAME": "PARSE_ERROR"}]
    assert (written.errors, dict(written.rows)) == (1, {ERROR_STREAM: 1, "SCORES": 1})


def test_a_score_row_without_a_time_is_a_bad_row_and_stops_nothing() -> None:
    streams = Streams()
    timeless: dict[str, SqlValue] = {**SCORE_ROW, "TIMESTAMPS": None}
    rows = [OutputRow("SCORES", AT, timeless), OutputRow("SCORES", AT, SCORE_ROW)]
    assert outputs(streams).write(rows).errors == 1
    (error,) = streams.json("errors")
    assert error["ERROR_NAME"] == "OUTPUT_ERROR"
    assert "TIMESTAMPS is None" in error["MESSAGE"]
    assert json.loads(bytes.fromhex(error["DATA_ROW"]))["CLICKS"] == 0
    assert len(streams.written["scores"]) == 1


def test_an_output_without_a_stream_in_this_deployment_is_left_out() -> None:
    streams = Streams()
    written = outputs(streams, windows__stream__arn=None).write([OutputRow("WINDOWS", AT, {"CLICKS": 7})])
    assert (streams.written, dict(written.rows)) == ({}, {})


def test_streams_that_are_no_output_go_nowhere() -> None:
    streams = Streams()
    assert dict(outputs(streams).write([OutputRow("MINUTES", AT, {"CLICKS": 7})]).rows) == {}


def test_a_description_without_scores_is_refused() -> None:
    loaded, properties = shipped()
    application = replace(loaded.application, outputs=loaded.application.outputs[1:])
    with pytest.raises(DeveloperError, match=r"no output goes to the scores stream; .*\$\{SCORES_STREAM_ARN\}"):
        build_outputs(loaded.program, application, properties, Streams().open)


def test_a_scores_output_needs_its_columns() -> None:
    loaded, properties = shipped()
    moved = [
        replace(one, resource_arn=f"{STREAM}scores") for one in loaded.application.outputs if one.name == "WINDOWS"
    ]
    application = replace(loaded.application, outputs=tuple(moved))
    with pytest.raises(
        DeveloperError, match='output "WINDOWS" goes to the scores stream and has no column ANOMALY_SCORE'
    ):
        build_outputs(loaded.program, application, properties, Streams().open)


def test_a_destination_of_another_kind_is_refused() -> None:
    loaded, properties = shipped()
    to_lambda = replace(loaded.application.outputs[0], kind="LambdaOutput")
    application = replace(loaded.application, outputs=(to_lambda,))
    with pytest.raises(DeveloperError, match='output "SCORES" goes to LambdaOutput; write KinesisStreamsOutput'):
        build_outputs(loaded.program, application, properties, Streams().open)


PARTITIONED = """
CREATE STREAM "PAGES" ("TIMESTAMPS" TIMESTAMP, "page" VARCHAR(2048), "CLICKS" INTEGER);
CREATE PUMP "P" AS INSERT INTO "PAGES"
  SELECT STREAM FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE), "page", COUNT("user") FROM "SOURCE_SQL_STREAM_001"
  GROUP BY FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE), "page";
CREATE STREAM "SCORES" ("TIMESTAMPS" TIMESTAMP, "page" VARCHAR(2048), "CLICKS" INTEGER, "ANOMALY_SCORE" DOUBLE);
CREATE PUMP "Q" AS INSERT INTO "SCORES"
  SELECT STREAM "TIMESTAMPS", "page", "CLICKS", "ANOMALY_SCORE" FROM TABLE(RANDOM_CUT_FOREST(
    CURSOR(SELECT STREAM "TIMESTAMPS", "page", "CLICKS" FROM "PAGES") PARTITION BY "page", 100, 256, 4320, 1));
"""


def test_a_partitioned_forest_names_the_series(tmp_path: Path) -> None:
    description = json.loads((SQL / "application.json").read_text())
    description["Outputs"] = [one for one in description["Outputs"] if one["Name"] != "WINDOWS"]
    (tmp_path / "application.json").write_text(json.dumps(description))
    (tmp_path / "pages.sql").write_text(PARTITIONED)
    properties = parse_properties(text(sql__file="pages.sql"))
    loaded = load_program(properties, tmp_path)
    assert series_column(loaded.program, "SCORES") == "page"
    streams = Streams()
    row: dict[str, SqlValue] = {"TIMESTAMPS": AT, "page": "/home", "CLICKS": 3, "ANOMALY_SCORE": 0.0}
    built = build_outputs(loaded.program, loaded.application, properties, streams.open)
    built.write([OutputRow("SCORES", AT, row)])
    assert parse_score_record(streams.written["scores"][0].data).series == "/home"
    assert streams.written["scores"][0].key == "/home"


def test_one_forest_has_no_series_column() -> None:
    loaded, _ = shipped()
    assert series_column(loaded.program, "SCORES") is None
