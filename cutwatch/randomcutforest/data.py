"""The channels' rows: CSV without a header, the label first where there is one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutwatch.containers import Channel, parse_media_type
from cutwatch.errors import DataError

Rows = NDArray[np.float64]

CSV = "text/csv"
RECORDIO = "application/x-recordio-protobuf"


@dataclass(frozen=True)
class LabelledRows:
    """Rows of a test channel, shape (n, feature_dim), and whether each is an anomaly, shape (n,)."""

    rows: Rows
    labels: NDArray[np.bool_]


def read_train(channel: Channel, feature_dim: int) -> Rows:
    """Read channel `train`, shape (n, feature_dim).

    Raises:
        DataError: the channel is set up otherwise than the algorithm asks, or a row is wrong.
    """
    _check(channel, label_size=0, distribution="ShardedByS3Key")
    return _read(channel, feature_dim)


def read_test(channel: Channel, feature_dim: int) -> LabelledRows:
    """Read channel `test`: a label, 0 or 1, before the features.

    Raises:
        DataError: the channel is set up otherwise than the algorithm asks, or a row is wrong.
    """
    _check(channel, label_size=1, distribution="FullyReplicated")
    table = _read(channel, 1 + feature_dim)
    if not np.isin(table[:, 0], (0, 1)).all():
        raise DataError("channel test: the label, its first column, must be 0 or 1")
    return LabelledRows(table[:, 1:], table[:, 0] == 1)


def parse_csv(text: str, columns: int, where: str) -> Rows:
    """Read rows of numbers, shape (n, columns).

    Args:
        text: lines of numbers with commas between them; empty lines are skipped.
        columns: numbers in each line.
        where: named in errors.

    Raises:
        DataError: a line has more or fewer columns, or something else than finite numbers.
    """
    rows = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        cells = line.split(",")
        if len(cells) != columns:
            raise DataError(f"{where}, line {number}: {len(cells)} columns; there must be {columns}")
        rows.append([_number(cell, f"{where}, line {number}") for cell in cells])
    return np.array(rows, np.float64).reshape(-1, columns)


def _number(cell: str, where: str) -> float:
    try:
        value = float(cell)
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise DataError(f"{where}: {cell.strip()!r} is no finite number")
    return value


def _check(channel: Channel, *, label_size: int, distribution: str) -> None:
    wanted = f"{CSV};label_size={label_size}"
    content = parse_media_type(channel.content_type)
    if content.name == RECORDIO:
        raise DataError(f"channel {channel.name}: RecordIO is not supported by the local RandomCutForest: use {wanted}")
    if content.name != CSV or content.parameters != {"label_size": str(label_size)}:
        raise DataError(f"channel {channel.name} has ContentType {channel.content_type!r}; it must be {wanted}")
    if channel.distribution != distribution:
        raise DataError(f"channel {channel.name} has S3DataDistributionType {channel.distribution}; it must be "
                        f"{distribution}")  # fmt: skip


def _read(channel: Channel, columns: int) -> Rows:
    tables = []
    for path in channel.files():
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise DataError(f"{path.name} is not text in UTF-8: {error}") from error
        tables.append(parse_csv(text, columns, path.relative_to(channel.folder).as_posix()))
    if not sum(len(table) for table in tables):
        raise DataError(f"channel {channel.name} holds no rows")
    return np.concatenate(tables)
