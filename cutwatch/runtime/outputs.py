"""From the engine's rows to the records of the output streams."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from cutwatch.detection.records import DetectorName, score_record_from_row
from cutwatch.errors import DataError, DeveloperError
from cutwatch.runtime.properties import ApplicationProperties
from cutwatch.runtime.sink import OutputRecord, Sink
from cutwatch.sql import ERROR_STREAM, Application, OutputRow, Program, encode_row
from cutwatch.sql.application import Output
from cutwatch.sql.program import SCORE_COLUMN, Forest

TIME_COLUMN = "TIMESTAMPS"
DESTINATION = "KinesisStreamsOutput"

Encode = Callable[[OutputRow], OutputRecord]
SinkFactory = Callable[[str], Sink]


@dataclass(frozen=True)
class Route:
    """Where the rows of one in-application stream go, and as what."""

    sink: Sink
    encode: Encode


@dataclass(frozen=True)
class Written:
    """How many rows went out, by in-application stream, and how many of them were errors."""

    rows: Mapping[str, int]
    errors: int


class Outputs:
    """Writes rows to their streams.

    Args:
        routes: by in-application stream; rows of others are left out.
        errors: where bad rows go.
    """

    def __init__(self, routes: Mapping[str, Route], errors: Route) -> None:
        self._routes = dict(routes)
        self._errors = errors

    def write(self, rows: Iterable[OutputRow]) -> Written:
        """Write rows; when this returns, the streams have them."""
        batches: dict[str, list[OutputRecord]] = {}
        for row in rows:
            name, record = self._encode(row)
            if record is not None:
                batches.setdefault(name, []).append(record)
        for name, records in batches.items():
            (self._errors if name == ERROR_STREAM else self._routes[name]).sink.put(records)
        counts = {name: len(records) for name, records in batches.items()}
        return Written(counts, counts.get(ERROR_STREAM, 0))

    def place(self, row: OutputRow) -> tuple[Sink, OutputRecord] | None:
        """Tell where a row goes and as what, without writing it; None where its stream is left out."""
        name, record = self._encode(row)
        if record is None:
            return None
        return (self._errors if name == ERROR_STREAM else self._routes[name]).sink, record

    def _encode(self, row: OutputRow) -> tuple[str, OutputRecord | None]:
        if row.stream == ERROR_STREAM:
            return ERROR_STREAM, self._errors.encode(row)
        route = self._routes.get(row.stream)
        if route is None:
            return row.stream, None
        try:
            return row.stream, route.encode(row)
        except DataError as error:
            return ERROR_STREAM, self._errors.encode(_error_row(row, error))


def build_outputs(
    program: Program, application: Application, properties: ApplicationProperties, open_sink: SinkFactory
) -> Outputs:
    """Bind the application's outputs to their streams; `open_sink` gives the sink of a stream's ARN.

    The output whose ResourceARN is the scores stream's becomes score records; any other becomes plain rows. Bad rows go
    where the description sends the error stream, else to the errors stream of the properties.

    Raises:
        DeveloperError: where the description's outputs do not fit this runtime or the program.
    """

    def opened(output: Output, encode: Encode) -> Route:
        if output.kind != DESTINATION:
            raise _refusal(application, output.name, f"goes to {output.kind}", f"write {DESTINATION}")
        return Route(open_sink(output.resource_arn), encode)

    routes = {}
    series = properties.series
    errors = Route(open_sink(properties.errors_stream_arn), _row_encoder("JSON", series))
    for output in application.outputs:
        if output.name == ERROR_STREAM:
            errors = opened(output, _row_encoder(output.format, series))
        elif output.resource_arn == properties.scores_stream_arn:
            routes[output.name] = opened(output, _score_encoder(program, application, output.name, properties))
        elif output.resource_arn:  # else its stream is not part of this deployment
            routes[output.name] = opened(output, _row_encoder(output.format, series))
    if not any(output.resource_arn == properties.scores_stream_arn for output in application.outputs):
        raise DeveloperError(
            f"{application.file}: no output goes to the scores stream; give one of Outputs the ResourceARN "
            "${SCORES_STREAM_ARN}"
        )
    return Outputs(routes, errors)


def series_column(program: Program, stream: str) -> str | None:
    """Give the column of a stream that a partitioned forest before it has its key in; None for one forest."""
    names = [column.name for column in program.stream(stream).columns]
    for pump in program.pumps:
        for step in pump.steps:
            if isinstance(step, Forest) and step.key is not None and step.columns[step.key].name in names:
                return step.columns[step.key].name
    return None


def _score_encoder(
    program: Program, application: Application, stream: str, properties: ApplicationProperties
) -> Encode:
    names = [column.name for column in program.stream(stream).columns]
    for needed in (TIME_COLUMN, SCORE_COLUMN):
        if needed not in names:
            advice = f"score records need {TIME_COLUMN} and {SCORE_COLUMN}"
            raise _refusal(application, stream, f"goes to the scores stream and has no column {needed}", advice)
    detector: DetectorName = properties.detector
    key = series_column(program, stream)

    def encode(row: OutputRow) -> OutputRecord:
        series = properties.series if key is None else str(row.values[key])
        record = score_record_from_row(
            row.values,
            detector=detector,
            series=series,
            window_seconds=properties.window_seconds,
            time_column=TIME_COLUMN,
        )
        return OutputRecord(record.to_json().encode(), _partition_key(series))

    return encode


def _row_encoder(record_format: str, series: str) -> Encode:
    return lambda row: OutputRecord(encode_row(row, record_format), _partition_key(series))


def _partition_key(series: str) -> str:
    """Make a partition key of a series: Kinesis takes 1 to 256 characters."""
    return series[:256] or "-"


def _error_row(row: OutputRow, error: DataError) -> OutputRow:
    values: dict[str, str | datetime] = {
        "ERROR_TIME": row.rowtime,
        "ERROR_LEVEL": "ERROR",
        "ERROR_NAME": "OUTPUT_ERROR",
        "MESSAGE": str(error)[:4096],
        "DATA_ROWTIME": row.rowtime,
        "DATA_ROW": encode_row(row).hex()[:49_152],
        "PUMP_NAME": "",
    }
    return OutputRow(ERROR_STREAM, row.rowtime, values)


def _refusal(application: Application, name: str, problem: str, advice: str) -> DeveloperError:
    return DeveloperError(f'{application.file}: output "{name}" {problem}; {advice}')
