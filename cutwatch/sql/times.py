"""Times as whole milliseconds since 1970 UTC: the precision of the service's TIMESTAMP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
# Python's and DuckDB's times end with the year 9999; a margin of more than a year keeps every window's end inside.
EARLIEST_MS = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND
LATEST_MS = (datetime(9998, 1, 1, tzinfo=UTC) - _EPOCH) // _MILLISECOND


def to_ms(time: datetime) -> int:
    """Milliseconds of a time; one without a zone is UTC; what is finer than a millisecond is cut off."""
    return ((time if time.tzinfo else time.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def from_ms(milliseconds: int) -> datetime:
    """The aware UTC time."""
    return _EPOCH + timedelta(milliseconds=milliseconds)


@lru_cache(maxsize=8192)
def parse_ms(text: str) -> int:
    """Milliseconds of an ISO-8601 text such as `2020-07-15T10:10:00Z`, `2020-07-15 10:10:00.5` or `2020-07-15`.

    Raises:
        ValueError: it is none, or not of the years 2 to 9997.
    """
    milliseconds = to_ms(datetime.fromisoformat(text.strip()))
    if not EARLIEST_MS <= milliseconds < LATEST_MS:
        raise ValueError("the time is not of the years 2 to 9997")
    return milliseconds


def format_ms(milliseconds: int) -> str:
    """`2020-07-15 10:10:00.000`: as the service writes a TIMESTAMP."""
    return from_ms(milliseconds).strftime("%Y-%m-%d %H:%M:%S.") + f"{milliseconds % 1000:03d}"
