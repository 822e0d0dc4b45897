"""A whole SQL file to its statements."""

from __future__ import annotations

from typing import cast

from sqlglot.errors import ParseError, TokenError

from cutwatch.sql.errors import SourceText
from cutwatch.sql.syntax.ast import Statement
from cutwatch.sql.syntax.dialect import Kda
from cutwatch.sql.syntax.statements import StatementParser


def parse_script(source: SourceText) -> tuple[Statement, ...]:
    """Parse every statement of a file.

    Args:
        source: the text and the name under which errors speak of it.

    Raises:
        SqlError: at the first thing that is wrong or not supported, with file, line and column.
    """
    dialect = Kda()
    try:
        tokens = dialect.tokenize(source.text)
    except TokenError as cause:
        raise source.error("a string, quoted name or comment is not closed", _unclosed(source.text)) from cause
    parser = cast(StatementParser, StatementParser.over(source, dialect))
    try:
        statements = parser.statements(tokens)
    except ParseError as cause:
        error = cause.errors[0]
        raise source.error(_syntax_problem(str(error["description"])), int(str(error["start"]))) from cause
    if not statements:
        raise source.error("there is no statement", 0, "write CREATE STREAM and CREATE PUMP statements")
    return statements


def _syntax_problem(description: str) -> str:
    """Sqlglot's words about its own classes, in words about the SQL."""
    return "an operand is missing" if description.startswith("Required keyword") else description


def _unclosed(text: str) -> int:
    """Where the quote that is never closed opens: the odd one out, comments aside."""
    offset, end = 0, len(text)
    while offset < end:
        if text.startswith("--", offset):
            newline = text.find("\n", offset)
            offset = end if newline < 0 else newline
        elif text.startswith("/*", offset):
            close = text.find("*/", offset + 2)
            if close < 0:
                return offset
            offset = close + 2
        elif text[offset] in "'\"":
            close = text.find(text[offset], offset + 1)
            if close < 0:
                return offset
            offset = close + 1
        else:
            offset += 1
    return 0
