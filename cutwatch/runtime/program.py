"""The program that the properties name, read and compiled. Whatever is wrong with it is found here."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from cutwatch.errors import OperatorError
from cutwatch.runtime.properties import ROW_SECONDS, WINDOW_SECONDS, ApplicationProperties
from cutwatch.sql import Application, Program, compile_sql, load_application


@dataclass(frozen=True)
class LoadedProgram:
    """The SQL and its description, compiled, with the streams' ARNs filled in."""

    application: Application
    program: Program

    def fingerprint(self, properties: ApplicationProperties) -> str:
        """Give a text that changes when a saved state of the engine no longer fits."""
        lateness = properties.allowed_lateness_seconds
        parts = (self.program.fingerprint(), self.application.input.schema, properties.seed, lateness)
        return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def load_program(properties: ApplicationProperties, sql_folder: Path) -> LoadedProgram:
    """Read and compile the SQL. Raises SqlError, SchemaError or OperatorError."""
    application = load_application(sql_folder / properties.application_file)
    names = {key.replace(".", "_").upper(): arn or "" for key, arn in stream_arns(properties).items()}
    application = application.with_arns(names)
    path = sql_folder / properties.sql_file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as cause:
        raise OperatorError(f"property sql.file: {path.name} cannot be read: {cause.strerror}") from cause
    parameters = _window_parameters(properties, text)
    return LoadedProgram(application, compile_sql(text, application, file=properties.sql_file, parameters=parameters))


def _window_parameters(properties: ApplicationProperties, text: str) -> dict[str, int]:
    """The windows' lengths for a SQL text; one without such parameters runs as long as nobody sets them."""
    wanted = {
        "score_seconds": (properties.window_seconds, WINDOW_SECONDS),
        "row_seconds": (properties.row_seconds, ROW_SECONDS),
    }
    return {name: value for name, (value, default) in wanted.items() if value != default or f"${{{name}:" in text}


def stream_arns(properties: ApplicationProperties) -> dict[str, str | None]:
    """Give the streams by property; `${SCORES_STREAM_ARN}` in a description stands for `scores.stream.arn`."""
    return {
        "clicks.stream.arn": properties.clicks_stream_arn,
        "scores.stream.arn": properties.scores_stream_arn,
        "windows.stream.arn": properties.windows_stream_arn,
        "errors.stream.arn": properties.errors_stream_arn,
    }
