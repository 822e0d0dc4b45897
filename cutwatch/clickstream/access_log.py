"""Web servers' access logs in the common and the combined format, as Apache and nginx write them.

Formats: https://httpd.apache.org/docs/current/logs.html#accesslog. A line is a click: its page is the path without
the query, its user the authenticated name or else the client's address together with its agent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from cutwatch.errors import DataError

_LINE = re.compile(
    r"(?P<host>\S+) \S+ (?P<name>\S+|.+?) \[(?P<time>[^\]]+)\] "
    r'"(?P<request>(?:[^"\\]|\\.)*)" (?P<status>\d{3}|-) \S+'
    r'(?: "(?:[^"\\]|\\.)*" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_TIME = "such as 15/Jul/2020:10:10:00 +0000"


def parse_access_log(lines: Iterable[tuple[int, str]], path: str) -> Iterator[tuple[datetime, str, str]]:
    """Yield time, user and page of every line.

    Args:
        lines: line numbers and lines.
        path: of the file, for messages.

    Raises:
        DataError: a line in neither format.
    """
    for number, line in lines:
        match = _LINE.match(line)
        if not match:
            raise DataError(f"{path}, line {number}: {line.strip()[:60]!r} is not in the common or combined log format")
        try:
            at = datetime.strptime(match["time"], "%d/%b/%Y:%H:%M:%S %z")
        except ValueError as cause:
            raise DataError(f"{path}, line {number}: {match['time']!r} is no time; allowed: {_TIME}") from cause
        user = match["name"] if match["name"] != "-" else f"{match['host']} {match['agent'] or ''}".strip()
        words = match["request"].split(" ")
        target = words[1] if len(words) > 1 else words[0]
        yield at, user, target.split("?", 1)[0]
