"""Application descriptions: every shape AWS gives them, and what is refused."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from cutwatch.errors import OperatorError
from cutwatch.sql import SchemaError, load_application, parse_application
from cutwatch.sql.paths import FieldPath, parse_path
from cutwatch.sql.types import parse_type

SCHEMA: dict[str, Any] = {
    "RecordFormat": {
        "RecordFormatType": "JSON",
        "MappingParameters": {"JSONMappingParameters": {"RecordRowPath": "$.body"}},
    },
    "RecordEncoding": "UTF-8",
    "RecordColumns": [
        {"Name": "TICKER", "Mapping": "$.ticker", "SqlType": "VARCHAR(4) NOT NULL"},
        {"Name": "PRICE", "Mapping": "$.quote.price", "SqlType": "REAL"},
    ],
}
CREATE_V1: dict[str, Any] = {
    "ApplicationName": "stocks",
    "ApplicationCode": "CREATE ...",
    "Inputs": [
        {
            "NamePrefix": "SOURCE_SQL_STREAM",
            "KinesisStreamsInput": {"ResourceARN": "arn:in", "RoleARN": "arn:role"},
            "InputParallelism": {"Count": 2},
            "InputSchema": SCHEMA,
        }
    ],
    "Outputs": [
        {
            "Name": "DESTINATION_SQL_STREAM",
            "KinesisStreamsOutput": {"ResourceARN": "arn:out", "RoleARN": "arn:role"},
            "DestinationSchema": {"RecordFormatType": "CSV"},
        }
    ],
}
DESCRIBED: dict[str, Any] = {
    "InputDescriptions": [
        {
            "InputId": "1.1",
            "NamePrefix": "SOURCE_SQL_STREAM",
            "InAppStreamNames": ["SOURCE_SQL_STREAM_001", "SOURCE_SQL_STREAM_002"],
            "KinesisStreamsInputDescription": {"ResourceARN": "arn:in", "RoleARN": "arn:role"},
            "InputParallelism": {"Count": 2},
            "InputSchema": SCHEMA,
            "InputStartingPositionConfiguration": {"InputStartingPosition": "NOW"},
        }
    ],
    "OutputDescriptions": [
        {
            "OutputId": "2.1",
            "Name": "DESTINATION_SQL_STREAM",
            "KinesisStreamsOutputDescription": {"ResourceARN": "arn:out"},
            "DestinationSchema": {"RecordFormatType": "CSV"},
        }
    ],
    "ReferenceDataSourceDescriptions": [],
}
SHAPES: dict[str, dict[str, Any]] = {
    "create, version 1": CREATE_V1,
    "create, version 2": {
        "ApplicationName": "stocks",
        "RuntimeEnvironment": "SQL-1_0",
        "ApplicationConfiguration": {
            "SqlApplicationConfiguration": {"Inputs": CREATE_V1["Inputs"], "Outputs": CREATE_V1["Outputs"]}
        },
    },
    "describe, version 1": {"ApplicationDetail": {"ApplicationName": "stocks", **DESCRIBED}},
    "describe, version 2": {
        "ApplicationDetail": {
            "ApplicationConfigurationDescription": {"SqlApplicationConfigurationDescription": DESCRIBED}
        }
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shape(shape: str) -> None:
    application = parse_application(SHAPES[shape])
    assert application.input.stream_names == ("SOURCE_SQL_STREAM_001", "SOURCE_SQL_STREAM_002")
    assert (application.input.kind, application.input.resource_arn) == ("KinesisStreamsInput", "arn:in")
    schema = application.input.schema
    assert (schema.format, schema.row_path, schema.rowtime) == ("JSON", FieldPath(("body",)), None)
    ticker, price = schema.columns
    assert (ticker.name, str(ticker.type), ticker.path, ticker.not_null) == (
        "TICKER",
        "VARCHAR(4)",
        FieldPath(("ticker",)),
        True,
    )
    assert (str(price.type), price.path, price.not_null) == ("REAL", FieldPath(("quote", "price")), False)
    (output,) = application.outputs
    assert (output.name, output.kind, output.resource_arn, output.format) == (
        "DESTINATION_SQL_STREAM",
        "KinesisStreamsOutput",
        "arn:out",
        "CSV",
    )


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """CREATE_V1 with the value at a path replaced; `...` removes it."""
    data = copy.deepcopy(CREATE_V1)
    place: Any = data
    for step in path[:-1]:
        place = place[step]
    if to is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = to
    return data


IN, COLUMNS = ("Inputs", 0), ("Inputs", 0, "InputSchema", "RecordColumns")
REFUSALS: list[tuple[dict[str, Any], str]] = [
    (changed("Inputs", to=[]), "Inputs 0 inputs are given; one input is needed"),
    (changed("Inputs", to=[CREATE_V1, CREATE_V1]), "2 inputs are given"),
    (changed("Inputs", to={}), "Inputs is not a list"),
    (changed(*IN, "InputSchema", to=...), r"Inputs\[0\].InputSchema is missing; an object is needed"),
    (changed(*IN, "InputParallelism", to={"Count": 65}), "Count is 65; 1 to 64 are allowed"),
    (changed(*IN, "InputProcessingConfiguration", to={"x": 1}), "a processor in front of the input is not supported"),
    (changed(*IN, "InputSchema", "RecordEncoding", to="UTF-16"), "RecordEncoding is 'UTF-16'; UTF-8 is allowed"),
    (changed(*IN, "InputSchema", "RecordFormat", "RecordFormatType", to="XML"), "'XML'; allowed are JSON and CSV"),
    (changed(*COLUMNS, to=[]), "has no columns"),
    (changed(*COLUMNS, 0, "Name", to=...), r"RecordColumns\[0\].Name is missing; a string is needed"),
    (changed(*COLUMNS, 0, "SqlType", to="TEXT"), r"SqlType: type TEXT is not supported; use VARCHAR\(n\)"),
    (changed(*COLUMNS, 0, "Mapping", to=...), "Mapping is missing"),
    (changed(*COLUMNS, 0, "Mapping", to="ticker"), "path 'ticker' does not start with"),
    (changed(*COLUMNS, 0, "Mapping", to="$.a[1]"), r"path '\$.a\[1\]' is not supported"),
    (changed(*COLUMNS, 0, "Mapping", to="$.a[0:].b[0:].c"), "goes into two arrays"),
    (changed(*COLUMNS, 1, "Name", to="TICKER"), '"TICKER" is given twice'),
    (changed(*COLUMNS, 1, "Name", to="ROWTIME"), "of ROWTIME is REAL; TIMESTAMP is allowed"),
    (changed("Outputs", 0, "KinesisStreamsOutput", to=...), "has no destination"),
    (changed("Outputs", 0, "DestinationSchema", to=...), "DestinationSchema is missing"),
    (changed("Outputs", to=CREATE_V1["Outputs"] * 2), '"DESTINATION_SQL_STREAM" is given twice'),
    ({**CREATE_V1, "ReferenceDataSources": [{}]}, "reference data is not supported"),
]


@pytest.mark.parametrize(("data", "message"), REFUSALS, ids=[message for _, message in REFUSALS])
def test_refusal(data: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError, match=message) as raised:
        parse_application(data, file="mine.json")
    assert str(raised.value).startswith("mine.json: ")


def test_two_arrays_cannot_both_become_rows() -> None:
    two = [
        {"Name": name, "Mapping": path, "SqlType": "INTEGER"} for name, path in (("A", "$.x[0:].a"), ("B", "$.y[0:].b"))
    ]
    with pytest.raises(SchemaError, match="two arrays are taken apart"):
        parse_application(changed(*COLUMNS, to=two))


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "application.json"
    with pytest.raises(SchemaError, match="cannot be read"):
        load_application(path)
    path.write_text("{")
    with pytest.raises(SchemaError, match="is not JSON"):
        load_application(path)
    path.write_text("[]")
    with pytest.raises(SchemaError, match="the description is not a JSON object"):
        load_application(path)
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(CREATE_V1).encode())
    assert load_application(path).outputs[0].name == "DESTINATION_SQL_STREAM"


def test_placeholders() -> None:
    application = parse_application(changed("Outputs", 0, "KinesisStreamsOutput", "ResourceARN", to="${SCORES_ARN}"))
    assert application.with_arns({"SCORES_ARN": "arn:x"}).outputs[0].resource_arn == "arn:x"
    with pytest.raises(OperatorError, match=r"no value is given for the placeholder in '\$\{SCORES_ARN\}'"):
        application.with_arns({})


def test_event_time_by_name() -> None:
    columns = [{"Name": "AT", "Mapping": "$.at", "SqlType": "TIMESTAMP"}]
    application = parse_application(changed(*COLUMNS, to=columns))
    chosen = application.with_rowtime("AT").input.schema
    assert chosen.rowtime == chosen.columns[0]
    with pytest.raises(SchemaError, match='"X" cannot give the event time; its TIMESTAMP columns are AT'):
        application.with_rowtime("X")


def test_the_shipped_descriptions() -> None:
    folder = Path(__file__).parents[3] / "kda_sql"
    clicks = load_application(folder / "application.json")
    assert [column.name for column in clicks.input.schema.columns] == ["user", "page"]
    assert clicks.input.schema.rowtime is not None
    assert [output.resource_arn for output in clicks.outputs] == [
        "${SCORES_STREAM_ARN}",
        "${WINDOWS_STREAM_ARN}",
        "${ERRORS_STREAM_ARN}",
    ]
    rows = load_application(folder / "article.application.json")
    assert [str(column.type) for column in rows.input.schema.columns] == ["TIMESTAMP", *["INTEGER"] * 4]


@pytest.mark.parametrize(
    ("text", "names", "array_at"),
    [
        ("$", (), None),
        ("$.a", ("a",), None),
        ("$.a.b-c.d_1", ("a", "b-c", "d_1"), None),
        ("$['a b'].c", ("a b", "c"), None),
        ('$.a["b.c"]', ("a", "b.c"), None),
        ("$.a[0:]", ("a",), None),
        ("$.a[0:].b.c", ("a", "b", "c"), 1),
        ("$[0:]", (), None),
    ],
)
def test_path(text: str, names: tuple[str, ...], array_at: int | None) -> None:
    assert parse_path(text) == FieldPath(names, array_at)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("int", "INTEGER"),
        (" Double  Precision ", "DOUBLE"),
        ("numeric(5,2)", "DECIMAL(5,2)"),
        ("DEC", "DECIMAL(19,0)"),
        ("character varying (12)", "VARCHAR(12)"),
        ("CHAR", "CHAR(1)"),
        ("timestamp", "TIMESTAMP"),
    ],
)
def test_type(text: str, shown: str) -> None:
    assert str(parse_type(text)) == shown
