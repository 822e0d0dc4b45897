"""Runs cases on Flink: `python -m tests.sql.flink_cases FOLDER PARALLELISM`, in the environment of the Flink job.

FOLDER has `cases.pickle`: a list of `FlinkCase`. All run in one job, for starting one takes longer than running it;
`rows.pickle` gets the rows of each.
"""

from __future__ import annotations

import os
import pickle
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutwatch.sql import OutputRow, Record
from cutwatch.sql.engines.flink.connection import (
    ONE_OUTPUT,
    FolderConnection,
    KinesisConnection,
    line,
    output_line,
    parse_output_line,
)
from cutwatch.sql.engines.flink.spec import EngineSpec
from cutwatch.sql.times import to_ms


@dataclass(frozen=True)
class FlinkCase:
    """A program, its records, and into how many source splits they are dealt."""

    spec: EngineSpec
    records: tuple[Record, ...]
    splits: int


class RowEncode:
    """Rows as they are."""

    def open(self) -> None:
        pass

    def __call__(self, row: OutputRow) -> tuple[str, bytes]:
        return ONE_OUTPUT, output_line("row", pickle.dumps(row))

    def progress(self, lane: int, records: int) -> None:
        pass


class ShardsConnection:
    """A stand-in for the Kinesis connector's source: shards with records in order of arrival, each with a watermark.

    What comes behind the source is the very path of KinesisConnection: arrival as timestamp, watermarks by shard.
    """

    numbered = False
    parse = staticmethod(lambda value: KinesisConnection("", {}, "").parse(value))

    def __init__(self, records: Sequence[Record], shards: int, outputs: Path) -> None:
        self._records, self._shards, self._outputs = records, shards, outputs

    def read(self, table_environment: Any, environment: Any) -> Any:
        from pyflink.common import Types, WatermarkStrategy
        from pyflink.common.watermark_strategy import TimestampAssigner

        class Arrival(TimestampAssigner):  # type: ignore[misc]
            def extract_timestamp(self, value: Any, record_timestamp: int) -> int:
                return int(value[1])

        strategy = WatermarkStrategy.for_monotonous_timestamps().with_timestamp_assigner(Arrival())
        kind = Types.ROW_NAMED(["data", "at"], [Types.PRIMITIVE_ARRAY(Types.BYTE()), Types.LONG()])
        only_data = Types.ROW_NAMED(["data"], [Types.PRIMITIVE_ARRAY(Types.BYTE())])
        shards = []
        for shard in range(self._shards):
            rows = [
                (bytearray(record.data), to_ms(record.arrival_time))
                for record in self._records[shard :: self._shards]
                if record.arrival_time is not None
            ]
            stream = environment.from_collection(rows, type_info=kind).assign_timestamps_and_watermarks(strategy)
            shards.append(stream.map(_only_data, output_type=only_data))
        union = shards[0].union(*shards[1:]) if len(shards) > 1 else shards[0]
        return KinesisConnection.with_arrival(table_environment, union._j_data_stream)

    def sinks(self) -> Mapping[str, Mapping[str, str]]:
        return FolderConnection(self._outputs, self._outputs, bounded=True).sinks()


def _only_data(value: Any) -> Any:
    from pyflink.common import Row

    return Row(value[0])


def write_records(folder: Path, records: Sequence[Record], splits: int) -> None:
    """Numbered lines, dealt out to files in turn, so that no file has what comes next in another."""
    folder.mkdir(parents=True)
    files: list[list[bytes]] = [[] for _ in range(splits)]
    for number, record in enumerate(records):
        arrival = None if record.arrival_time is None else to_ms(record.arrival_time)
        files[number % splits].append(line(number, arrival, record.data))
    for number, lines in enumerate(files):
        (folder / f"{number}.txt").write_bytes(b"".join(lines))


def read_rows(folder: Path) -> list[OutputRow]:
    """The rows in the files of an outputs folder, in the order in which they were written."""
    files = [path for path in folder.iterdir() if not path.name.startswith(".")] if folder.exists() else []
    files.sort(key=lambda path: int(path.name.rsplit("-", 1)[-1]))
    lines = [text for path in files for text in path.read_bytes().splitlines()]
    return [pickle.loads(parse_output_line(text)[1]) for text in lines]


def main() -> None:
    from cutwatch.sql.engines.flink.job import build_job
    from cutwatch.sql.engines.flink.local import local_environment

    folder, parallelism = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    cases: list[FlinkCase] = pickle.loads((folder / "cases.pickle").read_bytes())
    environment = local_environment(parallelism)
    for number, case in enumerate(cases):
        place = folder / str(number)
        connection: Any = FolderConnection(place / "in", place / "out", bounded=True)
        if case.spec.numbered:
            write_records(place / "in", case.records, case.splits)
        else:
            connection = ShardsConnection(case.records, case.splits, place / "out")
        build_job(environment, case.spec, connection, RowEncode(), name=f"case-{number}")
    environment.execute("cases")
    rows = [read_rows(folder / str(number) / "out") for number in range(len(cases))]
    (folder / "rows.pickle").write_bytes(pickle.dumps(rows))
    sys.stderr.flush()
    os._exit(0)  # Beam's threads may crash a worker that ends in an orderly way, with all work done


if __name__ == "__main__":
    main()
