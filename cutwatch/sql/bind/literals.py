"""Constants: numbers, strings, times."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from sqlglot import exp

from cutwatch.sql.bind.scope import Scope
from cutwatch.sql.expressions import Literal
from cutwatch.sql.types import BIGINT, DATE, DOUBLE, INTEGER, MAX_DECIMAL_DIGITS, TIMESTAMP, Kind, SqlType, decimal

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def bind_literal(node: exp.Literal, scope: Scope) -> Literal:
    """A number or a string."""
    text = str(node.this)
    if node.is_string:
        return Literal(text, SqlType(Kind.VARCHAR, max(1, len(text))))
    if "e" in text.lower():
        if not math.isfinite(float(text)):
            raise scope.error(f"{text} is larger than a DOUBLE", node)
        return Literal(float(text), DOUBLE)
    if "." in text:
        whole, _, fraction = text.partition(".")
        if len(whole.lstrip("0")) + len(fraction) > MAX_DECIMAL_DIGITS:
            raise scope.error(f"{text} has more than {MAX_DECIMAL_DIGITS} digits", node, f"write {text}E0, a DOUBLE")
        return Literal(
            f"{whole or '0'}.{fraction or '0'}", decimal(len(whole.lstrip("0")) + len(fraction) or 1, len(fraction))
        )
    number = int(text)
    if number >= 2**63:
        raise scope.error(f"{text} is larger than a BIGINT", node, f"write {text}E0, a DOUBLE")
    return Literal(number, INTEGER if number < 2**31 else BIGINT)


def bind_time_literal(node: exp.Cast, scope: Scope) -> Literal:
    """TIMESTAMP '2020-07-15 10:10:00' or DATE '2020-07-15'."""
    text, kind = str(node.this.this), node.to.this
    if not isinstance(node.this, exp.Literal) or kind not in (exp.DType.TIMESTAMP, exp.DType.DATE):
        raise scope.error(
            "this literal is not supported", node, "write TIMESTAMP '2020-07-15 10:10:00' or CAST(x AS ...)"
        )
    try:
        time = datetime.fromisoformat(text.strip())
    except ValueError:
        raise scope.error(f"'{text}' is no time", node, "write TIMESTAMP '2020-07-15 10:10:00'") from None
    time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    if kind == exp.DType.DATE:
        return Literal(time.date().isoformat(), DATE)
    return Literal(round((time - _EPOCH).total_seconds() * 1000), TIMESTAMP)
