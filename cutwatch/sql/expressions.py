"""Scalar expressions of a compiled program: typed, frozen, with columns by position. Engines render them.

Two equal expressions compare equal wherever they stand in the text (`at` does not count), which is how a select item is
recognised as a GROUP BY key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from cutwatch.sql.types import BIGINT, TIMESTAMP, SqlType

LiteralValue = str | int | float | bool | None


@dataclass(frozen=True)
class ColumnRef:
    """Column `index` (from 0) of the step's input."""

    index: int
    name: str
    type: SqlType
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class RowTime:
    """The ROWTIME of the row."""

    type: SqlType = TIMESTAMP


@dataclass(frozen=True)
class Literal:
    """A constant. Times are milliseconds since 1970 UTC, intervals milliseconds, DECIMAL its text."""

    value: LiteralValue
    type: SqlType


@dataclass(frozen=True)
class Call:
    """An operator or a function of cutwatch.sql.functions, by its name."""

    function: str
    args: tuple[Expr, ...]
    type: SqlType


@dataclass(frozen=True)
class Cast:
    """A conversion. As an `assignment` (INSERT), text that is longer than the type is an error; in CAST it is cut."""

    arg: Expr
    type: SqlType
    assignment: bool = False


@dataclass(frozen=True)
class Case:
    """CASE WHEN condition THEN value … ELSE default END; only the branch that holds is computed."""

    branches: tuple[tuple[Expr, Expr], ...]
    default: Expr
    type: SqlType


@dataclass(frozen=True)
class NotNull:
    """The value, or an error where it is NULL, as NOT NULL columns demand."""

    arg: Expr
    column: str

    @property
    def type(self) -> SqlType:
        """The type of the value."""
        return self.arg.type


@dataclass(frozen=True)
class AggregateCall:
    """COUNT, SUM, …; `arg` is None for COUNT(*). Only while binding: steps hold it as an AggregateSpec."""

    function: str
    arg: Expr | None
    distinct: bool
    type: SqlType
    at: int = field(default=0, compare=False, repr=False)


@dataclass(frozen=True)
class Frame:
    """Which rows before the current one a sliding window holds: those of `range_ms`, or `rows` of them."""

    range_ms: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class AnalyticCall:
    """An aggregate OVER a sliding window. Only while binding: steps hold it as a SlideSpec."""

    aggregate: AggregateCall
    partition_by: tuple[Expr, ...]
    frame: Frame

    @property
    def type(self) -> SqlType:
        """The type of the aggregate."""
        return self.aggregate.type


Expr = ColumnRef | RowTime | Literal | Call | Cast | Case | NotNull | AggregateCall | AnalyticCall


def floor_to(value: Expr, step_ms: int) -> Call:
    """A time rounded down to a multiple of `step_ms` since 1970 UTC: both FLOOR(x TO unit) and STEP(x BY …)."""
    return Call("STEP TIME", (value, Literal(step_ms, BIGINT)), TIMESTAMP)


def transform(expression: Expr, change: Callable[[Expr], Expr | None]) -> Expr:
    """Rebuild an expression from the top: where `change` gives something, that stands instead of the whole branch."""
    changed = change(expression)
    if changed is not None:
        return changed
    match expression:
        case Call():
            return replace(expression, args=tuple(transform(arg, change) for arg in expression.args))
        case Cast() | NotNull():
            return replace(expression, arg=transform(expression.arg, change))
        case Case():
            branches = tuple((transform(when, change), transform(then, change)) for when, then in expression.branches)
            return replace(expression, branches=branches, default=transform(expression.default, change))
        case _:
            return expression


def walk(expression: Expr) -> Iterator[Expr]:
    """The expression and everything in it, from the top; does not look into aggregates."""
    yield expression
    match expression:
        case Call():
            children: tuple[Expr, ...] = expression.args
        case Cast() | NotNull():
            children = (expression.arg,)
        case Case():
            children = (*(part for branch in expression.branches for part in branch), expression.default)
        case _:
            children = ()
    for child in children:
        yield from walk(child)
