"""Clicks in memory, and as the JSON that goes to a stream: clicks and one tick a minute, in order of time."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
MINUTE_MS = 60_000
LAST_TICK_MS = 59_000  # after the end: closes the last window in spite of allowed lateness, and opens no other


@dataclass(frozen=True)
class Clicks:
    """Clicks in order of time.

    Attributes:
        time_ms: milliseconds since 1970, UTC, shape (n,).
        user: a number for each user, shape (n,).
        page: a number for each page, shape (n,).
        user_name: gives the user of a number.
        page_name: gives the page of a number.
        start_ms: where the data begins: a whole minute, not later than the first click.
        end_ms: where it ends: a whole minute, later than the last click.
    """

    time_ms: Ints
    user: Ints
    page: Ints
    user_name: Callable[[int], str]
    page_name: Callable[[int], str]
    start_ms: int
    end_ms: int

    def __len__(self) -> int:
        return len(self.time_ms)

    @property
    def start(self) -> datetime:
        """Where the data begins, aware."""
        return from_ms(self.start_ms)

    @property
    def end(self) -> datetime:
        """Where the data ends, aware."""
        return from_ms(self.end_ms)


class Event(NamedTuple):
    """One record for a stream: its JSON, its time, and who clicked; None: a tick, which counts as nothing."""

    data: bytes
    time_ms: int
    user: str | None


def events(parts: Iterable[Clicks], *, shift_ms: int = 0) -> Iterator[Event]:
    """Yield clicks and a tick at the start of every minute, in order, and a last tick that closes the last windows.

    Args:
        parts: stretches of clicks that follow one another, such as days.
        shift_ms: added to every time.
    """
    end = None
    for part in parts:
        yield from _part_events(part, shift_ms)
        end = part.end_ms
    if end is not None:
        yield _tick(end + LAST_TICK_MS + shift_ms)


def tick(moment: datetime) -> bytes:
    """The JSON of a tick: a time and nothing else."""
    return _tick(to_ms(moment)).data


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 of an aware time."""
    return round(moment.timestamp() * 1000)


def from_ms(time_ms: int) -> datetime:
    """The aware time of milliseconds since 1970."""
    return datetime.fromtimestamp(time_ms / 1000, UTC)


def iso(time_ms: int | Ints) -> NDArray[np.str_]:
    """ISO-8601 texts, to the millisecond, without the Z."""
    return np.datetime_as_string(np.asarray(time_ms).astype("datetime64[ms]"))


def _part_events(part: Clicks, shift_ms: int) -> Iterator[Event]:
    minutes = np.arange(part.start_ms, part.end_ms, MINUTE_MS)
    until = np.searchsorted(part.time_ms, minutes + MINUTE_MS).tolist()
    times = part.time_ms + shift_ms
    texts, numbers = iso(times).tolist(), times.tolist()
    users, pages = part.user.tolist(), part.page.tolist()
    at = 0
    for minute, stop in zip(minutes.tolist(), until, strict=True):
        yield _tick(minute + shift_ms)
        while at < stop:
            user = part.user_name(users[at])
            text = {"timestamp": texts[at] + "Z", "user": user, "page": part.page_name(pages[at])}
            yield Event(json.dumps(text).encode(), numbers[at], user)
            at += 1


def _tick(time_ms: int) -> Event:
    return Event(json.dumps({"timestamp": f"{iso(time_ms)}Z"}).encode(), time_ms, None)
