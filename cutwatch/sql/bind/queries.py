"""Queries to steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cutwatch.sql.bind.forests import bind_forest
from cutwatch.sql.bind.frames import analytic_binder
from cutwatch.sql.bind.grouping import NO_WINDOW, Grouping, bind_grouping, window_ms
from cutwatch.sql.bind.scalars import Binder
from cutwatch.sql.bind.scope import Scope, suggestion_for
from cutwatch.sql.errors import SourceText
from cutwatch.sql.expressions import AggregateCall, AnalyticCall, ColumnRef, Expr, RowTime, transform
from cutwatch.sql.program import (
    ERROR_STREAM,
    AggregateSpec,
    Column,
    Columns,
    Filter,
    Project,
    Slide,
    SlideSpec,
    Sort,
    SortKey,
    Step,
    Stream,
)
from cutwatch.sql.syntax.ast import Name, Query, SelectItem, StreamName, Subquery


@dataclass(frozen=True)
class BoundQuery:
    """A query as steps over one stream; `columns` are those of the last step."""

    stream: str
    steps: tuple[Step, ...]
    columns: Columns


@dataclass(frozen=True)
class _Item:
    name: str
    expression: Expr


def bind_query(query: Query, streams: Mapping[str, Stream], source: SourceText) -> BoundQuery:
    """Bind a query.

    Args:
        query: what the parser gave.
        streams: all streams that can be read, by name.
        source: the text, for errors.

    Raises:
        SqlError: something is unknown or not supported.
    """
    stream, steps, columns, qualifiers = _source(query, streams, source)
    scope = Scope(columns, qualifiers, source)
    if query.where is not None:
        predicate = Binder(scope, no_aggregate=("WHERE is before groups", "use HAVING")).condition(query.where, "WHERE")
        steps = (*steps, Filter(predicate, columns))
    if query.group_by or query.stagger:
        more, visible = _grouped(query, scope)
    else:
        more, visible = _plain(query, scope)
    return BoundQuery(stream, (*steps, *more), visible)


def _source(
    query: Query, streams: Mapping[str, Stream], source: SourceText
) -> tuple[str, tuple[Step, ...], Columns, tuple[str, ...]]:
    match query.source:
        case StreamName(name, alias):
            stream = find_stream(name, streams, source)
            return stream.name, (), stream.columns, (alias.text if alias else stream.name,)
        case Subquery(inner, alias):
            bound = bind_query(inner, streams, source)
            return bound.stream, bound.steps, bound.columns, (alias.text,) if alias else ()
        case call:
            bound = bind_query(call.cursor, streams, source)
            columns = tuple(column for column in bound.columns if not column.hidden)
            steps = bound.steps if len(columns) == len(bound.columns) else (*bound.steps, _visible(bound.columns))
            forest = bind_forest(call, columns, Scope(columns, (), source))
            qualifiers = (call.alias.text,) if call.alias else ()
            return bound.stream, (*steps, forest), forest.columns, qualifiers


def find_stream(name: Name, streams: Mapping[str, Stream], source: SourceText) -> Stream:
    """The stream that a name means; the error stream also without quotes."""
    text = ERROR_STREAM if name.text.lower() == ERROR_STREAM else name.text
    if text not in streams:
        raise source.error(f'there is no stream "{name.text}"', name.at, suggestion_for(name, list(streams)))
    return streams[text]


def _visible(columns: Columns) -> Project:
    kept = [
        (ColumnRef(index, column.name, column.type), column)
        for index, column in enumerate(columns)
        if not column.hidden
    ]
    return Project(tuple(ref for ref, _ in kept), tuple(column for _, column in kept))


# ---- queries without groups ----


def _plain(query: Query, scope: Scope) -> tuple[tuple[Step, ...], Columns]:
    if query.having is not None:
        raise scope.error("HAVING needs GROUP BY", query.having, "use WHERE")
    binder = Binder(scope, analytic=analytic_binder(query.windows), no_aggregate=NO_WINDOW)
    items = [bound for item in query.items for bound in _bind_item(item, scope, binder)]
    unit_ms, sort_items = _sort(query, scope, binder, None)
    before, expressions = _slide([item.expression for item in (*items, *sort_items)], scope.columns)
    return _finish(query, items, expressions, unit_ms, before, scope.columns)


def _bind_item(item: SelectItem, scope: Scope, binder: Binder) -> list[_Item]:
    if item.expression is None:
        if item.qualifier is not None:
            scope.check_qualifier(item.qualifier)
        return [
            _Item(column.name, ColumnRef(index, column.name, column.type, item.at))
            for index, column in enumerate(scope.columns)
            if not column.hidden
        ]
    return [_Item(_name(item), binder.bind(item.expression))]


def _name(item: SelectItem) -> str:
    """The alias, or the column's own name; unnamed ones are told apart by where they stand."""
    if item.alias is not None:
        return item.alias.text
    node = item.expression
    identifier = node.args.get("this") if node is not None and node.key == "column" else None
    if identifier is None:
        return f"EXPR${item.at}"
    return str(identifier.this) if identifier.args.get("quoted") else str(identifier.this).upper()


def _slide(expressions: list[Expr], columns: Columns) -> tuple[tuple[Step, ...], list[Expr]]:
    """Steps that compute the sliding aggregates in `expressions`, and these with columns in their place."""
    calls: list[AnalyticCall] = []

    def collect(part: Expr) -> Expr | None:
        if not isinstance(part, AnalyticCall):
            return None
        if part not in calls:
            calls.append(part)
        return ColumnRef(-1 - calls.index(part), part.aggregate.function, part.type)

    collected = [transform(expression, collect) for expression in expressions]
    if not calls:
        return (), expressions
    computed: list[Expr] = [ColumnRef(index, column.name, column.type) for index, column in enumerate(columns)]

    def position(part: Expr) -> int:
        if part not in computed:
            computed.append(part)
        return computed.index(part)

    specs = tuple(
        SlideSpec(_spec(call.aggregate, position), tuple(position(key) for key in call.partition_by), call.frame)
        for call in calls
    )
    inner = (*columns, *(Column(f"argument {index}", part.type) for index, part in enumerate(computed[len(columns) :])))
    outer = (*inner, *(Column(spec.aggregate.function, spec.aggregate.type) for spec in specs))
    first = len(inner)

    def settle(part: Expr) -> Expr | None:
        if isinstance(part, ColumnRef) and part.index < 0:
            return ColumnRef(first - 1 - part.index, part.name, part.type)
        return None

    project = (Project(tuple(computed), inner),) if len(inner) > len(columns) else ()
    return (*project, Slide(specs, outer)), [transform(expression, settle) for expression in collected]


def _spec(call: AggregateCall, position: Callable[[Expr], int]) -> AggregateSpec:
    argument = None if call.arg is None else position(call.arg)
    return AggregateSpec(call.function, call.distinct, argument, call.type)


# ---- queries with groups ----


def _grouped(query: Query, scope: Scope) -> tuple[tuple[Step, ...], Columns]:
    if query.windows:
        raise scope.error("WINDOW and GROUP BY cannot stand together", query.windows[0], "pump one into a stream first")
    grouping = bind_grouping(query, scope)
    items = []
    for item in query.items:
        if item.expression is None:
            raise scope.error("* cannot stand in a query with groups", item.at, "name the keys and aggregates")
        items.append(_Item(_name(item), grouping.bind(item.expression)))
    having = None
    if query.having is not None:
        having = grouping.over_groups(grouping.binder.condition(query.having, "HAVING"), query.having)
    unit_ms, sort_items = _sort(query, scope, grouping.binder, grouping)
    before = grouping.steps()
    columns = before[-1].columns
    if having is not None:
        before = (*before, Filter(having, columns))
    return _finish(query, items, [item.expression for item in (*items, *sort_items)], unit_ms, before, columns)


# ---- the end of every query: sort, then the select list ----


def _sort(query: Query, scope: Scope, binder: Binder, grouping: Grouping | None) -> tuple[int | None, list[_Item]]:
    """The unit of time whose rows are sorted, and the keys after the leading one."""
    if not query.order_by:
        return None, []
    leading = binder.bind(query.order_by[0].expression)
    advice = "start with ROWTIME or FLOOR(ROWTIME TO SECOND)"
    is_window = grouping is not None and leading == grouping.start
    unit_ms = None if is_window else window_ms(leading)
    if not is_window and not isinstance(leading, RowTime) and unit_ms is None:
        node = query.order_by[0].expression
        raise scope.error("ORDER BY on a stream must start with its time", node, advice)
    if grouping is not None and unit_ms is not None:
        node = query.order_by[0].expression
        raise scope.error(
            "ORDER BY of groups must start with their window or ROWTIME", node, "repeat the window of GROUP BY"
        )
    if query.order_by[0].descending:
        raise scope.error("ORDER BY on a stream cannot go back in time", query.order_by[0].expression, "leave DESC out")
    items = []
    for item in query.order_by[1:]:
        bound = grouping.bind(item.expression) if grouping is not None else binder.bind(item.expression)
        items.append(_Item("sort key", bound))
    return unit_ms, items


def _finish(
    query: Query,
    items: list[_Item],
    expressions: list[Expr],
    unit_ms: int | None,
    before: tuple[Step, ...],
    columns: Columns,
) -> tuple[tuple[Step, ...], Columns]:
    visible = tuple(Column(item.name, expression.type) for item, expression in zip(items, expressions, strict=False))
    keys = expressions[len(items) :]
    every = (*visible, *(Column("sort key", key.type) for key in keys))
    steps = before if _same(expressions, every, columns) else (*before, Project(tuple(expressions), every))
    if keys:
        sorts = tuple(
            SortKey(
                len(visible) + number,
                item.descending,
                item.descending if item.nulls_first is None else item.nulls_first,
            )
            for number, item in enumerate(query.order_by[1:])
        )
        steps = (*steps, Sort(unit_ms, sorts, visible))
    return steps, visible


def _same(expressions: list[Expr], every: Columns, columns: Columns) -> bool:
    """Whether the select list is just the columns as they are."""
    plain = [ColumnRef(index, column.name, column.type) for index, column in enumerate(columns)]
    return expressions == plain and [column.name for column in every] == [column.name for column in columns]
