"""Scalar expressions: sqlglot's nodes to typed ones, node class by node class; what is not listed is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from cutwatch.sql.bind.calls import bind_function
from cutwatch.sql.bind.intervals import interval_ms
from cutwatch.sql.bind.literals import bind_literal, bind_time_literal
from cutwatch.sql.bind.scope import Scope
from cutwatch.sql.expressions import AggregateCall, AnalyticCall, Call, Case, Cast, Expr, Literal
from cutwatch.sql.functions import SCALARS, arithmetic_type
from cutwatch.sql.time_formats import to_strftime
from cutwatch.sql.types import BOOLEAN, INTERVAL, NULL, TIMESTAMP, Kind, SqlType, common_type

_ARITHMETIC = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/"}
_COMPARISONS = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.NullSafeEQ: "IS NOT DISTINCT FROM",
    exp.NullSafeNEQ: "IS DISTINCT FROM",
}
# What sqlglot notes on nodes for its own ends.
_IGNORED_ARGS = frozenset({"typed", "safe", "_type"})

Aggregates = Callable[["Binder", exp.Anonymous], AggregateCall]
Analytics = Callable[["Binder", exp.Window], AnalyticCall]


@dataclass(frozen=True)
class Binder:
    """Binds the expressions of one query.

    Attributes:
        scope: what names mean.
        aggregate: how COUNT(x) and its like are bound, or None where they cannot stand.
        analytic: how `… OVER window` is bound, or None where it cannot stand.
        no_aggregate: why aggregates cannot stand here, for the refusal.
    """

    scope: Scope
    aggregate: Aggregates | None = None
    analytic: Analytics | None = None
    no_aggregate: tuple[str, str] = field(default=("an aggregate cannot stand here", ""))

    def bind(self, node: exp.Expr) -> Expr:
        """The typed expression of a node.

        Raises:
            SqlError: something in it is unknown, of the wrong type or not supported.
        """
        method = _METHODS.get(type(node))
        if method is None:
            raise self.scope.error(f"{_describe(node)} is not supported", node)
        allowed = _ARGS.get(type(node), ("this", "expression", "expressions"))
        extra = [
            name for name, value in node.args.items() if value and name not in allowed and name not in _IGNORED_ARGS
        ]
        if extra:
            raise self.scope.error(f"{extra[0].upper()} in {_describe(node)} is not supported", node)
        return method(self, node)

    def condition(self, node: exp.Expr, what: str) -> Expr:
        """A condition, as WHERE and HAVING need it."""
        bound = self.bind(node)
        if bound.type.kind not in (Kind.BOOLEAN, Kind.NULL):
            raise self.scope.error(f"{what} needs a condition, not {bound.type}", node)
        return bound

    # ---- leaves ----

    def _literal(self, node: exp.Literal) -> Expr:
        return bind_literal(node, self.scope)

    def _null(self, _: exp.Null) -> Expr:
        return Literal(None, NULL)

    def _boolean(self, node: exp.Boolean) -> Expr:
        return Literal(bool(node.this), BOOLEAN)

    def _time(self, node: exp.Cast) -> Expr:
        return bind_time_literal(node, self.scope)

    def _interval(self, node: exp.Interval) -> Expr:
        return Literal(interval_ms(node, self.scope), INTERVAL)

    def _column(self, node: exp.Column) -> Expr:
        return self.scope.resolve(node)

    def _paren(self, node: exp.Paren) -> Expr:
        return self.bind(node.this)

    # ---- operators ----

    def call(self, name: str, node: exp.Expr, *args: Expr) -> Expr:
        """A call of a listed function, with its arguments checked."""
        function = SCALARS[name]
        types = [arg.type for arg in args]
        if problem := function.problem(types):
            raise self.scope.error(problem, node)
        for index in function.literals:
            if index < len(args) and not isinstance(args[index], Literal):
                raise self.scope.error(f"argument {index + 1} of {function.name} must be a literal", node)
        if function.is_time_format:
            self._check_time_format(node, args[0])
        known = [Cast(a, function.kind_of_null(n)) if a.type.kind is Kind.NULL else a for n, a in enumerate(args)]
        return Call(name, tuple(known), function.result([arg.type for arg in known]))

    def _check_time_format(self, node: exp.Expr, pattern: Expr) -> None:
        try:
            to_strftime(str(pattern.value) if isinstance(pattern, Literal) else "")
        except ValueError as cause:
            raise self.scope.error(str(cause), node) from None

    def _unary(self, name: str) -> Callable[[Any], Expr]:
        return lambda node: self.call(name, node, self.bind(node.this))

    def _arithmetic(self, node: exp.Binary) -> Expr:
        sign, left, right = _ARITHMETIC[type(node)], self.bind(node.this), self.bind(node.expression)
        if INTERVAL in (left.type, right.type):
            return self._shift(node, sign, left, right)
        if left.type.kind is right.type.kind is Kind.TIMESTAMP and sign == "-":
            raise self.scope.error(
                "a difference of times is not supported", node, "use TSDIFF(earlier, later), in milliseconds"
            )
        for side, operand in ((node.this, left), (node.expression, right)):
            if not operand.type.is_number and operand.type.kind is not Kind.NULL:
                raise self.scope.error(f"{sign} needs numbers, not {operand.type}", side, "use CAST(x AS DOUBLE)")
        return Call(sign, (left, right), arithmetic_type(sign, *_known(left.type, right.type)))

    def _shift(self, node: exp.Expr, sign: str, left: Expr, right: Expr) -> Expr:
        """TIMESTAMP + INTERVAL, INTERVAL + TIMESTAMP, TIMESTAMP - INTERVAL."""
        time, interval = (right, left) if left.type == INTERVAL and sign == "+" else (left, right)
        if time.type.kind is not Kind.TIMESTAMP or interval.type != INTERVAL or sign not in "+-":
            raise self.scope.error(
                f"an interval can be added to or taken from a TIMESTAMP only, not from {time.type}", node
            )
        return Call(f"TIME {sign}", (time, interval), TIMESTAMP)

    def _comparison(self, node: exp.Binary) -> Expr:
        return self.compare(_COMPARISONS[type(node)], node, self.bind(node.this), self.bind(node.expression))

    def compare(self, sign: str, node: exp.Expr, left: Expr, right: Expr) -> Expr:
        """A comparison of two values that have a type in common."""
        if common_type(left.type, right.type) is None or INTERVAL in (left.type, right.type):
            advice = "write TIMESTAMP '2020-07-15 10:10:00'" if TIMESTAMP in (left.type, right.type) else "use CAST"
            raise self.scope.error(f"{left.type} and {right.type} cannot be compared", node, advice)
        kind = left.type if right.type.kind is Kind.NULL else right.type
        sides = (Cast(side, kind) if side.type.kind is Kind.NULL else side for side in (left, right))
        return Call(sign, tuple(sides), BOOLEAN)

    def _logic(self, node: exp.Connector) -> Expr:
        name = "AND" if isinstance(node, exp.And) else "OR"
        return self.call(name, node, self.bind(node.this), self.bind(node.expression))

    def _is(self, node: exp.Is) -> Expr:
        operand, what = self.bind(node.this), node.expression
        negate = bool(node.args.get("negate"))
        if isinstance(what, exp.Null):
            return Call("IS NOT NULL" if negate else "IS NULL", (operand,), BOOLEAN)
        if not isinstance(what, exp.Boolean):
            raise self.scope.error("IS takes NULL, TRUE, FALSE or DISTINCT FROM", what)
        bound = self.call("IS TRUE" if what.this else "IS FALSE", node, operand)
        return Call("NOT", (bound,), BOOLEAN) if negate else bound

    def _between(self, node: exp.Between) -> Expr:
        value, low, high = (self.bind(node.args[name]) for name in ("this", "low", "high"))
        bounds = self.compare(">=", node, value, low), self.compare("<=", node, value, high)
        return Call("AND", bounds, BOOLEAN)

    def _in(self, node: exp.In) -> Expr:
        if not node.expressions:
            raise self.scope.error("IN needs a list", node, "write x IN (1, 2)")
        value = self.bind(node.this)
        tests = [self.compare("=", part, value, self.bind(part)) for part in node.expressions]
        result = tests[0]
        for test in tests[1:]:
            result = Call("OR", (result, test), BOOLEAN)
        return result

    def _like(self, node: exp.Like) -> Expr:
        like = self.call("LIKE", node, self.bind(node.this), self.bind(node.expression))
        return Call("NOT", (like,), BOOLEAN) if node.args.get("negate") else like

    def _escape(self, node: exp.Escape) -> Expr:
        if not isinstance(node.this, exp.Like) or not node.expression.is_string or len(node.expression.this) != 1:
            raise self.scope.error("ESCAPE takes one character after LIKE", node, "write LIKE 'a!%' ESCAPE '!'")
        parts = (self.bind(part) for part in (node.this.this, node.this.expression, node.expression))
        like = self.call("LIKE", node, *parts)
        return Call("NOT", (like,), BOOLEAN) if node.this.args.get("negate") else like

    def _pair(self, name: str) -> Callable[[Any], Expr]:
        return lambda node: self.call(name, node, self.bind(node.this), self.bind(node.expression))

    def _case(self, node: exp.Case) -> Expr:
        operand = self.bind(node.this) if node.this else None
        branches = []
        for branch in node.args["ifs"]:
            condition = (
                self.condition(branch.this, "WHEN")
                if operand is None
                else self.compare("=", branch.this, operand, self.bind(branch.this))
            )
            branches.append((condition, self.bind(branch.args["true"])))
        default = node.args.get("default")
        last: Expr = self.bind(default) if default else Literal(None, NULL)
        kind = self.unify(node, "CASE", [*(value for _, value in branches), last])
        return Case(tuple((when, fit(then, kind)) for when, then in branches), fit(last, kind), kind)

    def unify(self, node: exp.Expr, what: str, values: list[Expr]) -> SqlType:
        """The one type that all values have in common."""
        kind = NULL
        for value in values:
            common = common_type(kind, value.type)
            if common is None:
                raise self.scope.error(f"{what} mixes {kind} and {value.type}", node, "use CAST")
            kind = common
        return kind

    # ---- functions ----

    def _anonymous(self, node: exp.Anonymous) -> Expr:
        return bind_function(self, node)

    def _window(self, node: exp.Window) -> Expr:
        if self.analytic is None:
            raise self.scope.error(
                "OVER cannot stand here", node, "use it in the select list of a query without GROUP BY"
            )
        return self.analytic(self, node)


def fit(value: Expr, kind: SqlType) -> Expr:
    """The value in exactly that type."""
    return value if value.type == kind else Cast(value, kind)


def _known(left: SqlType, right: SqlType) -> tuple[SqlType, SqlType]:
    return (right if left.kind is Kind.NULL else left), (left if right.kind is Kind.NULL else right)


def _describe(node: exp.Expr) -> str:
    return _SIGNS.get(type(node), type(node).__name__.upper())


_SIGNS: dict[type[exp.Expr], str] = {
    exp.Mod: "% (use MOD(a, b))",
    exp.BitwiseAnd: "&",
    exp.BitwiseOr: "|",
    exp.BitwiseXor: "^",
    exp.Star: "*",
    exp.Concat: "a string after a string (use ||)",
    exp.Tuple: "a list in parentheses",
}
_ARGS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Literal: ("this", "is_string"),
    exp.Column: ("this", "table", "db", "catalog"),
    exp.Cast: ("this", "to"),
    exp.Interval: ("this", "unit", "fraction_in_string"),
    exp.Is: ("this", "expression", "negate"),
    exp.Between: ("this", "low", "high"),
    exp.In: ("this", "expressions"),
    exp.Like: ("this", "expression", "negate"),
    exp.Case: ("this", "ifs", "default"),
    exp.Window: ("this", "partition_by", "order", "spec", "alias", "over", "first"),
}
_METHODS: dict[type[exp.Expr], Callable[[Binder, Any], Expr]] = {
    exp.Literal: Binder._literal,
    exp.Null: Binder._null,
    exp.Boolean: Binder._boolean,
    exp.Cast: Binder._time,
    exp.Interval: Binder._interval,
    exp.Column: Binder._column,
    exp.Paren: Binder._paren,
    exp.Neg: lambda binder, node: binder._unary("NEG")(node),
    exp.Not: lambda binder, node: binder._unary("NOT")(node),
    exp.DPipe: lambda binder, node: binder._pair("||")(node),
    exp.SimilarTo: lambda binder, node: binder._pair("SIMILAR TO")(node),
    exp.And: Binder._logic,
    exp.Or: Binder._logic,
    exp.Is: Binder._is,
    exp.Between: Binder._between,
    exp.In: Binder._in,
    exp.Like: Binder._like,
    exp.Escape: Binder._escape,
    exp.Case: Binder._case,
    exp.Anonymous: Binder._anonymous,
    exp.Window: Binder._window,
    **dict.fromkeys(_ARITHMETIC, Binder._arithmetic),
    **dict.fromkeys(_COMPARISONS, Binder._comparison),
}
