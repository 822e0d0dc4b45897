"""Queries: SELECT STREAM … FROM one source, and the clauses after it."""

from __future__ import annotations

from typing import NoReturn, cast

from sqlglot import exp
from sqlglot.tokenizer_core import TokenType

from cutwatch.sql.syntax.ast import (
    Name,
    Query,
    SelectItem,
    SortItem,
    Source,
    Stagger,
    StreamName,
    Subquery,
    TableFunction,
)
from cutwatch.sql.syntax.expressions import ExpressionParser
from cutwatch.sql.syntax.unsupported import CLAUSES, JOINS

# Words that end a source or an item, so that they are never taken for an alias.
_CLAUSE_WORDS = frozenset(
    {*CLAUSES, *JOINS, "FROM", "WHERE", "GROUP", "WINDOWED", "HAVING", "WINDOW", "ORDER", "ON", "USING", "WITHIN"}
)


class QueryParser(ExpressionParser):
    """Parses one query; whatever does not belong is refused where it stands."""

    # ---- small things ----

    def _sees(self, kind: TokenType) -> bool:
        return self._curr.token_type is kind

    def expect(self, word: str) -> None:
        """Take a word that must stand here."""
        if not self._match_text_seq(word):
            self.unexpected(f"{word} is missing")

    def unexpected(self, otherwise: str = "") -> NoReturn:
        """Refuse the token that stands here, with advice where its word is known from other SQL."""
        word = self._curr.text.upper()
        if self._curr.token_type is TokenType.SENTINEL:
            self.refuse(otherwise or "the statement ends too soon", self._prev)
        name = next((join for join in JOINS if word == join), "") and "JOIN"
        advice = CLAUSES.get(name or word.split()[0] if word else "", "")
        self.refuse(
            f"{name or word} is not supported here" if advice else otherwise or f"{word} is unexpected", None, advice
        )

    def name(self, what: str) -> Name:
        """An identifier, folded to upper case unless quoted."""
        token = self._curr
        quoted = token.token_type is TokenType.IDENTIFIER
        if not quoted and not (
            token.text.replace("_", "a").replace("$", "a").isalnum() and not token.text[:1].isdigit()
        ):
            self.unexpected(f"{what} is missing")
        if token.token_type in (TokenType.STRING, TokenType.NUMBER, TokenType.SENTINEL):
            self.refuse(f"{what} is missing", suggestion='names stand in double quotes: "NAME"')
        self._advance()
        return Name(token.text if quoted else token.text.upper(), quoted, token.start)

    def _alias(self) -> Name | None:
        if self._match(TokenType.ALIAS):
            return self.name("an alias")
        plain = self._curr.token_type is TokenType.IDENTIFIER or (
            self._curr.token_type is TokenType.VAR and self._curr.text.upper() not in _CLAUSE_WORDS
        )
        return self.name("an alias") if plain else None

    def expression_here(self, what: str = "an expression") -> exp.Expr:
        """A scalar expression that must stand here."""
        expression = self._parse_disjunction()
        if expression is None:
            self.unexpected(f"{what} is missing")
        return expression

    def _list(self) -> tuple[exp.Expr, ...]:
        items = [self.expression_here()]
        while self._match(TokenType.COMMA):
            items.append(self.expression_here())
        return tuple(items)

    # ---- the query ----

    def query(self) -> Query:
        """SELECT STREAM …, up to whatever cannot belong to it any more."""
        at = self._curr.start
        if not self._match(TokenType.SELECT):
            self.unexpected("SELECT STREAM is missing")
        if not self._match_text_seq("STREAM"):
            self.refuse("SELECT without STREAM is not supported", self._prev, "write SELECT STREAM")
        if self._sees(TokenType.DISTINCT):
            self.refuse(
                "SELECT STREAM DISTINCT is not supported", suggestion="GROUP BY the columns and a window on ROWTIME"
            )
        self._match(TokenType.ALL)
        items = [self._item()]
        while self._match(TokenType.COMMA):
            items.append(self._item())
        if not self._match(TokenType.FROM):
            self.unexpected("FROM is missing")
        source = self._source()
        where = self.expression_here("a condition") if self._match(TokenType.WHERE) else None
        group_by = self._list() if self._match(TokenType.GROUP_BY) else ()
        stagger = self._stagger() if self._match_text_seq("WINDOWED") else None
        having = self.expression_here("a condition") if self._match(TokenType.HAVING) else None
        windows = cast(tuple[exp.Window, ...], tuple(self._parse_window_clause() or ()))
        order_by = self._order() if self._match(TokenType.ORDER_BY) else ()
        return Query(tuple(items), source, where, group_by, stagger, having, windows, order_by, at)

    def _item(self) -> SelectItem:
        at = self._curr.start
        if self._match(TokenType.STAR):
            return SelectItem(None, None, None, at)
        if self._is_qualified_star():
            qualifier = self.name("a stream's name")
            self._advance(2)
            return SelectItem(None, None, qualifier, at)
        expression = self.expression_here("a column or an expression")
        return SelectItem(expression, self._alias(), None, at)

    def _is_qualified_star(self) -> bool:
        ahead = self._tokens[self._index + 1 : self._index + 3]
        return [token.token_type for token in ahead] == [TokenType.DOT, TokenType.STAR]

    def _source(self) -> Source:
        if self._match_text_seq("TABLE"):
            if not self._match(TokenType.L_PAREN):
                self.unexpected("an opening parenthesis is missing")
            call = self._table_function()
            self._close()
            return TableFunction(call.function, call.cursor, call.partition_by, call.arguments, self._alias())
        if self._sees(TokenType.L_PAREN):
            at = self._curr.start
            self._advance()
            query = self.query()
            self._close()
            return Subquery(query, self._alias(), at)
        name = self.name("a stream's name")
        if self._sees(TokenType.L_PAREN):
            self.refuse(f"{name.text}(...) cannot stand here", suggestion=f"write FROM TABLE({name.text}(...))")
        if self._sees(TokenType.DOT):
            self.refuse("names with a schema are not supported", suggestion="write the stream's name alone")
        return StreamName(name, self._alias())

    def _close(self) -> None:
        if not self._match(TokenType.R_PAREN):
            self.unexpected("a closing parenthesis is missing")

    def _table_function(self) -> TableFunction:
        function = self.name("a function's name")
        if not self._match(TokenType.L_PAREN):
            self.unexpected("an opening parenthesis is missing")
        if not self._match_text_seq("CURSOR"):
            self.unexpected("CURSOR(SELECT STREAM ...) is missing")
        if not self._match(TokenType.L_PAREN):
            self.unexpected("an opening parenthesis is missing")
        cursor = self.query()
        self._close()
        partition_by = self.name("a column's name") if self._match(TokenType.PARTITION_BY) else None
        arguments = []
        while self._match(TokenType.COMMA):
            arguments.append(self.expression_here("an argument"))
        self._close()
        return TableFunction(function, cursor, partition_by, tuple(arguments), None)

    def _stagger(self) -> Stagger:
        at = self._prev.start
        self.expect("BY")
        self.expect("STAGGER")
        if not self._match(TokenType.L_PAREN):
            self.unexpected("an opening parenthesis is missing")
        if not self._match(TokenType.PARTITION_BY):
            self.unexpected("PARTITION BY is missing")
        keys = self._list()
        if not self._match(TokenType.RANGE):
            self.unexpected("RANGE INTERVAL is missing")
        length = self.expression_here("an interval")
        self._close()
        return Stagger(keys, length, at)

    def _order(self) -> tuple[SortItem, ...]:
        items = [self._sort_item()]
        while self._match(TokenType.COMMA):
            items.append(self._sort_item())
        return tuple(items)

    def _sort_item(self) -> SortItem:
        expression = self.expression_here()
        descending = bool(self._match(TokenType.DESC))
        if not descending:
            self._match(TokenType.ASC)
        nulls_first = None
        if self._match_text_seq("NULLS"):
            nulls_first = bool(self._match_text_seq("FIRST"))
            if not nulls_first:
                self.expect("LAST")
        return SortItem(expression, descending, nulls_first)
