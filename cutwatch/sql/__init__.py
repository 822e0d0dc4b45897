"""KDA SQL: compile it, and run the program on an engine.

Example:
    >>> from cutwatch.sql import compile_sql, parse_application
    >>> columns = [{"Name": "n", "Mapping": "$.n", "SqlType": "INTEGER"}]
    >>> schema = {"RecordFormat": {"RecordFormatType": "JSON"}, "RecordColumns": columns}
    >>> application = parse_application({"InputSchema": schema})
    >>> sql = 'CREATE STREAM "OUT" ("n" INTEGER);'
    >>> sql += ' CREATE PUMP "P" AS INSERT INTO "OUT" SELECT STREAM * FROM "SOURCE_SQL_STREAM_001"'
    >>> [pump.name for pump in compile_sql(sql, application).pumps]
    ['P']
"""

from cutwatch.sql.application import Application, load_application, parse_application
from cutwatch.sql.compiler import compile_sql
from cutwatch.sql.errors import SchemaError, SqlError
from cutwatch.sql.program import ERROR_STREAM, Program
from cutwatch.sql.rows import OutputRow, Record, encode_row

__all__ = [
    "ERROR_STREAM",
    "Application",
    "OutputRow",
    "Program",
    "Record",
    "SchemaError",
    "SqlError",
    "compile_sql",
    "encode_row",
    "load_application",
    "parse_application",
]
