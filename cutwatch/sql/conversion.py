"""One raw value to one SQL value.

Source: https://docs.aws.amazon.com/kinesisanalytics/latest/dev/sch-mapping.html, plus ISO-8601 for times.
NaN and infinities are refused here, so that no model ever meets one.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from cutwatch.sql.application import InputColumn
from cutwatch.sql.times import parse_ms
from cutwatch.sql.types import INTEGER_BITS, Kind, SqlType

Converter = Callable[[Any], Any]


class BadValueError(ValueError):
    """Raised when a value does not fit its column; the text says why."""


def converter(column: InputColumn) -> Converter:
    """What converts the raw values (JSON values, or strings of a CSV) of one column; None never gets here."""
    kind = column.type.kind
    if kind in INTEGER_BITS:
        limit = 2 ** (INTEGER_BITS[kind] - 1)
        return lambda value: _integer(value, limit, column.type)
    makers: dict[Kind, Converter] = {
        Kind.DOUBLE: _double,
        Kind.FLOAT: _double,
        Kind.REAL: _real,
        Kind.BOOLEAN: _boolean,
        Kind.TIMESTAMP: _timestamp,
        Kind.DATE: _date,
        Kind.DECIMAL: lambda value: _decimal(value, column.type),
        Kind.CHAR: lambda value: _text(value, column.type.length).ljust(column.type.length or 1),
        Kind.VARCHAR: _varchar(column.type.length),
    }
    return makers[kind]


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."


def _number(value: Any, kind: str) -> int | float | Decimal:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, str):
        try:
            return Decimal(value.strip())
        except InvalidOperation:
            pass
    raise BadValueError(f"{_shown(value)} is no {kind}")


def _integer(value: Any, limit: int, kind: SqlType) -> int:
    number = value if type(value) is int else _number(value, str(kind))
    try:
        whole = int(number)
    except (OverflowError, ValueError):
        raise BadValueError(f"{_shown(value)} is no {kind}") from None
    if whole != number:
        raise BadValueError(f"{_shown(value)} is no whole number")
    if not -limit <= whole < limit:
        raise BadValueError(f"{_shown(value)} is out of the range of {kind}")
    return whole


def _double(value: Any) -> float:
    try:
        number = float(value if type(value) is float else _number(value, "DOUBLE"))
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise BadValueError(f"{_shown(str(value))} is not a finite number")
    return number


def _real(value: Any) -> float:
    try:
        return float(struct.unpack("<f", struct.pack("<f", _double(value)))[0])
    except OverflowError:
        raise BadValueError(f"{_shown(value)} is out of the range of REAL") from None


def _decimal(value: Any, kind: SqlType) -> Decimal:
    number = _number(value, str(kind))
    exact = number if isinstance(number, Decimal) else Decimal(repr(number))
    if not exact.is_finite():
        raise BadValueError(f"{_shown(str(value))} is not a finite number")
    scaled = exact.scaleb(kind.scale)
    if scaled != scaled.to_integral_value() or abs(scaled) >= Decimal(10) ** (kind.length or 0):
        raise BadValueError(f"{_shown(value)} does not fit {kind}")
    return exact.quantize(Decimal(1).scaleb(-kind.scale))


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str):
        return value.strip().lower() == "true"
    raise BadValueError(f"{_shown(value)} is no BOOLEAN")


def _timestamp(value: Any) -> int:
    if not isinstance(value, str):
        raise BadValueError(f"{_shown(value)} is no TIMESTAMP; times are strings such as 2020-07-15T10:10:00Z")
    try:
        return parse_ms(value)
    except ValueError:
        raise BadValueError(f"{_shown(value)} is no TIMESTAMP") from None


def _date(value: Any) -> date:
    if not isinstance(value, str):
        raise BadValueError(f"{_shown(value)} is no DATE; dates are strings such as 2020-07-15")
    try:
        return date.fromisoformat(value.strip())
    except ValueError:
        raise BadValueError(f"{_shown(value)} is no DATE") from None


def _varchar(length: int | None) -> Converter:
    """Strings, which are most of all values, go the short way."""

    def convert(value: Any) -> str:
        if type(value) is str and value.isascii():
            return value if length is None or len(value) <= length else value[:length]
        return _text(value, length)

    return convert


def _text(value: Any, length: int | None) -> str:
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise BadValueError("the string holds half a character (a lone surrogate)") from None
    return text[:length]
