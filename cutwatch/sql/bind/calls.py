"""Function calls by name: scalar ones here, aggregates where the query allows them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from cutwatch.sql.bind.intervals import interval_ms, unit_ms
from cutwatch.sql.bind.scope import offset_of
from cutwatch.sql.expressions import AggregateCall, Call, Case, Cast, Expr, Literal, floor_to
from cutwatch.sql.functions import AGGREGATES, ANALYTIC_ONLY, EXTRACT_UNITS, SCALARS, aggregate_type
from cutwatch.sql.syntax.unsupported import FUNCTIONS
from cutwatch.sql.types import BIGINT, BOOLEAN, NULL, TIMESTAMP, Kind, SqlType, parse_type

if TYPE_CHECKING:
    from cutwatch.sql.bind.scalars import Binder

_TEXT_TARGETS = frozenset({Kind.CHAR, Kind.VARCHAR})


def bind_function(binder: Binder, node: exp.Anonymous) -> Expr:
    """The call of a scalar function or an aggregate."""
    name = str(node.this.this if isinstance(node.this, exp.Identifier) else node.this).upper()
    if name in AGGREGATES or name in ANALYTIC_ONLY:
        if binder.aggregate is None:
            problem, advice = binder.no_aggregate
            raise binder.scope.error(f"{name}: {problem}", node, advice)
        return binder.aggregate(binder, node)
    if name in _SPECIAL:
        return _SPECIAL[name](binder, node)
    if name not in SCALARS:
        raise _unknown(binder, node, name)
    return binder.call(name, node, *(binder.bind(argument) for argument in node.expressions))


def bind_aggregate(binder: Binder, node: exp.Anonymous) -> AggregateCall:
    """COUNT(*), SUM(x), COUNT(DISTINCT x) …; what stands inside must hold no aggregate again."""
    name, arguments = str(node.this).upper(), list(node.expressions)
    distinct = len(arguments) == 1 and isinstance(arguments[0], exp.Distinct)
    if distinct:
        arguments = list(arguments[0].expressions)
    if len(arguments) != 1:
        raise binder.scope.error(f"{name} takes 1 argument, not {len(arguments)}", node)
    inner = type(binder)(
        binder.scope, no_aggregate=("an aggregate cannot stand inside another", "pump one into a stream first")
    )
    argument = None if isinstance(arguments[0], exp.Star) else inner.bind(arguments[0])
    if argument is None and distinct:
        raise binder.scope.error(f"{name}(DISTINCT *) makes no sense", node, "name a column")
    kind = (
        argument.type
        if name in ANALYTIC_ONLY and argument
        else aggregate_type(name, argument.type if argument else None)
    )
    if isinstance(kind, str):
        raise binder.scope.error(kind, node)
    return AggregateCall(name, argument, distinct, kind, offset_of(node))


def _unknown(binder: Binder, node: exp.Anonymous, name: str) -> Exception:
    near = difflib.get_close_matches(name, [*SCALARS, *AGGREGATES, *_SPECIAL], n=1)
    advice = FUNCTIONS.get(name) or (f"did you mean {near[0]}?" if near else "docs/sql.md lists the functions")
    return binder.scope.error(f"function {name} is not supported", node, advice)


def _arguments(binder: Binder, node: exp.Anonymous, name: str, count: int) -> list[exp.Expr]:
    if len(node.expressions) != count:
        raise binder.scope.error(f"{name} takes {count} arguments, not {len(node.expressions)}", node)
    return list(node.expressions)


def _timed(binder: Binder, value: exp.Expr, name: str) -> Expr:
    bound = binder.bind(value)
    if bound.type.kind is not Kind.TIMESTAMP:
        raise binder.scope.error(f"{name} needs a TIMESTAMP, not {bound.type}", value)
    return bound


def _floor_to(binder: Binder, node: exp.Anonymous) -> Expr:
    return floor_to(_timed(binder, node.expressions[0], "FLOOR ... TO"), unit_ms(node.expressions[1], binder.scope))


def _ceil_to(binder: Binder, node: exp.Anonymous) -> Expr:
    step = Literal(unit_ms(node.expressions[1], binder.scope), BIGINT)
    return Call("CEIL TIME", (_timed(binder, node.expressions[0], "CEIL ... TO"), step), TIMESTAMP)


def _step(binder: Binder, node: exp.Anonymous) -> Expr:
    """STEP(time BY INTERVAL …) and STEP(integer BY integer)."""
    value, step = _arguments(binder, node, "STEP(x BY y)", 2)
    if isinstance(step, exp.Interval):
        return floor_to(_timed(binder, value, "STEP ... BY INTERVAL"), interval_ms(step, binder.scope))
    bound, by = binder.bind(value), binder.bind(step)
    if not bound.type.is_integer or not isinstance(by, Literal) or not by.type.is_integer or not by.value:
        advice = "write STEP(ROWTIME BY INTERVAL '60' SECOND) or STEP(n BY 5)"
        raise binder.scope.error("STEP needs a time and an interval, or two whole numbers", node, advice)
    return Call("STEP NUMBER", (bound, by), bound.type)


def _extract(binder: Binder, node: exp.Anonymous) -> Expr:
    unit, value = node.expressions
    if unit.this not in EXTRACT_UNITS:
        raise binder.scope.error(f"unit {unit.this} is not supported; allowed are {', '.join(EXTRACT_UNITS)}", unit)
    bound = binder.bind(value)
    if bound.type.kind not in (Kind.TIMESTAMP, Kind.DATE):
        raise binder.scope.error(f"EXTRACT needs a TIMESTAMP or DATE, not {bound.type}", value)
    return Call("EXTRACT", (Literal(str(unit.this), SqlType(Kind.VARCHAR)), bound), BIGINT)


def _cast(binder: Binder, node: exp.Anonymous) -> Expr:
    value, kind_node = node.expressions
    bound = binder.bind(value)
    try:
        kind = parse_type(str(kind_node.this))
    except ValueError as cause:
        raise binder.scope.error(str(cause), kind_node) from None
    if not can_cast(bound.type, kind):
        raise binder.scope.error(f"{bound.type} cannot be cast to {kind}", node)
    return Cast(bound, kind)


def can_cast(source: SqlType, target: SqlType) -> bool:
    """The conversions that the service's CAST page lists."""
    if source.kind is Kind.NULL or source.kind is target.kind:
        return True
    if source.is_text:
        return target.kind is not Kind.INTERVAL
    if source.is_number:
        return target.is_number or target.kind in _TEXT_TARGETS
    if source.kind in (Kind.DATE, Kind.TIMESTAMP):
        return target.kind in (Kind.DATE, Kind.TIMESTAMP) or target.kind in _TEXT_TARGETS
    return source.kind is Kind.BOOLEAN and target.kind in _TEXT_TARGETS


def _coalesce(binder: Binder, node: exp.Anonymous) -> Expr:
    from cutwatch.sql.bind.scalars import fit

    values = [binder.bind(argument) for argument in node.expressions]
    if not values:
        raise binder.scope.error("COALESCE takes at least 1 argument", node)
    kind = binder.unify(node, "COALESCE", values)
    *tested, last = (fit(value, kind) for value in values)
    branches = tuple((Call("IS NOT NULL", (value,), BOOLEAN), value) for value in tested)
    return Case(branches, last, kind) if branches else last


def _nullif(binder: Binder, node: exp.Anonymous) -> Expr:
    left, right = (binder.bind(argument) for argument in _arguments(binder, node, "NULLIF", 2))
    equal = binder.compare("=", node, left, right)
    return Case(((equal, Cast(Literal(None, NULL), left.type)),), left, left.type)


_SPECIAL: dict[str, Callable[[Binder, exp.Anonymous], Expr]] = {
    "FLOOR TO": _floor_to,
    "CEIL TO": _ceil_to,
    "STEP": _step,
    "EXTRACT": _extract,
    "CAST": _cast,
    "COALESCE": _coalesce,
    "NULLIF": _nullif,
}
