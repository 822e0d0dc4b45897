"""The series table: rows, scores and forecast bands by series and window."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from cutwatch.detection import codec
from cutwatch.detection.records import ExpectedRange
from lambdas.shared.windows import WindowRow

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


@dataclass(frozen=True)
class StoredWindow:
    """A window as the table holds it.

    Attributes:
        series: Key of the series.
        start: Start of the window, aware, in UTC.
        values: Its counts by column; None for a window that is only forecast.
        band: What the counted column was forecast to be; None where there is no forecast.
    """

    series: str
    start: datetime
    values: Mapping[str, float] | None
    band: ExpectedRange | None


class SeriesTable:
    """Reads and writes windows; every write is repeatable without harm.

    Args:
        client: DynamoDB client.
        table: Name of the table.
        keep: How long windows are kept, counted from their start.
    """

    def __init__(self, client: DynamoDBClient, table: str, keep: timedelta) -> None:
        self._client = client
        self._table = table
        self._keep = keep

    def put_row(self, row: WindowRow) -> None:
        """Store a row's counts, beside whatever the window holds already."""
        values = {name: {"N": repr(value)} for name, value in row.values.items()}
        self._update(row.series, row.start, "values", {"M": values})

    def put_band(self, series: str, start: datetime, band: ExpectedRange) -> None:
        """Store the forecast of a window."""
        self._update(series, start, "band", {"M": {name: {"N": repr(edge)} for name, edge in band._asdict().items()}})

    def put_score(self, series: str, start: datetime, detector: str, score: float) -> None:
        """Store a detector's score of a window."""
        self._update(series, start, f"score_{detector}", {"N": repr(score)})

    def band(self, series: str, start: datetime) -> ExpectedRange | None:
        """Read the forecast of a window."""
        item = self._client.get_item(TableName=self._table, Key=_key(series, start), ConsistentRead=True).get("Item")
        return _window(item).band if item else None

    def history(self, series: str, *, first: datetime, before: datetime) -> Sequence[StoredWindow]:
        """Read the windows from `first` on and before `before`, in order."""
        last = before - timedelta(microseconds=1)
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            ConsistentRead=True,
            KeyConditionExpression="series = :series AND window_start BETWEEN :first AND :last",
            ExpressionAttributeValues={
                ":series": {"S": series},
                ":first": {"S": codec.format_time(first)},
                ":last": {"S": codec.format_time(last)},
            },
        )
        return [_window(item) for page in pages for item in page["Items"]]

    def all_windows(self) -> Iterator[StoredWindow]:
        """Yield every window of every series, in no order."""
        pages = self._client.get_paginator("scan").paginate(TableName=self._table)
        return (_window(item) for page in pages for item in page["Items"])

    def _update(self, series: str, start: datetime, attribute: str, value: Mapping[str, Any]) -> None:
        expires = int((start + self._keep).timestamp())
        self._client.update_item(
            TableName=self._table,
            Key=_key(series, start),
            UpdateExpression="SET #attribute = :value, expires_at = :expires",
            ExpressionAttributeNames={"#attribute": attribute},
            ExpressionAttributeValues={":value": value, ":expires": {"N": str(expires)}},
        )


def by_series(windows: Iterable[StoredWindow]) -> Mapping[str, Sequence[StoredWindow]]:
    """Group windows that have counts by series, each in order of time."""
    groups: dict[str, list[StoredWindow]] = {}
    for window in windows:
        if window.values is not None:
            groups.setdefault(window.series, []).append(window)
    return {series: sorted(group, key=lambda window: window.start) for series, group in sorted(groups.items())}


def _key(series: str, start: datetime) -> dict[str, Any]:
    return {"series": {"S": series}, "window_start": {"S": codec.format_time(start.astimezone(UTC))}}


def _window(item: Mapping[str, Any]) -> StoredWindow:
    values = {name: float(value["N"]) for name, value in item["values"]["M"].items()} if "values" in item else None
    band = (
        ExpectedRange(**{name: float(edge["N"]) for name, edge in item["band"]["M"].items()})
        if "band" in item
        else None
    )
    return StoredWindow(item["series"]["S"], codec.parse_time(item["window_start"]["S"]), values, band)
