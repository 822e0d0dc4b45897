"""One run of a never-ending job over watched folders: `python -m tests.e2e.flink_stream FOLDER [RESTORE_PATH]`.

FOLDER has `spec.pickle` (an EngineSpec), `in` and `out`. It runs until it is killed, with a checkpoint every half
second in `saved`; with `stop` in FOLDER it stops with a savepoint.
"""

from __future__ import annotations

import os
import pickle
import sys
import time
from pathlib import Path

from cutwatch.sql.engines.flink.connection import FolderConnection
from tests.sql.flink_cases import RowEncode


def main() -> None:
    from cutwatch.runtime.flink.launch import stop_with_savepoint
    from cutwatch.sql.engines.flink.job import build_job
    from cutwatch.sql.engines.flink.local import local_environment

    folder = Path(sys.argv[1]).resolve()
    saved = folder / "saved"
    saved.mkdir(exist_ok=True)
    options = {"execution.checkpointing.interval": "500ms", "execution.checkpointing.dir": saved.as_uri()}
    if len(sys.argv) > 2:
        options["execution.state-recovery.path"] = Path(sys.argv[2]).resolve().as_uri()
    environment = local_environment(2, options)
    spec = pickle.loads((folder / "spec.pickle").read_bytes())
    build_job(environment, spec, FolderConnection(folder / "in", folder / "out"), RowEncode())
    client = environment.execute_async("stream")
    while not (folder / "stop").exists():
        if str(client.get_job_status().result()).endswith("FAILED"):
            client.get_job_execution_result().result()
        time.sleep(0.05)
    stop_with_savepoint(client, saved)
    os._exit(0)


if __name__ == "__main__":
    main()
