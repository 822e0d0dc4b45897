"""SQL types of columns and expressions, as Kinesis Data Analytics for SQL names them.

Source of names, ranges and precisions: the data types page of AWS's Kinesis Data Analytics SQL Reference.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum

MAX_TEXT_LENGTH = 65_535
MAX_DECIMAL_DIGITS = 19


class Kind(Enum):
    """The kind of a type; its value is the name that people write."""

    TINYINT = "TINYINT"
    SMALLINT = "SMALLINT"
    INTEGER = "INTEGER"
    BIGINT = "BIGINT"
    DECIMAL = "DECIMAL"
    REAL = "REAL"
    FLOAT = "FLOAT"
    DOUBLE = "DOUBLE"
    BOOLEAN = "BOOLEAN"
    CHAR = "CHAR"
    VARCHAR = "VARCHAR"
    DATE = "DATE"
    TIMESTAMP = "TIMESTAMP"
    INTERVAL = "INTERVAL"
    NULL = "NULL"


INTEGER_BITS = {Kind.TINYINT: 8, Kind.SMALLINT: 16, Kind.INTEGER: 32, Kind.BIGINT: 64}
INTEGERS = frozenset(INTEGER_BITS)
APPROXIMATES = frozenset({Kind.REAL, Kind.FLOAT, Kind.DOUBLE})
NUMBERS = INTEGERS | APPROXIMATES | {Kind.DECIMAL}
TEXTS = frozenset({Kind.CHAR, Kind.VARCHAR})

_ALIASES = {
    "INT": "INTEGER",
    "DEC": "DECIMAL",
    "NUMERIC": "DECIMAL",
    "DOUBLE PRECISION": "DOUBLE",
    "CHARACTER": "CHAR",
    "CHARACTER VARYING": "VARCHAR",
    "CHAR VARYING": "VARCHAR",
}
_SHAPE = re.compile(
    r"\s*([A-Za-z]+(?:\s+(?:PRECISION|VARYING))?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?\s*", re.IGNORECASE
)
_REFUSED = {
    "TIME": "use TIMESTAMP",
    "BINARY": "use VARCHAR with the bytes in base64 or hex",
    "VARBINARY": "use VARCHAR with the bytes in base64 or hex",
    "INTERVAL": "keep a number of milliseconds as BIGINT",
    "TEXT": "use VARCHAR(n)",
    "STRING": "use VARCHAR(n)",
}


@dataclass(frozen=True)
class SqlType:
    """One SQL type.

    Attributes:
        kind: which type.
        length: characters of CHAR and VARCHAR, digits of DECIMAL; None where the type has none.
        scale: digits of a DECIMAL after the point.
    """

    kind: Kind
    length: int | None = None
    scale: int = 0

    def __str__(self) -> str:
        if self.kind is Kind.DECIMAL:
            return f"DECIMAL({self.length},{self.scale})"
        return self.kind.value if self.length is None else f"{self.kind.value}({self.length})"

    @property
    def is_number(self) -> bool:
        """Whether arithmetic works on it."""
        return self.kind in NUMBERS

    @property
    def is_integer(self) -> bool:
        """Whether it holds whole numbers only."""
        return self.kind in INTEGERS

    @property
    def is_approximate(self) -> bool:
        """Whether it is a binary floating point number."""
        return self.kind in APPROXIMATES

    @property
    def is_text(self) -> bool:
        """Whether it is a string."""
        return self.kind in TEXTS


TINYINT, SMALLINT, INTEGER, BIGINT = (SqlType(kind) for kind in INTEGER_BITS)
REAL, FLOAT, DOUBLE = SqlType(Kind.REAL), SqlType(Kind.FLOAT), SqlType(Kind.DOUBLE)
BOOLEAN, DATE, TIMESTAMP = SqlType(Kind.BOOLEAN), SqlType(Kind.DATE), SqlType(Kind.TIMESTAMP)
VARCHAR, INTERVAL, NULL = SqlType(Kind.VARCHAR), SqlType(Kind.INTERVAL), SqlType(Kind.NULL)


def decimal(digits: int, scale: int) -> SqlType:
    """A DECIMAL, cut to the 19 digits that the service keeps."""
    digits = min(digits, MAX_DECIMAL_DIGITS)
    return SqlType(Kind.DECIMAL, digits, min(scale, digits))


def parse_type(text: str) -> SqlType:
    """Read a type as it stands in SQL or in an InputSchema, e.g. `varchar(512)` or `DECIMAL(5,2)`.

    Raises:
        ValueError: with a sentence that says what is allowed; the caller adds where.
    """
    match = _SHAPE.fullmatch(text)
    name = " ".join(match[1].upper().split()) if match else text.strip().upper()
    name = _ALIASES.get(name, name)
    if hint := _REFUSED.get(name.split("(")[0].strip()):
        raise ValueError(f"type {text.strip()} is not supported; {hint}")
    if not match or name not in Kind.__members__ or name == "NULL":
        allowed = ", ".join(kind.value for kind in Kind if kind not in (Kind.INTERVAL, Kind.NULL))
        raise ValueError(f"type {text.strip()} is unknown; allowed are {allowed}")
    kind, length, scale = Kind[name], match[2], match[3]
    if kind is Kind.DECIMAL:
        return _decimal(int(length or MAX_DECIMAL_DIGITS), int(scale or 0))
    if scale is not None or (length is not None and kind not in TEXTS):
        raise ValueError(f"type {text.strip()} takes no such length; write {kind.value}")
    if kind in TEXTS:
        return _text(kind, int(length) if length else 1 if kind is Kind.CHAR else None)
    return SqlType(kind)


def _decimal(digits: int, scale: int) -> SqlType:
    if not 1 <= digits <= MAX_DECIMAL_DIGITS or scale > digits:
        raise ValueError(f"DECIMAL({digits},{scale}) is out of range; 1 to {MAX_DECIMAL_DIGITS} digits are allowed")
    return SqlType(Kind.DECIMAL, digits, scale)


def _text(kind: Kind, length: int | None) -> SqlType:
    if length is None:
        raise ValueError("VARCHAR needs a length, e.g. VARCHAR(64)")
    if not 1 <= length <= MAX_TEXT_LENGTH:
        raise ValueError(f"{kind.value}({length}) is out of range; 1 to {MAX_TEXT_LENGTH} characters are allowed")
    return SqlType(kind, length)


def common_type(left: SqlType, right: SqlType) -> SqlType | None:
    """The type that holds both, as CASE, COALESCE and comparisons need it; None when there is none."""
    if left == right or right.kind is Kind.NULL:
        return left
    if left.kind is Kind.NULL:
        return right
    if left.is_text and right.is_text:
        lengths = (left.length, right.length)
        return SqlType(Kind.VARCHAR, None if None in lengths else max(length or 0 for length in lengths))
    if left.is_number and right.is_number:
        return _common_number(left, right)
    return TIMESTAMP if {left.kind, right.kind} == {Kind.DATE, Kind.TIMESTAMP} else None


def _common_number(left: SqlType, right: SqlType) -> SqlType:
    if left.is_approximate or right.is_approximate:
        return REAL if left.kind is right.kind is Kind.REAL else DOUBLE
    if left.is_integer and right.is_integer:
        return left if INTEGER_BITS[left.kind] >= INTEGER_BITS[right.kind] else right
    return replace(decimal(MAX_DECIMAL_DIGITS, max(left.scale, right.scale)))
