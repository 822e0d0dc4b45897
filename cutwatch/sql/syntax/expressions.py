"""Scalar expressions: sqlglot's expression parser, kept to what KDA SQL has.

Functions are left unnamed nodes (`exp.Anonymous`), so that the one list of functions is ours (cutwatch.sql.functions)
and none of sqlglot's many is taken by accident. Forms with words inside the parentheses become functions with a space
in their name, which nobody can write: `FLOOR(x TO MINUTE)` is `FLOOR TO`(x, 'MINUTE').
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

from sqlglot import exp
from sqlglot.errors import ErrorLevel, ParseError
from sqlglot.parser import Parser
from sqlglot.tokenizer_core import Token, TokenType

from cutwatch.sql.errors import SourceText, SqlError

Special = Callable[["ExpressionParser"], exp.Expr]


class ExpressionParser(Parser):
    """Parses scalar expressions; errors carry the offset of the token they are about."""

    FUNCTIONS: ClassVar = {}
    NO_PAREN_FUNCTIONS: ClassVar = {}
    NO_PAREN_FUNCTION_PARSERS: ClassVar = {"CASE": lambda self: self._at(self._prev, self._parse_case())}
    FUNCTION_PARSERS: ClassVar[dict[str, Callable[..., Any]]] = {
        "CAST": lambda self: self._cast(),
        "CEIL": lambda self: self._floor("CEIL"),
        "CEILING": lambda self: self._floor("CEIL"),
        "EXTRACT": lambda self: self._extract(),
        "FLOOR": lambda self: self._floor("FLOOR"),
        "OVERLAY": lambda self: self._worded("OVERLAY", "PLACING", "FROM", "FOR"),
        "POSITION": lambda self: self._worded("POSITION", "IN"),
        "STEP": lambda self: self._worded("STEP", "BY"),
        "SUBSTRING": lambda self: self._worded("SUBSTRING", "FROM", "FOR"),
        "TRIM": lambda self: self._trim(),
    }
    COLUMN_OPERATORS: ClassVar = {TokenType.DOT: None}
    TYPE_LITERAL_PARSERS: ClassVar = {}

    source: SourceText

    @classmethod
    def over(cls, source: SourceText, dialect: Any) -> ExpressionParser:
        """A parser that stops at the first error and can say where in `source` it is."""
        parser = cls(error_level=ErrorLevel.IMMEDIATE, dialect=dialect)
        parser.source = source
        return parser

    # ---- errors ----

    def raise_error(self, message: str, token: Token | None = None) -> NoReturn:
        """Raise sqlglot's error with the offset at which the token starts (sqlglot counts columns from its end)."""
        at = token or self._curr
        if at.token_type is TokenType.SENTINEL:
            at = self._prev
        raise ParseError(message, errors=[{"description": message, "start": at.start}])

    def refuse(self, problem: str, token: Token | None = None, suggestion: str = "") -> NoReturn:
        """Raise the refusal of a token; unlike a ParseError it is never taken as a reason to try another rule."""
        raise self.refusal(problem, (token or self._here()).start, suggestion)

    def refusal(self, problem: str, offset: int, suggestion: str = "") -> SqlError:
        """Make the refusal of the thing at `offset`."""
        return self.source.error(problem, offset, suggestion)

    def _here(self) -> Token:
        return self._curr if self._curr.token_type is not TokenType.SENTINEL else self._prev

    # ---- where things stand: sqlglot notes it for names and numbers only ----

    def _at(self, token: Token, node: exp.Expr | None) -> exp.Expr | None:
        if node is not None and "start" not in node.meta:
            node.update_positions(token)
        return node

    def _parse_unary(self) -> exp.Expr | None:
        token = self._curr
        node = super()._parse_unary()
        return self._at(token, node) if isinstance(node, exp.Unary) else node

    def _parse_atom(self) -> exp.Expr | None:
        return self._at(self._curr, super()._parse_atom())

    def _parse_primary(self) -> exp.Expr | None:
        return self._at(self._curr, super()._parse_primary())

    def _parse_interval(self, *args: Any, **options: Any) -> Any:
        return self._at(self._curr, super()._parse_interval(*args, **options))

    # ---- forms with words ----

    def _name_token(self) -> Token:
        """The name of the function whose parenthesis has just been opened."""
        return self._tokens[self._index - 2]

    def _call(self, name: str, arguments: list[exp.Expr], token: Token) -> exp.Expr:
        return exp.Anonymous(this=name, expressions=arguments).update_positions(token)

    def _argument(self) -> exp.Expr:
        argument = self._parse_bitwise()
        if argument is None:
            self.refuse("an expression is missing")
        return argument

    def _word(self, *, allowed: str) -> exp.Expr:
        if self._curr.token_type in (TokenType.SENTINEL, TokenType.R_PAREN, TokenType.STRING):
            self.refuse(f"a unit is missing; allowed are {allowed}")
        self._advance()
        return exp.Literal.string(self._prev.text.upper()).update_positions(self._prev)

    def _floor(self, name: str) -> exp.Expr:
        token = self._name_token()
        first = self._argument()
        if self._match_text_seq("TO"):
            unit = self._word(allowed="SECOND, MINUTE, HOUR and DAY")
            return self._call(f"{name} TO", [first, unit], token)
        return self._call(name, [first, *self._more()], token)

    def _more(self) -> list[exp.Expr]:
        """Further arguments after commas: how many a function takes is checked where all functions are."""
        arguments = []
        while self._match(TokenType.COMMA):
            arguments.append(self._argument())
        return arguments

    def _worded(self, name: str, *words: str) -> exp.Expr:
        """`NAME(a WORD b WORD c)` or `NAME(a, b, c)`."""
        token = self._name_token()
        arguments = [self._argument()]
        if self._curr.token_type is TokenType.COMMA:
            return self._call(name, arguments + self._more(), token)
        arguments += [self._argument() for word in words if self._match_text_seq(word)]
        return self._call(name, arguments, token)

    def _extract(self) -> exp.Expr:
        token = self._name_token()
        unit = self._word(allowed="YEAR, MONTH, DAY, HOUR, MINUTE and SECOND")
        if not self._match_text_seq("FROM"):
            self.refuse("FROM is missing", suggestion="write EXTRACT(MINUTE FROM x)")
        return self._call("EXTRACT", [unit, self._argument()], token)

    def _trim(self) -> exp.Expr:
        token = self._name_token()
        side = self._prev.text.upper() if self._match_texts(("BOTH", "LEADING", "TRAILING")) else "BOTH"
        first = None if self._curr.text.upper() == "FROM" else self._argument()
        if self._match_text_seq("FROM"):
            what = first or exp.Literal.string(" ")
            return self._call(f"TRIM {side}", [self._argument(), what], token)
        return self._call(f"TRIM {side}", [*([first] if first else []), exp.Literal.string(" ")], token)

    def _cast(self) -> exp.Expr:
        token = self._name_token()
        value = self._parse_disjunction()
        if value is None or not self._match(TokenType.ALIAS):
            self.refuse("CAST needs a value and a type", suggestion="write CAST(x AS DOUBLE)")
        text, start = self.read_type()
        kind = exp.Literal.string(text).update_positions(start)
        return self._call("CAST", [value, kind], token)

    def read_type(self) -> tuple[str, Token]:
        """The text of a type, e.g. `VARCHAR(64)` or `DOUBLE PRECISION`, and its first token."""
        start = self._curr
        if start.token_type in (TokenType.SENTINEL, TokenType.R_PAREN, TokenType.COMMA):
            self.refuse("a type is missing")
        self._advance()
        self._match_texts(("PRECISION", "VARYING"))
        if self._match(TokenType.L_PAREN):
            while self._curr.token_type is not TokenType.SENTINEL and not self._match(TokenType.R_PAREN):
                self._advance()
        return self._find_sql(start, self._prev), start

    # ---- what SQL has elsewhere and KDA has not here ----

    def _parse_select(self, *_: Any, **__: Any) -> exp.Expr | None:
        if self._curr.token_type in (TokenType.SELECT, TokenType.WITH):
            self.refuse(
                "a query inside an expression is not supported",
                suggestion="pump it into a stream of its own, or put it into FROM (SELECT STREAM ...)",
            )
        return None
