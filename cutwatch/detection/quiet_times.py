"""Quiet hours and maintenance windows: parsed once, asked often, aware of time zones."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from cutwatch.detection.codec import RefusedValueError

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_INTERVAL_FORM = "such as 2026-01-31T20:00/2026-01-31T23:00, the end after the start"
_WEEKLY = re.compile(r"(?:(?P<days>[A-Za-z,]+) )?(?P<from>\d\d:\d\d)-(?P<to>\d\d:\d\d)")


@dataclass(frozen=True)
class WeeklyTimes:
    """A stretch of the day on some days of the week (0 = Monday); over midnight where it ends before it starts."""

    days: frozenset[int]
    start_minute: int
    end_minute: int

    def covers(self, moment: datetime) -> bool:
        """Tell whether the local time `moment` lies in it; a stretch over midnight belongs to the day it starts on."""
        minute, day = moment.hour * 60 + moment.minute, moment.weekday()
        if self.start_minute < self.end_minute:
            return day in self.days and self.start_minute <= minute < self.end_minute
        if minute >= self.start_minute:
            return day in self.days
        return minute < self.end_minute and (day - 1) % 7 in self.days


@dataclass(frozen=True)
class Interval:
    """A stretch of time from `start` to before `end`, both aware."""

    start: datetime
    end: datetime

    def overlaps(self, start: datetime, end: datetime) -> bool:
        """Tell whether any moment of `start` to `end` lies in it."""
        return self.start < end and start < self.end


def parse_weekly_times(text: str) -> WeeklyTimes:
    """Parse `22:00-06:00` or `Sat,Sun 00:00-24:00`. Raises RefusedValueError."""
    match = _WEEKLY.fullmatch(text.strip())
    names = (match["days"] or ",".join(DAYS)).split(",") if match else []
    if not match or any(name not in DAYS for name in names):
        raise RefusedValueError("quiet_hours", text, "such as 22:00-06:00 or Sat,Sun 00:00-24:00")
    start, end = (_minute(match[part], text) for part in ("from", "to"))
    if start == end:
        raise RefusedValueError("quiet_hours", text, "a stretch that starts and ends at different times")
    return WeeklyTimes(frozenset(DAYS.index(name) for name in names), start, end)


def parse_interval(text: str, zone: str) -> Interval:
    """Parse `2026-01-31T20:00/2026-01-31T23:00`; times without a zone are in `zone`. Raises RefusedValueError."""
    try:
        start, end = (datetime.fromisoformat(part.strip()) for part in text.split("/"))
        local = parse_zone(zone)
        start, end = (at if at.tzinfo else at.replace(tzinfo=local) for at in (start, end))
        if start >= end:
            raise ValueError(text)
    except ValueError as cause:
        raise RefusedValueError(
            "maintenance", text, "such as 2026-01-31T20:00/2026-01-31T23:00, the end after the start"
        ) from cause
    return Interval(start.astimezone(UTC), end.astimezone(UTC))


@lru_cache(maxsize=64)
def parse_zone(name: str) -> tzinfo:
    """Find a time zone by its IANA name. Raises RefusedValueError. UTC needs no time zone database."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as cause:
        raise RefusedValueError("time_zone", name, "an IANA time zone such as Europe/Paris") from cause


def is_quiet(times: tuple[WeeklyTimes, ...], moment: datetime, zone: str) -> bool:
    """Tell whether `moment` (aware) lies in any of the quiet hours, read in `zone`."""
    return bool(times) and any(stretch.covers(moment.astimezone(parse_zone(zone))) for stretch in times)


def in_maintenance(intervals: tuple[Interval, ...], start: datetime, seconds: int) -> bool:
    """Tell whether a window of `seconds` from `start` touches a maintenance window."""
    end = start + timedelta(seconds=seconds)
    return any(interval.overlaps(start, end) for interval in intervals)


def _minute(text: str, whole: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or hours * 60 + minutes > 1440:
        raise RefusedValueError("quiet_hours", whole, "times from 00:00 to 24:00")
    return hours * 60 + minutes
