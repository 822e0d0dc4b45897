"""Interval literals and units to milliseconds."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlglot import exp

from cutwatch.sql.bind.scope import Scope

UNIT_MS = {"SECOND": 1_000, "MINUTE": 60_000, "HOUR": 3_600_000, "DAY": 86_400_000}
MAX_INTERVAL_MS = 366 * UNIT_MS["DAY"]
_ALLOWED = "allowed are SECOND, MINUTE, HOUR and DAY"


def unit_ms(unit: exp.Expr, scope: Scope, at: exp.Expr | None = None) -> int:
    """Milliseconds of a unit such as MINUTE; a refusal points at `at`, or at the unit itself."""
    name = str(unit.this).upper()
    if name not in UNIT_MS:
        raise scope.error(f"unit {name} is not supported; {_ALLOWED}", at or unit)
    return UNIT_MS[name]


def interval_ms(node: exp.Expr, scope: Scope) -> int:
    """Milliseconds of INTERVAL 'n' UNIT.

    Raises:
        SqlError: it is no interval literal, has several units, is out of range or finer than a millisecond.
    """
    if not isinstance(node, exp.Interval):
        raise scope.error("an interval is needed", node, "write INTERVAL '60' SECOND")
    unit = node.args.get("unit")
    if not isinstance(unit, exp.Var):
        raise scope.error("intervals of several units are not supported", node, "write INTERVAL '90' SECOND")
    try:
        amount = Decimal(str(node.this.this).strip()) * unit_ms(unit, scope, node)
    except InvalidOperation:
        raise scope.error(
            f"{node.this.sql()} is no number of {unit.name}S", node, "write INTERVAL '60' SECOND"
        ) from None
    if not 0 < amount <= MAX_INTERVAL_MS or amount != int(amount):
        raise scope.error("an interval must be a whole number of milliseconds, up to 366 DAYs", node)
    return int(amount)
