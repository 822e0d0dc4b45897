"""JSON paths of an InputSchema: `$.a.b`, `$.a[0:]` (the whole array), `$.a[0:].b` (a row per element).

Source: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/about-json-path.html
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(
    r"""\.(?P<name>[^.\[\]'"\s]+)|\[(?P<quote>['"])(?P<quoted>[^'"]*)(?P=quote)\]|(?P<all>\[(?:0:|\*)\])"""
)


@dataclass(frozen=True)
class FieldPath:
    """A path from the row's object.

    Attributes:
        names: keys from the outside in; those before `array_at` lead to the array.
        array_at: after how many names an array is taken apart into rows, or None.
    """

    names: tuple[str, ...]
    array_at: int | None = None

    @property
    def array(self) -> tuple[str, ...] | None:
        """The path of the array that is taken apart, or None."""
        return None if self.array_at is None else self.names[: self.array_at]

    @property
    def label(self) -> str:
        """The names with dots: under which a CSV file has the column in its header."""
        return ".".join(self.names)


def parse_path(text: str) -> FieldPath:
    """Parse a path.

    Raises:
        ValueError: in a sentence.
    """
    allowed = "allowed are paths such as $.user, $.event.time, $.items[0:] and $.items[0:].id"
    if not text.startswith("$"):
        raise ValueError(f"path {text!r} does not start with $; {allowed}")
    names: list[str] = []
    arrays: list[int] = []
    position = 1
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise ValueError(f"path {text!r} is not supported; {allowed}")
        if match["all"]:
            arrays.append(len(names))
        else:
            names.append(match["name"] or match["quoted"])
        position = match.end()
    if len(arrays) > 1:
        raise ValueError(f"path {text!r} goes into two arrays; {allowed}")
    at = arrays[0] if arrays and arrays[0] < len(names) else None
    return FieldPath(tuple(names), at)
