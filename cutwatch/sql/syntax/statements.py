"""Statements and queries, clause by clause, in the one order that the service takes them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlglot.tokenizer_core import Token, TokenType

from cutwatch.sql.syntax.ast import ColumnDefinition, CreatePump, CreateStream, Statement
from cutwatch.sql.syntax.queries import QueryParser
from cutwatch.sql.syntax.unsupported import STATEMENTS

T = TypeVar("T")


class StatementParser(QueryParser):
    """Parses CREATE STREAM and CREATE PUMP; says what to do instead of the rest."""

    def statements(self, tokens: list[Token]) -> tuple[Statement, ...]:
        """Parse a file's tokens, statements parted by semicolons."""
        statements: list[Statement] = []
        chunk: list[Token] = []
        for token in [*tokens, None]:
            if token is not None and token.token_type is not TokenType.SEMICOLON:
                chunk.append(token)
            elif chunk:
                statements.append(self._statement(chunk))
                chunk = []
        return tuple(statements)

    def _statement(self, tokens: list[Token]) -> Statement:
        self.reset()
        self.sql = self.source.text
        self._tokens, self._tokens_size, self._index = tokens, len(tokens), -1
        self._advance()
        statement = self._create()
        if self._curr.token_type is not TokenType.SENTINEL:
            self.unexpected()
        return statement

    def _create(self) -> Statement:
        if not self._match(TokenType.CREATE):
            word = self._curr.text.upper()
            raise self.refusal(
                f"a statement cannot start with {word}", self._here().start, STATEMENTS.get(word, STATEMENTS[""])
            )
        if self._match_text_seq("OR"):
            self.expect("REPLACE")
        if self._match_text_seq("STREAM"):
            return self._stream()
        if self._match_text_seq("PUMP"):
            return self._pump()
        word = f"CREATE {self._curr.text.upper()}"
        raise self.refusal(f"{word} is not supported", self._here().start, STATEMENTS.get(word, STATEMENTS[""]))

    def _stream(self) -> CreateStream:
        name = self.name("a stream's name")
        columns = self.in_parentheses(self._column)
        return CreateStream(name, tuple(columns))

    def _column(self) -> ColumnDefinition:
        name = self.name("a column's name")
        text, start = self.read_type()
        not_null = self._match_text_seq("NOT", "NULL")
        if not not_null:
            self._match_text_seq("NULL")
        return ColumnDefinition(name, text, start.start, bool(not_null))

    def _pump(self) -> CreatePump:
        name = self.name("a pump's name")
        if self._match_text_seq("STOPPED", advance=False):
            self.refuse("a STOPPED pump is not supported", suggestion="leave the pump out of the file, or drop STOPPED")
        self._match_text_seq("STARTED")
        if not self._match(TokenType.ALIAS):
            self.refuse("AS is missing", suggestion="write CREATE OR REPLACE PUMP name AS INSERT INTO ...")
        for word in ("INSERT", "INTO"):
            self.expect(word)
        target = self.name("the name of the stream to insert into")
        columns = self.in_parentheses(lambda: self.name("a column's name")) if self._sees(TokenType.L_PAREN) else []
        return CreatePump(name, target, tuple(columns), self.query())

    def in_parentheses(self, item: Callable[[], T]) -> list[T]:
        """`( item, item, … )`."""
        if not self._match(TokenType.L_PAREN):
            self.refuse("an opening parenthesis is missing")
        items = [item()]
        while self._match(TokenType.COMMA):
            items.append(item())
        if not self._match(TokenType.R_PAREN):
            self.unexpected("a comma or a closing parenthesis is missing")
        return items
