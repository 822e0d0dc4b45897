"""Aggregates of whole groups, computed by DuckDB."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import duckdb

from cutwatch.sql.engines.embedded.evaluator import DATA_ERRORS, data_error_text
from cutwatch.sql.engines.embedded.render import column_name, duckdb_type
from cutwatch.sql.program import AggregateSpec, Columns
from cutwatch.sql.types import INTEGER_BITS

Rows = list[tuple[Any, ...]]


class GroupAggregator:
    """Computes the aggregates of groups of rows.

    Rows are tuples of the arguments alone. The order of rows in a group is kept, and groups do not touch each other, so
    that a sum of floating point numbers has the same bits however groups are put together.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, calls: Sequence[AggregateSpec], arguments: Columns, first: int
    ) -> None:
        """`arguments` are the columns of a row, the first of which the calls know as number `first`."""
        self._connection = connection
        self._calls = tuple(calls)
        self._width = len(arguments)
        inputs = [
            f"unnest(${index + 2}::{duckdb_type(column.type)}[]) AS {column_name(index)}"
            for index, column in enumerate(arguments)
        ]
        outputs = ", ".join(_render(call, first) for call in calls)
        self._sql = f"SELECT g, {outputs} FROM (SELECT {', '.join(['unnest($1::BIGINT[]) AS g', *inputs])}) GROUP BY g"  # noqa: S608
        if self._calls:
            self._connection.execute(self._sql, [[] for _ in range(self._width + 1)])

    def run(self, groups: Sequence[Rows]) -> list[tuple[Any, ...] | str]:
        """One result per group: the aggregates' values, or a sentence on why there are none."""
        if not self._calls:
            return [() for _ in groups]
        try:
            return [self._checked(row) for row in self._query(groups)]
        except DATA_ERRORS as error:
            if len(groups) == 1:
                return [data_error_text(error)]
            return [result for group in groups for result in self.run([group])]

    def _query(self, groups: Sequence[Rows]) -> list[tuple[Any, ...]]:
        numbers = [number for number, rows in enumerate(groups) for _ in rows]
        columns = [[row[index] for rows in groups for row in rows] for index in range(self._width)]
        found = self._connection.execute(self._sql, [numbers, *columns]).fetchall()
        return [row[1:] for row in sorted(found, key=lambda row: int(row[0]))]

    def _checked(self, values: tuple[Any, ...]) -> tuple[Any, ...] | str:
        for value, call in zip(values, self._calls, strict=True):
            if problem := out_of_range(value, call):
                return problem
        return values


def out_of_range(value: Any, call: AggregateSpec) -> str:
    """Why a result does not fit its type, or an empty string."""
    if isinstance(value, float) and not math.isfinite(value):
        return f"{call.function} is not a finite number"
    bits = INTEGER_BITS.get(call.type.kind)
    if bits and isinstance(value, int) and not -(2 ** (bits - 1)) <= value < 2 ** (bits - 1):
        return f"{call.function} is {value}, out of the range of {call.type}"
    return ""


def _render(call: AggregateSpec, first: int) -> str:
    """An aggregate in DuckDB. Sums of whole numbers are 128 bits wide there; ranges are checked afterwards."""
    if call.argument is None:
        return "count(*)"
    column = column_name(call.argument - first)
    if call.distinct and call.type.is_approximate:  # in a fixed order, or the last bits hang on a hash table's
        return f"list_aggregate(list_sort(list_distinct(list({column}))), '{call.function.lower()}')"
    argument = f"DISTINCT {column}" if call.distinct else column
    if call.function == "AVG" and call.type.is_integer:
        return f"sum({argument}) // count({argument})"
    if call.function == "AVG" and not call.type.is_approximate:
        return f"CAST(sum({argument}) / count({argument}) AS {duckdb_type(call.type)})"
    return f"{call.function.lower()}({argument})"
