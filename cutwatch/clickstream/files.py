"""Text files as they come: plain or gzip, with or without a byte order mark; `-` is standard input or output."""

from __future__ import annotations

import gzip
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO

from cutwatch.errors import DataError, OperatorError

GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a text file to read, unpacking gzip by its content. Raises OperatorError, DataError in one sentence."""
    try:
        with _open_binary(path) as raw:
            buffered = io.BufferedReader(raw)  # type: ignore[type-var]
            packed = buffered.peek(2)[:2] == GZIP_MAGIC
            stream = gzip.GzipFile(fileobj=buffered) if packed else buffered
            with io.TextIOWrapper(stream, encoding="utf-8-sig", newline="") as text:
                yield text
    except (gzip.BadGzipFile, EOFError, UnicodeDecodeError) as cause:
        raise DataError(f"{path}: {cause}; allowed: UTF-8 text, plain or gzip") from cause
    except OSError as cause:
        raise OperatorError(f"{path}: {cause.strerror or cause}") from cause


@contextmanager
def create(path: str) -> Iterator[BinaryIO]:
    """Create a file to write bytes to; gzip where the name ends in .gz. Raises OperatorError."""
    try:
        if path == "-":
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with Path(path).open("wb") as raw:
            if not path.endswith(".gz"):
                yield raw
                return
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed:
                yield packed  # type: ignore[misc]
    except OSError as cause:
        raise OperatorError(f"{path}: {cause.strerror or cause}") from cause


@contextmanager
def _open_binary(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield sys.stdin.buffer
        return
    with Path(path).open("rb") as raw:
        yield raw
