"""Typed expressions to DuckDB's SQL: the one place that writes it.

A TIMESTAMP is a BIGINT of milliseconds inside DuckDB, so that windows are plain arithmetic. Where SQL says that a value
is an error (division by zero, text that does not fit), DuckDB is made to say so for that row.
"""

from __future__ import annotations

from collections.abc import Callable

from cutwatch.sql.expressions import Call, Case, Cast, ColumnRef, Expr, Literal, NotNull, RowTime, walk
from cutwatch.sql.functions import FALLIBLE
from cutwatch.sql.time_formats import to_strftime
from cutwatch.sql.types import DATE, TIMESTAMP, Kind, SqlType

_INFIX = {"=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM"}
_PLAIN = {
    "ABS": "abs",
    "EXP": "exp",
    "LN": "ln",
    "LOG10": "log10",
    "POWER": "power",
    "LOWER": "lower",
    "UPPER": "upper",
}
_TRIMS = {"TRIM BOTH": "trim", "TRIM LEADING": "ltrim", "TRIM TRAILING": "rtrim"}
_TIME_TEXT = "'%Y-%m-%d %H:%M:%S.%g'"


def quote(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def duckdb_type(kind: SqlType) -> str:
    """The type that holds values of a SQL type in DuckDB."""
    if kind.kind is Kind.DECIMAL:
        return f"DECIMAL({kind.length},{kind.scale})"
    special = {Kind.TIMESTAMP: "BIGINT", Kind.FLOAT: "DOUBLE", Kind.INTERVAL: "BIGINT", Kind.NULL: "INTEGER"}
    return "VARCHAR" if kind.is_text else special.get(kind.kind, kind.kind.value)


def column_name(index: int) -> str:
    """The name of an input column in a rendered query."""
    return f"c{index}"


def render(expression: Expr) -> str:
    """The SQL of an expression over columns `c0`, `c1`, … and the row time `t`."""
    match expression:
        case ColumnRef(index=index):
            return column_name(index)
        case RowTime():
            return "t"
        case Literal():
            return _literal(expression)
        case Case(branches, default, kind):
            whens = " ".join(f"WHEN {render(when)} THEN {render(then)}" for when, then in branches)
            return f"CAST(CASE {whens} ELSE {render(default)} END AS {duckdb_type(kind)})"
        case NotNull(arg, column):
            message = quote(f'column "{column}" is NOT NULL and would be NULL')
            return f"CASE WHEN {render(arg)} IS NULL THEN error({message}) ELSE {render(arg)} END"
        case Cast():
            return _cast(expression)
        case Call():
            return _call(expression)
        case _:
            raise TypeError(f"{type(expression).__name__} is for the binder alone")


def _literal(literal: Literal) -> str:
    value, kind = literal.value, duckdb_type(literal.type)
    if value is None:
        return f"CAST(NULL AS {kind})"
    text = quote(value) if isinstance(value, str) else repr(value)
    return f"CAST({text} AS {kind})"


# ---- conversions ----


def _cast(cast: Cast) -> str:
    value, source, target = render(cast.arg), cast.arg.type, cast.type
    if source.kind is Kind.NULL:
        return f"CAST(NULL AS {duckdb_type(target)})"
    if target.is_text:
        return _fit(_as_text(value, source), source, target, assignment=cast.assignment)
    if target.kind is Kind.TIMESTAMP:
        return _as_time(value, source)
    if source.kind is Kind.TIMESTAMP and target == DATE:
        return f"CAST(epoch_ms({value}) AS DATE)"
    if target.is_integer and source.is_approximate:
        return f"CAST(round({value}) AS {duckdb_type(target)})"  # half away from zero, as the service rounds
    return f"CAST({value} AS {duckdb_type(target)})"


def _as_text(value: str, source: SqlType) -> str:
    if source.is_text:
        return value
    return (
        f"strftime(epoch_ms({value}), {_TIME_TEXT})" if source.kind is Kind.TIMESTAMP else f"CAST({value} AS VARCHAR)"
    )


def _as_time(value: str, source: SqlType) -> str:
    if source.kind is Kind.TIMESTAMP:
        return value
    return f"epoch_ms(CAST({value} AS {'TIMESTAMPTZ' if source.is_text else 'TIMESTAMP'}))"


def _fit(text: str, source: SqlType, target: SqlType, *, assignment: bool) -> str:
    """Text in a type of limited length: an INSERT must not lose letters, nor a CAST of what is no text."""
    if target.length is None:
        return text
    if assignment or not source.is_text:
        message = quote(f"the value is longer than {target}")
        text = f"CASE WHEN length({text}) > {target.length} THEN error({message}) ELSE {text} END"
    else:
        text = f"left({text}, {target.length})"
    return f"rpad({text}, {target.length}, ' ')" if target.kind is Kind.CHAR else text


def _to(kind: SqlType, value: Expr) -> str:
    """An operand in the type of the result."""
    same = duckdb_type(value.type) == duckdb_type(kind)
    return render(value) if same else f"CAST({render(value)} AS {duckdb_type(kind)})"


# ---- calls ----


def _call(call: Call) -> str:
    name, args = call.function, call.args
    if name in _INFIX:
        return _comparison(call)
    if name in _SPECIAL:
        return _SPECIAL[name](call)
    parts = [render(arg) for arg in args]
    if name in _PLAIN:
        return f"{_PLAIN[name]}({', '.join(parts)})"
    if name in _TRIMS:
        return f"{_TRIMS[name]}({', '.join(parts)})"
    return _TEMPLATES[name].format(*parts)


_TEMPLATES = {
    "NOT": "(NOT {0})",
    "IS NULL": "({0} IS NULL)",
    "IS NOT NULL": "({0} IS NOT NULL)",
    "IS TRUE": "({0} IS NOT DISTINCT FROM TRUE)",
    "IS FALSE": "({0} IS NOT DISTINCT FROM FALSE)",
    "||": "({0} || {1})",
    "CHAR_LENGTH": "CAST(length({0}) AS INTEGER)",
    "CHARACTER_LENGTH": "CAST(length({0}) AS INTEGER)",
    "POSITION": "CAST(strpos({1}, {0}) AS INTEGER)",
    "TIME +": "({0} + {1})",
    "TIME -": "({0} - {1})",
    "TSDIFF": "CAST({1} - {0} AS BIGINT)",
    "UNIX_TIMESTAMP": "{0}",
    "TO_TIMESTAMP": "CAST({0} AS BIGINT)",
    "STEP TIME": "({0} - (({0} % {1}) + {1}) % {1})",
    "CEIL TIME": "({0} + ((-{0} % {1}) + {1}) % {1})",
}


def _comparison(call: Call) -> str:
    left, right = call.args
    sides = []
    for side, other in ((left, right), (right, left)):
        text = render(side)
        if side.type.kind is Kind.DATE and other.type.kind is Kind.TIMESTAMP:
            text = _as_time(text, DATE)
        if Kind.CHAR in (side.type.kind, other.type.kind):
            text = f"rtrim({text})"  # CHAR compares without the blanks it is filled up with
        sides.append(text)
    return f"({sides[0]} {call.function} {sides[1]})"


def _arithmetic(call: Call) -> str:
    left, right = call.args
    if call.type.kind is Kind.DECIMAL:
        return f"CAST({render(left)} {call.function} {render(right)} AS {duckdb_type(call.type)})"
    return f"({_to(call.type, left)} {call.function} {_to(call.type, right)})"


def _division(call: Call) -> str:
    left, right = (_to(call.type, arg) for arg in call.args)
    sign = "//" if call.type.is_integer else "/"
    return _checked_zero(right, f"({left} {sign} {right})")


def _modulo(call: Call) -> str:
    left, right = (_to(call.type, arg) for arg in call.args)
    return _checked_zero(right, f"({left} % {right})")


def _checked_zero(divisor: str, quotient: str) -> str:
    return f"CASE WHEN {divisor} = 0 THEN error('division by zero') ELSE {quotient} END"


def _connective(call: Call) -> str:
    """AND and OR; the right side is not computed where the left decides and the right could fail."""
    left, right = (render(arg) for arg in call.args)
    plain = f"({left} {call.function} {right})"
    if not any(
        isinstance(part, Cast) or (isinstance(part, Call) and part.function in FALLIBLE) for part in walk(call.args[1])
    ):
        return plain
    decided = "FALSE" if call.function == "AND" else "TRUE"
    return f"CASE WHEN {left} IS NOT DISTINCT FROM {decided} THEN {decided} ELSE {plain} END"


def _substring(call: Call) -> str:
    """SUBSTRING(s FROM a FOR n): letters a to a+n-1, of which those before the first do not exist."""
    text, start = render(call.args[0]), render(call.args[1])
    first = f"CASE WHEN {start} < 1 THEN 1 ELSE {start} END"
    if len(call.args) == 2:
        return f"substring({text}, {first})"
    count = f"({start} + {render(call.args[2])} - {first})"
    return f"substring({text}, {first}, CASE WHEN {count} < 0 THEN 0 ELSE {count} END)"


def _overlay(call: Call) -> str:
    text, other, start = (render(arg) for arg in call.args[:3])
    count = render(call.args[3]) if len(call.args) == 4 else f"length({other})"
    return f"(substring({text}, 1, {start} - 1) || {other} || substring({text}, {start} + {count}))"


def _like(call: Call) -> str:
    escape = f" ESCAPE {quote(str(_value(call.args[2])))}" if len(call.args) == 3 else ""
    return f"({render(call.args[0])} LIKE {render(call.args[1])}{escape})"


def _similar(call: Call) -> str:
    """SIMILAR TO has regular expressions with LIKE's % and _ for .* and . (SQL:1999)."""
    translation = str.maketrans({"%": ".*", "_": ".", ".": r"\.", "^": r"\^", "$": r"\$", "\\": r"\\"})
    pattern = str(_value(call.args[1])).translate(translation)
    return f"regexp_full_match({render(call.args[0])}, {quote(pattern)}, 's')"


def _extract(call: Call) -> str:
    value = call.args[1]
    time = f"epoch_ms({render(value)})" if value.type == TIMESTAMP else render(value)
    return f"date_part({quote(str(_value(call.args[0])).lower())}, {time})"


def _parse_time(call: Call) -> str:
    return f"epoch_ms(strptime({render(call.args[1])}, {quote(to_strftime(str(_value(call.args[0]))))}))"


def _format_time(call: Call) -> str:
    return f"strftime(epoch_ms({render(call.args[1])}), {quote(to_strftime(str(_value(call.args[0]))))})"


def _rounded(name: str) -> Callable[[Call], str]:
    return lambda call: f"CAST({name}({render(call.args[0])}) AS {duckdb_type(call.type)})"


def _negation(call: Call) -> str:
    return f"CAST(-{render(call.args[0])} AS {duckdb_type(call.type)})"


def _step_number(call: Call) -> str:
    value, by = (render(arg) for arg in call.args)
    return f"CAST(({value} // {by}) * {by} AS {duckdb_type(call.type)})"


def _value(literal: Expr) -> object:
    assert isinstance(literal, Literal)
    return literal.value


_SPECIAL: dict[str, Callable[[Call], str]] = {
    "+": _arithmetic,
    "-": _arithmetic,
    "*": _arithmetic,
    "/": _division,
    "MOD": _modulo,
    "AND": _connective,
    "OR": _connective,
    "NEG": _negation,
    "CEIL": _rounded("ceil"),
    "FLOOR": _rounded("floor"),
    "STEP NUMBER": _step_number,
    "SUBSTRING": _substring,
    "OVERLAY": _overlay,
    "LIKE": _like,
    "SIMILAR TO": _similar,
    "EXTRACT": _extract,
    "CHAR_TO_TIMESTAMP": _parse_time,
    "TIMESTAMP_TO_CHAR": _format_time,
}
