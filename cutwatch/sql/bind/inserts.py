"""INSERT INTO: which item goes into which column, and the conversions on the way."""

from __future__ import annotations

from cutwatch.sql.bind.queries import BoundQuery
from cutwatch.sql.bind.scope import suggestion_for
from cutwatch.sql.errors import SourceText
from cutwatch.sql.expressions import Cast, ColumnRef, Expr, Literal, NotNull, transform
from cutwatch.sql.program import Column, Columns, Project, Step, Stream
from cutwatch.sql.syntax.ast import CreatePump
from cutwatch.sql.types import NULL, Kind, SqlType


def bind_insert(pump: CreatePump, query: BoundQuery, target: Stream, source: SourceText) -> tuple[Step, ...]:
    """The steps of a pump: its query's, and the conversion to the target's columns.

    Raises:
        SqlError: wrong number of columns, a column that is not there, or a type that needs a CAST.
    """
    places = _places(pump, target, source)
    if len(places) != len(query.columns):
        problem = f'the query gives {len(query.columns)} columns, "{target.name}" takes {len(places)}'
        raise source.error(problem, pump.query.at, "name the columns: INSERT INTO stream (a, b) SELECT STREAM ...")
    expressions = []
    for column in target.columns:
        index = places.get(column.name)
        value: Expr = Literal(None, NULL)
        if index is not None:
            given = query.columns[index]
            value = ColumnRef(index, given.name, given.type)
            if not can_assign(given.type, column.type):
                advice = f"use CAST(... AS {column.type})"
                at = pump.query.items[index].at if len(pump.query.items) == len(query.columns) else pump.query.at
                raise source.error(f'column "{column.name}" is {column.type}, the query gives {given.type}', at, advice)
        expressions.append(_assign(value, column))
    return _append(query.steps, tuple(expressions), query.columns, target.columns)


def _places(pump: CreatePump, target: Stream, source: SourceText) -> dict[str, int]:
    """Column name -> index of the item that fills it."""
    if not pump.columns:
        return {column.name: index for index, column in enumerate(target.columns)}
    known = [column.name for column in target.columns]
    places: dict[str, int] = {}
    for index, name in enumerate(pump.columns):
        if name.text not in known:
            raise source.error(f'"{target.name}" has no column "{name.text}"', name.at, suggestion_for(name, known))
        if name.text in places:
            raise source.error(f'column "{name.text}" is named twice', name.at)
        places[name.text] = index
    for column in target.columns:
        if column.not_null and column.name not in places:
            raise source.error(f'column "{column.name}" is NOT NULL but not filled', pump.target.at)
    return places


def can_assign(source: SqlType, target: SqlType) -> bool:
    """What INSERT converts by itself: numbers into numbers, strings into strings, the rest as it is."""
    same = source.kind in (target.kind, Kind.NULL) or (source.is_number and target.is_number)
    return same or (source.is_text and target.is_text)


def _assign(value: Expr, column: Column) -> Expr:
    needs_cast = value.type != column.type
    fits = value.type.kind is column.type.kind is Kind.VARCHAR and (value.type.length or 10**9) <= (
        column.type.length or 0
    )
    result: Expr = Cast(value, column.type, assignment=True) if needs_cast and not fits else value
    return NotNull(result, column.name) if column.not_null else result


def _append(
    steps: tuple[Step, ...], expressions: tuple[Expr, ...], given: Columns, wanted: Columns
) -> tuple[Step, ...]:
    """Add the conversion, inside the last Project where there is one."""
    plain = tuple(ColumnRef(index, column.name, column.type) for index, column in enumerate(given))
    if expressions == plain:
        return steps
    if steps and isinstance(steps[-1], Project):
        inner = steps[-1].expressions
        merged = tuple(
            transform(part, lambda ref: inner[ref.index] if isinstance(ref, ColumnRef) else None)
            for part in expressions
        )
        return (*steps[:-1], Project(merged, wanted))
    return (*steps, Project(expressions, wanted))
