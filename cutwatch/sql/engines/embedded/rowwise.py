"""Filter and Project: row by row, by DuckDB."""

from __future__ import annotations

import duckdb

from cutwatch.sql.engines.embedded.batch import Batch
from cutwatch.sql.engines.embedded.evaluator import Evaluator, Failure
from cutwatch.sql.engines.embedded.problems import Problem, row_problem
from cutwatch.sql.engines.embedded.step import Stateless
from cutwatch.sql.program import Columns, Filter, Project


def _problems(batch: Batch, failures: list[Failure], columns: Columns) -> list[Problem]:
    return [
        row_problem("RUNTIME_ERROR", failure.message, batch.places[failure.index], batch.row(failure.index), columns)
        for failure in failures
    ]


class RunningFilter(Stateless):
    """Keeps the rows for which the predicate is true."""

    def __init__(self, step: Filter, columns: Columns, connection: duckdb.DuckDBPyConnection) -> None:
        self._columns = columns
        self._evaluator = Evaluator(connection, [step.predicate], columns)

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:  # noqa: ARG002
        """Rows that pass; a predicate that fails is a bad row."""
        (verdicts,), good, failures = self._evaluator.run(batch)
        passed = [index for index, verdict in zip(good, verdicts, strict=True) if verdict is True]
        return batch.take(passed), _problems(batch, failures, self._columns)


class RunningProject(Stateless):
    """Computes columns."""

    def __init__(self, step: Project, columns: Columns, connection: duckdb.DuckDBPyConnection) -> None:
        self._columns = columns
        self._evaluator = Evaluator(connection, step.expressions, columns)

    def process(self, batch: Batch, watermark: int) -> tuple[Batch, list[Problem]]:  # noqa: ARG002
        """The computed rows; one whose expression fails is a bad row."""
        computed, good, failures = self._evaluator.run(batch)
        places = batch.places if len(good) == len(batch) else [batch.places[index] for index in good]
        return Batch(places, computed), _problems(batch, failures, self._columns)
