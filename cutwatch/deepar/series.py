"""Time series as they are handed to DeepAR: JSON Lines of `start` and `target`.

Source: "Input/Output Interface for the DeepAR Algorithm" in the Amazon SageMaker AI developer guide.
"""

from __future__ import annotations

import datetime as dt
import gzip
import json
import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cutwatch.containers import Channel
from cutwatch.errors import DataError

LEAST_OBSERVATIONS = 300

Values = NDArray[np.float32]


@dataclass(frozen=True)
class Series:
    """One series.

    Attributes:
        start: local time of the first value.
        target: the values, shape (n,); NaN where one is missing.
    """

    start: dt.datetime
    target: Values

    def __len__(self) -> int:
        return len(self.target)


def parse_series(data: Any, where: str, *, category_ignored: bool = False) -> Series:
    """Read `{"start": "2020-07-15 00:00:00", "target": [5, null, "NaN", 7]}`.

    Args:
        data: the parsed JSON.
        where: named in errors, such as `line 3`.
        category_ignored: let a `cat` pass without using it.

    Raises:
        DataError: where a field is missing or wrong, or a feature is used that the stand-in does not have.
    """
    if not isinstance(data, Mapping) or "start" not in data or "target" not in data:
        raise DataError(f"{where}: a series is an object with start and target")
    for field, name in (("cat", "categories (cat)"), ("dynamic_feat", "dynamic features (dynamic_feat)")):
        if data.get(field) and not (field == "cat" and category_ignored):
            raise DataError(f"{where}: {name} are not supported by the local DeepAR: leave them out")
    return Series(_start(data["start"], where), _target(data["target"], where))


def read_channel(channel: Channel) -> list[Series]:
    """Read all files of a channel.

    Raises:
        DataError: where a file is of another form, or there is none.
    """
    found = [series for path in channel.files() for series in _read_file(path, channel)]
    if not found:
        raise DataError(f"channel {channel.name} holds no time series")
    return found


def check_trainable(data: Sequence[Series], likelihood: str) -> None:
    """Refuse what the service does not train on.

    Raises:
        DataError: fewer than 300 observations in all, nothing but zeros, or values that the likelihood cannot give.
    """
    together = np.concatenate([series.target for series in data])
    seen = together[np.isfinite(together)]
    if len(seen) < LEAST_OBSERVATIONS:
        raise DataError(f"the training time series hold {len(seen)} observations; at least {LEAST_OBSERVATIONS} "
                        "are needed")  # fmt: skip
    if not seen.any():
        raise DataError("the training time series consist of only zeros")
    if likelihood == "negative-binomial" and seen.min() < 0:
        raise DataError(f"likelihood negative-binomial is for counts, and the target holds {seen.min():g}")
    if likelihood == "beta" and (seen.min() < 0 or seen.max() > 1):
        worst = seen.min() if seen.min() < 0 else seen.max()
        raise DataError(f"likelihood beta is for values from 0 to 1, and the target holds {worst:g}")


def _read_file(path: Path, channel: Channel) -> Iterator[Series]:
    name = path.relative_to(channel.folder).as_posix()
    form = _form(path, channel)
    data = path.read_bytes()
    try:
        text = (gzip.decompress(data) if form == "json.gz" else data).decode("utf-8-sig")
    except (UnicodeDecodeError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{name} does not hold {form} in UTF-8: {error}") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            where = f"{name}, line {number}"
            yield parse_series(_json(line, where), where)


def _form(path: Path, channel: Channel) -> str:
    """The file's form: by the channel's content type, else by its name."""
    stated = channel.content_type.lower().removeprefix("application/")
    if stated in ("json", "jsonlines", "json.gz"):
        return "json.gz" if stated == "json.gz" or path.name.endswith(".gz") else "json"
    if stated == "parquet" or path.suffix == ".parquet":
        raise DataError(f"channel {channel.name}: Parquet is not supported by the local DeepAR: use JSON Lines")
    if stated not in ("", "auto"):
        raise DataError(f"channel {channel.name} has ContentType {channel.content_type!r}; allowed are json, json.gz, "
                        "parquet and auto")  # fmt: skip
    for form in ("json.gz", "json"):
        if path.name.endswith(f".{form}"):
            return form
    raise DataError(f"channel {channel.name}: {path.name} ends neither in .json nor in .json.gz: name it so, or give "
                    "the channel a ContentType")  # fmt: skip


def _json(line: str, where: str) -> Any:
    try:
        return json.loads(line)
    except ValueError as error:
        raise DataError(f"{where}: not JSON: {error}") from error


def _start(text: Any, where: str) -> dt.datetime:
    try:
        start = dt.datetime.fromisoformat(text)
    except (ValueError, TypeError) as error:
        raise DataError(f"{where}: start is {text!r}; it must read like 2020-07-15 00:00:00") from error
    if start.tzinfo is not None:
        raise DataError(f"{where}: start is {text!r}; it must be without a time zone")
    return start


def _target(values: Any, where: str) -> Values:
    if not isinstance(values, list):
        raise DataError(f'{where}: target must be a list of numbers, null or "NaN"')
    return np.array([_value(value, where) for value in values], np.float32)


def _value(value: Any, where: str) -> float:
    if value is None or (isinstance(value, str) and value.lower() == "nan"):
        return math.nan
    if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
        return float(value)
    if isinstance(value, float) and math.isnan(value):  # Python writes it without quotes
        return math.nan
    raise DataError(f'{where}: target holds {value!r}; numbers, null and "NaN" are allowed')
