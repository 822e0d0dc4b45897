"""What the parser hands on: statements and queries as frozen objects, scalar expressions as sqlglot's.

Names and types are not yet looked up; every `at` is the character offset of the thing in the text, for error messages.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True)
class Name:
    """An identifier. Unquoted ones are already in upper case, as the service folds them."""

    text: str
    quoted: bool
    at: int


@dataclass(frozen=True)
class ColumnDefinition:
    """One column of CREATE STREAM; `type_text` is not yet looked at."""

    name: Name
    type_text: str
    type_at: int
    not_null: bool


@dataclass(frozen=True)
class SelectItem:
    """One item of a select list. A star has `expression` None and may have the `qualifier` of `s.*`."""

    expression: exp.Expr | None
    alias: Name | None
    qualifier: Name | None
    at: int


@dataclass(frozen=True)
class StreamName:
    """FROM "STREAM" [AS alias]."""

    name: Name
    alias: Name | None


@dataclass(frozen=True)
class Subquery:
    """FROM (SELECT STREAM …) [AS alias]."""

    query: Query
    alias: Name | None
    at: int


@dataclass(frozen=True)
class TableFunction:
    """FROM TABLE(FUNCTION(CURSOR(query) [PARTITION BY "KEY"], argument, …)) [AS alias]."""

    function: Name
    cursor: Query
    partition_by: Name | None
    arguments: tuple[exp.Expr, ...]
    alias: Name | None


Source = StreamName | Subquery | TableFunction


@dataclass(frozen=True)
class Stagger:
    """WINDOWED BY STAGGER (PARTITION BY keys RANGE INTERVAL …)."""

    keys: tuple[exp.Expr, ...]
    length: exp.Expr
    at: int


@dataclass(frozen=True)
class SortItem:
    """One item of ORDER BY."""

    expression: exp.Expr
    descending: bool
    nulls_first: bool | None


@dataclass(frozen=True)
class Query:
    """SELECT STREAM items FROM source [WHERE] [GROUP BY | WINDOWED BY] [HAVING] [WINDOW] [ORDER BY]."""

    items: tuple[SelectItem, ...]
    source: Source
    where: exp.Expr | None
    group_by: tuple[exp.Expr, ...]
    stagger: Stagger | None
    having: exp.Expr | None
    windows: tuple[exp.Window, ...]
    order_by: tuple[SortItem, ...]
    at: int


@dataclass(frozen=True)
class CreateStream:
    """CREATE [OR REPLACE] STREAM name (columns)."""

    name: Name
    columns: tuple[ColumnDefinition, ...]


@dataclass(frozen=True)
class CreatePump:
    """CREATE [OR REPLACE] PUMP name AS INSERT INTO target [(columns)] query."""

    name: Name
    target: Name
    columns: tuple[Name, ...]
    query: Query


Statement = CreateStream | CreatePump
