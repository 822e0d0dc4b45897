"""Whole numbers that a deployment sets in a SQL text: `${name:default}`, such as the length of a window.

The only place where SQL text is made from values. A value is a whole number, so nothing else can get into the text;
the default keeps the file a program that runs as it is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from cutwatch.errors import DeveloperError

_PARAMETER = re.compile(r"\$\{(?P<name>[a-z][a-z0-9_]*):(?P<default>\d{1,9})\}")


def bind_parameters(text: str, values: Mapping[str, int] | None = None, *, file: str = "<sql>") -> str:
    """Put values in place of a text's parameters, and defaults where there is no value.

    Args:
        text: SQL with parameters such as `INTERVAL '${score_seconds:60}' SECOND`.
        values: By parameter's name.
        file: Name of the text in messages.

    Raises:
        DeveloperError: A value is for a parameter that the text does not have.

    Example:
        >>> bind_parameters("STEP(T.ROWTIME BY INTERVAL '${score_seconds:60}' SECOND)", {"score_seconds": 120})
        "STEP(T.ROWTIME BY INTERVAL '120' SECOND)"
    """
    given = dict(values or {})
    known = {match["name"] for match in _PARAMETER.finditer(text)}
    for name, value in given.items():
        if name not in known:
            there = ", ".join(sorted(known)) or "none"
            raise DeveloperError(f"{file} has no parameter ${{{name}}}, so it cannot be {value}; it has: {there}")
    return _PARAMETER.sub(lambda match: str(int(given.get(match["name"], match["default"]))), text)
