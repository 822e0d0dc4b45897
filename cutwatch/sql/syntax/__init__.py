"""From text to statements: a sqlglot dialect for the SQL of Kinesis Data Analytics."""

from cutwatch.sql.syntax.script import parse_script

__all__ = ["parse_script"]
