"""Clicks a second on Flink, by slots and keys, beside the embedded engine on the same input; state; restart.

    .venv/bin/python bench/flink.py [--clicks N] [--json]

Each case is one job on a Flink of its own, with Python processes for each slot, as on AWS. Its time runs from the first
progress that the job tells to the last, so that the start of Flink and of its workers is left out. The restart kills
the job and counts from its new start to its first new row. Goals: 20,000 clicks a second and slot, and 1.8 times as
many on two slots with keys; two slots need cores of their own for that, which `cores` tells.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import random
import signal
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from cutwatch.sql import Application, Program, Record, compile_sql, parse_application  # noqa: E402
from cutwatch.sql.engines.embedded import EmbeddedEngine  # noqa: E402
from cutwatch.sql.engines.flink.connection import line, parse_output_line  # noqa: E402
from cutwatch.sql.engines.flink.spec import EngineSpec  # noqa: E402

PYTHON = ROOT / ".venv-flink" / "bin" / "python"
PART = 5_000
SQL = """
CREATE STREAM "MINUTES" ("T" TIMESTAMP, "K" VARCHAR(16), "USERS" INTEGER, "CLICKS" INTEGER);
CREATE STREAM "SCORES" ("T" TIMESTAMP, "K" VARCHAR(16), "CLICKS" INTEGER, "ANOMALY_SCORE" DOUBLE);
CREATE PUMP "P1" AS INSERT INTO "MINUTES" SELECT STREAM FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE), "page",
  COUNT(DISTINCT "user"), COUNT(*) FROM "SOURCE_SQL_STREAM_001"
  GROUP BY FLOOR("SOURCE_SQL_STREAM_001".ROWTIME TO MINUTE), "page";
CREATE PUMP "P2" AS INSERT INTO "SCORES" SELECT STREAM "T", "K", "CLICKS", "ANOMALY_SCORE" FROM
  TABLE(RANDOM_CUT_FOREST(CURSOR(SELECT STREAM * FROM "MINUTES") PARTITION BY "K", 30, 64));
"""
SCHEMA = {
    "RecordFormat": {"RecordFormatType": "JSON"},
    "RecordColumns": [
        {"Name": "ROWTIME", "Mapping": "$.timestamp", "SqlType": "TIMESTAMP"},
        {"Name": "user", "Mapping": "$.user", "SqlType": "VARCHAR(64)"},
        {"Name": "page", "Mapping": "$.page", "SqlType": "VARCHAR(16)"},
    ],
}


def program() -> tuple[Program, Application]:
    application = parse_application({"InputSchema": SCHEMA})
    return compile_sql(SQL, application), application


def clicks(count: int, keys: int, rate: int = 2_000) -> list[bytes]:
    """So many clicks, `rate` a second of event time."""
    rng = random.Random(keys)
    start = datetime(2020, 7, 7, tzinfo=UTC)
    return [
        json.dumps(
            {
                "timestamp": (start + timedelta(seconds=number / rate)).isoformat(),
                "user": f"u{rng.randrange(5_000)}",
                "page": f"/p{rng.randrange(keys)}",
            }
        ).encode()
        for number in range(count)
    ]


def embedded(lines: list[bytes]) -> float:
    engine = EmbeddedEngine(*program())
    started = time.perf_counter()
    for first in range(0, len(lines), PART):
        engine.feed([Record(data) for data in lines[first : first + PART]])
    return len(lines) / (time.perf_counter() - started)


class Job:
    """A job on a Flink of its own, over folders."""

    def __init__(self, folder: Path, slots: int) -> None:
        self.folder, self.slots = folder, slots
        for name in ("in", "out"):
            (folder / name).mkdir(parents=True)
        spec = EngineSpec(*program(), 1)
        (folder / "spec.pickle").write_bytes(pickle.dumps(spec))
        self.lanes = dict.fromkeys(range(spec.lanes), 0)
        self.rows = 0

    def show(self, lines: list[bytes], first: int) -> None:
        for begin in range(0, len(lines), PART):
            hidden = self.folder / "in" / f".part-{first + begin:09d}"
            part = enumerate(lines[begin : begin + PART], start=first + begin)
            hidden.write_bytes(b"".join(line(number, None, data) for number, data in part))
            hidden.replace(hidden.with_name(hidden.name[1:]))

    def start(self, restore: str = "") -> subprocess.Popen[bytes]:
        command = [str(PYTHON), "-m", "bench.flink_job", str(self.folder), str(self.slots), *filter(None, [restore])]
        with (self.folder / "log").open("ab") as log:
            variables = {**os.environ, "PYTHONPATH": str(ROOT)}
            return subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=log, start_new_session=True)

    def read(self) -> int:
        """Take in the files that were committed; gives the records that all lanes have done."""
        for path in [path for path in (self.folder / "out").iterdir() if not path.name.startswith(".")]:
            for text in path.read_bytes().splitlines():
                route, data, _ = parse_output_line(text)
                if route == "progress":
                    lane, records = map(int, data.split())
                    self.lanes[lane] = max(self.lanes[lane], records)
                else:
                    self.rows += 1
            path.unlink()
        return min(self.lanes.values())

    def wait(self, process: subprocess.Popen[bytes], records: int, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while self.read() < records:
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((self.folder / "log").read_text()[-3_000:])
            time.sleep(0.02)

    def newest(self) -> Path:
        return max((self.folder / "saved").rglob("_metadata"), key=lambda path: path.stat().st_mtime_ns).parent


def flink(count: int, keys: int, slots: int) -> dict[str, Any]:
    lines = clicks(count + PART, keys)
    with tempfile.TemporaryDirectory() as folder:
        job = Job(Path(folder) / "job", slots)
        job.show(lines[:PART], 0)
        process = job.start()
        try:
            job.wait(process, PART)  # every worker is up
            started = time.perf_counter()
            job.show(lines[PART:], PART)
            job.wait(process, len(lines))
            seconds = time.perf_counter() - started
            newest = job.newest()
            size = sum(path.stat().st_size for path in newest.rglob("*") if path.is_file())
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            begun = time.perf_counter()
            job.show(lines[:PART], len(lines))
            process = job.start(str(job.newest()))
            job.wait(process, len(lines) + PART)
            restart = time.perf_counter() - begun
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
    return {
        "slots": slots,
        "keys": keys,
        "clicks_per_second": round(count / seconds),
        "checkpoint_bytes": size,
        "restart_seconds": round(restart, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=400_000, help="clicks of each case (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one object")
    args = parser.parse_args()
    found: dict[str, Any] = {"cores": os.cpu_count(), "clicks": args.clicks, "embedded": [], "flink": []}
    for keys in (1, 10_000):
        found["embedded"].append({"keys": keys, "clicks_per_second": round(embedded(clicks(args.clicks, keys)))})
        for slots in (1, 2):
            found["flink"].append(flink(args.clicks, keys, slots))
    if args.json:
        print(json.dumps(found))
        return
    for one in found["embedded"]:
        print(f"embedded           {one['keys']:>6} keys {one['clicks_per_second']:>9,} clicks/s")
    for one in found["flink"]:
        print(
            f"flink, {one['slots']} slots     {one['keys']:>6} keys {one['clicks_per_second']:>9,} clicks/s   "
            f"checkpoint {one['checkpoint_bytes'] / 1e6:,.1f} MB, restart {one['restart_seconds']} s"
        )


if __name__ == "__main__":
    main()
