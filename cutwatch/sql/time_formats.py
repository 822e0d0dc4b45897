"""Formats of CHAR_TO_TIMESTAMP and TIMESTAMP_TO_CHAR (Java's SimpleDateFormat) as strftime formats."""

from __future__ import annotations

import re

_CODES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "SSS": "%g"}
_PIECE = re.compile(r"'(?P<quoted>[^']*)'|(?P<code>([A-Za-z])\3*)|(?P<other>[^A-Za-z'])")


def to_strftime(pattern: str) -> str:
    """The strftime format of a Java pattern; `%g` stands for milliseconds.

    Raises:
        ValueError: in a sentence.
    """
    pieces, position = [], 0
    while position < len(pattern):
        match = _PIECE.match(pattern, position)
        if match is None:
            raise ValueError(f"format '{pattern}' has a quote that is not closed")
        code = match["code"]
        if code and code not in _CODES:
            raise ValueError(f"{code} in format '{pattern}' is not supported; allowed are {', '.join(_CODES)}")
        pieces.append(_CODES[code] if code else (match["quoted"] or match["other"] or "'").replace("%", "%%"))
        position = match.end()
    return "".join(pieces)
