"""A job that is killed goes on from its checkpoint, and one that is stopped from its savepoint, to the last bit."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from cutwatch.runtime.flink.encoding import finished_files
from cutwatch.sql import ERROR_STREAM, OutputRow, Record
from cutwatch.sql.engines.flink.connection import line, parse_output_line
from tests.sql.flink_environment import PYTHON, ROOT, environment, needs_flink
from tests.sql.test_flink import DRAWN, by_key, on_embedded

pytestmark = [pytest.mark.e2e, needs_flink]

CASE = next(one.case for one in DRAWN if one.name == "keyed 0")
PART = 250


class Stream:
    """The folders of one never-ending job, and its processes one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("in", "out"):
            (folder / name).mkdir()
        often = replace(CASE.spec, snapshot_bytes=3_000, forest_rows=20)  # many snapshots and many rows since
        (folder / "spec.pickle").write_bytes(pickle.dumps(often))

    def show(self, records: tuple[Record, ...], first: int) -> None:
        """Put a part of the input in place in one go."""
        hidden = self.folder / "in" / f".part-{first:06d}"
        hidden.write_bytes(b"".join(line(first + n, None, record.data) for n, record in enumerate(records)))
        hidden.replace(hidden.with_name(hidden.name[1:]))

    def rows(self) -> list[OutputRow]:
        """Everything that was committed so far, in order."""
        lines = [text for path in finished_files(self.folder / "out") for text in path.read_bytes().splitlines()]
        return [pickle.loads(parse_output_line(text)[1]) for text in lines]

    def checkpoint(self) -> Path | None:
        """The newest complete checkpoint or savepoint."""
        found = sorted((self.folder / "saved").rglob("_metadata"), key=lambda path: path.stat().st_mtime_ns)
        return found[-1].parent if found else None

    @contextmanager
    def job(self) -> Iterator[subprocess.Popen[bytes]]:
        """Run the job from the newest state; whatever is left of it is killed at the end."""
        newest = self.checkpoint()
        command = [str(PYTHON), "-m", "tests.e2e.flink_stream", str(self.folder), *([str(newest)] if newest else [])]
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment(), stdout=log, stderr=log, start_new_session=True
            )
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def wait(self, what: Callable[[], object], process: subprocess.Popen[bytes], seconds: float = 120) -> None:
        deadline = time.monotonic() + seconds
        while not what():
            assert process.poll() is None, (self.folder / "log").read_text()[-5_000:]
            assert time.monotonic() < deadline, (self.folder / "log").read_text()[-5_000:]
            time.sleep(0.05)


def test_kill_and_stop_change_no_row(tmp_path: Path) -> None:
    stream = Stream(tmp_path)
    records = CASE.records
    half = 3 * PART
    with stream.job() as process:
        for first in range(0, half, PART):
            stream.show(records[first : first + PART], first)
        stream.wait(lambda: len(stream.rows()) > 100, process)
        before = len(stream.rows())
        os.killpg(process.pid, signal.SIGKILL)  # amid its work, with all that it had in memory
    killed_at = stream.checkpoint()
    assert killed_at is not None
    with stream.job() as process:
        stream.show(records[half : half + PART], half)
        stream.wait(lambda: len(stream.rows()) > before + 50, process)
        (tmp_path / "stop").touch()
        assert process.wait(60) == 0, (tmp_path / "log").read_text()[-5_000:]
    (tmp_path / "stop").unlink()
    stopped_at = stream.checkpoint()
    assert stopped_at is not None
    assert stopped_at.name.startswith("savepoint-")
    whole = expected(len(records))
    with stream.job() as process:
        for first in range(half + PART, len(records), PART):
            stream.show(records[first : first + PART], first)
        stream.wait(lambda: len(stream.rows()) >= len(whole), process)
    found = stream.rows()
    for name in (*(CASE.spec.streams or ()), ERROR_STREAM):
        mine = by_key([row for row in found if row.stream == name])
        assert mine == by_key([row for row in whole if row.stream == name]), name


def expected(count: int) -> list[OutputRow]:
    """What an engine that is never interrupted gives for the first records, its input not ended."""
    from cutwatch.sql.engines.embedded import EmbeddedEngine

    case = replace(CASE, records=CASE.records[:count])
    engine = EmbeddedEngine(
        case.spec.program,
        case.spec.application,
        seed=case.spec.seed,
        allowed_lateness_seconds=case.spec.allowed_lateness_seconds,
        streams=case.spec.streams,
    )
    rows = engine.feed(case.records)
    assert len(rows) < len(on_embedded(case)), "the last windows are still open"
    return rows
