"""OVER clauses: named and inline sliding windows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlglot import exp

from cutwatch.sql.bind.calls import bind_aggregate
from cutwatch.sql.bind.intervals import interval_ms
from cutwatch.sql.bind.scalars import Binder
from cutwatch.sql.bind.scope import name_of
from cutwatch.sql.expressions import AnalyticCall, Frame

_ADVICE = "write OVER (PARTITION BY k RANGE INTERVAL '1' MINUTE PRECEDING)"


def analytic_binder(windows: Sequence[exp.Window]) -> Callable[[Binder, exp.Window], AnalyticCall]:
    """What binds `aggregate OVER …` in a query with these named windows (its WINDOW clause)."""
    named = {name_of(window.this).text: window for window in windows if window.this}

    def bind(binder: Binder, node: exp.Window) -> AnalyticCall:
        if not isinstance(node.this, exp.Anonymous):
            raise binder.scope.error("OVER stands after an aggregate", node)
        definition = _definition(binder, node, named)
        plain = Binder(binder.scope)
        partition = tuple(plain.bind(key) for key in definition.args.get("partition_by") or ())
        return AnalyticCall(bind_aggregate(binder, node.this), partition, _frame(binder, definition, node))

    return bind


def _definition(binder: Binder, node: exp.Window, named: dict[str, exp.Window]) -> exp.Window:
    alias = node.args.get("alias")
    if alias is None:
        return node
    name = name_of(alias)
    if name.text not in named or node.args.get("spec") or node.args.get("partition_by"):
        known = ", ".join(named) or "none"
        raise binder.scope.error(f"there is no window {name.text}", name.at, f"the WINDOW clause defines {known}")
    return named[name.text]


def _frame(binder: Binder, definition: exp.Window, node: exp.Window) -> Frame:
    scope, spec = binder.scope, definition.args.get("spec")
    if order := definition.args.get("order"):
        raise scope.error(
            "ORDER BY in a window is not supported", order, "leave it out: rows are in the order of ROWTIME"
        )
    if spec is None:
        raise scope.error("a window without RANGE or ROWS never ends", node, _ADVICE)
    start, end = spec.args.get("start"), spec.args.get("end")
    ends_here = end in (None, "CURRENT ROW") and not spec.args.get("exclude")
    if not ends_here or not isinstance(start, exp.Expr) or str(spec.args.get("start_side")).upper() != "PRECEDING":
        raise scope.error("only windows from n PRECEDING to the current row are supported", node, _ADVICE)
    if str(spec.args["kind"]).upper() == "RANGE":
        return Frame(range_ms=interval_ms(start, scope))
    if not isinstance(start, exp.Literal) or start.is_string or not str(start.this).isdigit() or int(start.this) < 1:
        raise scope.error("ROWS needs a whole number of at least 1", node, "write ROWS 10 PRECEDING")
    return Frame(rows=int(start.this))
