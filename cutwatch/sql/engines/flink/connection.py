"""What connects the job to the world: the one place where connectors and their options are chosen.

On AWS, and wherever its jar is at hand, that is the Kinesis connector. Without the jar it is Flink's own `filesystem`
connector over watched folders, which a feeder fills and empties (cutwatch/runtime/flink/feeder.py); tests and benches
use the same. The job between them is the same.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from cutwatch.errors import DeveloperError

ONE_OUTPUT = "outputs"
PROGRESS = "progress"
_IDLE_SECONDS = 5


class Connection(Protocol):
    """A source of records and the sinks of outputs."""

    @property
    def numbered(self) -> bool:
        """Whether records carry numbers that tell their order; else their arrival does."""

    def read(self, table_environment: Any, environment: Any) -> Any:
        """The stream of what the source gives."""

    def parse(self, value: Any) -> tuple[int, int | None, bytes]:
        """From what the source gives to (order, arrival in milliseconds, bytes)."""

    def sinks(self) -> Mapping[str, Mapping[str, str]]:
        """The options of every sink's table, by the tag of what goes there."""


def create_table(name: str, options: Mapping[str, str]) -> str:
    """The DDL of a table of raw bytes."""
    listed = ", ".join(f"{_text(key)} = {_text(value)}" for key, value in options.items())
    return f"CREATE TEMPORARY TABLE `{name}` (`data` BYTES) WITH ({listed})"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@dataclass(frozen=True)
class FolderConnection:
    """Watched folders. A file is put into `source` in one go; its lines are those of `line`.

    All outputs go to one folder, so that what stands before a progress mark in its files is what was done before it.

    Attributes:
        source: folder that is read.
        outputs: folder that is written.
        bounded: whether the input ends with the files that are there now.
    """

    source: Path
    outputs: Path
    bounded: bool = False
    numbered: bool = True

    def read(self, table_environment: Any, environment: Any) -> Any:  # noqa: ARG002
        """The stream of lines."""
        watched = {} if self.bounded else {"source.monitor-interval": "200ms"}
        name = "clicks"
        options = {"connector": "filesystem", "path": self.source.resolve().as_uri(), "format": "raw", **watched}
        table_environment.execute_sql(create_table(name, options))
        return table_environment.to_data_stream(table_environment.from_path(name))

    def parse(self, value: Any) -> tuple[int, int | None, bytes]:
        """Read a line."""
        return parse_line(value[0])

    def sinks(self) -> Mapping[str, Mapping[str, str]]:
        """One folder."""
        return {ONE_OUTPUT: _folder_sink(self.outputs)}


def line(number: int, arrival_ms: int | None, data: bytes) -> bytes:
    """A line of a watched folder: number, time of arrival, bytes in base64."""
    return b"%d %s %s\n" % (number, b"-" if arrival_ms is None else b"%d" % arrival_ms, base64.b64encode(data))


def parse_line(text: bytes) -> tuple[int, int | None, bytes]:
    """Read such a line."""
    number, arrival, data = text.split(b" ")
    return int(number), None if arrival == b"-" else int(arrival), base64.b64decode(data)


def output_line(route: str, data: bytes, key: str = "") -> bytes:
    """A line of an outputs folder: where it goes, its partition key and its bytes."""
    return b"%s %s %s" % (route.encode(), base64.b64encode(key.encode()), base64.b64encode(data))


def parse_output_line(text: bytes) -> tuple[str, bytes, str]:
    """Read such a line."""
    route, key, data = text.split(b" ")
    return route.decode(), base64.b64decode(data), base64.b64decode(key).decode()


def _folder_sink(folder: Path) -> dict[str, str]:
    return {
        "connector": "filesystem",
        "path": folder.resolve().as_uri(),
        "format": "raw",
        "sink.parallelism": "1",
        "sink.rolling-policy.rollover-interval": "1s",
        "sink.rolling-policy.check-interval": "200ms",
    }


@dataclass(frozen=True)
class KinesisConnection:
    """The Kinesis connector for tables, `flink-sql-connector-aws-kinesis-streams`.

    Attributes:
        source_arn: the stream that is read, from its oldest record unless a saved state says more.
        sink_arns: the streams that are written, by tag.
        region: of all streams.
        endpoint_url: of a local cloud; None is AWS.
        credentials: key id and secret for a local cloud; None takes those of the environment.
        progress: folder that gets how far the lanes are; None where nobody follows.
    """

    source_arn: str
    sink_arns: Mapping[str, str]
    region: str
    endpoint_url: str | None = None
    credentials: tuple[str, str] | None = field(default=None, repr=False)
    progress: Path | None = None
    numbered: bool = False

    def read(self, table_environment: Any, environment: Any) -> Any:
        """The stream of (bytes, time of arrival), with Flink's watermarks on the arrival in each shard.

        The table's own plan has no watermark by shard and no column for the arrival; but its source gives every record
        the arrival as its timestamp. So the source is taken out of the plan and read with a watermark strategy.
        """
        from pyflink.java_gateway import get_gateway

        source = planned_source(self._source_options())
        java = get_gateway().jvm
        strategy = java.org.apache.flink.api.common.eventtime.WatermarkStrategy.forMonotonousTimestamps().withIdleness(
            java.java.time.Duration.ofSeconds(_IDLE_SECONDS)
        )
        stream = environment._j_stream_execution_environment.fromSource(
            source.getSource(), strategy, "clicks", source.getOutputType()
        )
        return self.with_arrival(table_environment, stream)

    @staticmethod
    def with_arrival(table_environment: Any, java_stream: Any) -> Any:
        """A stream of bytes whose records have the arrival as timestamp, as one of (bytes, time of arrival)."""
        from pyflink.table import DataTypes, Schema, Table

        schema = (
            Schema.new_builder()
            .column("data", DataTypes.BYTES())
            .column_by_metadata("arrival", DataTypes.TIMESTAMP_LTZ(3), "rowtime", is_virtual=True)
            .watermark("arrival", "SOURCE_WATERMARK()")
            .build()
        )
        table = table_environment._j_tenv.fromDataStream(java_stream, schema._j_schema)
        return table_environment.to_data_stream(Table(table, table_environment))

    def parse(self, value: Any) -> tuple[int, int | None, bytes]:
        """Read a row of bytes and arrival."""
        data, arrival = value[0], value[1]
        milliseconds = arrival.seconds * 1000 + arrival.nanos // 1_000_000
        return milliseconds, milliseconds, bytes(data)

    def sinks(self) -> Mapping[str, Mapping[str, str]]:
        """One table a stream."""
        extra = {"sink.flush-buffer.timeout": "500", "sink.fail-on-error": "true"}
        found = {tag: {**self._options(arn), **extra} for tag, arn in self.sink_arns.items()}
        return found if self.progress is None else {**found, PROGRESS: _folder_sink(self.progress)}

    def _source_options(self) -> dict[str, str]:
        options = {"source.init.position": "TRIM_HORIZON", "source.shard.discovery.interval": "10s"}
        if self.endpoint_url:
            options["source.shard.discovery.interval"] = "1s"
        return {**self._options(self.source_arn), **options}

    def _options(self, arn: str) -> dict[str, str]:
        options = {"connector": "kinesis", "stream.arn": arn, "aws.region": self.region, "format": "raw"}
        if self.endpoint_url:
            options["aws.endpoint"] = self.endpoint_url
        if self.credentials is None:
            return {**options, "aws.credentials.provider": "AUTO"}
        key, secret = self.credentials
        return {
            **options,
            "aws.credentials.provider": "BASIC",
            "aws.credentials.basic.accesskeyid": key,
            "aws.credentials.basic.secretkey": secret,
        }


def planned_source(options: Mapping[str, str]) -> Any:
    """The source that the planner makes of a table's options, as Java's SourceTransformation.

    It is planned in an environment of its own, which is never run: left in the job's, the table would be read as well.

    Raises:
        DeveloperError: where the plan begins with something else.
    """
    from pyflink.datastream import StreamExecutionEnvironment
    from pyflink.table import StreamTableEnvironment

    tables = StreamTableEnvironment.create(StreamExecutionEnvironment.get_execution_environment())
    tables.execute_sql(create_table("clicks", options))
    transformation = tables.to_data_stream(tables.from_path("clicks"))._j_data_stream.getTransformation()
    while transformation.getInputs().size():
        transformation = transformation.getInputs().get(0)
    name = transformation.getClass().getSimpleName()
    if name != "SourceTransformation":
        raise DeveloperError(f"the connector's plan begins with a {name}; a SourceTransformation is needed")
    return transformation
