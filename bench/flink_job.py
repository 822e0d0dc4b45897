"""The job that bench/flink.py measures: `python -m bench.flink_job FOLDER SLOTS [RESTORE_PATH]`, until it is killed."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

from cutwatch.sql import OutputRow, encode_row
from cutwatch.sql.engines.flink.connection import ONE_OUTPUT, PROGRESS, FolderConnection, output_line


class BenchEncode:
    def open(self) -> None:
        pass

    def __call__(self, row: OutputRow) -> tuple[str, bytes]:
        return ONE_OUTPUT, output_line("row", encode_row(row))

    def progress(self, lane: int, records: int) -> tuple[str, bytes]:
        return ONE_OUTPUT, output_line(PROGRESS, b"%d %d" % (lane, records))


def main() -> None:
    from cutwatch.sql.engines.flink.job import build_job
    from cutwatch.sql.engines.flink.local import local_environment

    folder, slots = Path(sys.argv[1]).resolve(), int(sys.argv[2])
    (folder / "saved").mkdir(exist_ok=True)
    options = {"execution.checkpointing.interval": "1s", "execution.checkpointing.dir": (folder / "saved").as_uri()}
    if len(sys.argv) > 3:
        options["execution.state-recovery.path"] = Path(sys.argv[3]).resolve().as_uri()
    environment = local_environment(slots, options, in_process=False)
    spec = pickle.loads((folder / "spec.pickle").read_bytes())
    build_job(environment, spec, FolderConnection(folder / "in", folder / "out"), BenchEncode())
    environment.execute("bench")


if __name__ == "__main__":
    main()
