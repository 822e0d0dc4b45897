"""RANDOM_CUT_FOREST and RANDOM_CUT_FOREST_WITH_EXPLANATION: arguments, ranges and columns.

Source: https://docs.aws.amazon.com/kinesisanalytics/latest/sqlref/sqlrf-random-cut-forest.html and
sqlrf-random-cut-forest-with-explanation.html. PARTITION BY after CURSOR is an extension: one forest per key.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from cutwatch.sql.bind.scalars import Binder
from cutwatch.sql.bind.scope import Scope, suggestion_for
from cutwatch.sql.expressions import Literal
from cutwatch.sql.program import EXPLANATION_COLUMN, SCORE_COLUMN, Column, Columns, Forest
from cutwatch.sql.syntax.ast import Name, TableFunction
from cutwatch.sql.syntax.unsupported import FUNCTIONS
from cutwatch.sql.types import DOUBLE, VARCHAR, Kind

PLAIN, EXPLAINED = "RANDOM_CUT_FOREST", "RANDOM_CUT_FOREST_WITH_EXPLANATION"
MAX_COLUMNS = 30


@dataclass(frozen=True)
class Parameter:
    """A numeric argument: its name in AWS's documentation, its default and its range."""

    name: str
    default: int
    least: int
    most: int


PARAMETERS = (
    Parameter("numberOfTrees", 100, 1, 1_000),
    Parameter("subSampleSize", 256, 10, 1_000),
    Parameter("timeDecay", 100_000, 1, 2_147_483_647),
    Parameter("shingleSize", 1, 1, 30),
)


def bind_forest(call: TableFunction, columns: Columns, scope: Scope) -> Forest:
    """The forest step of a call over a cursor with these columns.

    Raises:
        SqlError: the function is another one, an argument is no literal or out of range, the columns do not fit.
    """
    name = call.function.text
    if name not in (PLAIN, EXPLAINED):
        advice = FUNCTIONS.get(name, f"table functions are {PLAIN} and {EXPLAINED}")
        raise scope.error(f"table function {name} is not supported", call.function.at, advice)
    explained = name == EXPLAINED
    most = len(PARAMETERS) + explained
    if len(call.arguments) > most:
        raise scope.error(f"{name} takes at most {most} arguments after CURSOR(...)", call.arguments[most])
    numbers = _numbers(call, scope)
    directed = _flag(call.arguments[4], scope) if len(call.arguments) > len(PARAMETERS) else False
    key = _key(call.partition_by, columns, scope) if call.partition_by else None
    scored = _scored(columns, key, call, scope)
    appended = [Column(SCORE_COLUMN, DOUBLE), *([Column(EXPLANATION_COLUMN, VARCHAR)] if explained else [])]
    for column in appended:
        if any(column.name == other.name for other in columns):
            raise scope.error(f'the cursor has a column "{column.name}" already', call.function.at, "give it an alias")
    return Forest(scored, key, *numbers, explained, directed, (*columns, *appended))


def _numbers(call: TableFunction, scope: Scope) -> tuple[int, int, int, int]:
    values = []
    for index, parameter in enumerate(PARAMETERS):
        node = call.arguments[index] if index < len(call.arguments) else None
        values.append(parameter.default if node is None else _number(node, parameter, scope))
    trees, sub_sample_size, time_decay, shingle_size = values
    if sub_sample_size >= time_decay:
        at = call.arguments[min(len(call.arguments), 3) - 1]
        raise scope.error(f"subSampleSize {sub_sample_size} must be less than timeDecay {time_decay}", at)
    return trees, sub_sample_size, time_decay, shingle_size


def _number(node: exp.Expr, parameter: Parameter, scope: Scope) -> int:
    value = _literal(node, parameter.name, scope)
    allowed = f"allowed are whole numbers from {parameter.least} to {parameter.most}"
    if isinstance(value, bool) or not isinstance(value, int):
        raise scope.error(f"{parameter.name} is {node.sql()}; {allowed}", node)
    if not parameter.least <= value <= parameter.most:
        raise scope.error(f"{parameter.name} is {value}; {allowed}", node)
    return value


def _flag(node: exp.Expr, scope: Scope) -> bool:
    value = _literal(node, "withDirectionality", scope)
    if not isinstance(value, bool):
        raise scope.error(f"withDirectionality is {node.sql()}; allowed are true and false", node)
    return value


def _literal(node: exp.Expr, name: str, scope: Scope) -> object:
    negated = isinstance(node, exp.Neg)
    if not isinstance(node.this if negated else node, exp.Literal | exp.Boolean):
        raise scope.error(f"{name} must be a literal", node)
    bound = Binder(scope).bind(node.this if negated else node)
    assert isinstance(bound, Literal)
    return -bound.value if negated and isinstance(bound.value, int | float) else bound.value


def _key(name: Name, columns: Columns, scope: Scope) -> int:
    for index, column in enumerate(columns):
        if column.name == name.text:
            return index
    known = [column.name for column in columns]
    raise scope.error(f'PARTITION BY: the cursor has no column "{name.text}"', name.at, suggestion_for(name, known))


def _scored(columns: Columns, key: int | None, call: TableFunction, scope: Scope) -> tuple[int, ...]:
    at = call.function.at
    for column in columns:
        if column.type.kind is Kind.DECIMAL:
            advice = f'select CAST("{column.name}" AS DOUBLE) AS "{column.name}" in the cursor'
            raise scope.error(
                f'column "{column.name}" is a DECIMAL, which {call.function.text} does not take', at, advice
            )
    scored = tuple(index for index, column in enumerate(columns) if column.type.is_number and index != key)
    if not scored:
        raise scope.error("the cursor has no numeric column to score", at, "select at least one number")
    if len(scored) > MAX_COLUMNS:
        raise scope.error(f"the cursor has {len(scored)} numeric columns; {MAX_COLUMNS} are allowed", at)
    return scored
