"""The sqlglot dialect: how KDA SQL is cut into tokens, and which parser reads them."""

from __future__ import annotations

from typing import ClassVar

from sqlglot import tokens
from sqlglot.dialects.dialect import Dialect, NormalizationStrategy
from sqlglot.tokenizer_core import TokenType

from cutwatch.sql.syntax.statements import StatementParser


class Kda(Dialect):
    """SQL of Amazon Kinesis Data Analytics for SQL Applications (SQLstream's dialect of Apache Calcite)."""

    NORMALIZATION_STRATEGY = NormalizationStrategy.UPPERCASE
    NULL_ORDERING = "nulls_are_large"
    INTERVAL_SPANS: ClassVar = True

    class Tokenizer(tokens.Tokenizer):
        """Strings in single quotes, identifiers in double quotes, nothing else."""

        IDENTIFIERS: ClassVar = ['"']
        QUOTES: ClassVar = ["'"]
        STRING_ESCAPES: ClassVar = ["'"]
        # Templates ({{ }}, {% %}) belong to other tools; word tokens that are no keywords here are plain names.
        KEYWORDS: ClassVar = {
            word: kind
            for word, kind in tokens.Tokenizer.KEYWORDS.items()
            if kind not in (TokenType.BLOCK_START, TokenType.BLOCK_END, TokenType.COMMAND)
        }

    Parser = StatementParser
