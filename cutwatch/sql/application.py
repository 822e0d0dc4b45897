"""The application description: InputSchema and Outputs in the shape of AWS's own API.

`CreateApplication` and `DescribeApplication` of both API versions are read (they differ in wrapping and in a few key
names), so that an old application's description drops in. Extensions, which the service had not: a RecordColumn named
ROWTIME gives the event time (docs/decisions/0201), and a SqlType may end in NOT NULL.

Source: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/API_Input.html and API_Output.html.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template

from cutwatch.errors import OperatorError
from cutwatch.sql.description import Node
from cutwatch.sql.errors import SchemaError
from cutwatch.sql.paths import FieldPath, parse_path
from cutwatch.sql.program import ARRIVAL_TIME, Column, Stream
from cutwatch.sql.types import TIMESTAMP, Kind, SqlType, parse_type

ROWTIME = "ROWTIME"
DEFAULT_PREFIX = "SOURCE_SQL_STREAM"
FORMATS = ("JSON", "CSV")


@dataclass(frozen=True)
class InputColumn:
    """One RecordColumn. `path` is where a JSON record holds it; CSV columns have none and go by position."""

    name: str
    type: SqlType
    path: FieldPath | None
    not_null: bool


@dataclass(frozen=True)
class InputSchema:
    """How the records of the input become rows.

    Attributes:
        format: "JSON" or "CSV".
        fields: all RecordColumns in order, ROWTIME included where it is one.
        rowtime: the field that gives the event time, or None where it is the time of arrival.
        row_path: JSON: which part of a record is the row, or the array of rows.
        row_delimiter: CSV: what stands between rows of one record.
        column_delimiter: CSV: what stands between columns.
    """

    format: str
    fields: tuple[InputColumn, ...]
    rowtime: InputColumn | None
    row_path: FieldPath
    row_delimiter: str = "\n"
    column_delimiter: str = ","

    @property
    def columns(self) -> tuple[InputColumn, ...]:
        """The stream's columns: the fields without ROWTIME, which every stream has by itself."""
        return tuple(field for field in self.fields if field.name != ROWTIME)


@dataclass(frozen=True)
class Input:
    """The streaming source: in-application streams `<name_prefix>_001` … and where records come from."""

    name_prefix: str
    stream_count: int
    schema: InputSchema
    kind: str
    resource_arn: str

    @property
    def stream_names(self) -> tuple[str, ...]:
        """SOURCE_SQL_STREAM_001 and so on. Every record goes to the first; the others stay empty."""
        return tuple(f"{self.name_prefix}_{number:03d}" for number in range(1, self.stream_count + 1))


@dataclass(frozen=True)
class Output:
    """One output: an in-application stream, what kind of destination it goes to, and as what."""

    name: str
    kind: str
    resource_arn: str
    format: str


@dataclass(frozen=True)
class Application:
    """An application description. `file` is the name under which errors speak of it."""

    input: Input
    outputs: tuple[Output, ...]
    file: str = "application.json"

    def source_streams(self) -> tuple[Stream, ...]:
        """The in-application streams that the input fills."""
        columns = tuple(Column(column.name, column.type, column.not_null) for column in self.input.schema.columns)
        hidden = (
            ()
            if any(column.name == ARRIVAL_TIME for column in columns)
            else (Column(ARRIVAL_TIME, TIMESTAMP, hidden=True),)
        )
        return tuple(Stream(name, (*columns, *hidden), is_source=True) for name in self.input.stream_names)

    def with_arns(self, values: Mapping[str, str]) -> Application:
        """Fill placeholders such as `${SCORES_STREAM_ARN}`.

        Raises:
            OperatorError: a placeholder has no value.
        """

        def fill(arn: str) -> str:
            try:
                return Template(arn).substitute(values)
            except (KeyError, ValueError) as cause:
                raise OperatorError(f"{self.file}: no value is given for the placeholder in {arn!r}") from cause

        outputs = tuple(replace(output, resource_arn=fill(output.resource_arn)) for output in self.outputs)
        return replace(self, input=replace(self.input, resource_arn=fill(self.input.resource_arn)), outputs=outputs)

    def with_rowtime(self, column: str) -> Application:
        """Take the event time from a TIMESTAMP column of the schema, whatever the description says.

        Raises:
            SchemaError: there is no such column, or it is no TIMESTAMP.
        """
        schema = self.input.schema
        field = next((field for field in schema.fields if field.name == column), None)
        times = [field.name for field in schema.fields if field.type.kind is Kind.TIMESTAMP]
        if field is None or field.name not in times:
            allowed = f"its TIMESTAMP columns are {', '.join(times) or 'none'}"
            raise SchemaError(f'{self.file}: "{column}" cannot give the event time; {allowed}')
        return replace(self, input=replace(self.input, schema=replace(schema, rowtime=field)))


def load_application(path: Path) -> Application:
    """Read a description from a JSON file.

    Raises:
        SchemaError: the file is not there, is not JSON, or describes something that is not supported.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as cause:
        raise SchemaError(f"{path}: the application description cannot be read ({cause.strerror})") from cause
    except ValueError as cause:
        raise SchemaError(f"{path}: the application description is not JSON ({cause})") from cause
    return parse_application(data, file=str(path))


def parse_application(data: object, *, file: str = "application.json") -> Application:
    """Parse a description; see the module for the shapes that are accepted.

    Raises:
        SchemaError: in one sentence: which key, what is wrong, what is allowed.
    """
    root = Node(data, file, "").unwrap(
        "ApplicationDetail",
        "ApplicationConfiguration",
        "ApplicationConfigurationDescription",
        "SqlApplicationConfiguration",
        "SqlApplicationConfigurationDescription",
    )
    if root.items("ReferenceDataSources", "ReferenceDataSourceDescriptions"):
        raise root.error("reference data is not supported", "add the columns before the stream", "ReferenceDataSources")
    if "InputSchema" in root:
        parsed = _input(root)
    else:
        inputs = root.items("Inputs", "InputDescriptions")
        if len(inputs) != 1:
            raise root.error(f"{len(inputs)} inputs are given", "one input is needed", "Inputs")
        parsed = _input(inputs[0])
    outputs = tuple(_output(node) for node in root.items("Outputs", "OutputDescriptions"))
    names = [output.name for output in outputs]
    if repeated := [name for name in names if names.count(name) > 1]:
        raise root.error(f'"{repeated[0]}" is given twice', "one destination per stream is allowed", "Outputs")
    return Application(parsed, outputs, file)


def _input(node: Node) -> Input:
    processing = "InputProcessingConfiguration"
    if node.get(processing, f"{processing}Description"):
        raise node.error(
            "a processor in front of the input is not supported", "transform records before the stream", processing
        )
    kind, arn = _resource(node, ("KinesisStreamsInput", "KinesisFirehoseInput"))
    count = node.child("InputParallelism").integer("Count", 1) if node.get("InputParallelism") else 1
    prefix = node.text("NamePrefix", DEFAULT_PREFIX)
    return Input(prefix, count, _schema(node.child("InputSchema")), kind, arn)


def _output(node: Node) -> Output:
    kind, arn = _resource(node, ("KinesisStreamsOutput", "KinesisFirehoseOutput", "LambdaOutput"))
    if not kind:
        raise node.error(
            "has no destination", "KinesisStreamsOutput, KinesisFirehoseOutput or LambdaOutput is needed", ""
        )
    return Output(node.text("Name"), kind, arn, node.child("DestinationSchema").choice("RecordFormatType", FORMATS))


def _resource(node: Node, kinds: tuple[str, ...]) -> tuple[str, str]:
    for kind in kinds:
        for key in (kind, f"{kind}Description"):
            if node.get(key):
                return kind, node.child(key).text("ResourceARN", "")
    return "", ""


def _schema(node: Node) -> InputSchema:
    encoding = node.text("RecordEncoding", "UTF-8")
    if encoding.upper().replace("-", "") != "UTF8":
        raise node.error(f"is {encoding!r}", "UTF-8 is allowed", "RecordEncoding")
    record_format = node.child("RecordFormat")
    kind = record_format.choice("RecordFormatType", FORMATS)
    mapping = record_format.child("MappingParameters") if record_format.get("MappingParameters") else None
    columns = tuple(_column(column, kind) for column in node.items("RecordColumns"))
    rowtime = next((column for column in columns if column.name == ROWTIME), None)
    _check_columns(columns, node)
    schema = InputSchema(kind, columns, rowtime, FieldPath(()))
    if kind == "JSON":
        parameters = mapping.child("JSONMappingParameters") if mapping else None
        path = parameters.text("RecordRowPath", "$") if parameters else "$"
        schema = replace(schema, row_path=_path(path, node, "RecordRowPath"))
    elif mapping:
        parameters = mapping.child("CSVMappingParameters")
        schema = replace(
            schema,
            row_delimiter=parameters.text("RecordRowDelimiter", "\n"),
            column_delimiter=parameters.text("RecordColumnDelimiter", ","),
        )
    return schema


def _check_columns(columns: tuple[InputColumn, ...], node: Node) -> None:
    names = [column.name for column in columns]
    if not names:
        raise node.error("has no columns", "at least one is needed", "RecordColumns")
    if repeated := [name for name in names if names.count(name) > 1]:
        raise node.error(f'"{repeated[0]}" is given twice', "each name is allowed once", "RecordColumns")
    flattened = {column.path.array for column in columns if column.path and column.path.array is not None}
    if len(flattened) > 1:
        raise node.error("two arrays are taken apart", "one array of a record can become rows", "RecordColumns")


def _column(node: Node, kind: str) -> InputColumn:
    name, text = node.text("Name"), node.text("SqlType")
    not_null = text.upper().rstrip().endswith("NOT NULL")
    try:
        sql_type = parse_type(text.rstrip()[: -len("NOT NULL")] if not_null else text)
    except ValueError as cause:
        raise SchemaError(f"{node.where('SqlType')}: {cause}") from None
    if name == ROWTIME and sql_type.kind is not Kind.TIMESTAMP:
        raise node.error(f"of ROWTIME is {sql_type}", "TIMESTAMP is allowed", "SqlType")
    if kind == "CSV":
        return InputColumn(name, sql_type, None, not_null)
    return InputColumn(name, sql_type, _path(node.text("Mapping"), node, "Mapping"), not_null)


def _path(text: str, node: Node, key: str) -> FieldPath:
    try:
        return parse_path(text)
    except ValueError as cause:
        raise SchemaError(f"{node.where(key)}: {cause}") from None
