"""The functions and operators of KDA SQL that are supported: what each takes and gives.

Source: the function pages of AWS's Kinesis Data Analytics SQL Reference. Operators are here under their signs; forms
with words inside under names with a space (see cutwatch.sql.syntax.expressions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cutwatch.sql.types import (
    BIGINT,
    BOOLEAN,
    DOUBLE,
    INTEGER,
    MAX_DECIMAL_DIGITS,
    REAL,
    TIMESTAMP,
    VARCHAR,
    Kind,
    SqlType,
    common_type,
    decimal,
)

Result = Callable[[Sequence[SqlType]], SqlType]
Check = Callable[[SqlType], bool]

_CHECKS: dict[str, Check] = {
    "number": lambda kind: kind.is_number,
    "integer": lambda kind: kind.is_integer,
    "text": lambda kind: kind.is_text,
    "timestamp": lambda kind: kind.kind is Kind.TIMESTAMP,
    "time": lambda kind: kind.kind in (Kind.TIMESTAMP, Kind.DATE),
    "boolean": lambda kind: kind.kind is Kind.BOOLEAN,
    "instant": lambda kind: kind.kind is Kind.TIMESTAMP or kind.is_integer,
}


@dataclass(frozen=True)
class Function:
    """A scalar function.

    Attributes:
        name: as people write it.
        parameters: what each argument must be.
        result: the type of the result from those of the arguments.
        optional: how many of the last parameters may be left out.
        literals: parameters (by position) that must be constants.
        is_time_format: whether the first of these is a format for times.
    """

    name: str
    parameters: tuple[str, ...]
    result: Result
    optional: int = 0
    literals: tuple[int, ...] = ()
    is_time_format: bool = False

    def problem(self, arguments: Sequence[SqlType]) -> str:
        """What is wrong with a call, as a sentence, or an empty string."""
        most, least = len(self.parameters), len(self.parameters) - self.optional
        if not least <= len(arguments) <= most:
            allowed = str(most) if least == most else f"{least} to {most}"
            return f"{self.name} takes {allowed} argument{'s' * (allowed != '1')}, not {len(arguments)}"
        for number, (argument, wanted) in enumerate(zip(arguments, self.parameters, strict=False), start=1):
            if argument.kind is not Kind.NULL and not _CHECKS[wanted](argument):
                return f"argument {number} of {self.name} is {argument}; {_A[wanted]} is needed"
        return ""

    def kind_of_null(self, index: int) -> SqlType:
        """As what a NULL that somebody wrote out stands for a parameter."""
        return _NULLS[self.parameters[index]]


_NULLS = {
    "number": DOUBLE,
    "integer": INTEGER,
    "text": VARCHAR,
    "timestamp": TIMESTAMP,
    "time": TIMESTAMP,
    "boolean": BOOLEAN,
    "instant": BIGINT,
}
_A = {
    "number": "a number",
    "integer": "a whole number",
    "text": "a string",
    "timestamp": "a TIMESTAMP",
    "time": "a TIMESTAMP or DATE",
    "boolean": "a BOOLEAN",
    "instant": "a TIMESTAMP or a number of milliseconds",
}


def _always(kind: SqlType) -> Result:
    return lambda _: kind


def _first(arguments: Sequence[SqlType]) -> SqlType:
    return DOUBLE if arguments[0].kind is Kind.NULL else arguments[0]


def _whole(arguments: Sequence[SqlType]) -> SqlType:
    first = _first(arguments)
    return decimal(first.length or MAX_DECIMAL_DIGITS, 0) if first.kind is Kind.DECIMAL else first


def _text(arguments: Sequence[SqlType]) -> SqlType:
    return SqlType(Kind.VARCHAR, arguments[0].length)


def _larger(arguments: Sequence[SqlType]) -> SqlType:
    return common_type(arguments[0], arguments[1]) or DOUBLE


SCALARS = {
    function.name: function
    for function in (
        Function("ABS", ("number",), _first),
        Function("CEIL", ("number",), _whole),
        Function("FLOOR", ("number",), _whole),
        Function("EXP", ("number",), _always(DOUBLE)),
        Function("LN", ("number",), _always(DOUBLE)),
        Function("LOG10", ("number",), _always(DOUBLE)),
        Function("POWER", ("number", "number"), _always(DOUBLE)),
        Function("MOD", ("integer", "integer"), _larger),
        Function("CHAR_LENGTH", ("text",), _always(INTEGER)),
        Function("CHARACTER_LENGTH", ("text",), _always(INTEGER)),
        Function("LOWER", ("text",), _text),
        Function("UPPER", ("text",), _text),
        Function("TRIM BOTH", ("text", "text"), _text),
        Function("TRIM LEADING", ("text", "text"), _text),
        Function("TRIM TRAILING", ("text", "text"), _text),
        Function("SUBSTRING", ("text", "integer", "integer"), _text, optional=1),
        Function("POSITION", ("text", "text"), _always(INTEGER)),
        Function("OVERLAY", ("text", "text", "integer", "integer"), _always(VARCHAR), optional=1),
        Function("TSDIFF", ("instant", "instant"), _always(BIGINT)),
        Function("UNIX_TIMESTAMP", ("timestamp",), _always(BIGINT)),
        Function("TO_TIMESTAMP", ("integer",), _always(TIMESTAMP)),
        Function("CHAR_TO_TIMESTAMP", ("text", "text"), _always(TIMESTAMP), literals=(0,), is_time_format=True),
        Function("TIMESTAMP_TO_CHAR", ("text", "timestamp"), _always(VARCHAR), literals=(0,), is_time_format=True),
        Function("NOT", ("boolean",), _always(BOOLEAN)),
        Function("AND", ("boolean", "boolean"), _always(BOOLEAN)),
        Function("OR", ("boolean", "boolean"), _always(BOOLEAN)),
        Function("IS TRUE", ("boolean",), _always(BOOLEAN)),
        Function("IS FALSE", ("boolean",), _always(BOOLEAN)),
        Function("LIKE", ("text", "text", "text"), _always(BOOLEAN), optional=1, literals=(2,)),
        Function("SIMILAR TO", ("text", "text"), _always(BOOLEAN), literals=(1,)),
        Function("||", ("text", "text"), _always(VARCHAR)),
        Function("NEG", ("number",), _first),
    )
}
# Functions that fail on some values; what stands right of AND and OR is guarded when it may.
FALLIBLE = frozenset({"/", "MOD", "LN", "LOG10", "POWER", "CHAR_TO_TIMESTAMP"})
EXTRACT_UNITS = ("YEAR", "MONTH", "DAY", "HOUR", "MINUTE", "SECOND")


def arithmetic_type(sign: str, left: SqlType, right: SqlType) -> SqlType:
    """The type of `left sign right` for two numbers.

    Two whole numbers stay whole, also in a division, which cuts towards zero (SQL:2008, as the service). DECIMALs add,
    subtract and multiply exactly; their division is a DOUBLE.
    """
    if left.is_approximate or right.is_approximate:
        return REAL if left.kind is right.kind is Kind.REAL else DOUBLE
    if left.is_integer and right.is_integer:
        return common_type(left, right) or BIGINT
    if sign == "/":
        return DOUBLE
    scale = left.scale + right.scale if sign == "*" else max(left.scale, right.scale)
    return decimal(MAX_DECIMAL_DIGITS, scale)


AGGREGATES = ("COUNT", "SUM", "AVG", "MIN", "MAX", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP")
ANALYTIC_ONLY = ("FIRST_VALUE", "LAST_VALUE")
_NUMERIC_AGGREGATES = ("SUM", "AVG", "STDDEV_POP", "STDDEV_SAMP", "VAR_POP", "VAR_SAMP")


def aggregate_type(function: str, argument: SqlType | None) -> SqlType | str:
    """The type of an aggregate, or a sentence that says what is wrong.

    AVG of whole numbers is a whole number, cut towards zero, as in the service and in Flink; SUM of them is a BIGINT.
    """
    if function == "COUNT":
        return BIGINT
    if argument is None:
        return f"{function}(*) makes no sense; name a column"
    if function not in _NUMERIC_AGGREGATES:
        return argument
    if not argument.is_number:
        return f"{function} needs a number, not {argument}"
    if function == "SUM":
        exact = BIGINT if argument.is_integer else decimal(MAX_DECIMAL_DIGITS, argument.scale)
        return DOUBLE if argument.is_approximate else exact
    if function == "AVG":
        return argument if argument.is_integer or argument.kind is Kind.DECIMAL else DOUBLE
    return DOUBLE
