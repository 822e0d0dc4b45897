"""Records to rows by an InputSchema: JSON and CSV, with the conversions of the service.

Source: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/sch-mapping.html ("Mapping JSON Data Types to SQL").
A row that does not fit becomes a BadRow with the reason; nothing here stops the stream.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from cutwatch.sql.application import InputColumn, InputSchema
from cutwatch.sql.conversion import BadValueError, Converter, converter

Getter = Callable[[Any, Any], Any]
Values = tuple[Any, ...]


class BadRow(NamedTuple):
    """A row that could not be made: an ERROR_NAME of at most 32 letters and a sentence."""

    name: str
    message: str


class DecodedRow(NamedTuple):
    """A row: its event time in milliseconds (None: the time of arrival), values by column, whether it is a tick."""

    rowtime_ms: int | None
    values: Values
    is_tick: bool


class Decoder(Protocol):
    """Makes rows of a record's bytes."""

    def decode(self, data: bytes) -> list[DecodedRow | BadRow]:
        """All rows of one record."""


@dataclass(frozen=True)
class RowBuilder:
    """Converts the raw values of one row. A tick has its event time and nothing else."""

    schema: InputSchema
    converters: tuple[Converter, ...]
    rowtime: int | None
    carriers: tuple[int, ...]

    @classmethod
    def of(cls, schema: InputSchema) -> RowBuilder:
        """The builder of a schema; raw values come in the order of `schema.fields`."""
        fields = schema.fields
        rowtime = fields.index(schema.rowtime) if schema.rowtime else None
        path = schema.rowtime.path if schema.rowtime else None
        carriers = tuple(
            index
            for index, field in enumerate(fields)
            if index != rowtime and (field.path is None or field.path != path)
        )
        return cls(schema, tuple(converter(field) for field in fields), rowtime, carriers)

    def build(self, raw: Sequence[Any]) -> DecodedRow | BadRow:
        """The row, or why there is none."""
        fields = self.schema.fields
        index = 0
        try:
            values = []
            for index, convert in enumerate(self.converters):
                value = raw[index]
                values.append(None if value is None else convert(value))
        except BadValueError as cause:
            return BadRow("COERCION_ERROR", f'column "{fields[index].name}": {cause}')
        time = None if self.rowtime is None else values[self.rowtime]
        if self.rowtime is not None and time is None:
            return BadRow("MISSING_COLUMN", f'the event time, column "{fields[self.rowtime].name}", is missing')
        is_tick = time is not None and all(values[index] is None for index in self.carriers)
        if not is_tick:
            for index, field in enumerate(fields):
                if field.not_null and values[index] is None:
                    return BadRow("MISSING_COLUMN", f'column "{field.name}" is NOT NULL and missing')
        kept = tuple(value for value, field in zip(values, fields, strict=True) if field.name != "ROWTIME")
        return DecodedRow(time, kept, is_tick)


class JsonDecoder:
    """JSON records: one object, or wherever RecordRowPath points an object or an array of them."""

    def __init__(self, schema: InputSchema) -> None:
        self._builder = RowBuilder.of(schema)
        self._row_names = schema.row_path.names
        self._array = next((f.path.array for f in schema.fields if f.path and f.path.array is not None), None)
        self._fields = tuple(_json_getter(field) for field in schema.fields)

    def decode(self, data: bytes) -> list[DecodedRow | BadRow]:
        """All rows of one record."""
        try:
            found = _JSON.decode(data.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return [BadRow("PARSE_ERROR", "the record is not UTF-8")]
        except ValueError as cause:
            return [BadRow("PARSE_ERROR", f"the record is not JSON: {cause}")]
        except RecursionError:
            return [BadRow("PARSE_ERROR", "the record is nested too deeply")]
        if self._row_names:
            found = _follow(found, self._row_names)
        if isinstance(found, dict):
            return self._rows(found)
        if isinstance(found, list) and found:
            return [row for item in found for row in self._item(item)]
        return [BadRow("PARSE_ERROR", "the record is not a JSON object")]

    def _item(self, item: object) -> list[DecodedRow | BadRow]:
        return self._rows(item) if isinstance(item, dict) else [BadRow("PARSE_ERROR", "a row is not a JSON object")]

    def _rows(self, row: dict[str, Any]) -> list[DecodedRow | BadRow]:
        if self._array is None:
            return [self._builder.build([get(row, None) for get in self._fields])]
        elements = _follow(row, self._array)
        if not isinstance(elements, list) or not elements:
            elements = [None]  # an array is always flattened to at least one row
        return [self._builder.build([get(row, element) for get in self._fields]) for element in elements]


def _refuse_constant(text: str) -> None:
    raise ValueError(f"{text} is no JSON number")


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def _follow(value: Any, names: Sequence[str]) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value


def _json_getter(field: InputColumn) -> Getter:
    assert field.path is not None
    names, at = field.path.names, field.path.array_at
    if at is not None:
        inner = names[at:]
        return lambda _, element: _follow(element, inner)
    if len(names) == 1:
        name = names[0]
        return lambda row, _: row.get(name)
    return lambda row, _: _follow(row, names)


class CsvDecoder:
    """CSV records without a header: columns by position, several rows to a record where the row delimiter is inside."""

    def __init__(self, schema: InputSchema) -> None:
        self._builder = RowBuilder.of(schema)
        self._columns = len(schema.fields)
        self._row_delimiter = schema.row_delimiter
        self._column_delimiter = schema.column_delimiter

    def decode(self, data: bytes) -> list[DecodedRow | BadRow]:
        """All rows of one record."""
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return [BadRow("PARSE_ERROR", "the record is not UTF-8")]
        lines = [line for line in text.split(self._row_delimiter) if line.strip()]
        return [self._row(line) for line in lines] or [BadRow("PARSE_ERROR", "the record is empty")]

    def _row(self, line: str) -> DecodedRow | BadRow:
        cells = split_csv(line, self._column_delimiter)
        if cells is None or len(cells) < self._columns:
            found = "a broken line" if cells is None else f"{len(cells)} columns"
            return BadRow("PARSE_ERROR", f"the record is {found}; {self._columns} columns are needed")
        return self._builder.build([cell.strip() or None for cell in cells[: self._columns]])


class CsvFileDecoder:
    """Lines of a CSV file whose header tells where each column stands."""

    def __init__(self, schema: InputSchema, places: Sequence[int | None], delimiter: str) -> None:
        """`places` are the header's positions of `schema.fields`; None for a column the file does not have."""
        self._builder = RowBuilder.of(schema)
        self._places = tuple(places)
        self._delimiter = delimiter
        self._width = 1 + max((place for place in places if place is not None), default=0)

    def decode(self, data: bytes) -> list[DecodedRow | BadRow]:
        """The row of one line."""
        try:
            cells = split_csv(data.decode("utf-8").rstrip("\r\n"), self._delimiter)
        except UnicodeDecodeError:
            return [BadRow("PARSE_ERROR", "the line is not UTF-8")]
        if cells is None:
            return [BadRow("PARSE_ERROR", "the line is not CSV")]
        if len(cells) < self._width:
            cells += [""] * (self._width - len(cells))  # trailing empty columns are often left out
        return [
            self._builder.build([None if place is None else cells[place].strip() or None for place in self._places])
        ]


def split_csv(line: str, delimiter: str) -> list[str] | None:
    """The cells of one line; None where it cannot be read as CSV."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
    except (csv.Error, TypeError, StopIteration):
        return None


def record_decoder(schema: InputSchema) -> Decoder:
    """The decoder of a streaming source's records."""
    return JsonDecoder(schema) if schema.format == "JSON" else CsvDecoder(schema)
