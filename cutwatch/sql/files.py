"""Input files: JSON Lines or CSV, plain or gzip, as records and the decoder that reads them."""

from __future__ import annotations

import gzip
import io
import re
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from cutwatch.errors import OperatorError
from cutwatch.sql.application import InputColumn, InputSchema
from cutwatch.sql.decoding import CsvFileDecoder, Decoder, JsonDecoder, split_csv
from cutwatch.sql.errors import SchemaError
from cutwatch.sql.paths import FieldPath
from cutwatch.sql.rows import Record

STANDARD = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_MAX_LINES_OF_A_ROW = 32
_QUOTED_START = re.compile(rb'(?:^|[,;\t|])\s*"')
_DELIMITERS = (",", ";", "\t", "|")


@dataclass
class InputFile:
    """An opened input file.

    Attributes:
        name: as the user gave it.
        decoder: makes rows of its records.
        size: bytes on disk, 0 where that is not known (standard input).
    """

    name: str
    decoder: Decoder
    size: int
    _lines: Iterator[bytes]
    _raw: BinaryIO
    _buffered: BinaryIO  # kept: when it goes, it closes the file under it

    @property
    def bytes_read(self) -> int:
        """Bytes of the file read so far."""
        return self._raw.tell() if self.size else 0

    def records(self, arrival_time: datetime | None) -> Iterator[Record]:
        """Every line that is not blank. `arrival_time` is for schemas without an event time."""
        for line in self._lines:
            if line.strip():
                yield Record(line.rstrip(b"\r\n"), arrival_time)


def open_input(
    path: str, schema: InputSchema, stack: ExitStack, *, file_format: str, renames: Mapping[str, str]
) -> InputFile:
    """Open a file.

    Args:
        path: the file, or `-` for standard input.
        schema: what the rows must have.
        stack: closes the file.
        file_format: "json", "csv", or "auto": by the file's name, else by its first letter.
        renames: which column of the file (or JSON key) gives a column of the schema, where the names differ.

    Raises:
        OperatorError: the file cannot be read.
        SchemaError: a CSV's header lacks a column, or a rename names none of the schema.
    """
    schema = _renamed(schema, renames)
    try:
        raw, size = _open(path, stack)
    except OSError as cause:
        raise OperatorError(f"{path}: {cause.strerror or cause}") from cause
    buffered = io.BufferedReader(cast(io.RawIOBase, raw), 1 << 16)
    if buffered.peek(2)[:2] == _GZIP_MAGIC:
        packed = stack.enter_context(gzip.open(buffered))  # noqa: SIM115 - the stack closes it
        buffered = io.BufferedReader(cast(io.RawIOBase, packed), 1 << 16)
    lines = _readable(path, buffered)
    if _is_csv(path, buffered, file_format):
        decoder: Decoder = _csv_decoder(path, next(lines, b""), schema)
        lines = _whole_rows(lines)
    else:
        decoder = JsonDecoder(_as_json(schema))
    return InputFile(path, decoder, size, lines, raw, cast(BinaryIO, buffered))


def _open(path: str, stack: ExitStack) -> tuple[BinaryIO, int]:
    if path == STANDARD:
        return cast(BinaryIO, sys.stdin.buffer), 0
    return stack.enter_context(Path(path).open("rb")), Path(path).stat().st_size


def _readable(path: str, lines: BinaryIO) -> Iterator[bytes]:
    try:
        yield from lines
    except (OSError, EOFError) as cause:
        raise OperatorError(f"{path}: the file is damaged or cut short ({cause})") from cause


def _is_csv(path: str, buffered: io.BufferedReader[Any], file_format: str) -> bool:
    if file_format != "auto":
        return file_format == "csv"
    name = path.lower().removesuffix(".gz")
    if name.endswith((".csv", ".tsv")):
        return True
    if name.endswith((".json", ".jsonl", ".ndjson")):
        return False
    return not buffered.peek(64).removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))


def _whole_rows(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Lines put together where a quoted value goes over several; a quote never closed spoils its own line only."""
    held: deque[bytes] = deque()
    for line in lines:
        held.append(line)
        while held and (count := _lines_of_row(held) or int(len(held) > _MAX_LINES_OF_A_ROW)):
            yield b"".join(held.popleft() for _ in range(count))
    while held:
        yield b"".join(held.popleft() for _ in range(_lines_of_row(held) or 1))


def _lines_of_row(held: deque[bytes]) -> int:
    """How many lines the first row has; 0 where its quotes are still open after the last line."""
    if not _QUOTED_START.search(held[0]):
        return 1
    quotes = 0
    for number, line in enumerate(held, start=1):
        quotes += line.count(b'"')
        if quotes % 2 == 0:
            return number
    return 0


def label(field: InputColumn) -> str:
    """Under which name a file has a column: the last steps of its JSON path, or the column's own name."""
    return field.path.label if field.path else field.name


def _renamed(schema: InputSchema, renames: Mapping[str, str]) -> InputSchema:
    known = {name for field in schema.fields for name in (field.name, label(field))}
    if unknown := [name for name in renames if name not in known]:
        raise SchemaError(
            f'--column names "{unknown[0]}", which the InputSchema does not have; it has {", ".join(sorted(known))}'
        )

    def rename(field: InputColumn) -> InputColumn:
        wanted = renames.get(field.name) or renames.get(label(field))
        return replace(field, path=FieldPath((wanted,))) if wanted else field

    fields = tuple(rename(field) for field in schema.fields)
    rowtime = fields[schema.fields.index(schema.rowtime)] if schema.rowtime else None
    return replace(schema, fields=fields, rowtime=rowtime)


def _as_json(schema: InputSchema) -> InputSchema:
    """The schema for JSON Lines: columns of a CSV schema go by their names."""
    if schema.format == "JSON":
        return schema
    fields = tuple(field if field.path else replace(field, path=FieldPath((field.name,))) for field in schema.fields)
    rowtime = fields[schema.fields.index(schema.rowtime)] if schema.rowtime else None
    return replace(schema, format="JSON", fields=fields, rowtime=rowtime)


def _csv_decoder(path: str, header: bytes, schema: InputSchema) -> CsvFileDecoder:
    text = header.decode("utf-8-sig", errors="replace").rstrip("\r\n")
    delimiter = max(_DELIMITERS, key=text.count)
    names = [name.strip() for name in split_csv(text, delimiter) or []]
    places = []
    for field in schema.fields:
        wanted = label(field)
        same = [n for n, name in enumerate(names) if name == wanted] or [
            n for n, name in enumerate(names) if name.lower() == wanted.lower()
        ]
        if not same:
            raise SchemaError(
                f'{path}: the header has no column "{wanted}"; it has {", ".join(names) or "none"}; '
                f"name another one with --column {wanted}=NAME"
            )
        places.append(same[0])
    return CsvFileDecoder(schema, places, delimiter)
