"""Compile a SQL text against an application description."""

from __future__ import annotations

import difflib
from collections.abc import Mapping

from cutwatch.sql.application import Application
from cutwatch.sql.bind import bind_script
from cutwatch.sql.errors import SchemaError, SourceText
from cutwatch.sql.parameters import bind_parameters
from cutwatch.sql.program import Program
from cutwatch.sql.syntax import parse_script


def compile_sql(
    text: str, application: Application, *, file: str = "<sql>", parameters: Mapping[str, int] | None = None
) -> Program:
    """Compile a file of CREATE STREAM and CREATE PUMP statements.

    Args:
        text: the SQL.
        application: whose inputs are the source streams and whose outputs name streams of the program.
        file: the name under which errors speak of the text.
        parameters: values for the text's parameters (`${name:default}`); what is left out has its default.

    Returns:
        The program that every engine runs.

    Raises:
        SqlError: at the first thing that is wrong or not supported, with file, line, column and advice.
        SchemaError: an output of the application names a stream that is not there.
    """
    source = SourceText(bind_parameters(text, parameters, file=file), file)
    try:
        program = bind_script(parse_script(source), application.source_streams(), source)
    except RecursionError:
        raise source.error("an expression is nested too deeply", 0, "pump parts of it into a stream first") from None
    names = [stream.name for stream in program.streams]
    for output in application.outputs:
        if output.name not in names:
            near = difflib.get_close_matches(output.name, names, n=1) or names
            raise SchemaError(
                f'{application.file}: Outputs names "{output.name}", which {file} does not create; there is "{near[0]}"'
            )
    return program
