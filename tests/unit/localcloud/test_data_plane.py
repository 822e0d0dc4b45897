"""Applications as processes: started, failed, crashed, stopped. The jobs here are small scripts of our own."""

from __future__ import annotations

import io
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cutwatch.localcloud import data_plane
from cutwatch.localcloud.data_plane import DataPlane
from tests.unit.localcloud.test_application_code import described

STARTED = 'print(\'{"event": "job_started"}\', flush=True)\n'
WAITS = """
import json, os, signal, sys, time
def stop(*_):
    print(json.dumps({"event": "job_stopped", "state": "s3://b/k", "positions": {"s": "9"}}), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, stop)
print(json.dumps({"event": "job_started", "restore": os.environ["CUTWATCH_RESTORE"]}), flush=True)
print(json.dumps({"event": "progress", "positions": {"s": "5"}}), flush=True)
time.sleep(600)
"""
FAILS = """
import sys
print('{"event": "job_failed", "reason": "seed is x"}', flush=True)
sys.exit(4)
"""
CRASHES_ONCE = """
import os, pathlib, sys, time
print('{"event": "job_started"}', flush=True)
mark = pathlib.Path(os.environ["TMPDIR"], "crashed")
if not mark.exists():
    mark.touch()
    sys.exit(1)
time.sleep(600)
"""


class FakeAws:
    """S3 with one object and a log that is kept."""

    def __init__(self, source: str) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("main.py", source)
        self.code = buffer.getvalue()
        self.lines: list[str] = []

    def __call__(self, service: str) -> FakeAws:
        return self

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803
        if Key == "missing.zip":
            raise RuntimeError("NoSuchKey")
        return {"Body": io.BytesIO(self.code)}

    def put_log_events(self, *, logEvents: list[dict[str, Any]], **_: Any) -> None:  # noqa: N803
        self.lines += [event["message"] for event in logEvents]


class Bench:
    def __init__(self, source: str, folder: Path) -> None:
        self.aws = FakeAws(source)
        self.plane = DataPlane(folder, "http://127.0.0.1:9", self.aws, os.getpid())
        self.statuses: list[tuple[str, ...]] = []
        arn = "arn:aws:logs:r:1:log-group:g:log-stream:s"
        self.app = described() | {
            "ApplicationName": "app", "AccountId": "1", "Region": "us-east-1",
            "CloudWatchLoggingOptionDescriptions": [{"LogStreamARN": arn}],
        }  # fmt: skip

    def start(self) -> None:
        self.plane.start(self.app, None, lambda *status: self.statuses.append(status))

    @property
    def run(self) -> data_plane.Run | None:
        return self.plane.run("1", "us-east-1", "app")

    def wait_for_status(self, count: int = 1) -> tuple[str, ...]:
        wait_for(lambda: len(self.statuses) >= count)
        return self.statuses[-1]


def wait_for(what: Callable[[], Any], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


Make = Callable[[str], Bench]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    made: list[Bench] = []

    def bench(source: str) -> Bench:
        made.append(Bench(source, tmp_path / "applications"))
        return made[-1]

    yield bench
    for one in made:
        one.plane.reset()


def test_running_only_when_the_job_says_so(make: Make) -> None:
    bench = make("import time; time.sleep(0.5)\n" + WAITS)
    bench.start()
    time.sleep(0.2)
    assert bench.statuses == []
    assert bench.wait_for_status() == ("RUNNING",)


def test_a_stop_is_asked_for_and_tells_where_the_state_is(make: Make) -> None:
    bench = make(WAITS)
    bench.start()
    bench.wait_for_status()
    run = bench.run
    assert run is not None
    assert run.job is not None
    wait_for(lambda: run.job and run.job.positions == {"s": "5"})
    assert bench.plane.stop(bench.app, False, True) == "s3://b/k"
    assert run.job.positions == {"s": "9"}
    assert bench.run is None
    assert not run.folder.exists()
    assert any("job_stopped" in line for line in bench.aws.lines), "also its last line is in the log"


def test_a_forced_stop_waits_for_nothing(make: Make) -> None:
    bench = make(STARTED + "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)")
    bench.start()
    bench.wait_for_status()
    assert bench.plane.stop(bench.app, True, False) is None


def test_a_job_that_does_not_stop_is_ended(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_plane, "STOP_TIMEOUT_SECONDS", 0.3)
    bench = make("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + STARTED + "time.sleep(600)")
    bench.start()
    bench.wait_for_status()
    assert bench.plane.stop(bench.app, False, True) is None


def test_a_failing_start_tells_the_jobs_own_reason(make: Make) -> None:
    bench = make(FAILS)
    bench.start()
    assert bench.wait_for_status() == ("FAILED", "seed is x")
    run = bench.run
    assert run is not None
    assert run.failure == "seed is x"
    wait_for(lambda: bench.aws.lines)
    assert [line for line in bench.aws.lines if "job_failed" in line] == [
        '{"event": "job_failed", "reason": "seed is x"}'
    ]


def test_a_traceback_is_told_by_its_last_line(make: Make) -> None:
    bench = make("raise ValueError('no such thing')")
    bench.start()
    status, reason = bench.wait_for_status()
    assert (status, reason) == ("FAILED", "the job ended with exit code 1: ValueError: no such thing")
    wait_for(lambda: any("job_failed" in line for line in bench.aws.lines))


def test_code_that_is_not_there_is_said_so(make: Make) -> None:
    bench = make(WAITS)
    location = bench.app["ApplicationConfigurationDescription"]["ApplicationCodeConfigurationDescription"]
    location["CodeContentDescription"]["S3ApplicationCodeLocationDescription"]["FileKey"] = "missing.zip"
    bench.start()
    _, reason = bench.wait_for_status()
    assert reason == "the application's code s3://code/missing.zip cannot be read: NoSuchKey"


def test_a_start_that_takes_for_ever_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_plane, "START_TIMEOUT_SECONDS", 0.3)
    bench = make("import time; time.sleep(600)")
    bench.start()
    assert bench.wait_for_status() == ("FAILED", "the job did not start within 0.3 s")


def test_a_crashed_job_is_started_again(make: Make) -> None:
    bench = make(CRASHES_ONCE)
    bench.start()
    wait_for(lambda: bench.statuses == [("RUNNING",), ("RUNNING",)])
    run = bench.run
    assert run is not None
    assert run.restarts == 1


def test_a_job_that_goes_on_crashing_is_given_up(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cutwatch.localcloud.data_plane.time.sleep", lambda _seconds: None)
    bench = make(STARTED + "raise ValueError('again')")
    bench.start()
    deadline = time.monotonic() + 30
    while not bench.statuses or bench.statuses[-1][0] != "FAILED":
        assert time.monotonic() < deadline
    assert bench.statuses[-1][1].startswith(
        "given up after 5 restarts: the job ended with exit code 1: ValueError: again"
    )


def test_a_new_start_ends_the_job_before(make: Make) -> None:
    bench = make(WAITS)
    bench.start()
    bench.wait_for_status()
    before = bench.run
    bench.start()
    bench.wait_for_status(2)
    assert before is not None
    assert before.job is not None
    assert "exit code -9" in before.job.reason
    assert bench.run is not before


def test_a_start_without_a_snapshot_leaves_the_saved_state_aside(make: Make) -> None:
    bench = make(WAITS)
    restore = {"ApplicationRestoreConfigurationDescription": {"ApplicationRestoreType": "SKIP_RESTORE_FROM_SNAPSHOT"}}
    bench.app["ApplicationConfigurationDescription"]["RunConfigurationDescription"] = restore
    bench.start()
    bench.wait_for_status()
    wait_for(lambda: bench.aws.lines)
    assert '"restore": "none"' in bench.aws.lines[0]


def test_every_runtime_is_taken_up_so_that_none_only_pretends(make: Make) -> None:
    bench = make(WAITS)
    assert bench.plane.available()
    assert bench.plane.supports("FLINK-1_20")
    bench.app["RuntimeEnvironment"] = "FLINK-1_20"
    bench.start()
    assert bench.wait_for_status()[0] == "FAILED"
