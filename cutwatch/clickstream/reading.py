"""People's own clicks: JSON Lines, CSV, access logs or Parquet, in any order, into `Clicks`.

clicks = read_clicks("export.csv.gz", names=ColumnNames(user="customer"))
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal, TextIO

import numpy as np

from cutwatch.clickstream.access_log import parse_access_log
from cutwatch.clickstream.clicks import MINUTE_MS, Clicks
from cutwatch.clickstream.files import open_text
from cutwatch.errors import DataError, OperatorError

Format = Literal["auto", "json", "csv", "combined", "parquet"]
FORMATS: tuple[Format, ...] = ("auto", "json", "csv", "combined", "parquet")
PARQUET_MAGIC = b"PAR1"

RawClick = tuple[datetime, str | None, str | None]  # a time alone is a tick


@dataclass(frozen=True)
class ColumnNames:
    """What the three columns are called in a file."""

    timestamp: str = "timestamp"
    user: str = "user"
    page: str = "page"


def read_clicks(path: str, *, names: ColumnNames | None = None, file_format: Format = "auto") -> Clicks:
    """Read clicks from a file.

    Spaces around values go, other columns are ignored, a time without a zone is UTC, and rows need not be in order.
    A row with a time alone is a tick: it counts as nothing, and silence up to it is part of the data.

    Args:
        path: JSON Lines or CSV with a header (told apart by the first character), plain or gzip; Parquet; or an
            access log in the common or combined format, which has to be said. `-` is standard input.
        names: what the columns are called.
        file_format: `auto`, or one of `FORMATS`.

    Raises:
        DataError: a line that cannot be read, in one sentence with its number.
        OperatorError: the file cannot be opened.
    """
    names = names or ColumnNames()
    if file_format == "parquet" or (file_format == "auto" and _is_parquet(path)):
        return _collect(_read_parquet(path, names), path)
    with open_text(path) as text:
        return _collect(_read_text(text, path, names, file_format), path)


def _read_text(text: TextIO, path: str, names: ColumnNames, file_format: Format) -> Iterator[RawClick]:
    lines = ((number, line) for number, line in enumerate(text, start=1) if line.strip())
    if file_format == "combined":
        yield from parse_access_log(lines, path)
        return
    first = next(lines, None)
    if first is None:
        raise DataError(f"{path}: the file is empty; allowed: JSON Lines, or CSV with a header")
    if file_format == "json" or (file_format == "auto" and first[1].lstrip().startswith("{")):
        yield from _read_json(_chain(first, lines), path, names)
    else:
        yield from _read_csv(_chain(first, lines), path, names)


def _read_json(lines: Iterable[tuple[int, str]], path: str, names: ColumnNames) -> Iterator[RawClick]:
    for number, line in lines:
        try:
            row = json.loads(line)
        except ValueError as cause:
            raise DataError(f"{path}, line {number}: {line.strip()[:60]!r} is not JSON") from cause
        if not isinstance(row, dict) or names.timestamp not in row:
            raise DataError(f"{path}, line {number}: there is no {names.timestamp!r}; {_wanted(names)}")
        user, page = row.get(names.user), row.get(names.page)
        if (user is None) != (page is None):
            missing = names.user if user is None else names.page
            raise DataError(f"{path}, line {number}: there is no {missing!r}; {_wanted(names)}")
        at = _time(row[names.timestamp], path, number)
        yield (at, None, None) if user is None else (at, str(user).strip(), str(page).strip())


def _read_csv(lines: Iterable[tuple[int, str]], path: str, names: ColumnNames) -> Iterator[RawClick]:
    number = 0

    def counted() -> Iterator[str]:
        nonlocal number
        for number, line in lines:  # noqa: B007 - read by the enclosing function
            yield line

    reader = csv.reader(counted(), skipinitialspace=True)
    header = [name.strip() for name in next(reader)]
    places = []
    for name in (names.timestamp, names.user, names.page):
        if name not in header:
            raise DataError(f"{path}, line {number}: no column {name!r} among {', '.join(header)}; {_wanted(names)}")
        places.append(header.index(name))
    time_at, user_at, page_at = places
    try:
        for row in reader:
            if len(row) <= max(places):
                raise DataError(f"{path}, line {number}: {len(row)} values; the header has {len(header)}")
            user, page = row[user_at].strip(), row[page_at].strip()
            when = _time(row[time_at], path, number)
            yield (when, user, page) if user or page else (when, None, None)
    except csv.Error as cause:
        raise DataError(f"{path}, line {number}: {cause}") from cause


def _read_parquet(path: str, names: ColumnNames) -> Iterator[RawClick]:
    import duckdb

    with duckdb.connect() as database:
        source = database.execute("SELECT * FROM read_parquet(?)", [path])
        columns = [column[0] for column in source.description]
        places = []
        for name in (names.timestamp, names.user, names.page):
            if name not in columns:
                raise DataError(f"{path}: no column {name!r} among {', '.join(columns)}; {_wanted(names)}")
            places.append(columns.index(name))
        number = 0
        while rows := source.fetchmany(50_000):
            for row in rows:
                number += 1
                at, user, page = (row[place] for place in places)
                when = _aware(at) if isinstance(at, datetime) else _time(at, path, number)
                yield (when, None, None) if user is None and page is None else (when, str(user), str(page))


def _collect(raw: Iterable[RawClick], path: str) -> Clicks:
    users: dict[str, int] = {}
    pages: dict[str, int] = {}
    times, user_numbers, page_numbers, moments = [], [], [], []
    for at, user, page in raw:
        time_ms = int(at.timestamp() * 1000)
        moments.append(time_ms)
        if user is not None and page is not None:
            times.append(time_ms)
            user_numbers.append(users.setdefault(user, len(users)))
            page_numbers.append(pages.setdefault(page, len(pages)))
    if not times:
        raise DataError(f"{path}: there are no clicks in it; allowed: at least one row with a user and a page")
    order = np.argsort(np.array(times), kind="stable")
    return Clicks(
        time_ms=np.array(times, np.int64)[order],
        user=np.array(user_numbers, np.int64)[order],
        page=np.array(page_numbers, np.int64)[order],
        user_name=list(users).__getitem__,
        page_name=list(pages).__getitem__,
        start_ms=min(moments) // MINUTE_MS * MINUTE_MS,
        end_ms=max(max(times) // MINUTE_MS + 1, max(moments) // MINUTE_MS) * MINUTE_MS,
    )


def _time(value: object, path: str, number: int) -> datetime:
    try:
        return _aware(datetime.fromisoformat(str(value).strip()))
    except ValueError as cause:
        allowed = "an ISO-8601 time such as 2020-07-15T10:10:00Z"
        raise DataError(f"{path}, line {number}: {str(value)[:40]!r} is no time; allowed: {allowed}") from cause


def _aware(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _wanted(names: ColumnNames) -> str:
    return f"wanted: {names.timestamp}, {names.user}, {names.page} (flags rename them)"


def _is_parquet(path: str) -> bool:
    try:
        if path == "-":
            return False
        with Path(path).open("rb") as file:
            return file.read(4) == PARQUET_MAGIC
    except OSError as cause:
        raise OperatorError(f"{path}: {cause.strerror or cause}") from cause


def _chain(first: tuple[int, str], rest: Iterable[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    yield first
    yield from rest
