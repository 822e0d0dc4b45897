"""GROUP BY and WINDOWED BY STAGGER: a query's grouped half as steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlglot import exp

from cutwatch.sql.bind.calls import bind_aggregate
from cutwatch.sql.bind.intervals import interval_ms
from cutwatch.sql.bind.scalars import Binder
from cutwatch.sql.bind.scope import ROWTIME, Scope
from cutwatch.sql.expressions import AggregateCall, Call, ColumnRef, Expr, Literal, RowTime, transform, walk
from cutwatch.sql.program import Aggregate, AggregateSpec, Column, Project, StaggerWindow, Step, TumblingWindow
from cutwatch.sql.syntax.ast import Query
from cutwatch.sql.types import TIMESTAMP

_ADVICE = "add FLOOR(ROWTIME TO MINUTE) or STEP(ROWTIME BY INTERVAL '60' SECOND) to GROUP BY"
NO_WINDOW = ("without a window its group never ends", _ADVICE)


@dataclass
class Grouping:
    """The groups of one query, filled while its items are bound.

    Attributes:
        window: when groups end.
        keys: the other grouping expressions, over the query's input.
        start: the window's start over the input, where there is one (tumbling).
        calls: the aggregates met so far.
    """

    scope: Scope
    window: TumblingWindow | StaggerWindow
    keys: tuple[Expr, ...]
    start: Expr | None
    calls: list[AggregateCall] = field(default_factory=list)

    @property
    def binder(self) -> Binder:
        """Binds items and HAVING over the query's input, with aggregates."""
        return Binder(self.scope, aggregate=bind_aggregate)

    def bind(self, node: exp.Expr) -> Expr:
        """An item over the columns that the aggregate step gives: keys, window start, aggregates."""
        return self.over_groups(self.binder.bind(node), node)

    def over_groups(self, bound: Expr, node: exp.Expr) -> Expr:
        """Put keys, window start and aggregates in place of what computes them."""
        result = transform(bound, self._replace)
        for part in walk(result):
            if isinstance(part, ColumnRef) and part.index >= 0:
                raise self.scope.error(
                    f'"{part.name}" is neither in GROUP BY nor inside an aggregate',
                    part.at or node,
                    "add it to GROUP BY",
                )
        return transform(result, _settle)

    def _replace(self, part: Expr) -> Expr | None:
        if part in self.keys:
            return _output(self.keys.index(part), "key", part)
        if part == self.start:
            return _output(len(self.keys), "window start", part)
        if isinstance(part, AggregateCall):
            if part not in self.calls:
                self.calls.append(part)
            first = len(self.keys) + (self.start is not None)
            return _output(first + self.calls.index(part), part.function, part)
        return None

    def steps(self) -> tuple[Step, ...]:
        """The steps before the items: keys and arguments, then the groups."""
        arguments: list[Expr] = []
        specs = []
        for call in self.calls:
            if call.arg is not None and call.arg not in arguments:
                arguments.append(call.arg)
            index = None if call.arg is None else len(self.keys) + arguments.index(call.arg)
            specs.append(AggregateSpec(call.function, call.distinct, index, call.type))
        keys = tuple(Column(f"key {number}", key.type) for number, key in enumerate(self.keys))
        inner = (*keys, *(Column(f"argument {number}", argument.type) for number, argument in enumerate(arguments)))
        start = (Column("window start", TIMESTAMP),) if self.start is not None else ()
        outer = (*keys, *start, *(Column(spec.function, spec.type) for spec in specs))
        return (
            Project((*self.keys, *arguments), inner),
            Aggregate(self.window, len(self.keys), tuple(specs), outer),
        )


def _output(index: int, name: str, part: Expr) -> ColumnRef:
    """A column of the aggregate step; negative until all are in place, to tell them from columns of the input."""
    return ColumnRef(-1 - index, name, part.type)


def _settle(part: Expr) -> Expr | None:
    return ColumnRef(-1 - part.index, part.name, part.type) if isinstance(part, ColumnRef) else None


def bind_grouping(query: Query, scope: Scope) -> Grouping:
    """Find the window among the grouping expressions.

    Raises:
        SqlError: no window on ROWTIME, several of different length, or both GROUP BY and WINDOWED BY.
    """
    if query.stagger is not None:
        return _stagger(query, scope)
    binder = Binder(scope)
    bound = [binder.bind(node) for node in query.group_by]
    windows = {step for part in bound if (step := window_ms(part)) is not None}
    if not windows:
        _refuse_windowless(query, scope)
    if len(windows) > 1:
        raise scope.error("GROUP BY has several windows on ROWTIME", query.group_by[0], "keep the shortest one")
    start = next(part for part in bound if window_ms(part) is not None)
    keys = tuple(dict.fromkeys(part for part in bound if part != start))
    return Grouping(scope, TumblingWindow(windows.pop()), keys, start)


def window_ms(part: Expr) -> int | None:
    """The length of the tumbling window that an expression means: FLOOR(ROWTIME TO …), STEP(ROWTIME BY …)."""
    match part:
        case Call("STEP TIME", (RowTime(), Literal(int(step)))):
            return step
    return None


def _refuse_windowless(query: Query, scope: Scope) -> None:
    for node in query.group_by:
        if isinstance(node, exp.Column) and str(node.this.this).upper() == ROWTIME:
            raise scope.error("GROUP BY ROWTIME groups single instants", node, _ADVICE)
    raise scope.error("GROUP BY has no window on ROWTIME, so its groups never end", query.group_by[0], _ADVICE)


def _stagger(query: Query, scope: Scope) -> Grouping:
    stagger = query.stagger
    assert stagger is not None
    if query.group_by:
        raise scope.error(
            "GROUP BY and WINDOWED BY cannot stand together", stagger.at, "put the keys into PARTITION BY"
        )
    binder = Binder(scope)
    keys = tuple(dict.fromkeys(binder.bind(node) for node in stagger.keys))
    return Grouping(scope, StaggerWindow(interval_ms(stagger.length, scope)), keys, None)
