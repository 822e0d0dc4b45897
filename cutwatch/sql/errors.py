"""Refusals: one sentence with file, line, column and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass

from cutwatch.errors import DeveloperError


@dataclass(frozen=True)
class Position:
    """A place in a SQL text, both counted from 1 as editors do."""

    line: int
    column: int


class SqlError(DeveloperError):
    """Raised when a statement is wrong or not supported; `sql check` raises exactly what `sql run` would.

    Attributes:
        file: the file's name as the user gave it.
        position: where in the file.
        problem: what is wrong there.
        suggestion: what to write instead, or an empty string.

    Example:
        >>> str(SqlError("JOIN is not supported", file="a.sql", position=Position(3, 14), suggestion="use one stream"))
        'a.sql:3:14: JOIN is not supported; use one stream'
    """

    def __init__(self, problem: str, *, file: str, position: Position, suggestion: str = "") -> None:
        self.file, self.position, self.problem, self.suggestion = file, position, problem, suggestion
        where = f"{file}:{position.line}:{position.column}"
        super().__init__(f"{where}: {problem}" + (f"; {suggestion}" if suggestion else ""))


class SchemaError(DeveloperError):
    """Raised when an application description (InputSchema, Outputs) is wrong or does not fit the program."""


@dataclass(frozen=True)
class SourceText:
    """A SQL text with its file name, so that an offset into it becomes a place people can go to."""

    text: str
    file: str = "<sql>"

    def position(self, offset: int) -> Position:
        """Line and column of a character offset."""
        before = self.text[: max(0, offset)]
        return Position(before.count("\n") + 1, len(before) - before.rfind("\n"))

    def error(self, problem: str, offset: int, suggestion: str = "") -> SqlError:
        """The refusal of what stands at `offset`."""
        return SqlError(problem, file=self.file, position=self.position(offset), suggestion=suggestion)
