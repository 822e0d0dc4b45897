"""From the engine's rows to the bytes of the sinks, in each worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutwatch.runtime.outputs import Outputs, build_outputs
from cutwatch.runtime.program import LoadedProgram
from cutwatch.runtime.properties import ApplicationProperties
from cutwatch.runtime.sink import OutputRecord
from cutwatch.sql import OutputRow
from cutwatch.sql.engines.flink.connection import ONE_OUTPUT, PROGRESS, output_line


@dataclass(frozen=True)
class StreamSink:
    """Stands for a stream; Flink's own sinks write."""

    arn: str

    def put(self, records: Sequence[OutputRecord]) -> None:
        """Never called."""
        raise NotImplementedError


class StreamEncode:
    """Rows to the records of their streams.

    Args:
        properties: what the deployment says.
        loaded: the program and its description.
        tags: the sink's tag by the stream's ARN; None sends all to one folder, each line with its stream.
        tell_progress: whether to write how many records of the source each lane has worked off.
    """

    def __init__(
        self,
        properties: ApplicationProperties,
        loaded: LoadedProgram,
        tags: Mapping[str, str] | None,
        *,
        tell_progress: bool,
    ) -> None:
        self._properties, self._loaded, self._tell_progress = properties, loaded, tell_progress
        self._tags = None if tags is None else dict(tags)
        self._outputs: Outputs | None = None

    def open(self) -> None:
        """Make the encoders of the outputs."""
        self._outputs = build_outputs(self._loaded.program, self._loaded.application, self._properties, StreamSink)

    def __call__(self, row: OutputRow) -> tuple[str, bytes] | None:
        """Encode a row; None where its stream is not part of this deployment."""
        assert self._outputs is not None
        placed = self._outputs.place(row)
        if placed is None:
            return None
        sink, record = placed
        assert isinstance(sink, StreamSink)
        if self._tags is None:
            return ONE_OUTPUT, output_line(sink.arn, record.data, record.key)
        return self._tags[sink.arn], record.data

    def progress(self, lane: int, records: int) -> tuple[str, bytes] | None:
        """How far a lane is."""
        if not self._tell_progress:
            return None
        return ONE_OUTPUT if self._tags is None else PROGRESS, output_line(PROGRESS, b"%d %d" % (lane, records))


def finished_files(folder: Path) -> list[Path]:
    """The files of an outputs folder that are complete, oldest first. Flink hides the others behind a dot."""
    if not folder.is_dir():
        return []
    files = [path for path in folder.iterdir() if not path.name.startswith(".")]
    return sorted(files, key=lambda path: (path.stat().st_mtime_ns, int(path.name.rsplit("-", 1)[-1])))
